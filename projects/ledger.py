"""The ledger's engine: closes the entries that no longer hold and posts those that should, which `entries` derives.

Nothing else inserts or closes an entry.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from projects import sealing
from projects.entries import CONTENT, Content, Movement, entries_of, movements
from projects.models import Cause, LedgerEntry, Milestone, Project, TouchedCell, User
from projects.quarters import quarter_of
from projects.rows import (
    FEW,
    Row,
    Statement,
    alteration,
    columns_of,
    converted,
    insert_rows,
    insertion,
    read_rows,
    run,
    selections,
    update_rows,
)


class Entry(NamedTuple):
    """What is posted of a project, when and why."""

    project_id: int
    content: Content
    recorded_at: datetime
    cause: Cause


HELD_COLUMNS = columns_of(LedgerEntry, "project", "id", "recorded_at",
                          *(name.removesuffix("_id") for name in CONTENT))  # fmt: skip
CLOSED_COLUMNS = columns_of(LedgerEntry, "project", "kind", "superseded_at", "closing_cause")
ENTRY_COLUMNS = columns_of(LedgerEntry, "project", *(name.removesuffix("_id") for name in CONTENT), "recorded_at",
                           "cause", "actor", "closing_cause")  # fmt: skip
CLOSING_COLUMNS = columns_of(LedgerEntry, "superseded_at", "closing_cause", "closing_actor")
TOUCHED_COLUMNS = columns_of(TouchedCell, "district", "quarter", "sector_id", "kind", "leaving",
                             "count", "with_investment", "with_output", "with_revenue",
                             "investment", "output", "revenue")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Posting:
    """A changed project with its milestones as they stand now: its entries are to follow.

    `cause` says why entries without a predecessor are posted, where it is neither that they were reported nor that
    they count again; and where duplicates were merged, why any of them are.
    """

    project: Project
    milestones: Iterable[Milestone]
    has_phases: bool
    cause: Cause | None = None
    is_first: bool = False  # a project just inserted: nothing can have been posted of it


class Posted(NamedTuple):
    """What a posting did: whether any total moves, and under which moment each project's entries changed, by id."""

    moved: bool
    moments: dict[int, datetime]


class Quarters(dict[datetime, str]):
    """The quarter of each moment of posting, of which most are the same."""

    def __missing__(self, moment: datetime) -> str:
        self[moment] = quarter_of(timezone.localdate(moment))
        return self[moment]


class Closing(NamedTuple):
    """An entry that holds no longer, since when and why."""

    entry_id: int
    superseded_at: datetime
    cause: Cause


class Held(NamedTuple):
    """An entry that holds, as it stands in the ledger."""

    id: int
    recorded_at: datetime
    content: Content


class Closed(NamedTuple):
    """The last entry of a kind that held once: since when it holds no longer, and why."""

    superseded_at: datetime
    cause: str


class Step(NamedTuple):
    """What a posting has to do: entries to close and contents to post, by kind, beside all that hold."""

    posting: Posting
    closed: dict[str, Held]
    posted: dict[str, Content]
    held: Sequence[Held]

    def has_past(self) -> bool:
        """Whether a kind comes that does not hold, but may have held before."""
        return not self.posting.is_first and any(kind not in self.closed for kind in self.posted)


def post(postings: Sequence[Posting], *, actor: User | None, at: datetime) -> Posted:
    """Close the entries that no longer hold, post those that do, note what that moves.

    Called inside the transaction of the change, with the projects locked, each of them at most once. A kind's entries
    follow each other in time, whatever the clocks.
    """
    sealed, held = _held([posting.project.pk for posting in postings if not posting.is_first], at)
    steps = [step_of(posting, held.get(posting.project.pk, ())) for posting in postings]
    steps = [step for step in steps if step.closed or step.posted]
    if not steps:
        return Posted(moved=False, moments={})
    past = _past([step.posting.project.pk for step in steps if step.has_past()])
    closings: list[Closing] = []
    entries: list[Entry] = []
    moments: dict[int, datetime] = {}
    quarters = Quarters()
    for step in steps:
        before = past.get(step.posting.project.pk, {})
        now = max([sealed, *(e.recorded_at for e in step.held), *(e.superseded_at for e in before.values())])
        moments[step.posting.project.pk] = now
        changed = {kind: _cause_of_pair(step, entry.content, step.posted[kind])
                   for kind, entry in step.closed.items() if kind in step.posted}  # fmt: skip
        closings += _closings(step, changed, now)
        entries += _entries(step, changed, before, now, quarters[now])
    moved = movements(
        (entry.content for step in steps for entry in step.closed.values()),
        (content for step in steps for content in step.posted.values()),
    )
    write(closings, entries, moved, actor=actor)
    return Posted(bool(moved), moments)


