"""From tables to rows: each cell read as its column's field, with what is wrong or odd about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

from django.utils.translation import gettext_lazy as _

from projects.amounts import Amount
from projects.imports.findings import Finding, Place, found
from projects.imports.rows import EMPTY, Line
from projects.workbooks import CellError, Column, Table, read_column

NO_UNIT = "no_unit"  # said once for the whole column: see columns
NOTHING = (None, "", ())
TIMES = 10  # as large as most of its column, and then written twice over
LEAP = 20  # times what is recorded

WRITTEN_TWICE = _("The digits of this amount stand there twice, as 9393 for 93. Compare it with the source.")
LEAPS = _("This amount is more than twenty times as large or as small as the recorded one. Check its unit.")


def lines_of(tables: Sequence[Table]) -> list[Line]:
    """The rows of all tables, in their order."""
    return [line for table in tables for line in _lines_of_one(table)]


def _lines_of_one(table: Table) -> list[Line]:
    columns: dict[str, Column] = {}
    for column in table.columns:
        if column.field is not None:
            columns.setdefault(column.field, column)
    lines = [Line(table.sheet, row.number, columns, row.values) for row in table.rows]
    for column in columns.values():
        _read_into(lines, table, column)
    return lines


def _read_into(lines: Sequence[Line], table: Table, column: Column) -> None:
    field, place = column.field or "", column.place
    for line, value in zip(lines, read_column(table, column, unit=column.unit), strict=True):
        if line.cells[place] in EMPTY:
            continue
        if isinstance(value, CellError):
            if value.code == NO_UNIT:
                line.wrong.add(field)
            else:
                line.refuse(field, value.code, value.detail, value.remedy)
        elif value not in NOTHING:
            line.said[field] = value


def remarks_of(tables: Iterable[Table]) -> list[Finding]:
    """What the reader of the file was told: sums that do not add up, hidden rows, links and the like."""
    return [
        found(
            Place(remark.sheet or table.sheet, remark.row, remark.column or "", _words(table, remark.column)),
            remark.code,
            remark.detail,
        )
        for table in tables
        for remark in table.remarks
    ]


def _words(table: Table, letter: str | None) -> str:
    return next((column.words for column in table.columns if column.letter == letter), "") if letter else ""


# --- slips of the pen ---------------------------------------------------------------------------------------------


def usual_amounts(lines: Iterable[Line]) -> dict[str, float]:
    """The median of each column of amounts: what is usual in this workbook."""
    columns: dict[str, list[int]] = defaultdict(list)
    for _line, name, amount in _amounts(lines):
        columns[name].append(amount.yuan)
    return {name: median(amounts) for name, amounts in columns.items()}


def look_for_slips(lines: Sequence[Line], usual: Mapping[str, float]) -> None:
    """Warn of amounts that are right in form and hardly meant: digits written twice, a unit taken for another."""
    for line, name, amount in _amounts(lines):
        if amount.yuan >= TIMES * usual[name] and _is_written_twice(amount.yuan):
            line.warn(name, "written_twice", WRITTEN_TWICE)
    for line in lines:
        for change in line.changes:
            before, after = change["before"], change["after"]
            if change["field"] in usual and before and after and not 1 / LEAP <= after / before <= LEAP:
                line.warn(change["field"], "leap", LEAPS)


def _amounts(lines: Iterable[Line]) -> Iterator[tuple[Line, str, Amount]]:
    for line in lines:
        for name, value in line.said.items():
            if isinstance(value, Amount):
                yield line, name, value


def _is_written_twice(yuan: int) -> bool:
    """Whether the figure consists of the same digits twice: 9393, 120120."""
    digits = str(yuan).rstrip("0")
    padded = [digits + "0" * more for more in range(3)]
    return any(
        len(text) >= 4 and len(text) % 2 == 0 and text[: len(text) // 2] == text[len(text) // 2 :]
        for text in padded
    )
