"""The projects behind one cell of the cohorts, lead times or punctuality."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from projects.models import District, Kind
from projects.models.milestones import period_of
from tracking.cohorts.lead_times import PARTS, SPANS, part_of
from tracking.cohorts.punctuality import DELAY_BANDS, OUTCOMES, PUNCTUAL_KINDS, delay_band, outcome_of
from tracking.cohorts.signing import COLUMNS, KINDS, SIGNED, columns_of, is_too_young
from tracking.cohorts.steps import AMOUNTS, CHUNK, CohortBy, Journey, Step, journeys, step_of
from tracking.sums import NOTHING, Sums
from tracking.totals import entries, member_of

COUNT = "count"
BANDS = {
    f"delayed_{first}_{last}" if last else f"delayed_{first}": (first, last) for first, last in DELAY_BANDS
}
LEAD_TIME_CELLS = {f"{span}_{part}": (span, part) for span in SPANS for part in (COUNT, *PARTS)}
PUNCTUALITY_CELLS = {
    f"{kind.value}_{part}": (kind, part) for kind in PUNCTUAL_KINDS for part in (COUNT, *OUTCOMES, *BANDS)
}
CELLS = (*COLUMNS, *LEAD_TIME_CELLS, *PUNCTUALITY_CELLS)


@dataclass(frozen=True, slots=True)
class Behind:
    """The entries behind a cell, the largest investment first and unknown ones last, and their sum."""

    entries: list[int]
    sums: Sums


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose projects: of a district at a moment, in these consecutive quarters, of one part if `by` is given."""

    district: District
    quarters: Sequence[str]
    by: CohortBy | None = None
    member: str | None = None
    as_of: datetime | None = None

    def journeys(self, base: Kind, kinds: Sequence[str]) -> Iterator[Journey]:
        """The journeys of the asked part."""
        found = journeys(self.district, base, self.quarters, kinds, by=self.by, as_of=self.as_of)
        return (journey for journey in found if self.by is None or journey.member == self.member)


def projects_behind(asked: Asked, cell: str, *, today: date, uncertain: bool = False) -> Behind:
    """What is behind one of CELLS; of quarters too young for a column, none. `today` is the moment's day.

    `uncertain` asks for those of which nobody can tell, where a column has such.
    """
    if cell in COLUMNS:
        return _gather(
            journey.base
            for journey in asked.journeys(Kind.SIGNED, KINDS)
            if _is_in(journey, cell, today, uncertain=uncertain)
        )
    if uncertain:
        return Behind([], NOTHING)
    return _gather(_of_lead_time(asked, cell) if cell in LEAD_TIME_CELLS else _of_punctuality(asked, cell))


def _is_in(journey: Journey, column: str, today: date, *, uncertain: bool) -> bool:
    if column == SIGNED:
        return not uncertain
    return not is_too_young(journey.quarter, column, today) and (column, not uncertain) in columns_of(journey)


def _of_lead_time(asked: Asked, cell: str) -> Iterator[Step]:
    span, part = LEAD_TIME_CELLS[cell]
    base, kinds = SPANS[span]
    for journey in asked.journeys(base, kinds):
        if part in (COUNT, part_of(journey, kinds)[0]):
            yield journey.base


def _of_punctuality(asked: Asked, cell: str) -> Iterator[Step]:
    kind, part = PUNCTUALITY_CELLS[cell]
    here = entries(asked.district, as_of=asked.as_of).filter(kind=kind)
    rows = here.filter(quarter__gte=asked.quarters[0], quarter__lte=asked.quarters[-1])
    columns = ("member", "planned_first_on", "quarter", "happened_on", "precision", "id", *AMOUNTS)
    found = rows.annotate(member=member_of(asked.by, asked.district)).order_by().values_list(*columns)
    for member, planned, quarter, day, precision, *rest in found.iterator(chunk_size=CHUNK):
        mine = asked.by is None or (member or None) == asked.member
        if mine and part in _parts_of(planned, day, precision):
            yield step_of(kind, quarter, day, precision, *rest)


def _parts_of(planned: date | None, day: date | None, precision: str) -> set[str]:
    """The parts of punctuality in which a step is counted: its outcome and, of a delay, its band."""
    outcome = outcome_of(planned, day, precision)
    if outcome != "delayed" or not planned or not day:
        return {COUNT, outcome}
    band = delay_band(planned, period_of(day, precision)[0])
    return {COUNT, outcome, *(name for name, each in BANDS.items() if each == band)}


def _gather(steps: Iterator[Step]) -> Behind:
    found: list[tuple[bool, int, int]] = []
    sums = NOTHING
    for step in steps:
        investment = step.amounts[0]
        found.append((investment is None, -(investment or 0), step.entry))
        sums += step.sums
    return Behind([entry for _unknown, _investment, entry in sorted(found)], sums)
