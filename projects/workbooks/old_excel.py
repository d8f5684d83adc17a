"""Sheets of an xls file: values, errors, merged cells, and what is hidden, by xlrd."""

from __future__ import annotations

import io
import mmap
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import xlrd
from django.utils.translation import gettext_lazy as _

from projects.workbooks.archive import MACROS, PASSWORD, damaged
from projects.workbooks.grids import Grid
from projects.workbooks.markup import ERROR
from projects.workbooks.tables import Fault, Remark, Unreadable, Value, said

LARGEST = 32 * 1024 * 1024  # bytes: 65,536 rows of 30 columns have fewer
EPOCHS = {0: 1900, 1: 1904}
DAY_ZERO = {0: datetime(1899, 12, 30), 1: datetime(1904, 1, 1)}  # noqa: DTZ001  (a spreadsheet's days have no zone)
FURTHEST = 2_958_466  # days: the year 9999 ends before
MARKS = (("EncryptedPackage", "password", PASSWORD), ("_VBA_PROJECT", "macros", MACROS))
WORKBOOKS = ("Workbook", "Book")


def grids_of(path: Path) -> Iterator[Grid]:
    """Each visible sheet of a file that was looked at. Raises Unreadable."""
    try:
        book = xlrd.open_workbook(str(path), logfile=io.StringIO(), formatting_info=True, ragged_rows=True)
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            raise Unreadable("password", PASSWORD) from None
        raise damaged() from None
    except Exception:  # noqa: BLE001  (on what is damaged the library stumbles in many ways)
        raise damaged() from None
    remarks = [
        Remark("hidden_sheet", said(_("The sheet “%(name)s” is hidden and was not read."), name=sheet.name))
        for sheet in book.sheets()
        if sheet.visibility
    ]
    for sheet in book.sheets():
        if not sheet.visibility:
            grid = _grid(sheet, book.datemode)
            grid.remarks += remarks
            remarks = []
            yield grid


def look_at(path: Path) -> None:
    """What the container holds, by the names of its streams. Raises Unreadable for what is no plain workbook."""
    if path.stat().st_size > LARGEST:
        raise Unreadable(
            "too_large", _("An .xls file of at most 32 MB is read. Save it as .xlsx, or split it.")
        )
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for name, code, sentence in MARKS:
            if data.find(name.encode("utf-16-le")) >= 0:
                raise Unreadable(code, sentence)
        if all(data.find(f"{name}\0".encode("utf-16-le")) < 0 for name in WORKBOOKS):
            raise damaged()


def _grid(sheet: Any, datemode: int) -> Grid:
    grid = Grid(
        name=sheet.name,
        rows=(_row(sheet, number, datemode) for number in range(sheet.nrows)),
        merged=[((top, left), (bottom - 1, right - 1)) for top, bottom, left, right in sheet.merged_cells],
        hidden_rows=frozenset(number + 1 for number, row in sheet.rowinfo_map.items() if row.hidden),
        hidden_columns=frozenset(place for place, column in sheet.colinfo_map.items() if column.hidden),
        epoch=EPOCHS.get(datemode, 1900),
    )
    if sheet.cell_note_map:
        grid.remarks.append(Remark("comments", _("The workbook holds comments. They are not read.")))
    return grid


def _row(sheet: Any, number: int, datemode: int) -> list[Value]:
    types, values = sheet.row_types(number), sheet.row_values(number)
    return [_value(kind, value, datemode) for kind, value in zip(types, values, strict=True)]


def _value(kind: int, value: Any, datemode: int) -> Value:
    if kind == xlrd.XL_CELL_DATE and 0 <= value < FURTHEST:
        moment = DAY_ZERO[datemode] + timedelta(days=value)
        return moment.date() if value == int(value) else moment
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value)
    if kind == xlrd.XL_CELL_ERROR:
        return Fault("formula_error", xlrd.error_text_from_code.get(value, "#?"), ERROR)
    return None if kind in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK} else value
