"""Punctuality: the first plan of a start or completion beside the day on which it happened."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from django.db.models import Q

from projects.models import District, Kind, Precision
from projects.models.milestones import period_of
from tracking.cohorts.rates import Spread
from tracking.cohorts.steps import CHUNK, QUARTERLY, CohortBy, Per, add_months, periods
from tracking.totals import entries, member_of

PUNCTUAL_KINDS = (Kind.STARTED, Kind.COMPLETED)
# Delays in months, as the flash reports of India's MoSPI band them; a month that has begun is counted whole.
DELAY_BANDS: tuple[tuple[int, int | None], ...] = ((1, 12), (13, 24), (25, 60), (61, None))

Outcome = Literal["ahead", "on_time", "delayed", "without_plan", "without_date"]
OUTCOMES: tuple[Outcome, ...] = ("ahead", "on_time", "delayed", "without_plan", "without_date")
Compared = tuple[date | None, date | None, str]  # the first plan, when it happened, the precision of that
Key = tuple[str, str | None, str | None]  # kind, quarter, member


@dataclass
class OnPlan:
    """How many were ahead of their first plan, on time, delayed, and by how many days; delays by DELAY_BANDS."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    bands: Counter[tuple[int, int | None]] = field(default_factory=Counter)
    ahead_days: Counter[int] = field(default_factory=Counter)

    def add(self, planned: date | None, actual: date | None, precision: str) -> None:
        """Count one step."""
        outcome = outcome_of(planned, actual, precision)
        self.outcomes[outcome] += 1
        if not planned or not actual or outcome == "without_date":
            return
        if outcome == "delayed":
            self.bands[delay_band(planned, period_of(actual, precision)[0])] += 1
        if precision == Precision.DAY:
            self.ahead_days[(planned - actual).days] += 1

    def __add__(self, other: OnPlan) -> OnPlan:
        return OnPlan(
            self.outcomes + other.outcomes,
            self.bands + other.bands,
            Counter(self.ahead_days) + other.ahead_days,
        )

    @property
    def count(self) -> int:
        """All of them."""
        return self.outcomes.total()

    @property
    def ahead(self) -> Spread:
        """The days ahead of the plan, negative where behind it, of all whose day is known."""
        return Spread.of(self.ahead_days)

    @property
    def delay(self) -> Spread:
        """The days of delay of those that were delayed and whose day is known."""
        return Spread.of({-days: number for days, number in self.ahead_days.items() if days < 0})


def on_plan(pairs: Iterable[Compared]) -> OnPlan:
    """Count what is planned and what happened, each with the precision of what happened."""
    found = OnPlan()
    for planned, actual, precision in pairs:
        found.add(planned, actual, precision)
    return found


def outcome_of(planned: date | None, actual: date | None, precision: str) -> Outcome:
    """On time is what happened on the planned day or, where only that is known, in its month or quarter.

    A date known to the year, or not at all, is no date to compare.
    """
    if actual is None or precision not in (Precision.DAY, Precision.MONTH, Precision.QUARTER):
        return "without_date"
    if planned is None:
        return "without_plan"
    first, last = period_of(actual, precision)
    if last < planned:
        return "ahead"
    return "delayed" if planned < first else "on_time"


def delay_band(planned: date, actual: date) -> tuple[int, int | None]:
    """The band of a delay; of a month or quarter its first day counts, so that no delay is overstated."""
    return next(band for band in DELAY_BANDS if band[1] is None or actual <= add_months(planned, band[1]))


@dataclass(frozen=True, slots=True)
class Punctuality:
    """Of what happened from quarter `first` to `last`; both null for what happened in no known quarter."""

    kind: str
    member: str | None
    first: str | None
    last: str | None
    on_plan: OnPlan


def punctuality(
    district: District,
    quarters: Sequence[str],
    kinds: Sequence[str] = PUNCTUAL_KINDS,
    *,
    by: CohortBy | None = None,
    per: Sequence[Per] = QUARTERLY,
    as_of: datetime | None = None,
) -> list[Punctuality]:
    """The steps of these kinds that happened in these quarters by kind, period and member; last what is undated."""
    found: dict[Key, OnPlan] = defaultdict(OnPlan)
    for key, compared in _rows(district, quarters, kinds, by=by, as_of=as_of):
        found[key].add(*compared)
    members = sorted({member for *_rest, member in found}, key=lambda m: (m is None, m)) if by else [None]
    spans: list[Sequence[str | None]] = [*periods(quarters, *per), [None]]
    return [
        Punctuality(kind, member, span[0], span[-1], total)
        for kind in kinds
        for span in spans
        for member in members
        if (total := _together(found, kind, span, member)).count or (by is None and span != [None])
    ]


def _rows(
    district: District,
    quarters: Sequence[str],
    kinds: Sequence[str],
    *,
    by: CohortBy | None,
    as_of: datetime | None,
) -> Iterator[tuple[Key, Compared]]:
    """What is to be compared, by kind, quarter and member; one query (two by district)."""
    asked = Q(quarter__gte=quarters[0], quarter__lte=quarters[-1]) | Q(quarter__isnull=True)
    here = entries(district, as_of=as_of).filter(asked, kind__in=kinds)
    rows = here.annotate(member=member_of(by, district)).order_by()
    columns = ("kind", "quarter", "member", "planned_first_on", "happened_on", "precision")
    for row in rows.values_list(*columns).iterator(chunk_size=CHUNK):
        kind, quarter, member, planned, actual, precision = row
        yield (kind, quarter, member or None), (planned, actual, precision)


def _together(
    found: Mapping[Key, OnPlan],
    kind: str,
    span: Sequence[str | None],
    member: str | None,
) -> OnPlan:
    parts = (found[kind, quarter, member] for quarter in span if (kind, quarter, member) in found)
    return sum(parts, OnPlan())
