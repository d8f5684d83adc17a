"""A workbook with its errors, written anew from what was read: wrong cells are red, what to do ends their rows.

It has the same rows and columns, so that it can be corrected and sent again; its last column is passed over then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _
from xlsxwriter.exceptions import XlsxWriterException

from projects.file_store import path_of
from projects.imports.columns import PROBLEMS
from projects.models import Import
from projects.workbooks import Fault, Mark, Table, Unreadable, read_tables

LONGEST_CELL = 32_000
Marks = Mapping[tuple[str, int], Sequence[Mark]]  # by sheet and row


def write_anew(run: Import, to: IO[bytes], marks: Marks, general: Sequence[Mark]) -> None:
    """Write what was read with all that is said of it; a workbook that cannot be read is a sheet that says why."""
    book = xlsxwriter.Workbook(
        to,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": False},
    )
    try:
        tables = read_tables(path_of(run.sha256), run.file_name)
    except (Unreadable, FileNotFoundError):
        tables = []
    looks = _Looks(book)
    if general or not tables:
        _write_general(book, general, looks)
    named: set[str] = set()
    for table in tables:
        _Sheet(book, table, marks, looks, named).write()
    book.close()


class _Looks:
    """How cells look."""

    def __init__(self, book: Any) -> None:
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.wrong = book.add_format({"bg_color": "#F8C9C4", "border": 1, "border_color": "#B3261E"})
        self.odd = book.add_format({"bg_color": "#FFF1C2"})
        self.said = book.add_format({"font_color": "#B3261E", "text_wrap": True, "valign": "top"})
        self.days = {
            None: book.add_format({"num_format": "yyyy-mm-dd"}),
            self.wrong: book.add_format({"bg_color": "#F8C9C4", "border": 1, "num_format": "yyyy-mm-dd"}),
            self.odd: book.add_format({"bg_color": "#FFF1C2", "num_format": "yyyy-mm-dd"}),
        }


def _write_general(book: Any, general: Sequence[Mark], looks: _Looks) -> None:
    sheet = book.add_worksheet(_("Problems"))
    sheet.set_column(0, 0, 100)
    for number, mark in enumerate(general):
        sheet.write_string(number, 0, mark.text[:LONGEST_CELL], looks.said)


class _Sheet:
    """One table, written where it stood."""

    def __init__(self, book: Any, table: Table, marks: Marks, looks: _Looks, named: set[str]) -> None:
        self.table, self.marks, self.looks = table, marks, looks
        self.sheet = _added(book, table.sheet, named)
        self.last = max((column.place for column in table.columns), default=0) + 1

    def write(self) -> None:
        """All rows in their order, for nothing can be gone back to."""
        head = self.table.header[-1] if self.table.header else 1
        self.sheet.set_column(0, self.last - 1, 16)
        self.sheet.set_column(self.last, self.last, 60)
        self.sheet.freeze_panes(head, 0)
        for number, line in enumerate(self.table.title[: max(0, (self.table.header or (1,))[0] - 1)]):
            self.sheet.write_string(number, 0, str(line)[:LONGEST_CELL])
        self._write_head(head)
        rows: list[Any] = [*self.table.rows, *self.table.sums]
        rows.sort(key=lambda row: row.number)
        for row in rows:
            self._write_row(row)

    def _write_head(self, number: int) -> None:
        places: dict[int, str] = {column.place: column.words for column in self.table.columns}
        for place, words in sorted(places.items()):
            mark = self._mark(number, self._letter(place))
            self.sheet.write_string(number - 1, place, words[:LONGEST_CELL], mark or self.looks.head)
        self.sheet.write_string(number - 1, self.last, PROBLEMS, self.looks.head)

    def _write_row(self, row: Any) -> None:
        for place, value in enumerate(row.values):
            mark = self._mark(row.number, self._letter(place))
            if value is None and mark is None:
                continue
            _write_cell(self.sheet, (row.number - 1, place), value, mark, self.looks)
        if said := self.marks.get((self.table.sheet, row.number)):
            text = "；".join(f"{mark.words}：{mark.text}" if mark.words else mark.text for mark in said)
            self.sheet.write_string(row.number - 1, self.last, text[:LONGEST_CELL], self.looks.said)

    def _letter(self, place: int) -> str:
        return next((column.letter for column in self.table.columns if column.place == place), "")

    def _mark(self, row: int, letter: str) -> Any:
        said = [
            mark for mark in self.marks.get((self.table.sheet, row), ()) if mark.letter == letter and letter
        ]
        if not said:
            return None
        return self.looks.wrong if any(mark.is_error for mark in said) else self.looks.odd


def _added(book: Any, name: str, named: set[str]) -> Any:
    """A sheet of this name, or of one that a workbook may have."""
    clean = "".join("_" if c in "[]:*?/\\" else c for c in name).strip("'")[:31] or "Sheet"
    while clean.casefold() in named:
        clean = f"{clean[:28]}_{len(named)}"
    named.add(clean.casefold())
    try:
        return book.add_worksheet(clean)
    except XlsxWriterException:
        return book.add_worksheet()


def _write_cell(sheet: Any, where: tuple[int, int], value: Any, mark: Any, looks: _Looks) -> None:
    row, place = where
    if value is None:
        sheet.write_blank(row, place, None, mark)
    elif isinstance(value, bool):
        sheet.write_boolean(row, place, value, mark)
    elif isinstance(value, int | float):
        sheet.write_number(row, place, value, mark)
    elif isinstance(value, date) and value.year >= 1900:
        day = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
        sheet.write_datetime(row, place, day, looks.days[mark])
    else:
        text = value.shown if isinstance(value, Fault) else str(value)
        sheet.write_string(row, place, text[:LONGEST_CELL], mark)
