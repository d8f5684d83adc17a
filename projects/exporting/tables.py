"""Tables by a layout: title, unit, a header of two rows, rows in groups that end with 小计, and 合计 at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from config.xlsx import Line, Look, Sheet, letters
from projects.exporting.fields import EXPORTED, ExportField
from projects.exporting.figures import FIGURES, Figure, Origin
from projects.exporting.groups import Key, group_title, put_together
from projects.exporting.reading import YUAN_IN, Chunk, Frame, chunks_of
from projects.models import ExportLayout
from projects.models.layouts import LayoutColumn

NUMBER_WIDTH, GROUP_WIDTH = 7, 18
SUBTOTAL, TOTAL = "小计", "合计"


@dataclass(frozen=True)
class Column:
    """One column that is known."""

    upper: str
    lower: str
    field: ExportField | None = None
    figure: Figure | None = None
    origin: Origin = Origin.ALL

    @property
    def look(self) -> Look:
        """How its numbers look."""
        return self.figure.look if self.figure else self.field.look if self.field else Look.PLAIN

    @property
    def needs(self) -> tuple[str, ...]:
        """The project's columns that must be read for it."""
        source = self.figure or self.field
        return source.needs if source else ()

    def values(self, chunk: Chunk) -> Sequence[Any]:
        """For each project: the cell of a field, or yuan or a number of a figure."""
        if self.figure:
            return self.figure.of(chunk, self.origin)
        assert self.field is not None
        return self.field.cells(chunk)


