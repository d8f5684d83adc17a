"""Many changes at once, all or none: the rules, rows and ledger entries of single saves, in a few statements."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects.models import HIDDEN, BulkChange, Door, Milestone, Project, User
from projects.rows import checked_at_once, tidy, uncollected
from projects.services.announce import announce_after_commit
from projects.services.changes import Change, Draft, draft_of, forget, named_ids, read_locked
from projects.services.checking import check_project, know
from projects.services.counting import REVIEW
from projects.services.dates import DERIVED
from projects.services.revising import Origin
from projects.services.rounds import Standing, in_rounds, unsaved_parent
from projects.services.transactions import one_transaction
from projects.services.writing import write

CHUNK = 2_000  # changes whose records are held in memory at once, beside the changes themselves

Refusal = ValidationError | StaleVersion


class RefusedChanges(Exception):
    """Some of many changes cannot be made, so none was: why not, by their place among the changes (from 0)."""

    def __init__(self, refusals: Mapping[int, Refusal]) -> None:
        super().__init__(refusals)
        self.refusals = dict(sorted(refusals.items()))


@one_transaction
def save_projects(
    changes: Sequence[Change],
    *,
    actor: User | None,
    at: datetime,
    door: Door = Door.SYSTEM,
    reason: str = "",
    bulk: BulkChange | None = None,
) -> list[Project]:
    """Record many new and changed projects as `save_project` would, one after the other in their order; all or none.

    A phase may name a parent that is itself to be recorded by an earlier change. A new BulkChange with a title is
    recorded with them, if it is given: `undo_bulk` takes them back by it. Raises RefusedChanges with everything
    wrong with each change, and then leaves the records as they were given. Every change has to differ from what is
    stored. New records by the thousand are made by `projects.models.maker_of`; all are held in memory (about 4 KB
    each with two milestones): `save_stream` holds a few at a time.
    """
    given = [kept for change in changes for kept in _kept(change)]
    try:
        with _origin(door, reason, bulk, actor=actor, at=at) as origin:
            refusals, moved = _save(changes, actor=actor, at=at, origin=origin)
            _refuse(refusals)
    except BaseException:
        for kept in given:
            kept.restore()
        raise
    if moved:
        announce_after_commit()
    return [change.project for change in changes]


@one_transaction
def save_stream(
    changes: Callable[[], Iterable[Change]],
    *,
    existing: Collection[int] = (),
    actor: User | None,
    at: datetime,
    door: Door = Door.SYSTEM,
    reason: str = "",
    bulk: BulkChange | None = None,
) -> int:
    """The same as `save_projects` for changes that are made one after the other and dropped once recorded; how many.

    `changes` is called for each try: a transaction that is retried needs them anew. `existing` are the ids of the
    recorded projects among them: locked at once in their order, so that two streams do not wait for each other. A phase
    names a parent of an earlier part of the stream by `parent_id`, or by the same record. Raises RefusedChanges.
    """
    refusals: dict[int, Refusal] = {}
    done, moved, stream = 0, False, iter(changes())
    with _origin(door, reason, bulk, actor=actor, at=at) as origin:
        lock_projects(set(existing))
        while part := list(islice(stream, CHUNK)):
            found, has_moved = _save(part, actor=actor, at=at, origin=origin)
            refusals |= {done + place: refusal for place, refusal in found.items()}
            done, moved = done + len(part), moved or has_moved
            tidy()
        _refuse(refusals)
    if moved:
        announce_after_commit()
    return done


def _refuse(refusals: Mapping[int, Refusal]) -> None:
    if refusals:
        raise RefusedChanges(refusals)


@contextmanager
def _origin(
    door: Door, reason: str, bulk: BulkChange | None, *, actor: User | None, at: datetime
) -> Iterator[Origin]:
    """Where the changes come from, with the bulk change recorded that they are part of."""
    try:
        with checked_at_once():
            if bulk is not None:
                bulk.actor, bulk.at, bulk.door = actor, at, door
                bulk.save(force_insert=True)
            yield Origin(door, reason, bulk)
    except BaseException:
        if bulk is not None:
            bulk.pk, bulk._state.adding = None, True
        raise


def _save(
    changes: Sequence[Change], *, actor: User | None, at: datetime, origin: Origin
) -> tuple[dict[int, Refusal], bool]:
    """Write the changes that are right; why the others are not, and whether any total moves."""
    refusals: dict[int, Refusal] = {}
    moved = False
    stands = lock_all(changes)
    for together in in_rounds(changes, stands):
        for right, locked in checked(changes, together, stands, refusals, at=at):
            moved |= write(right, locked, actor=actor, at=at, origin=origin)
    return refusals, moved


def checked(
    changes: Sequence[Change],
    together: Sequence[int],
    stands: dict[int, Standing],
    refusals: dict[int, Refusal],
    *,
    at: datetime,
) -> Iterator[tuple[list[Draft], dict[int, Project]]]:
    """Those of one round, by their places, that are right, part by part, beside what is locked for them.

    What is wrong with the others goes to the refusals.
    """
    for start in range(0, len(together), CHUNK):
        some = {index: changes[index] for index in together[start : start + CHUNK]}
        with uncollected():
            locked = _read([_with_parent(change.project) for change in some.values()], stands)
            yield _right(some, locked, refusals, at=at), locked
            for change in some.values():
                forget(change.project)


def lock_all(changes: Sequence[Change]) -> dict[int, Standing]:
    """Lock every project concerned, parents included, in the order of their ids; how they stand."""
    ids = {change.project.pk for change in changes if not change.project._state.adding}
    return lock_projects(ids, {change.project.parent_id for change in changes})


def lock_projects(ids: set[int], parents: Iterable[int | None] = ()) -> dict[int, Standing]:
    """Lock these projects and their parents, stored and given, in the order of their ids; how they stand."""
    stored = (
        Project.objects.filter(pk__among=ids).order_by().values_list("parent_id", flat=True) if ids else ()
    )
    ids = ids | {pk for pk in (*parents, *stored) if pk is not None}
    rows = Project.objects.select_for_update(no_key=True).filter(pk__among=ids).order_by("pk")
    named = rows.values_list("pk", "code", "parent_id", "voided_at")
    return {pk: Standing(code, parent, voided_at is not None) for pk, code, parent, voided_at in named}


def _read(projects: Sequence[Project], stands: dict[int, Standing]) -> dict[int, Project]:
    """These projects, locked before, as they stand by now, with their parents."""
    ids = {project.pk for project in projects if not project._state.adding}
    before = [stands[pk].parent_id for pk in ids if pk in stands]
    return read_locked(ids | named_ids(projects, before))


def _with_parent(project: Project) -> Project:
    """The project with the id of a parent that an earlier change has recorded."""
    parent = unsaved_parent(project)
    if parent is not None and parent.pk:
        project.parent = parent
    return project


def _right(
    some: dict[int, Change], locked: dict[int, Project], refusals: dict[int, Refusal], *, at: datetime
) -> list[Draft]:
    """The drafts of those changes that are right; what is wrong with the others goes to the refusals."""
    drafts: dict[int, Draft] = {}
    for index, change in some.items():
        try:
            if unsaved_parent(change.project) is None:
                drafts[index] = draft_of(change, locked, at=at)
            else:
                refusals[index] = _parent_refused()
        except StaleVersion as refusal:
            refusals[index] = refusal
    known = know(list(drafts.values()), at=at)
    right: list[Draft] = []
    for index, draft in drafts.items():
        try:
            check_project(draft, known)
        except ValidationError as refusal:
            refusals[index] = refusal
        else:
            right.append(draft)
    return right


def _parent_refused() -> ValidationError:
    message = _("The project that this is a phase of could not be recorded.")
    return ValidationError({"parent": ValidationError(message, code="parent_refused")})


# --- as they were given -------------------------------------------------------------------------------------------

# What a save gives a record that was not there before. What it only brings into its one form may stay so.
GIVEN: dict[type[models.Model], tuple[str, ...]] = {
    Project: (
        *("id", "version", "created_at", "updated_at", "parent_id", *REVIEW, *DERIVED),
        *("confidential", "confidential_until", *HIDDEN),
    ),
    Milestone: ("id", "version", "created_at", "updated_at", "project_id"),
}


class _Kept(NamedTuple):
    """What a record was before a save that may come to nothing."""

    record: Project | Milestone
    is_new: bool
    values: tuple[Any, ...]
    parent: Project | None

    def restore(self) -> None:
        """Make the record what it was."""
        self.record._state.adding = self.is_new
        self.record.__dict__.update(zip(GIVEN[type(self.record)], self.values, strict=True))
        if isinstance(self.record, Project):
            self.record._state.fields_cache.pop("parent", None)
            if self.parent is not None:
                self.record._state.fields_cache["parent"] = self.parent
            forget(self.record)


def _kept(change: Change) -> Iterator[_Kept]:
    records: list[Project | Milestone] = [change.project, *change.milestones]
    for record in records:
        values = tuple(record.__dict__.get(name) for name in GIVEN[type(record)])
        yield _Kept(record, record._state.adding, values, record._state.fields_cache.get("parent"))
