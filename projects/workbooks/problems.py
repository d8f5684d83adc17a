"""The sheet of errors: what is wrong or odd in a workbook, cell by cell, each with a link to its cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from django.utils.translation import gettext as _

from projects.workbooks.notes import text_of
from projects.workbooks.outlines import MAIN

PROBLEMS = "导入问题"  # the name of the sheet
SIGN = "导入问题 · Import problems"  # its first cell, by which it is known again and left out
MOST = 50_000  # lines; a sheet holds 65,530 links
LONGEST = 32_000  # characters in a cell
WIDTHS = (16, 9, 22, 26, 9, 90)


class Mark(NamedTuple):
    """Something that is said of a cell, of a row as a whole (no letter), or of the workbook (no row)."""

    sheet: str
    row: int | None
    letter: str
    words: str  # of the column
    value: str
    text: str
    is_error: bool


def sheet_of(marks: Sequence[Mark], *, wrapped: int, linked: int) -> bytes:
    """The sheet's XML; the numbers are those of the styles for texts and for links."""
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, width in enumerate(WIDTHS, 1)
    )
    rows = list(_rows(marks))
    cells = "".join(
        f'<row r="{number}">{"".join(_cells(number, row, wrapped, linked))}</row>'
        for number, row in enumerate(rows, 1)
    )
    links = "".join(
        f'<hyperlink ref="B{number}" location={quoteattr(_address(mark))} display={quoteattr(_cell(mark))}/>'
        for number, mark in enumerate(marks[:MOST], 3)
        if mark.row is not None
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<worksheet xmlns="{MAIN}"><sheetPr><tabColor rgb="FFB3261E"/></sheetPr>'
        '<sheetViews><sheetView workbookViewId="0"><pane ySplit="2" topLeftCell="A3" activePane="bottomLeft" '
        'state="frozen"/></sheetView></sheetViews>'
        f"<cols>{widths}</cols><sheetData>{cells}</sheetData>"
        f"{f'<hyperlinks>{links}</hyperlinks>' if links else ''}</worksheet>"
    ).encode()


def _rows(marks: Sequence[Mark]) -> Iterator[tuple[str, ...]]:
    yield (
        SIGN,
        "",
        "",
        "",
        "",
        _("Correct the coloured cells and send the workbook again. This sheet is left out."),
    )
    yield _("Sheet"), _("Cell"), _("Column"), _("Value"), _("Kind"), _("What is wrong, and what to do")
    for mark in marks[:MOST]:
        kind = _("Error") if mark.is_error else _("Warning")
        yield mark.sheet, _cell(mark), mark.words, mark.value, kind, mark.text
    if len(marks) > MOST:
        yield "", "", "", "", "", _("%(count)d more.") % {"count": len(marks) - MOST}


def _cells(number: int, row: Sequence[str], wrapped: int, linked: int) -> Iterator[str]:
    for place, words in enumerate(row):
        if words:
            look = linked if place == 1 and number > 2 else wrapped
            yield (
                f'<c r="{"ABCDEF"[place]}{number}" s="{look}" t="inlineStr">'
                f'<is><t xml:space="preserve">{text_of(words[:LONGEST])}</t></is></c>'
            )


def _cell(mark: Mark) -> str:
    return f"{mark.letter or 'A'}{mark.row}" if mark.row is not None else ""


def _address(mark: Mark) -> str:
    quoted = mark.sheet.replace("'", "''")
    return f"'{quoted}'!{_cell(mark)}"
