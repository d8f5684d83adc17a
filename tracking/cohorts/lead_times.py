"""Lead times: the days from signing to start and from start to completion, by the quarter of the first step."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from projects.models import District, Kind
from tracking.cohorts.rates import Spread
from tracking.cohorts.signing import COMPLETION, START
from tracking.cohorts.steps import QUARTERLY, CohortBy, Journey, Per, journeys, periods

# Each span: its first step, and its second or, where that was skipped, a later one.
SPANS: dict[str, tuple[Kind, tuple[Kind, ...]]] = {
    "signed_started": (Kind.SIGNED, START),
    "started_completed": (Kind.STARTED, COMPLETION),
}
PARTS = ("known", "unknown", "waiting")


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Of `count` projects that took the first step from quarter `first` to `last`: how many days the second took.

    `days.known` of them have both days; `unknown` took the second, but one of the days is not known; `waiting` did not.
    """

    span: str
    member: str | None
    first: str
    last: str
    count: int
    unknown: int
    waiting: int
    days: Spread


def lead_times(
    district: District,
    quarters: Sequence[str],
    span: str,
    *,
    by: CohortBy | None = None,
    per: Sequence[Per] = QUARTERLY,
    as_of: datetime | None = None,
) -> list[LeadTime]:
    """The lead times of one of SPANS by period and member, as cohorts() has them."""
    base, kinds = SPANS[span]
    found: dict[tuple[str, str | None], Tally] = defaultdict(Tally)
    for journey in journeys(district, base, quarters, kinds, by=by, as_of=as_of):
        found[journey.quarter, journey.member].add(journey, kinds)
    members = sorted({member for _quarter, member in found}, key=lambda m: (m is None, m)) if by else [None]
    return [
        _lead_time(found, span, period, member)
        for period in periods(quarters, *per)
        for member in members
        if by is None or any((quarter, member) in found for quarter in period)
    ]


@dataclass
class Tally:
    """What is counted of one quarter and member."""

    unknown: int = 0
    waiting: int = 0
    days: Counter[int] = field(default_factory=Counter)

    def add(self, journey: Journey, kinds: Sequence[str]) -> None:
        """Count one project."""
        part, days = part_of(journey, kinds)
        if part == "known":
            self.days[days] += 1
        self.unknown += part == "unknown"
        self.waiting += part == "waiting"


def part_of(journey: Journey, kinds: Sequence[str]) -> tuple[str, int]:
    """One of PARTS, and the days where they are known."""
    if not journey.reached(kinds):
        return "waiting", 0
    second = journey.steps.get(kinds[0])
    if second and second.day and journey.base.day:
        return "known", (second.day - journey.base.day).days
    return "unknown", 0


def _lead_time(
    found: Mapping[tuple[str, str | None], Tally], span: str, period: Sequence[str], member: str | None
) -> LeadTime:
    tallies = [found[quarter, member] for quarter in period if (quarter, member) in found]
    days = Spread.of(_together(tally.days for tally in tallies))
    unknown, waiting = sum(tally.unknown for tally in tallies), sum(tally.waiting for tally in tallies)
    count = days.known + unknown + waiting
    return LeadTime(span, member, period[0], period[-1], count, unknown, waiting, days)


def _together(counters: Iterable[Counter[int]]) -> Counter[int]:
    every: Counter[int] = Counter()
    for counter in counters:
        every.update(counter)
    return every
