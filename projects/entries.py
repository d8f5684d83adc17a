"""Which entries a project should have in the ledger: pure functions of the project and its milestones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from operator import add, sub
from typing import NamedTuple

from projects.models import COUNTABLE_KINDS, STAGE_KINDS, Kind, LedgerEntry, Milestone, Project


class Content(NamedTuple):
    """What one entry says. Amounts in whole yuan, null where not known; quarters as `2023Q1`."""

    kind: str
    quarter: str | None
    left_quarter: str | None
    district_id: int
    sector_id: int | None
    project_type: str
    ownership: str
    happened_on: date | None
    precision: str
    planned_first_on: date | None
    investment: int | None
    expected_output: int | None
    expected_revenue: int | None
    milestone_id: int


CONTENT = Content._fields
# District id, quarter, sector id, kind, and whether that is left there.
Place = tuple[int, str, int | None, str, bool]
Figures = tuple[int, ...]  # number, how many amounts are known of each sort, their sums
Movement = tuple[Place, Figures]
NOTHING: Figures = (0,) * 7
COUNTABLE = frozenset(COUNTABLE_KINDS)


def entries_of(project: Project, milestones: Iterable[Milestone], *, has_phases: bool) -> dict[str, Content]:
    """The entries that a project should have now, by kind; none where it is not countable (DOMAIN: countable).

    A milestone's own amounts come before the project's. A stage is left in the quarter of the next dated stage.
    """
    if project.is_void or project.excluded or has_phases:
        return {}
    happened = {m.kind: m for m in milestones if m.precision and m.kind in COUNTABLE}
    quarters = {kind: m.quarter for kind, m in happened.items()}
    left = left_quarters(quarters) if len(quarters) > 1 else {}
    return {
        kind: Content(
            kind=kind,
            quarter=quarters[kind],
            left_quarter=left.get(kind),
            district_id=project.district_id,
            sector_id=project.sector_id,
            project_type=project.project_type,
            ownership=project.ownership,
            happened_on=m.happened_on,
            precision=m.precision,
            planned_first_on=m.planned_first_on,
            investment=_first_known(m.total_investment, project.total_investment),
            expected_output=_first_known(m.expected_output, project.expected_output),
            expected_revenue=_first_known(m.expected_revenue, project.expected_revenue),
            milestone_id=m.pk,
        )
        for kind, m in happened.items()
    }


def left_quarters(reached: dict[str, str | None]) -> dict[str, str]:
    """For each kind that is left again, the quarter in which it is left; undated milestones move nothing."""
    dated = [(kind, quarter) for kind in STAGE_KINDS if (quarter := reached.get(kind))]
    left: dict[str, str] = {kind: following for (kind, _quarter), (_kind, following) in pairwise(dated)}
    ends = [quarter for kind in (Kind.RESUMED, Kind.TERMINATED) if (quarter := reached.get(kind))]
    if reached.get(Kind.SUSPENDED) and ends:
        left[Kind.SUSPENDED] = min(ends)
    return left


def movements(gone: Iterable[Content], come: Iterable[Content]) -> list[Movement]:
    """What each place's totals lose and gain by entries that go and others that come; nothing where it evens out."""
    sums: dict[Place, Figures] = {}
    for contents, combine in ((gone, sub), (come, add)):
        for c in contents:
            figures = figures_of(c)
            for quarter, leaving in ((c.quarter, False), (c.left_quarter, True)):
                if quarter is not None:
                    place = (c.district_id, quarter, c.sector_id, c.kind, leaving)
                    sums[place] = tuple(map(combine, sums.get(place, NOTHING), figures))
    return in_order((place, figures) for place, figures in sums.items() if figures != NOTHING)


def figures_of(entry: Content | LedgerEntry) -> Figures:
    """What an entry adds to the totals of its quarter."""
    investment, output, revenue = entry.investment, entry.expected_output, entry.expected_revenue
    known = (investment is not None, output is not None, revenue is not None)
    return (1, *known, investment or 0, output or 0, revenue or 0)


def in_order(moved: Iterable[Movement]) -> list[Movement]:
    """Movements by district and quarter: those that a roll-up adds together stand together."""
    return sorted(moved, key=lambda movement: movement[0][:2])


def _first_known(amount: int | None, otherwise: int | None) -> int | None:
    return otherwise if amount is None else amount
