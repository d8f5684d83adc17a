"""What of a change counts at once, and what only once a reviewer has approved it.

What counts is what was approved last: entries of the ledger follow a project only where its review says approved.
Where the deployment asks for no approval, that is everything as soon as it is saved.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from django.conf import settings

from projects.ledger import Posting
from projects.models import Cause, LedgerEntry, Project, Review
from projects.services.changes import Draft, read_along
from projects.services.revising import changes_of

REVIEW = ("review", "approved_version", "submitted_at", "submitted_by_id")


def approval_required() -> bool:
    """Whether what is saved counts only once it is approved."""
    required: bool = settings.APPROVAL_REQUIRED
    return required


def settle_review(draft: Draft) -> None:
    """Say how far the review of a changed project is: back at its beginning, or where nobody reviews, through."""
    if draft.is_decision:
        return
    if draft.stored is not None and approval_required() and not _differs(draft):
        keep_review(draft.project, draft.stored)
    else:
        begin_review(draft.project, draft.stored)


def keep_review(project: Project, stored: Project) -> None:
    """Leave the review of a project that was saved without a change where it is."""
    for name in REVIEW:
        setattr(project, name, getattr(stored, name))


def _differs(draft: Draft) -> bool:
    """Whether a field of the project or of its milestones is not as stored.

    Who is in charge of it, and files that belong to it, wait for nobody's approval.
    """
    return any(changes_of(draft)) or any(_links_differ(draft, name) for name in ("investors", "tags"))


def _links_differ(draft: Draft, name: str) -> bool:
    given = getattr(draft.change, name)
    if (
        given is None or draft.stored is None or (name == "investors" and draft.secret)
    ):  # secret ones: changes_of
        return False
    held = getattr(draft.stored, name).order_by().values_list("pk", flat=True)
    return set(held) != {record.pk for record in given}


def begin_review(project: Project, stored: Project | None) -> None:
    """Let the project, as changed, be a draft beside the version that counts; approved where nobody reviews."""
    project.submitted_at, project.submitted_by_id = None, None
    if approval_required():
        project.review = Review.DRAFT
        project.approved_version = stored.counting_version if stored else None
    else:
        project.review, project.approved_version = Review.APPROVED, None


# --- the ledger ---------------------------------------------------------------------------------------------------


class Families(NamedTuple):
    """Of some projects, by id: which have phases that are not void, and which of them are counted by their phases."""

    with_phases: set[int]
    by_phases: set[int]


def postings(drafts: Sequence[Draft], locked: dict[int, Project]) -> list[Posting]:
    """What the ledger is to follow: the approved ones, and each parent whose phases may have come or gone."""
    approved = [draft for draft in drafts if draft.project.is_approved]
    own = {draft.project.pk for draft in approved}
    parents = {pk for draft in approved for pk in draft.parents if pk in locked} - own
    waited = {draft.project.pk for draft in approved if _has_waiting_phases(draft)}
    families = _families(parents | waited)
    found = [posting for draft in approved if (posting := _own(draft, waited, families))]
    found += [posting for pk in sorted(parents) if (posting := _of_parent(locked[pk], families))]
    return _with_splits(found, drafts)


def _has_waiting_phases(draft: Draft) -> bool:
    return any(not phase.is_approved for phase in read_along(draft.stored, "phases"))


def _own(draft: Draft, waited: Collection[int], families: Families) -> Posting | None:
    """The posting of an approved project; none while it has new phases of which none was approved yet.

    Then it counts as it did, until the first of them is.
    """
    project = draft.project
    by_phases, with_phases = draft.has_phases, draft.has_phases
    if project.pk in waited:
        by_phases, with_phases = project.pk in families.by_phases, project.pk in families.with_phases
    if with_phases and not by_phases and not project.excluded:
        return None
    return Posting(project, draft.after, by_phases, cause=draft.change.cause, is_first=draft.stored is None)


def _of_parent(parent: Project, families: Families) -> Posting | None:
    """A parent is counted by its phases, or again by itself; what nobody approved of it is not posted."""
    if parent.pk in families.by_phases:
        return Posting(parent, (), has_phases=True)
    if parent.is_approved and parent.pk not in families.with_phases:
        return Posting(parent, read_along(parent, "milestones"), has_phases=False)
    return None


def _families(parents: Collection[int]) -> Families:
    """Phases count as such once approved, and until their being void is approved, too."""
    with_phases: set[int] = set()
    by_phases: set[int] = set()
    void: dict[int, int] = {}
    if parents:
        phases = Project.objects.filter(parent_id__in=parents).order_by()
        for phase in phases.only("parent_id", "voided_at", "review", "approved_version", "version"):
            assert phase.parent_id is not None
            if not phase.is_void:
                with_phases.add(phase.parent_id)
                if phase.counting_version is not None:
                    by_phases.add(phase.parent_id)
            elif not phase.is_approved:
                void[phase.pk] = phase.parent_id
    return Families(with_phases, by_phases | {void[pk] for pk in _counting(void)})


def _with_splits(found: list[Posting], drafts: Sequence[Draft]) -> list[Posting]:
    """Phases that take over from a parent which counts until now are posted because it was split."""
    waited = {d.project.pk for d in drafts if d.is_decision and d.project.parent_id}
    phases = {posting.project.pk: posting.project.parent_id for posting in found} if waited else {}
    split = _counting({parent for pk, parent in phases.items() if pk in waited and parent})
    return [
        replace(posting, cause=Cause.SPLIT)
        if posting.project.pk in waited and posting.project.parent_id in split
        else posting
        for posting in found
    ]


def _counting(projects: Collection[int]) -> set[int]:
    """Those of these projects that have entries now."""
    if not projects:
        return set()
    entries = LedgerEntry.objects.current().filter(project_id__in=projects).order_by()
    return set(entries.values_list("project_id", flat=True))
