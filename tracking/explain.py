"""Why a figure changed: the steps between two moments, each with project, cause, person, before and after.

A step is one change in the ledger: an entry closed, an entry posted, or one closed and its successor posted in the same
moment for the same cause. The steps that touch a figure add up to its change because they are the change. Definition:
docs/definitions.md.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from django.db.models import Aggregate, Q

from projects.entries import figures_of
from projects.models import LedgerEntry, Project, User
from projects.models.ledger import LedgerQuerySet
from tracking.sums import NOTHING, Sums, aggregates
from tracking.totals import sum_of

MOST_STEPS = 1000  # shown at once; the files hold all
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one project: what the figure held of it before and after; a missing side is null.

    `at` is the moment of the change, `cause` and `actor_id` say why and who.
    """

    before: LedgerEntry | None
    after: LedgerEntry | None

    @property
    def _side(self) -> LedgerEntry:
        side = self.after or self.before
        assert side
        return side

    @property
    def project_id(self) -> int:
        """Which project."""
        return self._side.project_id

    @property
    def kind(self) -> str:
        """Which milestone."""
        return self._side.kind

    @property
    def at(self) -> datetime:
        """When it was recorded."""
        at = self.after.recorded_at if self.after else self._side.superseded_at
        assert at
        return at

    @property
    def cause(self) -> str:
        """Why; of Cause."""
        return self.after.cause if self.after else self._side.closing_cause

    @property
    def project(self) -> Project:
        """The same; read the entries with it."""
        return self._side.project

    @property
    def actor(self) -> User | None:
        """Who; read the entries with `actor` and `closing_actor`."""
        return self.after.actor if self.after else self._side.closing_actor

    @property
    def actor_id(self) -> int | None:
        """Who; null for the system itself."""
        return self.after.actor_id if self.after else self._side.closing_actor_id

    @property
    def difference(self) -> Sums:
        """What it adds to the figure."""
        return amounts(self.after) - amounts(self.before)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The change of one figure: before + Σ by_cause = after, with `unexplained` left over, which is nothing.

    `steps` are the largest `MOST_STEPS`; `count` says how many there are.
    """

    before: Sums
    after: Sums
    by_cause: dict[str, CauseSum]
    steps: list[Step]
    count: int

    @property
    def unexplained(self) -> Sums:
        """What the steps leave over."""
        change = sum((cause.difference for cause in self.by_cause.values()), NOTHING)
        return self.after - self.before - change


@dataclass(slots=True)
class CauseSum:
    """The steps of one cause: how many, of how many projects, and what they add to the figure."""

    steps: int = 0
    projects: int = 0
    difference: Sums = NOTHING
    _last: int | None = None

    def add(self, step: Step) -> None:
        """Count a step; steps come by project."""
        self.steps += 1
        self.projects += step.project_id != self._last
        self.difference += step.difference
        self._last = step.project_id


def explain(
    inside: LedgerQuerySet, start: datetime, end: datetime | None, *, now: Sums | None = None
) -> Explanation:
    """The change between two moments (`end` null: now) of the figure that these entries make.

    `inside` are all entries that ever were in the figure, `now` is the figure itself where the cells hold it; else the
    entries are summed. Call it in `snapshot()`, so that nobody writes in between.
    """
    held = sum_of(inside.current()) if now is None else now
    before, after = held_at(inside, held, start, end)
    by_cause: dict[str, CauseSum] = {}
    counted = 0

    def counting() -> Iterator[Step]:
        nonlocal counted
        for step in steps(inside, start, end):
            counted += 1
            by_cause.setdefault(step.cause, CauseSum()).add(step)
            yield step

    largest = heapq.nsmallest(MOST_STEPS, counting(), key=_order)
    return Explanation(
        before=before,
        after=after,
        by_cause=by_cause,
        steps=largest,
        count=counted,
    )


def held_at(inside: LedgerQuerySet, now: Sums, start: datetime, end: datetime | None) -> tuple[Sums, Sums]:
    """The figure at two moments: what it is now, less all that was posted since, with all that was closed since.

    So it costs as much as has changed, however many projects the figure holds. It is summed by the database, without
    the pairs and the bounds that the steps are made of: the steps are checked by it.
    """
    since = inside.filter(Q(recorded_at__gt=start) | Q(superseded_at__gt=start))
    moments = [moment for moment in (start, end) if moment]
    columns: dict[str, Aggregate] = {}
    for number, moment in enumerate(moments):
        columns |= aggregates(f"posted_{number}_", only=Q(recorded_at__gt=moment))
        columns |= aggregates(f"closed_{number}_", only=Q(superseded_at__gt=moment))
    row = since.order_by().aggregate(**columns)
    held = [
        now - Sums.of(row, f"posted_{number}_") + Sums.of(row, f"closed_{number}_")
        for number in range(len(moments))
    ]
    return held[0], held[1] if end else now


def steps(inside: LedgerQuerySet, start: datetime, end: datetime | None) -> Iterator[Step]:
    """Every step in (start, end] that changed the figure, by project; steps that leave it as it was are not told."""
    touched = inside.filter(_within("recorded_at", start, end) | _within("superseded_at", start, end))
    rows = touched.order_by("project_id", "kind", "id").iterator(chunk_size=CHUNK)
    for _key, entries in groupby(rows, key=attrgetter("project_id", "kind")):
        yield from (step for step in _paired(list(entries), start, end) if step.difference != NOTHING)


def _paired(entries: list[LedgerEntry], start: datetime, end: datetime | None) -> Iterator[Step]:
    """The steps of one project's milestone: an entry's closing and its successor's posting are one."""
    previous: LedgerEntry | None = None
    for entry in entries:
        follows = previous is not None and _succeeds(entry, previous)
        if previous and not follows:
            yield from _closing(previous, start, end)
        if _is_within(entry.recorded_at, start, end):
            yield Step(previous if follows else None, entry)
        previous = entry
    if previous:
        yield from _closing(previous, start, end)


def _succeeds(entry: LedgerEntry, previous: LedgerEntry) -> bool:
    """Whether one change made both. Where a clock lags a release two can share a moment, but not their cause."""
    return previous.superseded_at == entry.recorded_at and previous.closing_cause == entry.cause


def _closing(entry: LedgerEntry, start: datetime, end: datetime | None) -> Iterator[Step]:
    if entry.superseded_at and _is_within(entry.superseded_at, start, end):
        yield Step(entry, None)


def _within(name: str, start: datetime, end: datetime | None) -> Q:
    rule = Q(**{f"{name}__gt": start})
    return rule if end is None else rule & Q(**{f"{name}__lte": end})


def _is_within(at: datetime, start: datetime, end: datetime | None) -> bool:
    return start < at and (end is None or at <= end)


def _order(step: Step) -> tuple[int, int, datetime, int]:
    """The largest first: by investment, then by number; of equal ones the earliest."""
    difference = step.difference
    return -abs(difference.known_investment), -abs(difference.count), step.at, step.project_id


def amounts(entry: LedgerEntry | None) -> Sums:
    """What one entry adds to a figure."""
    return Sums(*figures_of(entry)) if entry else NOTHING
