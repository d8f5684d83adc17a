"""From what entered and left in each quarter to everything that is shown of a cell: stock, year to date, changes.

Ten thousand cells are asked for at once (40 quarters by sector), so numbers run on as plain tuples, once through; a
Total makes its Sums when somebody looks at them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from operator import add, sub
from typing import NamedTuple

from projects.models import STOCK_KINDS, Kind
from projects.quarters import next_quarter, quarters_between, year_quarters
from tracking.sums import ZEROS, Sums, Values
from tracking.totals.rules import FIGURES

BACK = 4  # quarters before the first that is shown: the same quarter of last year, and the year's beginning


class Movement(NamedTuple):
    """What entered and what left one kind in one quarter; `member` is the part of a breakdown, null where unknown.

    Several of one quarter add up. `moved` is the stock that came with a district, less what went, on the divisions of
    then.
    """

    member: str | None
    kind: str
    quarter: str
    entered: Values = ZEROS
    left: Values = ZEROS
    moved: Values = ZEROS


class Span:
    """The quarters that are shown, and before them those that they are compared with, each with its place."""

    def __init__(self, quarters: Sequence[str]) -> None:
        self.quarters = quarters_between(next_quarter(quarters[0], -BACK), quarters[-1])
        self.places = {quarter: place for place, quarter in enumerate(self.quarters)}
        self.year_starts = [self.places.get(year_quarters(quarter)[0], 0) for quarter in self.quarters]

    @property
    def shown(self) -> range:
        """The places of the quarters that are shown."""
        return range(BACK, len(self.quarters))


class Series:
    """One kind of one member through a span: flows by place, and per measure what runs on from place to place.

    `in_stock` says whether a project is in this kind for a time, `is_building` whether that is under construction.
    """

    def __init__(self, span: Span, kind: str, member: str | None) -> None:
        self.span = span
        self.kind = kind
        self.member = member
        self.in_stock = kind in STOCK_KINDS
        self.is_building = kind == Kind.STARTED
        self.entered = [ZEROS] * len(span.quarters)
        self.left = self.entered.copy()
        self._moved = self.entered.copy()
        self._before = ZEROS

    def add(self, quarter: str, entered: Values, left: Values, moved: Values) -> None:
        """Take in what moved; of a quarter before the span only the stock that it left behind."""
        place = self.span.places.get(quarter)
        if place is None:
            self._before = _minus(_plus(_plus(self._before, entered), moved), left)
            return
        self.entered[place] = _plus(self.entered[place], entered)
        self.left[place] = _plus(self.left[place], left)
        if moved is not ZEROS:
            self._moved[place] = _plus(self._moved[place], moved)

    @cached_property
    def _reached(self) -> list[list[int]]:
        """For each measure all that entered before each place."""
        return [list(accumulate(flow, initial=0)) for flow in zip(*self.entered, strict=True)]

    @cached_property
    def _stocks(self) -> list[list[int]]:
        """For each measure the stock at the beginning of each place."""
        net = map(_minus, map(_plus, self.entered, self._moved), self.left)
        changes = zip(*net, strict=True)
        return [
            list(accumulate(change, initial=before))
            for before, change in zip(self._before, changes, strict=True)
        ]

    def ytd(self, place: int) -> Values:
        """What entered since the year began."""
        start = self.span.year_starts[place]
        return tuple(sums[place + 1] - sums[start] for sums in self._reached)

    def stock(self, place: int) -> Values:
        """The stock at the end of a place: the running sum of entered − left."""
        return tuple(stocks[place + 1] for stocks in self._stocks)

    @cached_property
    def is_empty(self) -> list[bool]:
        """For each place whether nothing at all stands in the cell: the counts alone tell."""
        reached = list(accumulate((entered[0] for entered in self.entered), initial=0))
        flows = zip(self.entered, self._moved, self.left, strict=True)
        net = (entered[0] + moved[0] - left[0] for entered, moved, left in flows)
        stocks = list(accumulate(net, initial=self._before[0]))
        return [
            reached[place + 1] == reached[start]
            and not left[0]
            and not (self.is_building and (stocks[place] or stocks[start]))
            and not (self.in_stock and stocks[place + 1])
            for place, (start, left) in enumerate(zip(self.span.year_starts, self.left, strict=True))
        ]


class Total:
    """One cell as it is shown. `stock` is null for kinds that a project passes but is not in (registered, enrolled).

    The figures of UNDER_CONSTRUCTION are those of `started`, and null for every other kind.
    `yoy` and `qoq` compare the quarter's flow: value / base − 1, null where the base is 0 or missing.
    """

    __slots__ = ("_place", "_series")

    def __init__(self, series: Series, place: int) -> None:
        self._series = series
        self._place = place

    @property
    def quarter(self) -> str:
        """As 2023Q1."""
        return self._series.span.quarters[self._place]

    @property
    def kind(self) -> str:
        """The kind of milestone."""
        return self._series.kind

    @property
    def member(self) -> str | None:
        """The part of the breakdown."""
        return self._series.member

    @property
    def entered(self) -> Sums:
        """The quarter's flow."""
        return Sums(*self._series.entered[self._place])

    @property
    def left(self) -> Sums:
        """What moved on or ended in the quarter."""
        return Sums(*self._series.left[self._place])

    @property
    def stock(self) -> Sums | None:
        """What is there at the quarter's end."""
        return Sums(*self._series.stock(self._place)) if self._series.in_stock else None

    @property
    def ytd(self) -> Sums:
        """The year's flows so far."""
        return Sums(*self._series.ytd(self._place))

    @property
    def yoy(self) -> Change:
        """Beside the same quarter of the year before."""
        return self._change(4)

    @property
    def qoq(self) -> Change:
        """Beside the quarter before."""
        return self._change(1)

    def _change(self, back: int) -> Change:
        return Change.between(Sums(*self._series.entered[self._place - back]), self.entered)

    @property
    def carried_over(self) -> Sums | None:
        """Under construction when the quarter began."""
        return Sums(*self._series.stock(self._place - 1)) if self._series.is_building else None

    @property
    def carried_over_year(self) -> Sums | None:
        """Under construction when the year began."""
        start = self._series.span.year_starts[self._place]
        return Sums(*self._series.stock(start - 1)) if self._series.is_building else None

    @property
    def start_or_resume(self) -> Sums | None:
        """Carried over or started in the quarter."""
        before = self.carried_over
        return None if before is None else before + self.entered

    @property
    def start_or_resume_year(self) -> Sums | None:
        """Carried over or started in the year so far."""
        before = self.carried_over_year
        return None if before is None else before + self.ytd

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Total) and self._shown == other._shown

    def __hash__(self) -> int:
        return hash((self.quarter, self.kind, self.member))

    def __repr__(self) -> str:
        return f"Total{self._shown}"

    @property
    def _shown(self) -> tuple[object, ...]:
        figures = (getattr(self, of) for of in FIGURES)
        return (self.quarter, self.kind, self.member, self.yoy, self.qoq, *figures)


