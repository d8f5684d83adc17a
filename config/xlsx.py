"""Excel workbooks, written row by row into a stream: typed cells, widths, a frozen header; nothing is ever a formula.

Texts stand in their cells (no shared table), so memory does not grow with the rows. Tables of fifty thousand rows are
what it is for, and there it costs a twelfth of XlsxWriter: see `python -m benchmarks --only export`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from functools import cache
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSX_ROWS = 1_048_576  # of one sheet
LONGEST_TEXT = 32_767  # characters in a cell
LONGEST_NAME = 31  # characters in a sheet's name
AT_ONCE = 200  # rows between two pieces of the stream
DAY_ZERO = date(1899, 12, 30).toordinal()
FIRST_DAY = date(1900, 3, 1)  # before it Excel counts a day that never was
SECONDS_OF_A_DAY = 86_400

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

# What XML cannot hold, and what it cannot hold as it stands; _x0041_ would be read as the character it numbers.
ODD = re.compile("[&<>\x00-\x1f\ufffe\uffff\ud800-\udfff]|_x[0-9A-Fa-f]{4}_|^[ =+@-]|[ ]$")
# The same in many texts, each between line ends; a line end inside a text shows in their number.
ODD_BYTES = bytes(code for code in range(32) if code != 10) + b"&<>"
ODD_PARTS = ("_x", "\ufffe", "\uffff", " \n", *(f"\n{start}" for start in " =+@-"))
IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
NUMBERED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
FORMULA_LIKE = ("=", "+", "-", "@", "\t", "\r")
NOTHING = type(None)
EMPTY = '"/>'
BLANK: set[Any] = {None, ""}
SAMPLE = 100  # values by which a column is known to repeat itself
NUMBERS = {int, float, Decimal}
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")

Value = str | int | float | Decimal | date | datetime | None
Values = Sequence[Value]


class Look(IntEnum):
    """How a cell looks: its place in STYLES."""

    PLAIN = 0
    WHOLE = 1
    AMOUNT = 2
    DAY = 3
    MOMENT = 4
    QUOTED = 5  # text that begins as a formula does: Excel keeps it a text, even where it is edited
    HEAD = 6
    TITLE = 7
    NOTE = 8
    SUM = 9
    SUM_WHOLE = 10
    SUM_AMOUNT = 11
    YEAR = 12  # a number without separators


IN_SUMS: dict[int, Look] = {Look.PLAIN: Look.SUM, Look.WHOLE: Look.SUM_WHOLE, Look.AMOUNT: Look.SUM_AMOUNT}


@dataclass(frozen=True)
class Line:
    """A row of which all cells look alike, or as in a sum."""

    values: Values
    look: Look


@dataclass(frozen=True)
class Block:
    """Many rows, given as columns of the same length: the fast way."""

    columns: Sequence[Values]


@dataclass
class Sheet:
    """One sheet. `looks` are those of the columns' numbers; `merged` is read after the rows."""

    name: str
    rows: Iterable[Values | Line | Block]
    looks: Sequence[Look]
    widths: Sequence[float] = ()
    frozen_rows: int = 0
    frozen_columns: int = 0
    merged: list[str] = field(default_factory=list)


class TooManyRows(Exception):
    """A sheet holds no more."""


class _Outlet:
    """What the zip is written to, and taken from piece by piece."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep it until it is taken."""
        self.parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def take(self) -> bytes:
        """What has come since."""
        taken, self.parts = b"".join(self.parts), []
        return taken


