"""The history of projects: what differs between stored and new becomes a revision in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import models

from projects.models import BulkChange, Door, Kind, Milestone, Organization, Project, Revision, User
from projects.rows import FEW, columns_of, insert_rows, insertion, run
from projects.services.annexes import FieldChange
from projects.services.changes import Draft
from projects.services.dates import DERIVED

KINDS = [kind.value for kind in Kind]
REVIEW = "review"  # is listed where it was decided on, not where a change sets it back
PROJECT = "project"  # what a change is `of`, where it is not of a milestone
COLUMNS = columns_of(
    Revision, "project", "version", "at", "actor", "door", "reason", "bulk", "posted_at", "changes"
)
KEPT_BY_ITSELF = {"id", "version", "created_at", "updated_at"}

Held = Mapping[str, Any]  # a record's values by column


class Origin(NamedTuple):
    """Where a change comes from: the door, the reason, and the bulk change that it is part of."""

    door: Door = Door.SYSTEM
    reason: str = ""
    bulk: BulkChange | None = None


class Recorded(NamedTuple):
    """The fields of a model that have a history, and what reads their values."""

    names: list[str]
    values: Callable[[Held], tuple[Any, ...]]


def _recorded(model: type[models.Model], *unrecorded: str) -> Recorded:
    without = KEPT_BY_ITSELF.union(unrecorded)
    fields = [f for f in model._meta.concrete_fields if f.name not in without]
    return Recorded([f.name for f in fields], itemgetter(*(f.attname for f in fields)))


OF_PROJECT = _recorded(Project, *DERIVED, "review", "approved_version", "submitted_at", "submitted_by")
OF_MILESTONE = _recorded(Milestone, "project", "kind")
NO_MILESTONE: Held = Milestone().__dict__


def write_revisions(
    drafts: Sequence[Draft],
    posted: Mapping[int, datetime],
    *,
    actor: User | None,
    at: datetime,
    origin: Origin,
) -> None:
    """Write what these drafts have changed; a project that was not changed gets none. `posted`: by project."""
    changed = [
        (draft.project, changes)
        for draft in drafts
        if (changes := list(changes_of(draft))) or draft.stored is None
    ]
    insert_revisions(changed, posted, actor=actor, at=at, origin=origin)


def insert_revisions(
    changed: Iterable[tuple[Project, Sequence[FieldChange]]],
    posted: Mapping[int, datetime],
    *,
    actor: User | None,
    at: datetime,
    origin: Origin,
) -> None:
    """Insert one revision for each of these projects, each at the version that it has by now."""
    who, bulk = actor.pk if actor else None, origin.bulk.pk if origin.bulk else None
    door, reason = str(origin.door), str(origin.reason)
    rows = [
        (p.pk, p.version, at, who, door, reason, bulk, posted.get(p.pk), _json(changes))
        for p, changes in changed
    ]
    if len(rows) > FEW:
        insert_rows(Revision, COLUMNS, rows)
    elif rows:
        run(insertion(Revision, COLUMNS, rows))


def moved_milestones(milestones: Iterable[Milestone], *, away: bool) -> list[FieldChange]:
    """The changes of a project that gives milestones away, or of one that takes them over."""
    found: list[FieldChange] = []
    for milestone in milestones:
        pair = (milestone.__dict__, NO_MILESTONE) if away else (NO_MILESTONE, milestone.__dict__)
        found += _differences(milestone.kind, OF_MILESTONE, *pair)
    return found


def changes_of(draft: Draft) -> Iterator[FieldChange]:
    """What differs: of the project, what was written beside it, its milestones in the order of their kinds."""
    if draft.stored is None:
        return
    if draft.is_decision:
        was, now = plain(draft.stored.review), plain(draft.project.review)
        yield FieldChange(of=PROJECT, field=REVIEW, before=was, after=now)
    stored = draft.stored.__dict__
    now = {**stored, **draft.project.__dict__}
    if draft.secret:
        was, to_be = draft.secret.before, draft.secret.after
        yield from _differences(PROJECT, OF_PROJECT, {**stored, **was}, {**now, **to_be})
        yield from _investors(was["investors"], to_be["investors"])
    else:
        yield from _differences(PROJECT, OF_PROJECT, stored, now)
    yield from draft.beside
    before = {m.kind: m for m in draft.milestones.values()}
    after = {m.kind: m for m in draft.after}
    touched = [k for k in {**before, **after} if before.get(k) is not after.get(k)]
    for kind in sorted(touched, key=KINDS.index):
        held = before[kind].__dict__ if kind in before else NO_MILESTONE
        now = after[kind].__dict__ if kind in after else NO_MILESTONE
        yield from _differences(kind, OF_MILESTONE, held, {**held, **now})


def _investors(before: Sequence[Organization], after: Sequence[Organization]) -> Iterator[FieldChange]:
    was, now = (sorted(each.pk for each in held) for held in (before, after))
    if was != now:
        yield FieldChange(of=PROJECT, field="investors", before=was, after=now)


def _differences(of: str, recorded: Recorded, before: Held, after: Held) -> Iterator[FieldChange]:
    old, new = recorded.values(before), recorded.values(after)
    if old == new:
        return
    for name, was, now in zip(recorded.names, old, new, strict=True):
        if was != now:
            yield FieldChange(of=str(of), field=name, before=plain(was), after=plain(now))


def plain(value: Any) -> Any:
    """A value as JSON has it, the same for equal values: a day, a moment (in UTC) and a decimal as text."""
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _json(changes: Sequence[FieldChange]) -> str:
    return json.dumps(changes, ensure_ascii=False, separators=(",", ":"))
