"""The projects behind one cell of the cohorts: those counted, or those of which nobody can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from projects.models import District, Kind
from tracking.cohorts.signing import KINDS, SIGNED, columns_of, is_too_young, sums_of
from tracking.cohorts.steps import CohortBy, Journey, journeys
from tracking.sums import NOTHING, Sums


@dataclass(frozen=True, slots=True)
class Behind:
    """The signing entries behind a cell, the largest investment first and unknown ones last, and their sum."""

    entries: list[int]
    sums: Sums


def projects_behind(
    district: District,
    quarters: Sequence[str],
    column: str,
    *,
    today: date,
    uncertain: bool = False,
    by: CohortBy | None = None,
    member: str | None = None,
    as_of: datetime | None = None,
) -> Behind:
    """Those behind a column of the cohort of these consecutive quarters; of quarters too young for it, none."""
    found: list[tuple[bool, int, int]] = []
    sums = NOTHING
    for journey in journeys(district, Kind.SIGNED, quarters, KINDS, by=by, as_of=as_of):
        if by and journey.member != member:
            continue
        if _is_in(journey, column, today, uncertain=uncertain):
            investment = journey.base.amounts[0]
            found.append((investment is None, -(investment or 0), journey.base.entry))
            sums += sums_of(journey.base)
    return Behind([entry for _unknown, _investment, entry in sorted(found)], sums)


def _is_in(journey: Journey, column: str, today: date, *, uncertain: bool) -> bool:
    if column == SIGNED:
        return not uncertain
    return not is_too_young(journey.quarter, column, today) and (column, not uncertain) in columns_of(journey)
