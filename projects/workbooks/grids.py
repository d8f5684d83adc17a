"""What a program hands over of one sheet: rows of plain values, and what it knows besides them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from projects.workbooks.tables import Fault, Remark, Value

Place = tuple[int, int]  # row and column, from 0


@dataclass(slots=True)
class Grid:
    """One sheet: its rows from the one numbered `first`, each as long as it is."""

    name: str
    rows: Iterable[list[Value]]
    first: int = 1
    merged: list[tuple[Place, Place]] = field(default_factory=list)
    faults: dict[Place, Fault] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()  # numbers
    hidden_columns: frozenset[int] = frozenset()  # places
    remarks: list[Remark] = field(default_factory=list)
    epoch: int = 1900
