"""Everything that is wrong with a change, at once, in the words of the models' own rules.

What is known already is not asked again: a save of many asks once for all of them whether what they name exists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models import District, Kind, Milestone, Project
from projects.models.checks import keeps_checks
from projects.models.plainly import doubtful
from projects.sequence import faults
from projects.services.changes import Draft
from projects.services.dates import NAMES

Errors = dict[str, list[ValidationError]]
ForeignKey: TypeAlias = "models.ForeignKey[Any, Any]"
FOREIGN_KEYS: dict[type[models.Model], tuple[ForeignKey, ...]] = {
    model: tuple(f for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey))
    for model in (Project, Milestone)
}
NAMED = {model: [(f.name, f.attname) for f in model._meta.concrete_fields] for model in FOREIGN_KEYS}


@dataclass(slots=True)
class Known:
    """What was found to exist of what the drafts newly name, which codes are taken, and what day it is."""

    existing: dict[ForeignKey, set[int]]
    codes: set[str]
    today: date

    def settled(self, record: models.Model, stored: models.Model | None) -> set[str]:
        """The fields of a record that are known to be right: as stored, or a reference that was found."""
        held = record.__dict__
        found = {f.name for f in FOREIGN_KEYS[type(record)] if held[f.attname] in self.existing[f]}
        return found if stored is None else found | _unchanged(record, stored)


def know(drafts: Sequence[Draft], *, at: datetime) -> Known:
    """Ask, once for all these drafts, for what they newly name; phases get their districts for their own check."""
    named: dict[ForeignKey, set[int]] = defaultdict(set)
    codes: set[str] = set()
    for draft in drafts:
        _collect(draft.project, draft.stored, named)
        for milestone in draft.change.milestones:
            _collect(milestone, draft.milestones.get(milestone.pk), named)
        if draft.project.code and not _keeps_code(draft):
            codes.add(draft.project.code)
    existing: dict[ForeignKey, set[int]] = defaultdict(set)
    for column, pks in named.items():
        rows = column.remote_field.model._base_manager.filter(pk__in=pks).order_by()
        existing[column] = set(rows.values_list("pk", flat=True))
    taken = Project.objects.filter(code__in=codes).order_by().values_list("code", flat=True) if codes else ()
    _give_districts([draft.project for draft in drafts if draft.project.parent_id])
    return Known(existing, set(taken), timezone.localdate(at))


def _collect(record: models.Model, stored: models.Model | None, named: dict[ForeignKey, set[int]]) -> None:
    for column in FOREIGN_KEYS[type(record)]:
        value = record.__dict__[column.attname]
        if value is not None and (stored is None or value != stored.__dict__[column.attname]):
            named[column].add(value)


def _unchanged(record: models.Model, stored: models.Model) -> set[str]:
    """The fields whose value is the stored one, which was right when it was stored."""
    held, before = record.__dict__, stored.__dict__
    return {
        name
        for name, attname in NAMED[type(record)]
        if (value := held.get(attname)) == before[attname] and type(value) is type(before[attname])
    }


def _keeps_code(draft: Draft) -> bool:
    return draft.stored is not None and draft.stored.code == draft.project.code


def _give_districts(phases: Sequence[Project]) -> None:
    """A phase lies in its parent's city: read the districts of all of them at once."""
    projects = [each for phase in phases for each in (phase, phase.parent) if each is not None]
    missing = [p for p in projects if not Project.district.is_cached(p)]
    districts = District.objects.in_bulk({p.district_id for p in missing if p.district_id})
    for project in missing:
        if project.district_id in districts:
            project.district = districts[project.district_id]


# --- what is wrong ------------------------------------------------------------------------------------------------


def check_project(draft: Draft, known: Known) -> None:
    """Raise ValidationError with everything wrong with the project and its changed milestones.

    Keys are field names; dates stand under the names of DATE_FIELDS, other faults of milestones under `milestones`.
    """
    changed = draft.change.milestones
    free = _keeps_code(draft) or draft.project.code not in known.codes  # an empty one is given by its id
    errors = _faults_of(draft.project, draft.stored, known, is_unique=free)
    if draft.has_phases and draft.after and changed:
        errors["milestones"].append(_has_phases())
    for milestone in changed:
        for field, found in milestone_faults(draft, milestone, known).items():
            errors[NAMES.get((milestone.kind, field), "milestones")] += found
    for milestone, field, fault in faults(draft.after, known.today):
        errors[NAMES.get((milestone.kind, field), "milestones")].append(fault)
    if draft.project.confidential and not (draft.stored and draft.stored.confidential) and _is_signed(draft):
        message = _("It is signed, so it is confidential no longer.")
        errors["confidential"].append(ValidationError(message, code="signed"))
    for annex in draft.change.annexes:
        for name, refusals in annex.faults(draft.project).items():
            errors[name] += refusals
    if errors:
        raise ValidationError(dict(errors))


def _is_signed(draft: Draft) -> bool:
    return any(m.kind == Kind.SIGNED and m.happened_on is not None for m in draft.after)


def check_milestone(draft: Draft, milestone: Milestone, known: Known) -> None:
    """Raise ValidationError with everything wrong with one milestone among its project's others."""
    errors = milestone_faults(draft, milestone, known)
    if draft.has_phases:
        errors["project"].append(_has_phases())
    if not milestone.has_happened and not milestone.planned_on:
        message = _("Give the date on which it happened or is planned, or say that the date is not known.")
        errors["happened_on"].append(ValidationError(message, code="required"))
    for _milestone, field, fault in faults(draft.after, known.today):
        errors[field].append(fault)
    if errors:
        raise ValidationError(dict(errors))


def milestone_faults(draft: Draft, milestone: Milestone, known: Known) -> Errors:
    """What is wrong with a milestone by itself, and beside those that are stored."""
    stored = draft.milestones
    is_first = all(m.kind != milestone.kind or m.pk == milestone.pk for m in stored.values())
    return _faults_of(milestone, stored.get(milestone.pk), known, is_unique=is_first, besides="project")


def _has_phases() -> ValidationError:
    message = _("This project has phases. Record the milestone on the phase that it belongs to.")
    return ValidationError(message, code="parent_has_phases")


def _faults_of(
    record: models.Model, stored: models.Model | None, known: Known, *, is_unique: bool, besides: str = ""
) -> Errors:
    """What `full_clean` finds, but for what is known: what is plainly right, as stored, or found; what is unique."""
    errors: Errors = defaultdict(list)
    if unclear := doubtful(record):
        settled = {"version", besides, *known.settled(record, stored)}
        if unclear := [name for name in unclear if name not in settled]:
            sure = {name for name, _column in NAMED[type(record)]}.difference(unclear)
            _gather(errors, lambda: record.clean_fields(exclude=sure))
    _gather(errors, record.clean)
    if is_unique and not errors and keeps_checks(record):
        return errors
    wrong = {"version", *(name for name in errors if name != NON_FIELD_ERRORS)}
    if not is_unique:
        _gather(errors, lambda: record.validate_unique(exclude=wrong))
    unasked = {"project"} if is_unique else set()  # a constraint with a field left out is not asked for
    _gather(errors, lambda: record.validate_constraints(exclude=wrong | unasked))
    return errors


def _gather(errors: Errors, step: Callable[[], None]) -> None:
    try:
        step()
    except ValidationError as refusal:
        for name, found in refusal.error_dict.items():
            errors[name] += found
