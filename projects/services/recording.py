"""Projects and milestones: lock, check, write, post to the ledger, announce."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StageConflict, StaleVersion
from projects import ledger
from projects.models import Milestone, Organization, Project, User
from projects.sequence import faults, settle
from projects.services.announce import announce_after_commit
from projects.services.dates import DERIVED, NAMES, derive, is_empty
from projects.services.transactions import one_transaction


@one_transaction
def save_project(
    project: Project,
    *,
    actor: User | None,
    at: datetime,
    investors: Iterable[Organization] | None = None,
    milestones: Sequence[Milestone] = (),
    removed: Sequence[Milestone] = (),
) -> Project:
    """Record a new project or a changed one, with the milestones that are new, changed or taken away.

    Raises ValidationError with everything wrong at once (keys are field names; dates under the names of DATE_FIELDS),
    StaleVersion where somebody else has changed the project or one of the milestones since it was read.
    """
    stored = _lock(project)
    project.updated_at = at
    if project._state.adding:
        project.created_at = at
    after, gone = _after(project, milestones, removed)
    _check(project, after, changed=milestones, at=at)
    derive(project, after)
    project.version += not project._state.adding
    _save_with_code(project)
    _write_milestones(project, milestones, gone, at)
    if investors is not None:
        project.investors.set(investors)
    _post_family(project, stored, after, actor=actor, at=at)
    return project


@one_transaction
def save_milestone(milestone: Milestone, *, actor: User | None, at: datetime) -> Milestone:
    """Record one new or changed milestone of a recorded project.

    Raises ValidationError with everything wrong at once, StaleVersion where the milestone has changed since it was
    read, StageConflict where another request moved the project on in between so that this step no longer fits.
    """
    seen = milestone.project.version
    project = _lock_one(milestone.project_id)
    milestone.project = project
    after, _gone = _after(project, [milestone], ())
    try:
        _check_milestone(milestone, after, at=at)
    except ValidationError as error:
        if seen != project.version and _is_conflict(error):
            raise StageConflict(" ".join(error.messages)) from error
        raise
    _touch_project(project, after, at)
    _write_milestones(project, [milestone], (), at)
    _post_family(project, project, after, actor=actor, at=at)
    return milestone


@one_transaction
def remove_milestone(milestone: Milestone, *, actor: User | None, at: datetime) -> None:
    """Take back a milestone that was recorded by mistake; the ledger keeps what it said.

    Raises StaleVersion where it has changed since it was read.
    """
    project = _lock_one(milestone.project_id)
    after, gone = _after(project, (), [milestone])
    _touch_project(project, after, at)
    _write_milestones(project, (), gone, at)
    _post_family(project, project, after, actor=actor, at=at)


def exclude_project(project: Project, reason: str, *, actor: User | None, at: datetime) -> Project:
    """Keep the project but count it no longer, for a reason of ExclusionReason; an empty reason counts it again."""
    project.exclusion_reason = reason
    return save_project(project, actor=actor, at=at)


def void_project(project: Project, reason: str, *, actor: User | None, at: datetime) -> Project:
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
    return save_project(project, actor=actor, at=at)


def restore_project(project: Project, *, actor: User | None, at: datetime) -> Project:
    """Take back a declaration that a project is void."""
    project.voided_at, project.void_reason = None, ""
    return save_project(project, actor=actor, at=at)


# --- the steps ----------------------------------------------------------------------------------------------------


def _lock(project: Project) -> Project | None:
    """Lock the project as stored with its old and new parent, in the order of their ids; None if it is new.

    Raises StaleVersion if the stored version is not the one that was read.
    """
    parents = {project.parent_id}
    if not project._state.adding:
        parents |= set(Project.objects.filter(pk=project.pk).values_list("parent_id", flat=True))
    ids = [pk for pk in (project.pk, *parents) if pk is not None]
    locked = {
        p.pk: p for p in Project.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    }
    if project.parent_id in locked:
        project.parent = locked[project.parent_id]
    if project._state.adding:
        return None
    stored = locked.get(project.pk)
    if stored is None or stored.version != project.version:
        raise StaleVersion(stored.version if stored else 0)
    return stored


def _lock_one(pk: int) -> Project:
    # Without a join: PostgreSQL checks it again after waiting, and a project that has just moved would not be found.
    return Project.objects.select_for_update(no_key=True).get(pk=pk)


def _after(
    project: Project, changed: Sequence[Milestone], removed: Sequence[Milestone]
) -> tuple[list[Milestone], list[Milestone]]:
    """The project's milestones as they will stand, and those that go: removed ones and emptied ones."""
    stored = {m.pk: m for m in project.milestones.all()} if project.pk else {}
    for milestone in [*changed, *removed]:
        if milestone.pk and (milestone.pk not in stored or stored[milestone.pk].version != milestone.version):
            raise StaleVersion(stored[milestone.pk].version if milestone.pk in stored else 0)
    for milestone in changed:
        milestone.project = project
        settle(milestone)
    gone = {m.pk for m in removed} | {m.pk for m in changed if m.pk and is_empty(m)}
    touched = {m.pk for m in changed if m.pk} | gone
    kept = [m for pk, m in stored.items() if pk not in touched]
    after = kept + [m for m in changed if not is_empty(m)]
    return after, [m for pk, m in stored.items() if pk in gone]