def _held(projects: Sequence[int], at: datetime) -> tuple[datetime, dict[int, list[Held]]]:
    """The moment of posting, and what holds of these projects: read in one message, however long their past is."""
    reads = selections(LedgerEntry, HELD_COLUMNS, HELD_COLUMNS[0], projects, only="superseded_at IS NULL")
    sealed, answers = sealing.begin_posting(at, *reads)
    held: dict[int, list[Held]] = defaultdict(list)
    for answer in answers:
        for project, pk, recorded_at, *content in converted(HELD_COLUMNS, answer):
            held[project].append(Held(pk, recorded_at, Content(*content)))
    return sealed, held


def _past(projects: Sequence[int]) -> dict[int, dict[str, Closed]]:
    """The last closed entry of each kind of these projects."""
    past: dict[int, dict[str, Closed]] = defaultdict(dict)
    known = CLOSED_COLUMNS[0]
    rows = read_rows(LedgerEntry, CLOSED_COLUMNS, known, projects, only="superseded_at IS NOT NULL")
    for project, kind, superseded_at, cause in rows:
        past[project][kind] = Closed(superseded_at, cause)
    return past


def step_of(posting: Posting, held: Sequence[Held]) -> Step:
    """What differs between the entries that hold and those that should."""
    wanted = entries_of(posting.project, posting.milestones, has_phases=posting.has_phases)
    current = {entry.content.kind: entry for entry in held}
    closed = {kind: entry for kind, entry in current.items() if wanted.get(kind) != entry.content}
    posted = {kind: content for kind, content in wanted.items() if kind not in current or kind in closed}
    return Step(posting, closed, posted, held)


def _closings(step: Step, changed: Mapping[str, Cause], now: datetime) -> Iterator[Closing]:
    posting = step.posting
    gone = cause_of_closing(posting.project, has_phases=posting.has_phases)
    for kind, entry in step.closed.items():
        yield Closing(entry.id, now, changed.get(kind, gone))


def _entries(
    step: Step, changed: Mapping[str, Cause], before: Mapping[str, Closed], now: datetime, quarter: str
) -> Iterator[Entry]:
    """What is posted, with its cause: that of the entry before it, the posting's own, or what it looks like."""
    for kind, content in step.posted.items():
        cause = changed.get(kind) or step.posting.cause
        cause = cause or cause_of_posting(content, before.get(kind), quarter)
        yield Entry(step.posting.project.pk, content, now, cause)


def write(
    closings: Sequence[Closing], entries: Sequence[Entry], moved: Iterable[Movement], *, actor: User | None
) -> None:
    """Close entries, insert others, and note what moves, in this order: a kind has one current entry at any time."""
    who = actor.pk if actor else None
    new = [(e.project_id, *e.content, e.recorded_at, e.cause.value, who, "") for e in entries]
    touched = [(*place, *figures) for place, figures in moved]
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
    closings: Sequence[Closing], new: Sequence[Row], touched: Sequence[Row], who: int | None
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


def _cause_of_pair(step: Step, old: Content, new: Content) -> Cause:
    """A merged project's entries have one cause, whatever it took over."""
    return Cause.MERGED if step.posting.cause == Cause.MERGED else cause_of_change(old, new)


NOT_COUNTED = (Cause.VOIDED, Cause.MERGED, Cause.EXCLUDED, Cause.SPLIT)


def cause_of_change(old: Content, new: Content) -> Cause:
    """The one cause of a pair of closed and posted entries: the weightiest of what differs."""
    for cause, names in CAUSES:
        if any(getattr(old, name) != getattr(new, name) for name in names):
            return cause
    return Cause.PLAN_RECORDED


def cause_of_closing(project: Project, *, has_phases: bool) -> Cause:
    """Why an entry is closed without a successor."""
    if project.is_void:
        return Cause.MERGED if project.merged_into_id else Cause.VOIDED
    if project.excluded:
        return Cause.EXCLUDED
    return Cause.SPLIT if has_phases else Cause.WITHDRAWN


def cause_of_posting(content: Content, last_closed: Closed | None, quarter: str) -> Cause:
    """Why an entry is posted in a quarter without a predecessor; late if its own had ended by then."""
    if last_closed and last_closed.cause in NOT_COUNTED:
        return Cause.INCLUDED
    if content.quarter and content.quarter < quarter:
        return Cause.REPORTED_LATE
    return Cause.REPORTED
