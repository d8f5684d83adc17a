"""A table as a page shows it, before it is a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from config.xlsx import Line
from projects.exporting.tables import Table


@dataclass(frozen=True)
class Preview:
    """A table as a page shows it: the cells of its header with their spans, and its rows, sums marked."""

    title: str
    unit: str
    header: list[list[tuple[str, int, int]]]
    rows: list[tuple[bool, list[str]]]


def preview_of(table: Table, ids: Sequence[int]) -> Preview:
    """The whole table for these few projects."""
    title, unit, *_rest = table.heading()
    upper, lower = [], []
    places = len(table.leading)
    for first, last in table.spans():
        column = table.columns[first - places] if first >= places else None
        words = (column.upper or column.lower) if column else table.leading[first]
        alone = column is None or not column.upper
        upper.append((words, last - first + 1, 2 if alone and table.is_double else 1))
        if not alone:
            lower += [(table.columns[place - places].lower, 1, 1) for place in range(first, last + 1)]
    rows = [
        (
            isinstance(row, Line),
            [_in_words(value) for value in (row.values if isinstance(row, Line) else row)],
        )
        for row in table.body(table.grouped(ids))
    ]
    return Preview(
        str(title.values[0]), str(unit.values[0]), [upper, lower] if table.is_double else [upper], rows
    )


def _in_words(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return str(value)
