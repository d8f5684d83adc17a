"""Tables by a layout: title, unit, a header of two rows, rows in groups that end with 小计, and 合计 at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.xlsx import Line, Look, Sheet, letters
from projects.exporting.fields import EXPORTED, ExportField
from projects.exporting.figures import FIGURES, Figure, Origin
from projects.exporting.reading import YUAN_IN, Chunk, Frame, chunks_of
from projects.models import (
    District,
    ExportLayout,
    GroupedBy,
    Ownership,
    Project,
    ProjectType,
    Sector,
    Stage,
)
from projects.models.layouts import LayoutColumn

Key = tuple[Any, str]  # by which groups are sorted, and what they are called
NUMBER_WIDTH, GROUP_WIDTH = 7, 18
SUBTOTAL, TOTAL = "小计", "合计"
NOT_SAID = gettext_lazy("not stated")


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
        self.leading = [_("No.")] if layout.detailed else [_("No."), _group_title(layout.group)]
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
        for (_order, name), members in _put_together(ids, self.layout.sheets):
            yield self._sheet(name, self.grouped(members))

    def _sheet(self, name: str, groups: list[tuple[Key, list[int]]]) -> Sheet:
        heading = self.heading()
        sheet = Sheet(name, (), self.looks, self.widths, frozen_rows=len(heading))
        sheet.merged = self.merged()
        sheet.rows = self._rows(heading, groups)
        return sheet

    def grouped(self, ids: Sequence[int]) -> list[tuple[Key, list[int]]]:
        """The projects of each group; all in one where there are no groups."""
        return _put_together(ids, self.layout.group) if self.layout.group else [(("", ""), list(ids))]

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


# --- groups -----------------------------------------------------------------------------------------------------------


def _group_title(group: str) -> str:
    return capfirst(str(GroupedBy(group).label)) if group else ""


def _put_together(ids: Sequence[int], group: str) -> list[tuple[Key, list[int]]]:
    """The projects of each member, in the order of the members, each in the order of the list."""
    column, key = GROUPS[group]
    keys = key()
    found: dict[Key, list[int]] = {}
    members: dict[int, Any] = {}
    for start in range(0, len(ids), 10_000):
        rows = Project.objects.filter(pk__among=list(ids[start : start + 10_000])).order_by()
        members.update(rows.values_list("pk", column))
    for pk in ids:
        if pk in members:
            found.setdefault(keys(members[pk]), []).append(pk)
    return sorted(found.items(), key=lambda item: item[0])


def _districts(level: str) -> Callable[[], Callable[[Any], Key]]:
    """By the district of this level above (or by the place itself where none is): in the order of the tree."""

    def keys() -> Callable[[Any], Key]:
        rows = list(District.objects.order_by().values_list("pk", "path", "code", "name", "level"))
        names = {code: name for _pk, _path, code, name, _level in rows}
        levels = {code: its for _pk, _path, code, _name, its in rows}
        found: dict[Any, Key] = {}
        for pk, path, code, _name, _level in rows:
            branch = path.rstrip("/").split("/")
            at = next((each for each in branch if levels.get(each) == level), code)
            found[pk] = (path[: path.index(at)] + at, names[at])
        return found.__getitem__

    return keys


def _choices(choices: Any) -> Callable[[], Callable[[Any], Key]]:
    def keys() -> Callable[[Any], Key]:
        order = {value: (place, str(label)) for place, (value, label) in enumerate(choices.choices)}
        unknown = (len(order), str(NOT_SAID))
        return lambda value: order.get(value, unknown)

    return keys


def _sectors() -> Callable[[Any], Key]:
    names = dict(Sector.objects.order_by().values_list("pk", "name"))
    order = {pk: place for place, pk in enumerate(Sector.objects.values_list("pk", flat=True))}
    return lambda pk: (order[pk], names[pk]) if pk else (len(order), str(NOT_SAID))


GROUPS: dict[str, tuple[str, Callable[[], Callable[[Any], Key]]]] = {
    GroupedBy.COUNTY: ("district", _districts(District.Level.DISTRICT)),
    GroupedBy.CITY: ("district", _districts(District.Level.CITY)),
    GroupedBy.SECTOR: ("sector", _sectors),
    GroupedBy.OWNERSHIP: ("ownership", _choices(Ownership)),
    GroupedBy.PROJECT_TYPE: ("project_type", _choices(ProjectType)),
    GroupedBy.STAGE: ("stage", _choices(Stage)),
}


# --- looked at --------------------------------------------------------------------------------------------------------


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
