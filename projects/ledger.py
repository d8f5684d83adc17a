"""The ledger's engine: closes the entries that no longer hold and posts those that should, which `entries` derives.

Nothing else inserts or closes an entry.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from projects import sealing
from projects.entries import CONTENT, Cell, Content, cells_of, entries_of, in_order
from projects.models import Cause, LedgerEntry, Milestone, Project, TouchedCell, User
from projects.quarters import quarter_of
from projects.rows import (
    FEW,
    Row,
    Statement,
    alteration,
    columns_of,
    insert_rows,
    insertion,
    read_rows,
    run,
    update_rows,
)


class Entry(NamedTuple):
    """What is posted of a project, when and why."""

    project_id: int
    content: Content
    recorded_at: datetime
    cause: Cause


POSTED_COLUMNS = columns_of(LedgerEntry, "project", "id", "recorded_at", "superseded_at", "closing_cause",
                            *(name.removesuffix("_id") for name in CONTENT))  # fmt: skip
ENTRY_COLUMNS = columns_of(LedgerEntry, "project", *(name.removesuffix("_id") for name in CONTENT), "recorded_at",
                           "cause", "actor", "closing_cause")  # fmt: skip
CLOSING_COLUMNS = columns_of(LedgerEntry, "superseded_at", "closing_cause", "closing_actor")
TOUCHED_COLUMNS = columns_of(TouchedCell, "district", "quarter", "sector_id")


@dataclass(frozen=True, slots=True)
class Posting:
    """A changed project with its milestones as they stand now: its entries are to follow.

    `cause` says why entries without a predecessor are posted, where it is neither that they were reported nor that
    they count again.
    """

    project: Project
    milestones: Iterable[Milestone]
    has_phases: bool
    cause: Cause | None = None
    is_first: bool = False  # a project just inserted: nothing can have been posted of it


class Closing(NamedTuple):
    """An entry that holds no longer, since when and why."""

    entry_id: int
    superseded_at: datetime
    cause: Cause


class Posted(NamedTuple):
    """An entry as it stands in the ledger."""

    id: int
    recorded_at: datetime
    superseded_at: datetime | None
    closing_cause: str
    content: Content


class Step(NamedTuple):
    """What a posting has to do: entries to close and contents to post, by kind, after all there ever was."""

    posting: Posting
    closed: dict[str, Posted]
    posted: dict[str, Content]
    ever: Sequence[Posted]

    def contents(self) -> Iterator[Content]:
        """All that comes or goes."""
        yield from (entry.content for entry in self.closed.values())
        yield from self.posted.values()


def post(
    postings: Sequence[Posting], *, actor: User | None, at: datetime, noted: Collection[Cell] = ()
) -> set[Cell]:
    """Close the entries that no longer hold, post those that do, note the touched cells and return them.

    Called inside the transaction of the change, with the projects locked, each of them at most once. Cells that this
    transaction has `noted` before are not noted again.
    """
    ever = posted_of([posting.project.pk for posting in postings if not posting.is_first])
    steps = [step_of(posting, ever.get(posting.project.pk, ())) for posting in postings]
    steps = [step for step in steps if step.closed or step.posted]
    if not steps:
        return set()
    sealed = sealing.moment_of_posting(at)
    closings: list[Closing] = []
    entries: list[Entry] = []
    for step in steps:
        now = max([sealed, *(entry.superseded_at or entry.recorded_at for entry in step.ever)])
        changed = {kind: cause_of_change(entry.content, step.posted[kind])
                   for kind, entry in step.closed.items() if kind in step.posted}  # fmt: skip
        closings += _closings(step, changed, now)
        entries += _entries(step, changed, now)
    cells = cells_of(content for step in steps for content in step.contents())
    write(closings, entries, cells.difference(noted), actor=actor)
    return cells


def posted_of(projects: Sequence[int]) -> dict[int, list[Posted]]:
    """All that was ever posted of these projects, by project, in the order of posting."""
    ever: dict[int, list[Posted]] = defaultdict(list)
    for project, pk, recorded_at, superseded_at, why, *content in read_rows(
        LedgerEntry, POSTED_COLUMNS, POSTED_COLUMNS[0], projects
    ):
        ever[project].append(Posted(pk, recorded_at, superseded_at, why, Content(*content)))
    return ever


def step_of(posting: Posting, ever: Sequence[Posted]) -> Step:
    """What differs between the entries that hold and those that should."""
    wanted = entries_of(posting.project, posting.milestones, has_phases=posting.has_phases)
    current = {entry.content.kind: entry for entry in ever if entry.superseded_at is None}
    closed = {kind: entry for kind, entry in current.items() if wanted.get(kind) != entry.content}
    posted = {kind: content for kind, content in wanted.items() if kind not in current or kind in closed}
    return Step(posting, closed, posted, ever)


def _closings(step: Step, changed: Mapping[str, Cause], now: datetime) -> Iterator[Closing]:
    posting = step.posting
    gone = cause_of_closing(posting.project, has_phases=posting.has_phases)
    for kind, entry in step.closed.items():
        yield Closing(entry.id, now, changed.get(kind, gone))


def _entries(step: Step, changed: Mapping[str, Cause], now: datetime) -> Iterator[Entry]:
    """What is posted, with its cause: that of the entry before it, the posting's own, or what it looks like."""
    last_closed = {entry.content.kind: entry for entry in step.ever if entry.superseded_at is not None}
    for kind, content in step.posted.items():
        cause = changed.get(kind) or step.posting.cause
        cause = cause or cause_of_posting(content, last_closed.get(kind), now)
        yield Entry(step.posting.project.pk, content, now, cause)


