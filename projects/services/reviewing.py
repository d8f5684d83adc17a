"""The way of a change to a reviewer's approval: submitted, returned with a comment, or approved; of many at once.

Who may submit and who may review is asked at the doors; that nobody approves their own is asked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects.models import Comment, Door, Project, Review, User
from projects.services.announce import announce_after_commit
from projects.services.changes import Draft, draft_of_stored, lock
from projects.services.counting import approval_required
from projects.services.differences import authors_of
from projects.services.many import Refusal, RefusedChanges
from projects.services.revising import Origin
from projects.services.transactions import one_transaction
from projects.services.writing import write


@dataclass(frozen=True)
class Decision:
    """One step of the review: where it leads, from where, and the sentence for all others."""

    to: Review
    possible: tuple[Review, ...]
    refusal: Any  # lazily translated


SUBMIT = Decision(
    Review.SUBMITTED,
    (Review.DRAFT, Review.RETURNED),
    _("Nothing here waits to be submitted."),
)
RETURN = Decision(Review.RETURNED, (Review.SUBMITTED,), _("Only what is submitted can be returned."))
APPROVE = Decision(Review.APPROVED, (Review.SUBMITTED,), _("Only what is submitted can be approved."))
OWN = _("You have changed or submitted this yourself. Somebody else must approve it.")


@one_transaction
def submit(
    projects: Sequence[Project], text: str = "", *, actor: User, at: datetime, door: Door = Door.SYSTEM
) -> None:
    """Hand these drafts over to the reviewers; all or none.

    Raises ValidationError where the comment cannot be stored, RefusedChanges with what is wrong by the place of each
    project: it is not what was seen (StaleVersion), or nothing of it waits (ValidationError).
    """
    _decide(SUBMIT, projects, text, actor=actor, at=at, door=door)


@one_transaction
def return_projects(
    projects: Sequence[Project], text: str, *, actor: User, at: datetime, door: Door = Door.SYSTEM
) -> None:
    """Give what was submitted back to whoever submitted it, with a comment that says why; all or none.

    Raises as `submit` does.
    """
    if not text.strip():
        message = _("Say what is to be corrected.")
        raise ValidationError({"text": ValidationError(message, code="required")})
    _decide(RETURN, projects, text, actor=actor, at=at, door=door)


@one_transaction
def approve(
    projects: Sequence[Project], text: str = "", *, actor: User, at: datetime, door: Door = Door.SYSTEM
) -> None:
    """Let these projects count as they are; all or none. Nobody approves what they changed or submitted themselves.

    The ledger follows with the approver as its actor. Raises as `submit` does.
    """
    _decide(APPROVE, projects, text, actor=actor, at=at, door=door)


def _decide(
    decision: Decision, projects: Sequence[Project], text: str, *, actor: User, at: datetime, door: Door
) -> None:
    comments = [_comment(decision, project, text, actor, at) for project in projects]
    locked = lock(projects)
    authors = authors_of(list(locked.values())) if decision is APPROVE else {}
    refusals: dict[int, Refusal] = {}
    for index, project in enumerate(projects):
        stored = locked.get(project.pk)
        if stored is None or stored.version != project.version:
            refusals[index] = StaleVersion(stored.version if stored else 0)
        elif stored.review not in decision.possible:
            refusals[index] = ValidationError(decision.refusal, code="review")
        elif actor.pk in authors.get(project.pk, ()):
            refusals[index] = ValidationError(OWN, code="own")
    if refusals:
        raise RefusedChanges(refusals)
    drafts = [_draft(decision, locked[project.pk], actor, at) for project in projects]
    if write(drafts, locked, actor=actor, at=at, origin=Origin(door)):
        announce_after_commit()
    Comment.objects.bulk_create(comments)


def _comment(decision: Decision, project: Project, text: str, actor: User, at: datetime) -> Comment:
    kind = Comment.Kind(decision.to.value)
    comment = Comment(project=project, author=actor, at=at, kind=kind, text=text.strip())
    comment.full_clean(exclude=["project", "author"])
    return comment


def _draft(decision: Decision, stored: Project, actor: User | None, at: datetime) -> Draft:
    draft = draft_of_stored(stored, at=at)
    draft.is_decision = True
    project = draft.project
    project.review = decision.to
    if decision is SUBMIT:
        project.submitted_at, project.submitted_by = at, actor
    if decision is APPROVE:
        project.approved_version = None
    return draft


# --- where nobody reviews any more ----------------------------------------------------------------------------------


@one_transaction
def approve_leftovers(ids: Sequence[int], *, actor: User, at: datetime) -> int:
    """Let projects that were left waiting when the review was switched off count as they are; how many.

    Raises ValidationError while the review is on: then a reviewer looks at each.
    """
    if approval_required():
        message = _("Changes are reviewed here. Let a reviewer approve them.")
        raise ValidationError(message, code="review_required")
    locked = lock(list(Project.objects.filter(pk__in=ids)))
    drafts = [
        _draft(APPROVE, locked[pk], actor, at)
        for pk in sorted(ids)
        if pk in locked and not locked[pk].is_approved
    ]
    if write(drafts, locked, actor=actor, at=at, origin=Origin(Door.COMMAND)):
        announce_after_commit()
    return len(drafts)
