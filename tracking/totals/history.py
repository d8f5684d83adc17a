"""From what entered and left in each quarter to everything that is shown of a cell: stock, year to date, changes."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate

from projects.models import STOCK_KINDS, Kind
from projects.quarters import next_quarter, year_quarters
from tracking.sums import NOTHING, Sums
from tracking.totals.rules import FIGURES


@dataclass(frozen=True, slots=True)
class Movement:
    """What entered and what left one kind in one quarter; `member` is the part of a breakdown, null where unknown."""

    member: str | None
    kind: str
    quarter: str
    entered: Sums = NOTHING
    left: Sums = NOTHING
    moved: Sums = NOTHING  # the stock that came with a district, less what went, on the divisions of then


@dataclass(frozen=True, slots=True)
class Total:
    """One cell as it is shown. `stock` is null for kinds that a project passes but is not in (registered, enrolled).

    The figures of UNDER_CONSTRUCTION are those of `started`, and null for every other kind.
    `yoy` and `qoq` compare the quarter's flow: value / base − 1, null where the base is 0 or missing.
    """

    quarter: str
    kind: str
    member: str | None
    entered: Sums
    left: Sums
    stock: Sums | None
    ytd: Sums
    yoy: Change
    qoq: Change
    carried_over: Sums | None = None
    carried_over_year: Sums | None = None
    start_or_resume: Sums | None = None
    start_or_resume_year: Sums | None = None


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


def total_is_empty(total: Total) -> bool:
    """Whether nothing at all stands in it."""
    return not any(shown and shown.count for shown in (getattr(total, of) for of in FIGURES))


@dataclass
class History:
    """Movements by kind and member, with the running stock."""

    given: Iterable[Movement]
    flows: dict[tuple[str, str | None], dict[str, Movement]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    stocks: dict[tuple[str, str | None], tuple[list[str], list[Sums]]] = field(default_factory=dict)
    members: set[str | None] = field(default_factory=set)

    def __post_init__(self) -> None:
        for movement in self.given:
            self.flows[movement.kind, movement.member][movement.quarter] = movement
            self.members.add(movement.member)
        for key, by_quarter in self.flows.items():
            quarters = sorted(by_quarter)
            net = (_net(by_quarter[quarter]) for quarter in quarters)
            self.stocks[key] = quarters, list(accumulate(net))

    def entered(self, quarter: str, kind: str, member: str | None) -> Sums:
        """The flow of a quarter."""
        movement = self.flows.get((kind, member), {}).get(quarter)
        return movement.entered if movement else NOTHING

    def stock(self, quarter: str, kind: str, member: str | None) -> Sums:
        """The stock at the end of a quarter: the running sum of entered − left."""
        quarters, stocks = self.stocks.get((kind, member), ([], []))
        earlier = bisect_right(quarters, quarter)
        return stocks[earlier - 1] if earlier else NOTHING

    def total(self, quarter: str, kind: str, member: str | None) -> Total:
        """One cell with everything that is shown of it."""
        movement = self.flows.get((kind, member), {}).get(quarter)
        entered = movement.entered if movement else NOTHING
        ytd = sum((self.entered(q, kind, member) for q in year_quarters(quarter)), NOTHING)
        return Total(
            quarter=quarter,
            kind=kind,
            member=member,
            entered=entered,
            left=movement.left if movement else NOTHING,
            stock=self.stock(quarter, kind, member) if kind in STOCK_KINDS else None,
            ytd=ytd,
            yoy=Change.between(self.entered(next_quarter(quarter, -4), kind, member), entered),
            qoq=Change.between(self.entered(next_quarter(quarter, -1), kind, member), entered),
            **self.under_construction(quarter, member, entered, ytd) if kind == Kind.STARTED else {},
        )

    def under_construction(
        self, quarter: str, member: str | None, entered: Sums, ytd: Sums
    ) -> dict[str, Sums]:
        """The figures of UNDER_CONSTRUCTION: the stock before the period, and with it what started in the period."""
        before = self.stock(next_quarter(quarter, -1), Kind.STARTED, member)
        before_year = self.stock(next_quarter(year_quarters(quarter)[0], -1), Kind.STARTED, member)
        return {
            "carried_over": before,
            "carried_over_year": before_year,
            "start_or_resume": before + entered,
            "start_or_resume_year": before_year + ytd,
        }


def _net(movement: Movement) -> Sums:
    return movement.entered - movement.left + movement.moved
