"""Splitting a project into phases 分期: the first takes over its milestones, and only the phases are counted then."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import F, Max
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects import ledger
from projects.models import Cause, Door, LedgerEntry, Milestone, Project, User
from projects.services.announce import announce_after_commit
from projects.services.counting import REVIEW, begin_review
from projects.services.dates import DERIVED, derive
from projects.services.recording import save_project
from projects.services.revising import Origin, insert_revisions, moved_milestones
from projects.services.transactions import one_transaction

FEWEST = 2


@one_transaction
def split_project(
    project: Project, phases: Sequence[Project], *, actor: User | None, at: datetime, door: Door = Door.SYSTEM
) -> list[Project]:
    """Divide a recorded project into these new phases; every milestone so far belongs to the first of them.

    The ledger closes the project's entries and posts those of the first phase, both with the cause `split`: at once, or
    where changes wait for approval as soon as its first phase is approved. Raises ValidationError with everything wrong
    at once, StaleVersion where the project has changed since it was read.
    """
    stored = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if stored.version != project.version:
        raise StaleVersion(stored.version)
    _check(stored, phases)
    first, *others = phases
    save_project(first, actor=actor, at=at, door=door)
    milestones = _hand_over(stored, first, at)
    posting = ledger.Posting(first, milestones, has_phases=False, cause=Cause.SPLIT)
    posted = ledger.post([posting] if first.is_approved else [], actor=actor, at=at)
    if posted.moved:
        announce_after_commit()
    taken = moved_milestones(milestones, away=False)
    insert_revisions([(first, taken)], posted.moments, actor=actor, at=at, origin=Origin(door))
    for phase in (first, *others):
        phase.parent = stored
        save_project(phase, actor=actor, at=at, door=door)
    given = moved_milestones(milestones, away=True)
    insert_revisions([(stored, given)], _closed_at(stored, at), actor=actor, at=at, origin=Origin(door))
    return list(phases)


def _closed_at(project: Project, at: datetime) -> dict[int, datetime]:
    """The moment under which the entries of a project that was just split were closed, if it had any."""
    last = LedgerEntry.objects.filter(project=project).aggregate(last=Max("superseded_at"))["last"]
    return {project.pk: last} if last and last >= at else {}


def _check(project: Project, phases: Sequence[Project]) -> None:
    faults = (
        (project.confidential, "confidential", _("It is confidential. End that first, then split it.")),
        (project.parent_id, "phase_of_phase", _("This is a phase itself; a phase is not split further.")),
        (
            project.phases.kept().exists(),
            "has_phases",
            _("This project has phases already; add another one."),
        ),
        (project.is_void, "void", _("This project is void.")),
        (len(phases) < FEWEST, "too_few", _("Name at least two phases.")),
    )
    errors = [ValidationError(message, code=code) for wrong, code, message in faults if wrong]
    if errors:
        raise ValidationError(errors)


def _hand_over(project: Project, first: Project, at: datetime) -> list[Milestone]:
    """Give the project's milestones to its first phase; the project keeps none."""
    project.milestones.update(project=first, version=F("version") + 1, updated_at=at)
    milestones = list(first.milestones.all())
    begin_review(project, copy.copy(project))
    for each, own in ((project, []), (first, milestones)):
        derive(each, own)
        each.version += 1
        each.updated_at = at
        each.save(update_fields=[*DERIVED, *REVIEW, "version", "updated_at"])
    return milestones
