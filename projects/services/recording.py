"""Projects and milestones: lock, check, write, post to the ledger, announce."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StageConflict
from projects.models import Door, Milestone, Organization, Project, Tag, User
from projects.services.annexes import Annex
from projects.services.announce import announce_after_commit
from projects.services.changes import Change, Draft, draft_of, draft_of_stored, forget, lock
from projects.services.checking import check_milestone, check_project, know
from projects.services.revising import Origin
from projects.services.transactions import one_transaction
from projects.services.writing import write


@one_transaction
def save_project(
    project: Project,
    *,
    actor: User | None,
    at: datetime,
    investors: Iterable[Organization] | None = None,
    milestones: Sequence[Milestone] = (),
    removed: Sequence[Milestone] = (),
    tags: Iterable[Tag] | None = None,
    annexes: Sequence[Annex] = (),
    door: Door = Door.SYSTEM,
    reason: str = "",
) -> Project:
    """Record a new project or a changed one, with the milestones that are new, changed or taken away.

    Investors and tags stay as they are where none are given; annexes are what else hangs on it, as who is in charge.
    `door` and `reason` (at most 200 characters) go into the history, as everywhere here.

    Raises ValidationError with everything wrong at once (keys are field names; dates under the names of DATE_FIELDS),
    StaleVersion where somebody else has changed the project or one of the milestones since it was read.
    """
    locked = lock([project])
    draft = draft_of(Change(project, milestones, removed, investors, tags, annexes), locked, at=at)
    try:
        check_project(draft, know([draft], at=at))
        _record(draft, locked, actor=actor, at=at, origin=Origin(door, reason))
    finally:
        forget(project)
    return project


@one_transaction
def save_milestone(
    milestone: Milestone, *, actor: User | None, at: datetime, door: Door = Door.SYSTEM, reason: str = ""
) -> Milestone:
    """Record one new or changed milestone of a recorded project.

    Raises ValidationError with everything wrong at once, StaleVersion where the milestone has changed since it was
    read, StageConflict where another request moved the project on in between so that this step no longer fits.
    """
    seen = milestone.project.version
    locked = lock([milestone.project])
    draft = draft_of_stored(locked[milestone.project_id], at=at, milestones=[milestone])
    try:
        check_milestone(draft, milestone, know([draft], at=at))
    except ValidationError as error:
        if draft.stored and seen != draft.stored.version and _is_conflict(error):
            raise StageConflict(" ".join(error.messages)) from error
        raise
    _record(draft, locked, actor=actor, at=at, origin=Origin(door, reason))
    return milestone


@one_transaction
def remove_milestone(
    milestone: Milestone, *, actor: User | None, at: datetime, door: Door = Door.SYSTEM, reason: str = ""
) -> None:
    """Take back a milestone that was recorded by mistake; the ledger keeps what it said.

    Raises StaleVersion where it has changed since it was read.
    """
    locked = lock([milestone.project])
    draft = draft_of_stored(locked[milestone.project_id], at=at, removed=[milestone])
    _record(draft, locked, actor=actor, at=at, origin=Origin(door, reason))


@one_transaction
def save_annex(
    project: Project,
    annex: Annex,
    *,
    actor: User | None,
    at: datetime,
    door: Door = Door.SYSTEM,
    reason: str = "",
) -> None:
    """Record what hangs on a recorded project; the project itself and its milestones stay as they are stored.

    Raises ValidationError with everything wrong at once, StaleVersion where it has changed since it was read.
    """
    locked = lock([project])
    draft = draft_of_stored(locked[project.pk], at=at, annexes=[annex])
    if errors := annex.faults(draft.project):
        raise ValidationError({name: list(found) for name, found in errors.items()})
    _record(draft, locked, actor=actor, at=at, origin=Origin(door, reason))


def exclude_project(
    project: Project, reason: str, *, actor: User | None, at: datetime, door: Door = Door.SYSTEM
) -> Project:
    """Keep the project but count it no longer, for a reason of ExclusionReason; an empty reason counts it again."""
    project.exclusion_reason = reason
    return save_project(project, actor=actor, at=at, door=door)


def void_project(
    project: Project, reason: str, *, actor: User | None, at: datetime, door: Door = Door.SYSTEM
) -> Project:
    """Declare a project recorded by mistake; it is kept for ever, and enters no total.

    Raises ValidationError if no reason is given or if it has phases that are not void.
    """
    if not reason.strip():
        raise ValidationError(
            {"void_reason": ValidationError(_("Say why the project is void."), code="required")}
        )
    if project.phases.kept().exists():
        raise ValidationError(_("This project has phases. Void them first."), code="has_phases")
    project.voided_at, project.void_reason = at, reason
    return save_project(project, actor=actor, at=at, door=door)


def restore_project(
    project: Project, *, actor: User | None, at: datetime, door: Door = Door.SYSTEM, reason: str = ""
) -> Project:
    """Take back a declaration that a project is void."""
    project.voided_at, project.void_reason, project.merged_into = None, "", None
    return save_project(project, actor=actor, at=at, door=door, reason=reason)


def _record(
    draft: Draft, locked: dict[int, Project], *, actor: User | None, at: datetime, origin: Origin
) -> None:
    if write([draft], locked, actor=actor, at=at, origin=origin):
        announce_after_commit()


def _is_conflict(error: ValidationError) -> bool:
    codes = {e.code for found in error.error_dict.values() for e in found}
    return bool(
        codes & {"dates_backwards", "duplicate_kind", "unique_together", "unique", "parent_has_phases"}
    )
