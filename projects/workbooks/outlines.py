"""XML as it stands, with something put in or taken out: where the children of its root begin and end, by a real parser.

Nothing else of it is touched, so nothing of it can be lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.parsers import expat

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["'](?!utf-?8["'])""", re.IGNORECASE)

LARGEST = 16 * 1024 * 1024  # bytes that are looked through for elements, piece by piece

Bytes = bytes | bytearray
Edit = tuple[int, int, bytes]  # from where, to where, what is put there


class Unmarkable(ValueError):
    """A workbook of a form into which nothing can be put with certainty."""


@dataclass(slots=True)
class Child:
    """One child of the root: its name, its attributes, where it stands, and how many children it has."""

    name: str
    attributes: dict[str, str]
    start: int
    end: int = 0
    children: int = 0


class Outline:
    """The children of a root. `opening` stands before the data where the data begin within the root."""

    def __init__(self, data: Bytes, root: str, opening: bytes = b"") -> None:
        self.data, self.root = data, root
        self.children: list[Child] = []
        self.end = 0  # where the root's own end stands
        self._before = len(opening)
        self._depth = 0
        self._open: Child | None = None
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._begins, self._ends
        parser.CharacterDataHandler = parser.CommentHandler = lambda _text: self._reached()
        parser.ProcessingInstructionHandler = lambda _target, _text: self._reached()
        parser.StartDoctypeDeclHandler = self._refuse
        self._parser = parser
        if len(data) > LARGEST or DECLARED.search(data[:200]):
            raise Unmarkable
        try:
            parser.Parse(opening)
            parser.Parse(bytes(data), True)
        except expat.ExpatError:
            raise Unmarkable from None

    def named(self, name: str) -> list[Child]:
        """The children of this name."""
        return [child for child in self.children if child.name == name]

    def only(self, name: str) -> Child | None:
        """The child of this name, which may stand there once."""
        found = self.named(name)
        if len(found) > 1:
            raise Unmarkable
        return found[0] if found else None

    def text(self, child: Child) -> bytes:
        """The child as it is written."""
        return bytes(self.data[child.start : child.end])

    def place_for(self, name: str, order: Sequence[str]) -> int:
        """Where a child of this name belongs, among children that come in this order."""
        before = set(order[: order.index(name) + 1])
        return max((child.end for child in self.children if child.name in before), default=self._first())

    def appended(self, name: str, items: Sequence[bytes], order: Sequence[str] = ()) -> tuple[Edit, int]:
        """The edit that adds items to a counted list, which is made if need be; and the number of the first."""
        child = self.only(name)
        tag = name.encode()
        new = b"".join(items)
        number = child.children if child else 0
        head = b'<%s count="%d">' % (tag, number + len(items))
        if child is None:
            place = self.place_for(name, order)
            return (place, place, head + new + b"</%s>" % tag), 0
        text = self.text(child)
        begin = re.match(rb"<%s(\s[^>]*?)?(/?)>" % tag, text)
        if begin is None:
            raise Unmarkable
        kept = re.sub(rb"\scount\s*=\s*(\"[0-9]*\"|'[0-9]*')", b"", begin[1] or b"")
        inside = b"" if begin[2] else text[begin.end() : text.rindex(b"</")]
        head = b'<%s count="%d"%s>' % (tag, number + len(items), kept)
        return (child.start, child.end, head + inside + new + b"</%s>" % tag), number

    # --- the parser's calls -------------------------------------------------------------------------------------------

    def _first(self) -> int:
        return self.children[0].start if self.children else self.end

    def _here(self) -> int:
        return self._parser.CurrentByteIndex - self._before

    def _reached(self) -> None:
        """What ended just before ends here."""
        if self._open is not None and self._open.end < 0:
            self._open.end = self._here()
            self._open = None

    def _begins(self, name: str, attributes: dict[str, str]) -> None:
        self._reached()
        self._depth += 1
        if self._depth == 1 and (name != self.root or attributes.get("xmlns") is None):
            raise Unmarkable
        if self._depth == 2:
            self._open = Child(name, attributes, self._here())
            self.children.append(self._open)
        elif self._depth == 3 and self._open is not None:
            self._open.children += 1

    def _ends(self, _name: str) -> None:
        self._reached()
        self._depth -= 1
        if self._depth == 1 and self._open is not None:
            self._open.end = -1  # known with what comes next
        elif self._depth == 0:
            self.end = self._here()

    def _refuse(self, *_anything: object) -> None:
        raise Unmarkable


def edited(data: Bytes, edits: Iterable[Edit]) -> bytes:
    """The data with these edits, none of which may overlap."""
    pieces: list[bytes] = []
    place = 0
    for start, end, new in sorted(edits):
        if start < place:
            raise Unmarkable
        pieces += bytes(data[place:start]), new
        place = end
    return b"".join([*pieces, data[place:]])
