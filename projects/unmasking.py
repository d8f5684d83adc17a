"""What is put aside of confidential projects, for the few who may know it; everybody else reads the mask."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from projects.models import HIDDEN, Comment, Project, PutAside

if TYPE_CHECKING:
    from projects.access import Reader

MARK = "_unmasked"


def unmask(projects: Iterable[Project], reader: Reader, on: date) -> None:
    """Give these records, in place, what is true of them, as far as the reader may know it on this day."""
    hidden = {project.pk: project for project in projects if project.confidential}
    if not hidden:
        return
    known = Project.objects.filter(pk__in=hidden).known_to(reader, on)
    recall(hidden[pk] for pk in known.values_list("pk", flat=True))


def recall(projects: Iterable[Project]) -> None:
    """Give these records, in place, what is true of them; that it may be known, the caller has seen to."""
    hidden = {project.pk: project for project in projects if project.confidential}
    if not hidden:
        return
    for row in PutAside.objects.filter(project__in=hidden).prefetch_related("investors"):
        project = hidden[row.project_id]
        for name in HIDDEN:
            setattr(project, name, getattr(row, name))
        held = project.__dict__.setdefault("_prefetched_objects_cache", {})
        held["investors"] = row.investors.all()
        project.__dict__[MARK] = True


def is_unmasked(project: Project) -> bool:
    """Whether the record holds what is true, so that what stands in it was meant."""
    return MARK in project.__dict__


def said_of(project: Project, reader: Reader, on: date) -> QuerySet[Comment]:
    """The comments of a project; none of them where it hides anything from the reader."""
    rows = Comment.objects.filter(project=project)
    return rows if may_know(project, reader, on) else rows.none()


def may_know(project: Project, reader: Reader, on: date) -> bool:
    """Whether nothing of the project is hidden from the reader on this day."""
    return not project.confidential or Project.objects.filter(pk=project.pk).known_to(reader, on).exists()