@dataclass(frozen=True, slots=True)
class Change:
    """A relative change, as 0.56 for +56 %."""

    count: float | None
    investment: float | None

    @classmethod
    def between(cls, base: Sums, value: Sums) -> Change:
        """From a base to a value; null where the base is 0 or either is missing."""
        return cls(relative(base.count, value.count), relative(base.investment, value.investment))


def relative(base: int | None, value: int | None) -> float | None:
    """Value / base − 1, rounded to six places; null where that says nothing."""
    return None if not base or value is None else round(value / base - 1, 6)


def history(
    quarters: Sequence[str], kinds: Sequence[str], movements: Iterable[Movement], *, broken_down: bool
) -> list[Total]:
    """The totals in the order quarter, kind, member; broken down without those in which nothing stands.

    A member for which nothing is known comes last.
    """
    span = Span(quarters)
    series: dict[tuple[str, str | None], Series] = {}
    if not broken_down:
        series = {(kind, None): Series(span, kind, None) for kind in kinds}
    for member, kind, quarter, entered, left, moved in movements:
        if (kind, member) not in series:
            series[kind, member] = Series(span, kind, member)
        series[kind, member].add(quarter, entered, left, moved)
    order = {kind: number for number, kind in enumerate(kinds)}
    inside = sorted(
        series.values(), key=lambda each: (order[each.kind], each.member is None, each.member or "")
    )
    if not broken_down:
        return [Total(each, place) for place in span.shown for each in inside]
    empty = [(each, each.is_empty) for each in inside]
    return [Total(each, place) for place in span.shown for each, is_empty in empty if not is_empty[place]]


def _plus(one: Values, other: Values) -> Values:
    if other is ZEROS:
        return one
    return other if one is ZEROS else tuple(map(add, one, other))


def _minus(one: Values, other: Values) -> Values:
    return one if other is ZEROS else tuple(map(sub, one, other))
