"""The steps of projects as the ledger holds them at a moment: from when to when each can have happened."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from itertools import groupby
from operator import itemgetter
from typing import Literal

from projects.models import District, Kind, Precision
from projects.models.milestones import period_of
from projects.quarters import first_day, last_day
from tracking.sums import Sums
from tracking.totals import entries, member_of

CohortBy = Literal["district", "sector"]
Per = Literal["quarter", "year", "span"]
PERIODS: tuple[Per, ...] = ("quarter", "year", "span")
QUARTERLY: tuple[Per, ...] = ("quarter",)
BREAKDOWNS: tuple[CohortBy, ...] = ("district", "sector")
CHUNK = 2000
AMOUNTS = ("investment", "expected_output", "expected_revenue")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `first` and `last` are the days between which it happened, null where nothing is known of that."""

    kind: str
    quarter: str | None
    first: date | None
    last: date | None
    precision: str
    entry: int
    amounts: tuple[int | None, int | None, int | None]

    @property
    def day(self) -> date | None:
        """The day itself, null unless it is known."""
        return self.first if self.precision == Precision.DAY else None

    @property
    def sums(self) -> Sums:
        """Its amounts as a sum of one."""
        known = (amount is not None for amount in self.amounts)
        return Sums(1, *map(int, known), *(amount or 0 for amount in self.amounts))


@dataclass(frozen=True, slots=True)
class Journey:
    """A project's steps by kind; it belongs to a cohort by its `base`. `member` is its part of the breakdown."""

    project: int
    member: str | None
    base: Step
    steps: dict[str, Step]

    @property
    def quarter(self) -> str:
        """The quarter of its cohort."""
        assert self.base.quarter
        return self.base.quarter

    def reached(self, kinds: Iterable[str]) -> bool:
        """Whether any of these steps was taken."""
        return not self.steps.keys().isdisjoint(kinds)


def journeys(
    district: District,
    base: Kind,
    quarters: Sequence[str],
    kinds: Sequence[str],
    *,
    by: CohortBy | None,
    as_of: datetime | None,
) -> Iterator[Journey]:
    """The projects of the district whose step `base` lies in these consecutive quarters, with their steps of `kinds`.

    One query (two by district), streamed in the order of projects.
    """
    here = entries(district, as_of=as_of)
    cohort = here.filter(kind=base, quarter__gte=quarters[0], quarter__lte=quarters[-1])
    rows = here.filter(kind__in={base, *kinds}, project__in=cohort.order_by().values("project"))
    columns = ("kind", "quarter", "happened_on", "precision", "id", *AMOUNTS)
    found = rows.annotate(member=member_of(by, district)).order_by("project_id")
    streamed = found.values_list("project_id", "member", *columns).iterator(chunk_size=CHUNK)
    for project, taken in groupby(streamed, key=itemgetter(0)):
        every = list(taken)
        steps = {kind: step_of(kind, *rest) for _project, _member, kind, *rest in every}
        yield Journey(project, every[0][1] or None, steps[base], steps)


def step_of(
    kind: str, quarter: str | None, day: date | None, precision: str, entry: int, *amounts: int
) -> Step:
    """A step from what an entry says; of old entries that were closed only the quarter may be known."""
    first = last = None
    if day:
        first, last = period_of(day, precision)
    elif quarter:
        first, last, precision = first_day(quarter), last_day(quarter), Precision.QUARTER
    return Step(kind, quarter, first, last, precision, entry, tuple(amounts))  # type: ignore[arg-type]


@lru_cache(maxsize=8192)  # the same few thousand days come for every project
def add_months(day: date, months: int) -> date:
    """So many calendar months later; where that month is too short, its last day: 31 August + 6 = 28 February."""
    year, index = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, index + 1, min(day.day, monthrange(year, index + 1)[1]))


def periods(quarters: Sequence[str], *wanted: Per) -> list[list[str]]:
    """The quarters one by one, by their years, or all together; those asked for, also of a year."""
    return [part for per in wanted for part in _PARTS[per](quarters)]


def _by_start(quarters: Sequence[str], length: int) -> list[list[str]]:
    return [list(part) for _name, part in groupby(quarters, key=lambda quarter: quarter[:length])]


_PARTS: dict[Per, Callable[[Sequence[str]], list[list[str]]]] = {
    "quarter": partial(_by_start, length=len("2023Q1")),
    "year": partial(_by_start, length=len("2023")),
    "span": lambda quarters: [list(quarters)],
}
