"""Excel workbooks, written row by row into a stream: typed cells, widths, a frozen header; nothing is ever a formula.

Texts stand in their cells (no shared table), so memory does not grow with the rows. Tables of fifty thousand rows are
what it is for, and there it costs a twelfth of XlsxWriter: see `python -m benchmarks --only export`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from config.xlsx_cells import Block, Line, Look, Values, block_text, letters, row_text
from config.xlsx_parts import HEAD, MAIN, around

__all__ = [
    "MEDIA_TYPE",
    "XLSX_ROWS",
    "Block",
    "Line",
    "Look",
    "Sheet",
    "TooManyRows",
    "Values",
    "letters",
    "sheet_name",
    "workbook",
]

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSX_ROWS = 1_048_576  # of one sheet
LONGEST_NAME = 31  # characters in a sheet's name
AT_ONCE = 200  # rows between two pieces of the stream
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


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
        for name, text in around(names):
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


# --- one sheet -----------------------------------------------------------------------------------------------------


def _sheet(sheet: Sheet) -> Iterator[str]:
    """A sheet in pieces."""
    yield f'{HEAD}<worksheet xmlns="{MAIN}">{_view(sheet)}{_widths(sheet.widths)}<sheetData>'
    looks: Any = [int(look) for look in sheet.looks]
    written, waiting = 0, []
    for row in sheet.rows:
        if isinstance(row, Block):
            text, more = block_text(written + 1, row, looks), len(row.columns[0]) if row.columns else 0
        else:
            text, more = row_text(written + 1, row, looks), 1
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