class Table:
    """A layout, to be filled for one reader."""

    def __init__(self, layout: ExportLayout, frame: Frame, title: str = "") -> None:
        self.layout, self.frame = layout, frame
        self.title = title or layout.title
        self.columns = [
            column for each in layout.columns if (column := _column(each, detailed=layout.detailed))
        ]
        self.leading = [_("No.")] if layout.detailed else [_("No."), group_title(layout.group)]
        self.looks = [Look.WHOLE, *([] if layout.detailed else [Look.PLAIN]), *(c.look for c in self.columns)]
        self.widths = [
            NUMBER_WIDTH,
            *([] if layout.detailed else [GROUP_WIDTH]),
            *(c.field.width if c.field else 14 for c in self.columns),
        ]
        self.needs = sorted({name for column in self.columns for name in column.needs})

    # --- sheets -------------------------------------------------------------------------------------------------------

    def sheets(self, ids: Sequence[int]) -> Iterator[Sheet]:
        """One for all, or one for each member of what the layout wants sheets for."""
        if not self.layout.sheets:
            yield self._sheet(self.title, self.grouped(ids))
            return
        for (_order, name), members in put_together(ids, self.layout.sheets):
            yield self._sheet(name, self.grouped(members))

    def _sheet(self, name: str, groups: list[tuple[Key, list[int]]]) -> Sheet:
        heading = self.heading()
        sheet = Sheet(name, (), self.looks, self.widths, frozen_rows=len(heading))
        sheet.merged = self.merged()
        sheet.rows = self._rows(heading, groups)
        return sheet

    def grouped(self, ids: Sequence[int]) -> list[tuple[Key, list[int]]]:
        """The projects of each group; all in one where there are no groups."""
        return put_together(ids, self.layout.group) if self.layout.group else [(("", ""), list(ids))]

    def _rows(
        self, heading: Iterable[Line], groups: list[tuple[Key, list[int]]]
    ) -> Iterator[Sequence[Any] | Line]:
        yield from heading
        yield from self.body(groups)

    def body(self, groups: list[tuple[Key, list[int]]]) -> Iterator[Sequence[Any] | Line]:
        """The rows below the header."""
        whole, number = self._nothing(), 0
        for (_order, name), ids in groups:
            sums = self._nothing()
            for chunk in chunks_of(self.frame, ids, self.needs):
                cells = [column.values(chunk) for column in self.columns]
                self._add(sums, cells)
                if self.layout.detailed:
                    for row in zip(*map(self._shown, self.columns, cells), strict=True):
                        number += 1
                        yield [number, *row]
            self._add(whole, [[value] for value in sums])
            if not self.layout.detailed:
                number += 1
                yield [number, name, *self._shown_sums(sums)]
            elif self.layout.group:
                yield self._sum_line(f"{SUBTOTAL}（{name}）", sums)
        yield self._sum_line(TOTAL, whole)

    def _sum_line(self, name: str, sums: Sequence[Any]) -> Line:
        """The name stands in the first column that adds nothing up, as people write it."""
        shown: list[Any] = [*([""] * len(self.leading)), *self._shown_sums(sums)]
        shown[len(self.leading) - 1 if len(self.leading) > 1 else 0] = name
        return Line(shown, Look.SUM)

    # --- sums ---------------------------------------------------------------------------------------------------------

    def _nothing(self) -> list[int | None]:
        return [None] * len(self.columns)

    def _add(self, sums: list[int | None], cells: Sequence[Sequence[Any]]) -> None:
        """Add what is known; a sum of which nothing is known stays unknown."""
        for place, (column, values) in enumerate(zip(self.columns, cells, strict=True)):
            if column.figure and (known := [value for value in values if value is not None]):
                sums[place] = (sums[place] or 0) + sum(known)

    def _shown_sums(self, sums: Sequence[Any]) -> list[Any]:
        pairs = zip(self.columns, sums, strict=True)
        return [self._shown(column, [value])[0] if column.figure else "" for column, value in pairs]

    def _shown(self, column: Column, values: Sequence[Any]) -> Sequence[Any]:
        """Amounts in the table's unit."""
        unit = YUAN_IN[self.frame.unit]
        if unit == 1 or not (column.figure and column.figure.is_amount):
            return values
        return [None if value is None else value / unit for value in values]

    # --- heading ------------------------------------------------------------------------------------------------------

    def heading(self) -> list[Line]:
        """The title, the unit with the month, and the words of the columns in one or two rows."""
        width = len(self.looks)
        unit = f"单位：{self.frame.unit.label}　　截至{self.frame.month.year}年{self.frame.month.month}月"
        upper = [*self.leading, *(c.upper or c.lower for c in self.columns)]
        lower = [*([""] * len(self.leading)), *(c.lower if c.upper else "" for c in self.columns)]
        rows = [
            Line([self.title, *[""] * (width - 1)], Look.TITLE),
            Line([unit, *[""] * (width - 1)], Look.NOTE),
        ]
        rows.append(Line(self._once(upper), Look.HEAD))
        return [*rows, Line(lower, Look.HEAD)] if self.is_double else rows

    @property
    def is_double(self) -> bool:
        """Whether the header has two rows."""
        return any(column.upper for column in self.columns)

    def _once(self, words: list[str]) -> list[str]:
        """Where a heading spans columns, its words stand in the first of them."""
        covered = {place for first, last in self.spans() for place in range(first + 1, last + 1)}
        return ["" if place in covered else text for place, text in enumerate(words)]

    def spans(self) -> list[tuple[int, int]]:
        """From which to which column each heading of the upper row stands, counted from 0."""
        places = range(len(self.leading), len(self.looks))
        uppers = [column.upper for column in self.columns]
        found = []
        for upper, run in groupby(zip(places, uppers, strict=True), key=lambda pair: pair[1]):
            numbers = [place for place, _upper in run]
            found += [(numbers[0], numbers[-1])] if upper else [(n, n) for n in numbers]
        return [*((n, n) for n in range(len(self.leading))), *found]

    def merged(self) -> list[str]:
        """The areas of the heading that are one cell."""
        last = letters(len(self.looks) - 1)
        areas = [f"A1:{last}1", f"A2:{last}2"] if len(self.looks) > 1 else []
        if not self.is_double:
            return areas
        for first, end in self.spans():
            stands_alone = first < len(self.leading) or not self.columns[first - len(self.leading)].upper
            if stands_alone:
                areas.append(f"{letters(first)}3:{letters(first)}4")
            elif end > first:
                areas.append(f"{letters(first)}3:{letters(end)}3")
        return areas


def _column(given: LayoutColumn, *, detailed: bool) -> Column | None:
    """What a layout's column means; None for what is not known any more, or what sums cannot show."""
    figure, field = FIGURES.get(given["what"].removeprefix("sum:")), EXPORTED.get(given["what"])
    if given["what"].startswith("sum:") and figure:
        origin = Origin(given["of"]) if given["of"] in Origin.values else Origin.ALL
        return Column(
            given["upper"], given["lower"] or capfirst(str(figure.title)), figure=figure, origin=origin
        )
    if field is None or not detailed:
        return None
    return Column(given["upper"], given["lower"] or capfirst(str(field.title)), field=field)
