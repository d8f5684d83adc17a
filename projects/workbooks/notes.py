"""Comments (批注) in a workbook: added to those that are there, and ours of an earlier time taken out again."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from xml.sax.saxutils import escape

from projects.workbooks.grids import Place
from projects.workbooks.outlines import LARGEST, MAIN, Bytes, Unmarkable
from projects.workbooks.tables import letter_of, place_of

AUTHOR = "明账导入"  # by which our comments are known again
LONGEST = 8_000  # characters of a comment
IMPOSSIBLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")
NUMBERED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
WRITER = re.compile(rb"<author(?:\s*/>|(?:\s[^>]*)?>([^<]*)</author>)")
FACTS = re.compile(rb"<comment\s([^>]*)>")
ATTRIBUTE = re.compile(rb"\b(ref|authorId)\s*=\s*[\"']([^\"']*)[\"']")
ROW, COLUMN = re.compile(rb"<x:Row>\s*([0-9]+)"), re.compile(rb"<x:Column>\s*([0-9]+)")
BLOCK = re.compile(rb"(<o:idmap\s[^>]*?\bdata\s*=\s*[\"'])([0-9, ]*)")
HEAD = 4_096  # bytes in which the blocks of numbers are listed
IN_A_BLOCK = 1_024  # numbers of shapes

EMPTY = f'<comments xmlns="{MAIN}"><authors></authors><commentList></commentList></comments>'.encode()
SHAPE_TYPE = (
    b'<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    b'<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
EMPTY_DRAWING = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    b' xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
    b'<o:idmap v:ext="edit" data=""/></o:shapelayout></xml>'
)


def text_of(words: str) -> str:
    """Words as XML's text: what XML cannot hold is left out, and what Excel would read as a character's number."""
    return escape(NUMBERED.sub("_x005F_", IMPOSSIBLE.sub("", words)))


def is_ours_alone(data: Bytes) -> bool:
    """Whether a part of comments holds none but ours."""
    try:
        _rest, gone, kept = without_ours(bytes(data[: LARGEST + 1]))
    except Unmarkable:
        return False
    return bool(gone) and not kept


def without_elements(data: bytes, name: bytes, goes: Callable[[bytes], bool]) -> bytes:
    """The data without those elements of this name that shall go; each of them is looked at once."""
    if len(data) > LARGEST:
        raise Unmarkable
    *whole, rest = data.split(b"</%s>" % name)
    pieces: list[bytes] = []
    for piece in whole:
        begin = piece.rfind(b"<%s " % name)
        if begin < 0:
            raise Unmarkable
        pieces += [piece[:begin]] if goes(piece[begin:]) else [piece, b"</%s>" % name]
    return b"".join([*pieces, rest])


def _own(data: bytes) -> set[bytes]:
    writers = enumerate(WRITER.finditer(data))
    return {b"%d" % number for number, found in writers if found[1] == AUTHOR.encode()}


def without_ours(data: bytes) -> tuple[bytes, set[Place], set[Place]]:
    """A part of comments without ours; where ours stood, and where others stand."""
    if len(data) > LARGEST:
        raise Unmarkable
    own = _own(data)
    gone: set[Place] = set()
    kept: set[Place] = set()

    def is_own(element: bytes) -> bool:
        begun = FACTS.match(element)
        facts = dict(ATTRIBUTE.findall(begun[1])) if begun else {}
        is_ours = facts.get(b"authorId") in own
        (gone if is_ours else kept).add(_place(facts.get(b"ref", b"").decode("ascii", "replace")))
        return is_ours

    return without_elements(data, b"comment", is_own), gone, kept


def _place(reference: str) -> Place:
    found = re.fullmatch(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})", reference)
    if found is None:
        raise Unmarkable
    return int(found[2]) - 1, place_of(found[1])


def with_comments(data: bytes, said: Mapping[Place, str]) -> bytes:
    """A part of comments with these more."""
    data = re.sub(rb"<(authors|commentList)\s*/>", rb"<\1></\1>", data)
    if data.count(b"</authors>") != 1 or data.count(b"</commentList>") != 1:
        raise Unmarkable
    own = _own(data)
    number = min(own) if own else b"%d" % len(WRITER.findall(data))
    if not own:
        data = data.replace(b"</authors>", f"<author>{AUTHOR}</author></authors>".encode())
    new = "".join(
        f'<comment ref="{letter_of(column)}{row + 1}" authorId="{number.decode()}"><text><r><rPr><sz val="9"/>'
        f'<color indexed="81"/><rFont val="宋体"/><charset val="134"/></rPr>'
        f'<t xml:space="preserve">{text_of(text[:LONGEST])}</t></r></text></comment>'
        for (row, column), text in sorted(said.items())
    )
    return data.replace(b"</commentList>", new.encode() + b"</commentList>")


def with_boxes(data: bytes, gone: Collection[Place], said: Mapping[Place, str], block: int) -> bytes:
    """A drawing without the boxes of comments that have gone, and with those of new ones; `block` numbers them."""
    if gone:
        data = without_elements(data, b"v:shape", lambda shape: _stands_at(shape) in gone)
    place = data.rfind(b"</xml>")
    if place < 0:
        raise Unmarkable
    kind = b"" if b'id="_x0000_t202"' in data else SHAPE_TYPE
    boxes = [_box(block * IN_A_BLOCK + n, *item) for n, item in enumerate(sorted(said.items()), 1)]
    data = data[:place] + kind + "".join(boxes).encode() + data[place:]
    blocks = [b"%d" % (block + n) for n in range(len(said) // IN_A_BLOCK + 1)]

    def with_blocks(found: re.Match[bytes]) -> bytes:
        known = [each.strip() for each in found[2].split(b",") if each.strip()]
        return found[1] + b",".join(dict.fromkeys([*known, *blocks]))

    return BLOCK.sub(with_blocks, data[:HEAD], count=1) + data[HEAD:]


def _stands_at(shape: bytes) -> Place | None:
    row, column = ROW.search(shape), COLUMN.search(shape)
    return (int(row[1]), int(column[1])) if row and column and b"Note" in shape else None


def _box(number: int, where: Place, text: str) -> str:
    row, column = where
    height = min(14, 3 + len(text) // 14 + text.count("\n"))
    anchor = f"{column + 1}, 12, {max(row - 1, 0)}, 8, {column + 4}, 12, {max(row - 1, 0) + height}, 8"
    return (
        f'<v:shape id="_x0000_s{number}" type="#_x0000_t202" style="position:absolute;width:160pt;height:80pt;'
        f'z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
        '<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
        f"<x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill>"
        f"<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
    )
