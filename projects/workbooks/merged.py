"""Cells merged downwards: what they say holds for every row beside them, unless it is an amount to be shared."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from projects.workbooks.fields import FIELDS, Read
from projects.workbooks.grids import Place
from projects.workbooks.tables import Column, Fault, Value, said

SHARED = {Read.AMOUNT, Read.COUNT, Read.DECIMAL}
DIVIDE = _("This cell is merged with row %(row)d. Say in each row which part of the amount is its own.")


class MergedDown:
    """Fills the rows of one table, which come in their order."""

    def __init__(self, merged: Iterable[tuple[Place, Place]], columns: list[Column]) -> None:
        self.ends: dict[int, list[tuple[int, int]]] = {}  # by a merge's first row: its column and last row
        self.columns = columns
        self.open: dict[int, tuple[int, int, Value]] = {}  # by column: first row, last row, value
        for (top, left), (bottom, right) in merged:
            if bottom > top and left == right < len(columns):
                self.ends.setdefault(top + 1, []).append((left, bottom + 1))

    def fill(self, number: int, values: list[Value]) -> None:
        """Put what a merged cell says into the rows below its first."""
        for place, (first, last, value) in list(self.open.items()):
            if number > last:
                del self.open[place]
            elif values[place] is None:
                values[place] = self._below(place, first, value)
        for place, last in self.ends.get(number, ()):
            if values[place] is not None:
                self.open[place] = number, last, values[place]

    def _below(self, place: int, first: int, value: Value) -> Value:
        field = self.columns[place].field
        if field is not None and FIELDS[field].read in SHARED:
            return Fault("merged_amount", str(value), said(DIVIDE, row=first))
        return value
