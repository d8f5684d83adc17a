"""A whole column read at once: what repeats is read once, and each cell gives a value or what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from projects.amounts import Amount
from projects.workbooks import cells, collecting
from projects.workbooks.fields import FIELDS, Field, Read, words_of_choices
from projects.workbooks.tables import CellError, Column, Fault, Table, Value

LARGEST_JOBS = 2**31 - 1
MISSING = object()
LONGEST_LONG_TEXT = 10_000
Reader = Callable[[Value], Any]


def read_column(
    table: Table, column: Column, name: str | None = None, *, unit: int | None = None
) -> list[Any]:
    """
    Read a column's cells as a field, row by row: values, or a CellError where one cannot be read.

    `name` is the field where it is not the one that the words mean, `unit` the yuan in one where it is not the
    column's. Nothing is "" for text, codes and choices, () for several, else None. Amounts come as Amount(yuan,
    estimated), dates as (first day, precision), plans as days; districts, sectors and the like as text.
    """
    field = FIELDS[name or column.field or ""]
    unit = unit or column.unit
    with collecting.paused():
        if field.read in {Read.DATE, Read.DAY}:
            return _dates(table, column, field)
        values = [row.values[column.place] for row in table.rows]
        if field.read == Read.AMOUNT and unit is not None:
            return _amounts(values, unit)
        return _read_each(values, reader_of(field, unit))


def reader_of(field: Field, unit: int | None = None) -> Reader:
    """What reads one cell of a field other than a date."""
    readers: dict[Read, Reader] = {
        Read.TEXT: partial(cells.read_text, longest=field.longest),
        Read.LONG_TEXT: partial(cells.read_text, longest=LONGEST_LONG_TEXT, multiline=True),
        Read.CODE: partial(cells.read_code, longest=field.longest),
        Read.APPROVAL_CODE: cells.read_approval_code,
        Read.LOOKUP: cells.read_code,
        Read.LOOKUPS: cells.read_names,
        Read.FLAG: cells.read_flag,
        Read.AMOUNT: partial(cells.read_amount, unit=unit),
        Read.DECIMAL: partial(cells.read_decimal, digits=field.digits),
    }
    if field.read == Read.CHOICE:
        assert field.choices is not None
        words = words_of_choices(field.choices)
        return partial(cells.read_choice, choices=words, names=field.choices.labels)
    if field.read == Read.COUNT:
        return partial(
            cells.read_count, largest=LARGEST_JOBS if field.name == "expected_jobs" else cells.LARGEST_COUNT
        )
    return readers[field.read]


def _read_each(values: list[Value], read: Reader) -> list[Any]:
    known: dict[Value, Any] = {}
    look_up = known.get
    found: list[Any] = []
    keep = found.append
    for value in values:
        result = look_up(value, MISSING)
        if result is MISSING or value is True or value is False:  # True is 1 to a dictionary
            result = _read_one(value, read)
            if value is not True and value is not False:
                known[value] = result
        keep(result)
    return found


def _amounts(values: list[Value], unit: int) -> list[Any]:
    """Amounts seldom repeat; numbers, which most of them are, take the short way."""
    read, exact = partial(cells.read_amount, unit=unit), cells.exact_yuan
    found: list[Any] = []
    for value in values:
        yuan = exact(value, unit) if isinstance(value, float) else None
        found.append(_read_one(value, read) if yuan is None else Amount(yuan))
    return found


def _read_one(value: Value, read: Reader) -> Any:
    if isinstance(value, Fault):
        return CellError(value.code, value.detail)
    try:
        return read(value)
    except CellError as error:
        return error


def _dates(table: Table, column: Column, field: Field) -> list[Any]:
    read = cells.read_date if field.read == Read.DATE else cells.read_day
    known: dict[tuple[Value, int | None], Any] = {}
    found: list[Any] = []
    for value, year in zip(table.values(column), table.years(), strict=True):
        key = (value, year)
        result = known.get(key, MISSING)
        if result is MISSING:
            result = known[key] = _read_one(value, partial(read, year=year, epoch=table.epoch))
        found.append(result)
    return found
