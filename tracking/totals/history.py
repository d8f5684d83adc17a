"""From what entered and left in each quarter to everything that is shown of a cell: stock, year to date, changes.

Ten thousand cells are asked for at once (40 quarters by sector), so numbers run on as plain tuples, once through; a
Total makes its Sums when somebody looks at them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
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

    @cached_property
    def year_starts(self) -> list[int]:
        """For each place that of its year's first quarter; the first year may have begun before the span."""
        return [self.places.get(year_quarters(quarter)[0], 0) for quarter in self.quarters]


class Series:
    """One kind of one member through a span, by place: flows, the year's running sum, and the running stock."""

    __slots__ = ("entered", "left", "stock", "year_starts", "ytd")

    def __init__(self, span: Span, movements: Iterable[Movement]) -> None:
        self.year_starts = span.year_starts
        self.entered = [ZEROS] * len(span.quarters)
        self.left = self.entered.copy()
        moved: dict[int, Values] = {}
        before = ZEROS
        for _member, _kind, quarter, entered, left, came in movements:
            place = span.places.get(quarter)
            if place is None:  # earlier: only the stock that it left behind is asked for
                before = _net(before, entered, left, came)
                continue
            self.entered[place] = _plus(self.entered[place], entered)
            self.left[place] = _plus(self.left[place], left)
            if came is not ZEROS:
                moved[place] = _plus(moved.get(place, ZEROS), came)
        self.ytd = self._running_year()
        self.stock = self._running_stock(before, moved)

    def _running_year(self) -> list[Values]:
        running = ZEROS
        sums = []
        for place, (entered, start) in enumerate(zip(self.entered, self.year_starts, strict=True)):
            running = entered if place == start else _plus(running, entered)
            sums.append(running)
        return sums

    def _running_stock(self, stock: Values, moved: dict[int, Values]) -> list[Values]:
        stocks = []
        for place, (entered, left) in enumerate(zip(self.entered, self.left, strict=True)):
            stock = _net(stock, entered, left, moved.get(place, ZEROS))
            stocks.append(stock)
        return stocks


class Total:
    """One cell as it is shown. `stock` is null for kinds that a project passes but is not in (registered, enrolled).

    The figures of UNDER_CONSTRUCTION are those of `started`, and null for every other kind.
    `yoy` and `qoq` compare the quarter's flow: value / base − 1, null where the base is 0 or missing.
    """

    __slots__ = ("_place", "_series", "kind", "member", "quarter")

    def __init__(self, quarter: str, kind: str, member: str | None, series: Series, place: int) -> None:
        self.quarter = quarter
        self.kind = kind
        self.member = member
        self._series = series
        self._place = place

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
        return Sums(*self._series.stock[self._place]) if self.kind in STOCK_KINDS else None

    @property
    def ytd(self) -> Sums:
        """The year's flows so far."""
        return Sums(*self._series.ytd[self._place])

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
        return Sums(*self._series.stock[self._place - 1]) if self.kind == Kind.STARTED else None

    @property
    def carried_over_year(self) -> Sums | None:
        """Under construction when the year began."""
        start = self._series.year_starts[self._place]
        return Sums(*self._series.stock[start - 1]) if self.kind == Kind.STARTED else None

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

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all stands in it."""
        series, place = self._series, self._place
        if series.ytd[place][0] or series.left[place][0]:  # what entered in the quarter is in the year's sum
            return False
        stock = self.kind in STOCK_KINDS and series.stock[place][0]
        carried = self.kind == Kind.STARTED and (
            series.stock[place - 1][0] or series.stock[series.year_starts[place] - 1][0]
        )
        return not (stock or carried)

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


class History:
    """Movements by kind and member as series through the quarters that are shown."""

    def __init__(self, quarters: Sequence[str], movements: Iterable[Movement]) -> None:
        self.span = Span(quarters)
        self.members: set[str | None] = set()
        self.series: dict[tuple[str, str | None], Series] = {}
        found: dict[tuple[str, str | None], list[Movement]] = defaultdict(list)
        for movement in movements:
            found[movement[1], movement[0]].append(movement)
        for (kind, member), each in found.items():
            self.series[kind, member] = Series(self.span, each)
            self.members.add(member)
        self.nothing = Series(self.span, ())

    def total(self, quarter: str, kind: str, member: str | None) -> Total:
        """One cell with everything that is shown of it."""
        series = self.series.get((kind, member), self.nothing)
        return Total(quarter, kind, member, series, self.span.places[quarter])


def _plus(one: Values, other: Values) -> Values:
    if other is ZEROS:
        return one
    return other if one is ZEROS else tuple(map(add, one, other))


def _net(stock: Values, entered: Values, left: Values, moved: Values) -> Values:
    """Stock + entered − left + moved."""
    stock = _plus(_plus(stock, entered), moved)
    return stock if left is ZEROS else tuple(map(sub, stock, left))