def workbook(sheets: Iterable[Sheet]) -> Iterator[bytes]:
    """The workbook's bytes, as they come to be; sheets and rows are asked for one after the other.

    Raises TooManyRows in the middle, so count before.
    """
    outlet: Any = _Outlet()
    names: list[str] = []
    with ZipFile(outlet, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for sheet in sheets:
            names.append(sheet_name(sheet.name, names))
            with archive.open(f"xl/worksheets/sheet{len(names)}.xml", "w") as entry:
                for text in _sheet(sheet):
                    entry.write(text.encode())
                    yield outlet.take()
        for name, text in _around(names):
            archive.writestr(name, HEAD + text)
    yield outlet.take()


def sheet_name(wanted: str, taken: Sequence[str]) -> str:
    """A name that Excel allows and no other sheet has."""
    name = NOT_IN_NAMES.sub(" ", wanted).strip(" '")[:LONGEST_NAME] or "Sheet"
    known = {other.casefold() for other in taken}
    number = 2
    while name.casefold() in known:
        ending = f" ({number})"
        name = NOT_IN_NAMES.sub(" ", wanted).strip(" '")[: LONGEST_NAME - len(ending)] + ending
        number += 1
    return name


@cache
def letters(column: int) -> str:
    """A column's letters: 0 is A, 26 is AA."""
    rest, last = divmod(column, 26)
    return (letters(rest - 1) if rest else "") + chr(ord("A") + last)


# --- cells ------------------------------------------------------------------------------------------------------------


def _text(value: str, look: int) -> str:
    if ODD.search(value):
        if value.startswith(FORMULA_LIKE) and look == Look.PLAIN:
            look = Look.QUOTED
        value = NUMBERED.sub("_x005F_", IMPOSSIBLE.sub("", value))
        value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
        space = ' xml:space="preserve"'
    else:
        space = ""
    shown = f' s="{look}"' if look else ""
    return f'"{shown} t="inlineStr"><is><t{space}>{value[:LONGEST_TEXT]}</t></is></c>'


def _day(value: date) -> str:
    """The number that Excel has for a day; the few days before its calendar is right, as a text."""
    if value < FIRST_DAY:
        return _text(value.isoformat(), Look.PLAIN)
    return f'" s="3"><v>{value.toordinal() - DAY_ZERO}</v></c>'


def _moment(value: datetime) -> str:
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    return repr(value.toordinal() - DAY_ZERO + seconds / SECONDS_OF_A_DAY)


def _content(value: Any, look: int) -> str:
    """What follows a cell's place; nothing for what is empty."""
    kind = type(value)
    if kind is str:
        return _text(value, look if look >= Look.HEAD else Look.PLAIN) if value else ""
    if value is None:
        return ""
    if kind is date:
        return _day(value)
    if kind is datetime:
        return f'" s="4"><v>{_moment(value)}</v></c>'
    return f'" s="{look}"><v>{value}</v></c>'


def _block(first: int, block: Block, looks: Sequence[int]) -> str:
    """Many rows: what is in their cells column by column, then each row by one template."""
    height = len(block.columns[0]) if block.columns else 0
    numbers = [str(number) for number in range(first, first + height)]
    filled = tuple(place for place, values in enumerate(block.columns) if any(values) or set(values) - BLANK)
    inside: list[Sequence[str]] = [numbers]
    for place in filled:
        inside += [numbers, _inside(block.columns[place], looks[place])]
    template = _template(filled)
    return "".join([template % row for row in zip(*inside, strict=True)])


@cache
def _template(places: tuple[int, ...]) -> str:
    """A row with a gap for its number and, for each cell, gaps for its number and for what follows."""
    cells = "".join(f'<c r="{letters(place)}%s%s' for place in places)
    return f'<row r="%s">{cells}</row>'


def _inside(values: Values, look: int) -> list[str]:
    """What follows a cell's place, for each of a column; where values return, each is made once."""
    make = _maker(values, look)
    sample = values[:SAMPLE]
    if 2 * len(set(sample)) > len(sample):
        return make(values)
    different = list(set(values))
    made = dict(zip(different, make(different), strict=True))
    return [made[value] for value in values]


def _maker(values: Values, look: int) -> Callable[[Iterable[Any]], list[str]]:
    """What makes the cells of a column: one way where all are of one kind, as nearly always."""
    kinds = set(map(type, values)) - {NOTHING}
    if kinds == {str} and _are_plain([str(value) for value in values if value]):
        return lambda some: [
            f'" t="inlineStr"><is><t>{value}</t></is></c>' if value else EMPTY for value in some
        ]
    if kinds <= NUMBERS:
        start = f'" s="{look}"><v>'
        return lambda some: [EMPTY if value is None else f"{start}{value}</v></c>" for value in some]
    return lambda some: [_content(value, look) or EMPTY for value in some]


def _are_plain(texts: list[str]) -> bool:
    """Whether all these texts can be written as they are. It asks in bulk what ODD asks of one."""
    together = "\n".join(["", *texts, ""])
    try:
        data = together.encode()
    except UnicodeEncodeError:  # half a character
        return False
    return (
        len(data.translate(None, ODD_BYTES)) == len(data)
        and not any(part in together for part in ODD_PARTS)
        and together.count("\n") == len(texts) + 1
        and len(max(texts, key=len, default="")) <= LONGEST_TEXT
    )


def _of_line(look: int, line: Look) -> int:
    """How a cell of a line looks: numbers in sums keep their form."""
    return IN_SUMS.get(look, line) if line == Look.SUM else line


def _row(number: int, row: Values | Line, looks: Sequence[int]) -> str:
    """One row with its cells that are not empty; headings and sums have all of theirs."""
    values, line = (row.values, row.look) if isinstance(row, Line) else (row, None)
    empty = f'" s="{line:d}"/>' if line in BORDERED else ""
    cells = []
    for place, value in enumerate(values):
        look = looks[place] if line is None else _of_line(looks[place], line)
        if content := _content(value, look) or empty:
            cells.append(f'<c r="{letters(place)}{number}{content}')
    return f'<row r="{number}">{"".join(cells)}</row>'


# --- around the cells -------------------------------------------------------------------------------------------------


def _sheet(sheet: Sheet) -> Iterator[str]:
    """A sheet in pieces."""
    yield f'{HEAD}<worksheet xmlns="{MAIN}">{_view(sheet)}{_widths(sheet.widths)}<sheetData>'
    looks: Any = [int(look) for look in sheet.looks]
    written, waiting = 0, []
    for row in sheet.rows:
        if isinstance(row, Block):
            text, more = _block(written + 1, row, looks), len(row.columns[0]) if row.columns else 0
        else:
            text, more = _row(written + 1, row, looks), 1
        written += more
        if written > XLSX_ROWS:
            raise TooManyRows
        waiting.append(text)
        if more > 1 or len(waiting) >= AT_ONCE:
            yield "".join(waiting)
            waiting = []
    yield "".join(waiting)
    merged = "".join(f'<mergeCell ref="{area}"/>' for area in sheet.merged)
    counted = f'<mergeCells count="{len(sheet.merged)}">{merged}</mergeCells>' if merged else ""
    yield f"</sheetData>{counted}</worksheet>"


def _view(sheet: Sheet) -> str:
    if not (sheet.frozen_rows or sheet.frozen_columns):
        return '<sheetViews><sheetView workbookViewId="0"/></sheetViews>'
    across = f' xSplit="{sheet.frozen_columns}"' if sheet.frozen_columns else ""
    down = f' ySplit="{sheet.frozen_rows}"' if sheet.frozen_rows else ""
    pane = "bottomRight" if across and down else "bottomLeft" if down else "topRight"
    first = f"{letters(sheet.frozen_columns)}{sheet.frozen_rows + 1}"
    return (
        '<sheetViews><sheetView workbookViewId="0">'
        f'<pane{across}{down} topLeftCell="{first}" activePane="{pane}" state="frozen"/>'
        "</sheetView></sheetViews>"
    )


def _widths(widths: Sequence[float]) -> str:
    parts = [
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
        for n, width in enumerate(widths, start=1)
    ]
    return f"<cols>{''.join(parts)}</cols>" if parts else ""


FONTS = (
    '<sz val="11"/>',
    '<b/><sz val="11"/>',
    '<b/><sz val="14"/>',
    '<i/><sz val="11"/><color rgb="FF595959"/>',
)
FILLS = (
    '<fill><patternFill patternType="none"/></fill>',
    '<fill><patternFill patternType="gray125"/></fill>',
    '<fill><patternFill patternType="solid"><fgColor rgb="FFE8EEF4"/></patternFill></fill>',
)
LINE = '<{0} style="thin"><color rgb="FFB0B8C0"/></{0}>'
BORDERS = (
    "<border><left/><right/><top/><bottom/><diagonal/></border>",
    f"<border>{''.join(LINE.format(side) for side in ('left', 'right', 'top', 'bottom'))}<diagonal/></border>",
)
FORMATS = {164: "#,##0.00##", 165: "yyyy\\-mm\\-dd", 166: "yyyy\\-mm\\-dd hh:mm"}
CENTRED = '<alignment horizontal="center" vertical="center" wrapText="1"/>'
# number format, font, fill, border, attributes, inner element; in the order of Look
STYLES: tuple[tuple[int, int, int, int, str, str], ...] = (
    (0, 0, 0, 0, "", ""),
    (3, 0, 0, 0, "", ""),
    (164, 0, 0, 0, "", ""),
    (165, 0, 0, 0, "", ""),
    (166, 0, 0, 0, "", ""),
    (49, 0, 0, 0, ' quotePrefix="1"', ""),
    (49, 1, 2, 1, "", CENTRED),
    (49, 2, 0, 0, "", '<alignment horizontal="center" vertical="center"/>'),
    (49, 3, 0, 0, "", ""),
    (0, 1, 2, 0, "", ""),
    (3, 1, 2, 0, "", ""),
    (164, 1, 2, 0, "", ""),
    (1, 0, 0, 0, "", ""),
)
BORDERED = (Look.HEAD, Look.SUM)


def _styles() -> str:
    formats = "".join(f'<numFmt numFmtId="{n}" formatCode="{code}"/>' for n, code in FORMATS.items())
    fonts = "".join(f'<font>{more}<name val="Calibri"/></font>' for more in FONTS)
    looks = "".join(
        f'<xf numFmtId="{number}" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0"{more}'
        + (f' applyAlignment="1">{inner}</xf>' if inner else "/>")
        for number, font, fill, border, more, inner in STYLES
    )
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="3">{formats}</numFmts>'
        f'<fonts count="{len(FONTS)}">{fonts}</fonts><fills count="{len(FILLS)}">{"".join(FILLS)}</fills>'
        f'<borders count="{len(BORDERS)}">{"".join(BORDERS)}</borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(STYLES)}">{looks}</cellXfs></styleSheet>'
    )


def _around(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The other parts of the package, by name."""
    numbers = range(1, len(names) + 1)
    override = '<Override PartName="/xl/{}.xml" ContentType="{}.{}+xml"/>'.format
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + override("workbook", SHEET_TYPE, "sheet.main")
        + override("styles", SHEET_TYPE, "styles")
        + "".join(override(f"worksheets/sheet{n}", SHEET_TYPE, "worksheet") for n in numbers)
        + "</Types>",
    )
    yield "_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")])
    targets = [("worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
    yield "xl/_rels/workbook.xml.rels", _relations([*targets, ("styles", "styles.xml")])
    yield "xl/styles.xml", _styles()
    listed = "".join(
        f'<sheet name="{_attribute(name)}" sheetId="{n}" r:id="rId{n}"/>'
        for n, name in enumerate(names, start=1)
    )
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
    )


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'


def _attribute(text: str) -> str:
    return IMPOSSIBLE.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
