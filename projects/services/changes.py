"""What is to be recorded, beside what is stored: locked, and read once for all that is recorded together."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from config.api.outcomes import StaleVersion
from projects.models import Cause, Milestone, Organization, Project, Tag
from projects.sequence import settle
from projects.services.annexes import Annex, FieldChange
from projects.services.dates import is_empty

# What a save reads of each project that it locks, as lists beside its fields: managers cost more than the rows.
READ_ALONG = {"milestones": "milestones_as_stored", "phases": "phases_as_stored"}


@dataclass(slots=True, eq=False)
class Change:
    """One new or changed project, with its milestones that are new, changed or taken away."""

    project: Project
    milestones: Sequence[Milestone] = ()
    removed: Sequence[Milestone] = ()
    investors: Iterable[Organization] | None = None  # None: as they are
    tags: Iterable[Tag] | None = None  # the same
    annexes: Sequence[Annex] = ()
    cause: Cause | None = None  # why the ledger posts what comes by it, where it is not just reported

    def __post_init__(self) -> None:
        if self.investors is not None:
            self.investors = list(self.investors)  # read more than once
        if self.tags is not None:
            self.tags = list(self.tags)


@dataclass(slots=True, eq=False)
class Secret:
    """What a confidential project hides: what was true of it, and what is to be; investors by the field's name, too."""

    before: dict[str, Any]  # empty: it is new
    after: dict[str, Any]


@dataclass(slots=True, eq=False)
class Draft:
    """A change beside what is stored of its project (None: it is new)."""

    change: Change
    stored: Project | None
    milestones: dict[int, Milestone] = field(init=False)  # those of `stored`, as they are stored, by id
    has_phases: bool = field(init=False)  # whether it has phases that are not void
    after: list[Milestone] = field(default_factory=list)  # as they will stand
    gone: list[Milestone] = field(default_factory=list)  # taken away, or emptied
    links: dict[str, list[Any]] = field(default_factory=dict)  # instead of those that are given, by name
    secret: Secret | None = None  # of a project that is confidential, or was until now: see masking
    is_decision: bool = False  # changes nothing but how far its review has come
    beside: list[FieldChange] = field(
        default_factory=list
    )  # what was written of links and annexes, for the history

    def __post_init__(self) -> None:
        self.milestones = {m.pk: m for m in read_along(self.stored, "milestones")}
        self.has_phases = any(not phase.is_void for phase in read_along(self.stored, "phases"))

    @property
    def project(self) -> Project:
        """The project as it is to be recorded."""
        return self.change.project

    def linked(self, name: str) -> list[Any] | None:
        """The investors or tags that it is to have; None: as they are."""
        found: list[Any] | None = self.links[name] if name in self.links else getattr(self.change, name)
        return found

    @property
    def parents(self) -> set[int]:
        """The projects that it is or was a phase of."""
        ids = {self.project.parent_id, self.stored.parent_id if self.stored else None}
        return {pk for pk in ids if pk is not None}


def lock(projects: Sequence[Project]) -> dict[int, Project]:
    """Lock these projects as stored with their old and new parents, in the order of their ids; by id."""
    ids = {p.pk for p in projects if not p._state.adding}
    parents = Project.objects.filter(pk__in=ids).order_by().values_list("parent_id", flat=True) if ids else ()
    return read_locked(ids | named_ids(projects, parents))


def named_ids(projects: Iterable[Project], parents: Iterable[int | None]) -> set[int]:
    """The ids of the parents that projects name or had."""
    return {pk for pk in (*(p.parent_id for p in projects), *parents) if pk is not None}


def read_locked(ids: Collection[int]) -> dict[int, Project]:
    """Lock these projects as stored, in the order of their ids, and read what a save needs of them; by id."""
    if not ids:
        return {}
    rows = Project.objects.select_for_update(no_key=True).filter(pk__among=ids).order_by("pk")
    locked = {project.pk: project for project in rows}
    for project in locked.values():
        project.__dict__.update({kept: [] for kept in READ_ALONG.values()})
    for milestone in Milestone.objects.filter(project_id__among=ids).order_by("pk"):
        milestone.project = locked[milestone.project_id]
        read_along(milestone.project, "milestones").append(milestone)
    for phase in (
        Project.objects.filter(parent_id__among=ids).only("parent_id", "voided_at", "review").order_by("pk")
    ):
        read_along(locked[phase.parent_id or 0], "phases").append(phase)
    return locked


def read_along(stored: Project | None, name: str) -> list[Any]:
    """The milestones or phases that were read with a locked project; none of a new one."""
    found: list[Any] = stored.__dict__[READ_ALONG[name]] if stored else []
    return found


def draft_of(change: Change, locked: dict[int, Project], *, at: datetime) -> Draft:
    """The change beside what is stored. Raises StaleVersion if that is not what was read."""
    project = change.project
    stored = None if project._state.adding else locked.get(project.pk)
    if not project._state.adding and (stored is None or stored.version != project.version):
        raise StaleVersion(stored.version if stored else 0)
    if project._state.fields_cache:
        project._prepare_related_fields_for_save("save")  # type: ignore[attr-defined]  # ids given meanwhile
    if project.parent_id in locked:
        project.parent = locked[project.parent_id]
        _lend(project.parent, project.parent, "milestones")
    project.updated_at = at
    if stored is None:
        project.created_at = at
    draft = Draft(change, stored)
    forget(project)
    if stored is not None and project.parent_id:
        _lend(project, stored, "phases")
    _lay_out(draft)
    return draft


def draft_of_stored(
    stored: Project,
    *,
    at: datetime,
    milestones: Sequence[Milestone] = (),
    removed: Sequence[Milestone] = (),
    annexes: Sequence[Annex] = (),
) -> Draft:
    """A draft of a project that is as it is stored, and of milestones or annexes that change."""
    project = copy.copy(stored)
    project.updated_at = at
    draft = Draft(Change(project, milestones, removed, annexes=annexes), stored)
    _lay_out(draft)
    return draft


def forget(project: Project) -> None:
    """Drop what was lent to a record, which its save may have changed."""
    held = project.__dict__.get("_prefetched_objects_cache", {})
    for name in READ_ALONG:
        held.pop(name, None)


def _lend(project: Project, stored: Project, name: str) -> None:
    """Let the rules ask the record for what was read with the stored one, instead of asking the database again."""
    rows = getattr(project, name).all()
    rows._result_cache = read_along(stored, name)
    project.__dict__.setdefault("_prefetched_objects_cache", {})[name] = rows


def _lay_out(draft: Draft) -> None:
    """Find the milestones as they will stand, and those that go. Raises StaleVersion if one is not what was read."""
    change = draft.change
    stored = draft.milestones
    for milestone in [*change.milestones, *change.removed]:
        if milestone.pk and (milestone.pk not in stored or stored[milestone.pk].version != milestone.version):
            raise StaleVersion(stored[milestone.pk].version if milestone.pk in stored else 0)
    for milestone in change.milestones:
        milestone.__dict__["project_id"] = change.project.pk
        milestone._state.fields_cache["project"] = change.project  # a descriptor would ask what is known here
        settle(milestone)
    gone = {m.pk for m in change.removed} | {m.pk for m in change.milestones if m.pk and is_empty(m)}
    touched = {m.pk for m in change.milestones if m.pk} | gone
    kept = [m for pk, m in stored.items() if pk not in touched]
    draft.after = kept + [m for m in change.milestones if not is_empty(m)]
    draft.gone = [m for pk, m in stored.items() if pk in gone]