def write(
    closings: Sequence[Closing], entries: Sequence[Entry], cells: Iterable[Cell], *, actor: User | None
) -> None:
    """Close entries, insert others, and note cells, in this order: a kind has one current entry at any time."""
    who = actor.pk if actor else None
    new = [(e.project_id, *e.content, e.recorded_at, e.cause.value, who, "") for e in entries]
    touched = in_order(cells)
    if len(closings) + len(new) + len(touched) <= FEW:
        run(*_few(closings, new, touched, who))
        return
    if closings:
        rows = [(c.entry_id, c.superseded_at, c.cause.value, who) for c in closings]
        update_rows(LedgerEntry, CLOSING_COLUMNS, rows)
    if new:
        insert_rows(LedgerEntry, ENTRY_COLUMNS, new)
    if touched:
        insert_rows(TouchedCell, TOUCHED_COLUMNS, touched)


def _few(
    closings: Sequence[Closing], new: Sequence[Row], touched: Sequence[Cell], who: int | None
) -> Iterator[Statement]:
    alike: dict[tuple[datetime, Cause], list[int]] = defaultdict(list)
    for closing in closings:
        alike[closing.superseded_at, closing.cause].append(closing.entry_id)
    for (moment, cause), ids in alike.items():
        yield alteration(LedgerEntry, CLOSING_COLUMNS, (moment, cause.value, who), ids)
    if new:
        yield insertion(LedgerEntry, ENTRY_COLUMNS, new)
    if touched:
        yield insertion(TouchedCell, TOUCHED_COLUMNS, touched)


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


def cause_of_change(old: Content, new: Content) -> Cause:
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


def cause_of_posting(content: Content, last_closed: Posted | None, at: datetime) -> Cause:
    """Why an entry is posted without a predecessor; late if its quarter had ended when it was recorded."""
    if last_closed and last_closed.closing_cause in (Cause.VOIDED, Cause.EXCLUDED, Cause.SPLIT):
        return Cause.INCLUDED
    if content.quarter and content.quarter < quarter_of(timezone.localdate(at)):
        return Cause.REPORTED_LATE
    return Cause.REPORTED
