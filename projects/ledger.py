"""The ledger's engine: which entries a project should have, and closing and posting what differs.

`entries_of` derives, `post` writes. Nothing else inserts or closes an entry, but `services.bulk`, which inserts those
of many new projects at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from itertools import pairwise

from django.utils import timezone

from projects import sealing
from projects.models import (
    COUNTABLE_KINDS,
    STAGE_KINDS,
    Cause,
    Kind,
    LedgerEntry,
    Milestone,
    Project,
    TouchedCell,
    User,
)
from projects.quarters import quarter_of


@dataclass(frozen=True, slots=True)
class Content:
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


CONTENT = tuple(field.name for field in fields(Content))


def entries_of(project: Project, milestones: Iterable[Milestone], *, has_phases: bool) -> dict[str, Content]:
    """The entries that a project should have now, by kind; none where it is not countable (DOMAIN: countable).

    A milestone's own amounts come before the project's. A stage is left in the quarter of the next dated stage.
    """
    if project.is_void or project.excluded or has_phases:
        return {}
    happened = {m.kind: m for m in milestones if m.has_happened and m.kind in COUNTABLE_KINDS}
    left = left_quarters({kind: m.quarter for kind, m in happened.items()})
    return {
        kind: Content(
            kind=kind,
            quarter=m.quarter,
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


def post(
    project: Project,
    milestones: Iterable[Milestone],
    *,
    has_phases: bool,
    actor: User | None,
    at: datetime,
    cause: Cause | None = None,
) -> bool:
    """Close the entries that no longer hold, post those that do, note the touched cells. True if anything moved.

    Called inside the transaction of the change, with the project locked. `cause` says why entries without a
    predecessor are posted, where it is neither that they were reported nor that they count again.
    """
    wanted = entries_of(project, milestones, has_phases=has_phases)
    ever = list(LedgerEntry.objects.filter(project=project).order_by("id"))
    current = {entry.kind: entry for entry in ever if entry.superseded_at is None}
    closed = {kind: entry for kind, entry in current.items() if wanted.get(kind) != content_of(entry)}
    posted = {kind: content for kind, content in wanted.items() if kind not in current or kind in closed}
    if not closed and not posted:
        return False
    now = max([sealing.moment_of_posting(at), *(entry.superseded_at or entry.recorded_at for entry in ever)])
    changed = {kind: cause_of_change(entry, wanted[kind]) for kind, entry in closed.items() if kind in wanted}
    for kind, entry in closed.items():
        gone = changed.get(kind) or cause_of_closing(project, has_phases=has_phases)
        entry.superseded_at, entry.closing_cause, entry.closing_actor = now, gone, actor
        entry.save(update_fields=["superseded_at", "closing_cause", "closing_actor"])
    last_closed = {entry.kind: entry for entry in ever if entry.kind not in current}
    come = {
        kind: changed.get(kind) or cause or cause_of_posting(content, last_closed.get(kind), now)
        for kind, content in posted.items()
    }
    LedgerEntry.objects.bulk_create(
        new_entry(project, content, actor=actor, at=now, cause=come[kind]) for kind, content in posted.items()
    )
    touch([*map(content_of, closed.values()), *posted.values()])
    return True


def content_of(entry: LedgerEntry) -> Content:
    """What a posted entry says."""
    return Content(**{name: getattr(entry, name) for name in CONTENT})


def new_entry(
    project: Project, content: Content, *, actor: User | None, at: datetime, cause: str
) -> LedgerEntry:
    """An entry that says this, not yet posted."""
    return LedgerEntry(
        project=project,
        actor=actor,
        recorded_at=at,
        cause=cause,
        **{name: getattr(content, name) for name in CONTENT},
    )


def touch(contents: Iterable[Content]) -> None:
    """Note every district, quarter and sector whose totals these entries enter or leave."""
    TouchedCell.objects.bulk_create(
        TouchedCell(district_id=district, quarter=quarter, sector_id=sector)
        for district, quarter, sector in touched_by(contents)
    )


def touched_by(contents: Iterable[Content]) -> list[tuple[int, str, int | None]]:
    """The district, quarter and sector of every total that these entries enter or leave, each once, in order."""
    cells = {
        (c.district_id, quarter, c.sector_id)
        for c in contents
        for quarter in (c.quarter, c.left_quarter)
        if quarter is not None
    }
    return sorted(cells, key=lambda cell: (cell[0], cell[1], cell[2] or 0))


# What can differ between an entry and its successor, the weightiest first.
CAUSES: tuple[tuple[Cause, tuple[str, ...]], ...] = (
    (Cause.DISTRICT_MOVED, ("district_id",)),
    (Cause.DATE_MOVED, ("quarter",)),
    (Cause.AMOUNT_CORRECTED, ("investment", "expected_output", "expected_revenue")),
    (Cause.STAGE_MOVED, ("left_quarter",)),
    (Cause.SECTOR_MOVED, ("sector_id",)),
    (Cause.RECLASSIFIED, ("project_type", "ownership")),
    (Cause.DATE_MOVED, ("happened_on", "precision")),  # within its quarter
)


def cause_of_change(old: LedgerEntry, new: Content) -> Cause:
    """The one cause of a pair of closed and posted entries: the weightiest of what differs."""
    for cause, names in CAUSES:
        if any(getattr(old, name) != getattr(new, name) for name in names):
            return cause
    return Cause.PLAN_RECORDED


def cause_of_closing(project: Project, *, has_phases: bool) -> Cause:
    """Why an entry is closed without a successor."""
    if project.is_void:
        return Cause.VOIDED
    if project.excluded:
        return Cause.EXCLUDED
    return Cause.SPLIT if has_phases else Cause.WITHDRAWN


def cause_of_posting(content: Content, last_closed: LedgerEntry | None, at: datetime) -> Cause:
    """Why an entry is posted without a predecessor; late if its quarter had ended when it was recorded."""
    if last_closed and last_closed.closing_cause in (Cause.VOIDED, Cause.EXCLUDED, Cause.SPLIT):
        return Cause.INCLUDED
    if content.quarter and content.quarter < quarter_of(timezone.localdate(at)):
        return Cause.REPORTED_LATE
    return Cause.REPORTED


def _first_known(*amounts: int | None) -> int | None:
    return next((amount for amount in amounts if amount is not None), None)