def _check(project: Project, after: list[Milestone], *, changed: Sequence[Milestone], at: datetime) -> None:
    """Everything wrong with the project and the milestones, at once."""
    errors: dict[str, list[ValidationError]] = {}
    try:
        project.full_clean(exclude={"version"})
    except ValidationError as error:
        errors.update(error.error_dict)
    if after and (project.pk and project.phases.kept().exists()) and changed:
        message = _("This project has phases. Record the milestone on the phase that it belongs to.")
        errors.setdefault("milestones", []).append(ValidationError(message, code="parent_has_phases"))
    for milestone in changed:
        for field, found in _field_errors(milestone).items():
            name = NAMES.get((milestone.kind, field), "milestones")
            errors.setdefault(name, []).extend(found)
    for milestone, field, fault in faults(after, timezone.localdate(at)):
        name = NAMES.get((milestone.kind, field), "milestones")
        errors.setdefault(name, []).append(fault)
    if errors:
        raise ValidationError(errors)


def _check_milestone(milestone: Milestone, after: list[Milestone], *, at: datetime) -> None:
    """Everything wrong with one milestone among its project's others, at once."""
    errors = _field_errors(milestone)
    if milestone.project.phases.kept().exists():
        message = _("This project has phases. Record the milestone on the phase that it belongs to.")
        errors.setdefault("project", []).append(ValidationError(message, code="parent_has_phases"))
    if not milestone.has_happened and not milestone.planned_on:
        message = _("Give the date on which it happened or is planned, or say that the date is not known.")
        errors.setdefault("happened_on", []).append(ValidationError(message, code="required"))
    for _milestone, field, fault in faults(after, timezone.localdate(at)):
        errors.setdefault(field, []).append(fault)
    if errors:
        raise ValidationError(errors)


def _field_errors(milestone: Milestone) -> dict[str, list[ValidationError]]:
    exclude = {"version", "project"} if milestone.project._state.adding else {"version"}
    try:
        milestone.full_clean(exclude=exclude)
    except ValidationError as error:
        return dict(error.error_dict)
    return {}


def _is_conflict(error: ValidationError) -> bool:
    codes = {e.code for found in error.error_dict.values() for e in found}
    return bool(
        codes & {"dates_backwards", "duplicate_kind", "unique_together", "unique", "parent_has_phases"}
    )


def _touch_project(project: Project, after: list[Milestone], at: datetime) -> None:
    """Bring what the project derives from its milestones up to date."""
    derive(project, after)
    project.version += 1
    project.updated_at = at
    project.save(update_fields=[*DERIVED, "version", "updated_at"])


def _save_with_code(project: Project) -> None:
    if project.code:
        project.save()
        return
    project.code = f"new-{project.updated_at.timestamp()}-{id(project)}"
    project.save()
    project.code = f"P{project.pk:08d}"
    project.save(update_fields=["code"])


def _write_milestones(
    project: Project, changed: Sequence[Milestone], gone: Sequence[Milestone], at: datetime
) -> None:
    if gone:
        Milestone.objects.filter(pk__in=[m.pk for m in gone]).delete()
    for milestone in changed:
        if is_empty(milestone):
            continue
        milestone.project = project
        milestone.updated_at = at
        if milestone._state.adding:
            milestone.created_at = at
        else:
            milestone.version += 1
        milestone.save()


def _post_family(
    project: Project, stored: Project | None, after: list[Milestone], *, actor: User | None, at: datetime
) -> None:
    """Post the project's entries, and those of a parent whose phases came or went."""
    moved = ledger.post(project, after, has_phases=_has_phases(project), actor=actor, at=at)
    parents = [pk for pk in (project.parent_id, stored.parent_id if stored else None) if pk is not None]
    for parent in Project.objects.filter(pk__in=parents).order_by("pk"):
        own = list(parent.milestones.all())
        moved |= ledger.post(parent, own, has_phases=_has_phases(parent), actor=actor, at=at)
    if moved:
        announce_after_commit()


def _has_phases(project: Project) -> bool:
    return project.phases.kept().exists()
