"""Signing cohorts: of the projects signed in a quarter, how many started and were completed within so many months.

And 履约率, 开工率, 投产率: how many were performed, started and put into production so far.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from projects.models import District, Kind
from projects.quarters import last_day
from tracking.cohorts.rates import Rate
from tracking.cohorts.steps import QUARTERLY, CohortBy, Journey, Per, Step, add_months, journeys, periods
from tracking.sums import NOTHING, Sums

PRODUCTION = (Kind.IN_PRODUCTION, Kind.AT_CAPACITY)
COMPLETION = (Kind.COMPLETED, *PRODUCTION)
START = (Kind.STARTED, *COMPLETION)
PERFORMANCE = (Kind.REGISTERED, *START)
KINDS = (Kind.SIGNED, *PERFORMANCE)

# Each column: the step or, where that was skipped, a later one, which tells by when it was taken; and the months.
WITHIN: dict[str, tuple[tuple[Kind, ...], int]] = {
    **{f"started_{months}": (START, months) for months in (3, 6, 12, 18)},
    **{f"completed_{months}": (COMPLETION, months) for months in (24, 36)},
}
# 履约率, 开工率, 投产率: the step that counts or any later one. Who is terminated stays in the denominator.
RATES: dict[str, tuple[Kind, ...]] = {
    "performance": PERFORMANCE,
    "start": START,
    "production": PRODUCTION,
}
SIGNED = "signed"
COLUMNS = (SIGNED, *WITHIN, *RATES)


@dataclass(frozen=True, slots=True)
class Share:
    """A rate and its cohort: what was signed from the quarter `first` to `last`."""

    rate: Rate
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Cohort:
    """What was signed from quarter `first` to `last`, and what has become of it.

    `within` has each column of WITHIN; null where the whole cohort is too young for it. Of several quarters it counts
    those that are old enough, and says which.
    """

    member: str | None
    first: str
    last: str
    signed: Sums
    within: Mapping[str, Share | None]
    rates: Mapping[str, Share]


def cohorts(
    district: District,
    quarters: Sequence[str],
    *,
    today: date,
    by: CohortBy | None = None,
    per: Sequence[Per] = QUARTERLY,
    as_of: datetime | None = None,
) -> list[Cohort]:
    """The signing cohorts of these consecutive quarters, in the order period, member; `today` is the moment's day.

    Without a breakdown every period has its row; with one, every member of which anything was signed in it.
    """
    found: dict[tuple[str, str | None], Tally] = defaultdict(Tally)
    for journey in journeys(district, Kind.SIGNED, quarters, KINDS, by=by, as_of=as_of):
        found[journey.quarter, journey.member].add(journey)
    members = sorted({member for _quarter, member in found}, key=lambda m: (m is None, m)) if by else [None]
    return [
        _cohort(found, period, member, today)
        for period in periods(quarters, *per)
        for member in members
        if by is None or any((quarter, member) in found for quarter in period)
    ]


@dataclass
class Tally:
    """What is counted of one quarter and member."""

    signed: Sums = NOTHING
    certain: Counter[str] = field(default_factory=Counter)
    uncertain: Counter[str] = field(default_factory=Counter)

    def add(self, journey: Journey) -> None:
        """Count one project."""
        self.signed += journey.base.sums
        for column, certain in columns_of(journey):
            (self.certain if certain else self.uncertain)[column] += 1

    def rate(self, column: str) -> Rate:
        """One column of all that was signed."""
        return Rate(self.certain[column], self.signed.count, self.uncertain[column])


def columns_of(journey: Journey) -> Iterator[tuple[str, bool]]:
    """The columns in which a signed project is counted, and whether that is certain."""
    for column, (kinds, months) in WITHIN.items():
        if journey.reached(kinds):
            certain = is_within(journey.base, journey.steps, kinds, months)
            if certain is not False:
                yield column, bool(certain)
    for column, kinds in RATES.items():
        if journey.reached(kinds):
            yield column, True


def is_within(signed: Step, steps: Mapping[str, Step], kinds: Sequence[str], months: int) -> bool | None:
    """Whether the first of these kinds was reached within the months of signing; null where that cannot be told.

    Later kinds only say by when it was reached at the latest.
    """
    assert signed.first
    assert signed.last
    latest = min((steps[kind].last or date.max for kind in kinds if kind in steps), default=date.max)
    if latest <= add_months(signed.first, months):
        return True
    itself = steps.get(kinds[0])
    earliest = (itself and itself.first) or date.min
    return None if earliest <= add_months(signed.last, months) else False


def is_too_young(quarter: str, column: str, today: date) -> bool:
    """Whether the months of a column are not over yet for all that was signed in the quarter."""
    return column in WITHIN and today < add_months(last_day(quarter), WITHIN[column][1])


def _cohort(
    found: Mapping[tuple[str, str | None], Tally], period: Sequence[str], member: str | None, today: date
) -> Cohort:
    tallies = {quarter: found[quarter, member] for quarter in period if (quarter, member) in found}
    within: dict[str, Share | None] = {}
    for column in WITHIN:
        ripe = [quarter for quarter in period if not is_too_young(quarter, column, today)]
        within[column] = _share(tallies, ripe, column) if ripe else None
    return Cohort(
        member,
        period[0],
        period[-1],
        sum((tally.signed for tally in tallies.values()), NOTHING),
        within,
        {column: _share(tallies, period, column) for column in RATES},
    )


def _share(tallies: Mapping[str, Tally], quarters: Sequence[str], column: str) -> Share:
    rates: Iterable[Rate] = (tallies[quarter].rate(column) for quarter in quarters if quarter in tallies)
    return Share(sum(rates, Rate(0, 0)), quarters[0], quarters[-1])
