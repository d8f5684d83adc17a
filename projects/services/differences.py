"""What several revisions of a project changed together: between two versions, and since what counts was approved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from projects.models import Project, Review, Revision
from projects.services.annexes import ATTACHMENT, CHARGE, REPORT, FieldChange
from projects.services.revising import REVIEW

UNREVIEWED = (CHARGE, ATTACHMENT, REPORT)  # what hangs on a project and enters no figure


def since_approval(projects: Sequence[Project]) -> dict[int, list[Revision]]:
    """The revisions since each of these projects was approved last, in their order; of new ones all."""
    approved = {project.pk: project.counting_version or 0 for project in projects}
    found: dict[int, list[Revision]] = defaultdict(list)
    lowest = min(approved.values(), default=0)
    rows = Revision.objects.filter(project_id__in=approved, version__gt=lowest).order_by("project", "version")
    for revision in rows:
        if revision.version > approved[revision.project_id]:
            found[revision.project_id].append(revision)
    return found


def authors_of(projects: Sequence[Project]) -> dict[int, set[int]]:
    """Who has changed or submitted each of these projects since it was approved last, by id."""
    authors: dict[int, set[int]] = defaultdict(set)
    for project in projects:
        if project.submitted_by_id:
            authors[project.pk].add(project.submitted_by_id)
    for pk, revisions in since_approval(projects).items():
        authors[pk] |= {r.actor_id for r in revisions if r.actor_id and _is_authors(r)}
    return authors


def _is_authors(revision: Revision) -> bool:
    """Whether a revision recorded, changed or submitted what a reviewer approves."""
    return not revision.changes or any(
        change["field"] != REVIEW or change["after"] == Review.SUBMITTED
        for change in revision.changes
        if change["of"] not in UNREVIEWED
    )


def merged(revisions: Iterable[Revision]) -> list[FieldChange]:
    """What these revisions together changed of what a reviewer approves, each field once; what came back is none."""
    return [
        change
        for change in folded(revisions).values()
        if change["field"] != REVIEW
        and change["of"] not in UNREVIEWED
        and change["before"] != change["after"]
    ]


def folded(revisions: Iterable[Revision]) -> dict[tuple[str, str], FieldChange]:
    """Each field once, from what it was before these revisions, which come in their order, to what it is after them."""
    fields: dict[tuple[str, str], FieldChange] = {}
    for revision in revisions:
        for change in revision.changes:
            known = fields.setdefault((change["of"], change["field"]), change.copy())
            known["after"] = change["after"]
    return fields
