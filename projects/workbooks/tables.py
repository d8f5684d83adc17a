"""What a workbook is once it is read: tables of rows and columns, what adds up, and what the reader should be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A sentence with what it speaks of, in the reader's language once it is shown."""

    message: str | Promise
    params: dict[str, Any]

    def __str__(self) -> str:
        return str(self.message) % self.params


Text = str | Promise | Said


def said(message: str | Promise, **params: Any) -> Said:
    """A sentence about these."""
    return Said(message, params)


class Unreadable(ValueError):
    """A file that is refused as a whole: a code, and a sentence that says what is accepted."""

    def __init__(self, code: str, detail: Text) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return str(self.detail)


class CellError(ValueError):
    """A cell that cannot be read: a code, what is wrong, and what to do."""

    def __init__(self, code: str, detail: Text, remedy: Text = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.detail} {self.remedy}".rstrip()


@dataclass(frozen=True, slots=True)
class Fault:
    """What stands in a cell in place of a value: a formula without a result, #REF! and the like."""

    code: str
    shown: str
    detail: Text

    def __str__(self) -> str:
        return self.shown


Value = str | int | float | date | datetime | bool | None | Fault


class Row(NamedTuple):
    """One row of data, numbered as the workbook numbers it, with a value for each column."""

    number: int
    values: tuple[Value, ...]


class Sum(NamedTuple):
    """A row of sums (小计, 合计), and the numbers of the rows that it adds up."""

    number: int
    values: tuple[Value, ...]
    covers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that the reader is told: a code, where it is if it has a place, and a sentence."""

    code: str
    detail: Text
    row: int | None = None
    column: str | None = None  # its letter
    sheet: str = ""


@dataclass(slots=True)
class Column:
    """One column: its place from 0, its letter, its words, and what they mean."""

    place: int
    letter: str
    words: str
    unit: int | None = None  # yuan in one; None: neither the heading nor the title says it
    field: str | None = None  # a name of FIELDS; None: the words are not known
    ignored: bool = False  # running numbers, the year beside the dates: nothing to import


@dataclass(slots=True)
class Table:
    """One table of a sheet. Rows hold data alone: no blank rows, no sums, no headings or notes in between."""

    sheet: str
    title: tuple[str, ...]
    header: tuple[int, ...]
    columns: list[Column]
    rows: list[Row]
    sums: list[Sum] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    year: int | None = None  # of the title, for dates without one
    year_place: int | None = None  # of a column that names each row's year
    epoch: int = 1900  # from which the workbook counts its days: 1900 or 1904

    def column(self, name: str) -> Column | None:
        """The column that means this field."""
        return next((column for column in self.columns if column.field == name), None)

    def values(self, column: Column) -> Iterator[Value]:
        """The column's values, row by row."""
        place = column.place
        return (row.values[place] for row in self.rows)

    def years(self) -> Sequence[int | None]:
        """The year of each row, for dates that name none."""
        if self.year_place is None:
            return [self.year] * len(self.rows)
        return [_year(row.values[self.year_place]) or self.year for row in self.rows]


def letter_of(place: int) -> str:
    """The letters of a column by its place from 0: A, Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def place_of(letters: str) -> int:
    """The place from 0 of a column by its letters."""
    place = 0
    for letter in letters.upper():
        place = place * 26 + ord(letter) - 64
    return place - 1


def _year(value: Value) -> int | None:
    if isinstance(value, date):
        return value.year
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    text = text.removesuffix("年").strip()
    return int(text) if len(text) == 4 and text.isascii() and text.isdigit() else None
