"""The workbook that was sent, with marks: coloured cells with comments, and a sheet of errors; all else as it was.

Nothing is read into objects and written anew: elements are put into the parts' XML, and what is not touched is copied.
Colours are conditional formats, so that what the cells look like themselves lies below them unharmed; marks of an
earlier time are taken out. A workbook of a form that is not known for certain is not marked (`Unmarkable`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from projects.workbooks import excel, problems
from projects.workbooks.marked_sheets import mark_sheet
from projects.workbooks.outlines import MAIN, OFFICE, Outline, Unmarkable, edited
from projects.workbooks.package import Package, parsed
from projects.workbooks.problems import PROBLEMS, Mark

FIRST_BLOCK = 600  # of the numbers of drawn boxes; programs begin with 1
BOOK, STYLES, TEXTS = "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml"
IN_STYLES = [
    "numFmts",
    "fonts",
    "fills",
    "borders",
    "cellStyleXfs",
    "cellXfs",
    "cellStyles",
    "dxfs",
    "tableStyles",
    "colors",
    "extLst",
]
SIDES = "".join(
    f'<{side} style="thin"><color rgb="FFB3261E"/></{side}>' for side in ("left", "right", "top", "bottom")
)
FILL = '<fill><patternFill patternType="solid"><fgColor rgb="{0}"/><bgColor rgb="{0}"/></patternFill></fill>'
WRONG = f"<dxf>{FILL.format('FFF8C9C4')}<border>{SIDES}</border></dxf>".encode()
ODD = f"<dxf>{FILL.format('FFFFF1C2')}</dxf>".encode()
LINK_FONT = b'<font><u/><sz val="11"/><color rgb="FF0563C1"/></font>'
LOOK = (
    '<xf numFmtId="49" fontId="{}" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyFont="1" '
    'applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>'
)


def write_with_marks(path: Path, to: IO[bytes], marks: Sequence[Mark]) -> None:
    """Write the workbook at `path` with these marks. Raises Unreadable and Unmarkable, perhaps in the middle."""
    excel.look_at(path)  # every part unpacks within limits, and none defines entities
    with ZipFile(path) as source, ZipFile(to, "w", ZIP_DEFLATED, compresslevel=1) as target:
        package = Package(source, target)
        *formats, wrapped, linked = _add_styles(package)
        sheets = _sheets(package)
        of_sheets: dict[str, list[Mark]] = defaultdict(list)
        for mark in marks:
            if mark.row is not None:
                of_sheets[mark.sheet].append(mark)
        if set(of_sheets) - set(sheets):
            raise Unmarkable
        for number, (name, part) in enumerate(sheets.items()):
            if name != PROBLEMS:
                block = FIRST_BLOCK + 2 * number
                mark_sheet(package, part, of_sheets[name], formats=(formats[0], formats[1]), block=block)
        _add_problems(package, sheets, problems.sheet_of(marks, wrapped=wrapped, linked=linked))
        package.finish()


def _sheets(package: Package) -> dict[str, str]:
    """The part of each sheet by its name, in their order."""
    relations = package.relations_of(BOOK)
    found: dict[str, str] = {}
    for sheet in parsed(package.read(BOOK)).iter(f"{{{MAIN}}}sheet"):
        kind, part = relations.get(sheet.get(f"{{{OFFICE}}}id", ""), ("", ""))
        if kind == "worksheet":
            found[sheet.get("name", "")] = part
    if not found:  # of another form, as the strict one
        raise Unmarkable
    return found


def _add_styles(package: Package) -> tuple[int, int, int, int]:
    """The numbers of the formats for what is wrong and what is odd, and of the looks for texts and links."""
    outline = Outline(package.read(STYLES), "styleSheet")
    formats, wrong = outline.appended("dxfs", [WRONG, ODD], IN_STYLES)
    fonts, font = outline.appended("fonts", [LINK_FONT], IN_STYLES)
    looks, look = outline.appended("cellXfs", [LOOK.format(n).encode() for n in (0, font)], IN_STYLES)
    package.put(STYLES, edited(outline.data, [formats, fonts, looks]))
    return wrong, wrong + 1, look, look + 1


def _add_problems(package: Package, sheets: Mapping[str, str], data: bytes) -> None:
    """The sheet of errors, in place of an earlier one; else the last, so that no sheet's number changes."""
    part = sheets.get(PROBLEMS)
    if part is not None:
        texts = package.read(TEXTS) if package.holds(TEXTS) else b""
        sign = problems.SIGN.encode()
        if sign not in texts and sign not in package.read(part):
            raise Unmarkable  # somebody's own sheet of this name
        package.put(part, data)
        return
    book = Outline(package.read(BOOK), "workbook")
    listed = book.only("sheets")
    if listed is None or not book.text(listed).endswith(b"</sheets>"):
        raise Unmarkable
    every = parsed(package.read(BOOK)).iter(f"{{{MAIN}}}sheet")
    numbers = [int(number) for sheet in every if (number := sheet.get("sheetId", "")).isdecimal()]
    part = package.free("xl/worksheets/sheet{}.xml")
    package.put(part, data, "spreadsheetml.worksheet+xml")
    identity = package.relate(BOOK, "worksheet", part)
    new = (
        f'<sheet xmlns:r="{OFFICE}" name={quoteattr(PROBLEMS)} '
        f'sheetId="{max(numbers, default=0) + 1}" r:id="{identity}"/>'
    )
    place = listed.end - len(b"</sheets>")
    package.put(BOOK, edited(book.data, [(place, place, new.encode())]))
