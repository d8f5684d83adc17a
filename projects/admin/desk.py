"""My desk, the admin's index: what waits for the reader, and what has changed in their districts.

Nothing here counts further than it shows: a number above 100 is "100+", however many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, QuerySet, prefetch_related_objects
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.access import Role, subtrees_of
from projects.admin.base import may_edit
from projects.admin.waiting import offered
from projects.admin_site import MingzhangAdminSite
from projects.history import Words
from projects.models import DuplicatePair, Mention, Project, Revision
from projects.services import approval_required
from projects.services.revising import REVIEW
from projects.unmasking import may_know

MOST = 100  # that are counted
SHOWN = 4
CHANGES_SHOWN = 8
FIELDS_SHOWN = 4
PLACE = "district__path"


@dataclass
class Row:
    """One line of a card."""

    project: Project
    note: Any = ""
    mention: Mention | None = None


@dataclass
class Card:
    """What waits for one reason: how many, the first of them, and the list behind it."""

    title: Any  # lazily translated
    number: str
    rows: Sequence[Row] = field(default_factory=list)
    address: str = ""


@MingzhangAdminSite.block(place=1)
def waiting_block(request: HttpRequest) -> str:
    """What waits for the reader; a word where nothing does."""
    cards = [_mentions(request), *_to_review(request), *_to_edit(request)]
    shown = {
        "cards": [card for card in cards if card.rows],
        "clear": [card for card in cards if not card.rows],
        "may_add": may_edit(request),
    }
    return render_to_string("admin/desk/waiting.html", shown, request)


@MingzhangAdminSite.block(place=3)
def changes_block(request: HttpRequest) -> str:
    """The projects of the reader's districts that were changed last, and by whom and in what.

    Found by the projects' own index of changes: revisions know no district.
    """
    here = Project.objects.filter(subtrees_of(request.user, field=PLACE)).select_related("district")
    projects = list(here.order_by("-updated_at", "-id")[:CHANGES_SHOWN])
    revisions = Revision.objects.filter(project__in=projects, version=F("project__version"))
    latest = {revision.project_id: revision for revision in revisions.select_related("actor")}
    rows = [
        (project, revision, _fields(revision, request))
        for project in projects
        if (revision := latest.get(project.pk))
    ]
    return render_to_string("admin/desk/changes.html", {"rows": rows}, request)


def _fields(revision: Revision, request: HttpRequest) -> str:
    """What was changed, by name; of a new project that it is new."""
    if not revision.changes:
        return str(_("entered as new")) if revision.version == 1 else ""
    lines = Words([], request.user).lines(revision.changes)
    labels = [line.after if line.field == REVIEW else line.label for line in lines]
    return ", ".join(labels[:FIELDS_SHOWN]) + (" …" if len(labels) > FIELDS_SHOWN else "")


def _mentions(request: HttpRequest) -> Card:
    """Comments that call the reader, the latest first; of projects that they may still see."""
    place = f"comment__project__{PLACE}"
    calls = Mention.objects.filter(subtrees_of(request.user, field=place), user=request.user, read_at=None)  # type: ignore[misc]
    found = list(calls.select_related("comment__project", "comment__author").order_by("-id")[: MOST + 1])
    today = timezone.localdate()
    rows = [
        Row(project, call.comment.text if may_know(project, request.user, today) else "—", call)
        for call in found[:SHOWN]
        for project in [call.comment.project]
    ]
    return Card(_("Comments that call you"), _number(len(found)), rows)


def _to_review(request: HttpRequest) -> list[Card]:
    """What was submitted in the districts that the reader reviews, the longest waiting first."""
    districts = subtrees_of(request.user, Role.REVIEWER, field=PLACE) if approval_required() else None
    if districts is None or not _anywhere(districts):
        return []
    queue = Project.objects.filter(districts).submitted().exclude(submitted_by=request.user)  # type: ignore[misc]
    found = _first(queue.select_related("submitted_by"))
    rows = [
        Row(project, f"{project.submitted_by or '—'}, {_day(project.submitted_at)}")
        for project in found[:SHOWN]
    ]
    return [Card(_("To review"), _number(len(found)), rows, reverse("admin:projects_project_queue"))]


def _to_edit(request: HttpRequest) -> list[Card]:
    """What is to be done on projects in the districts where the reader records them."""
    districts = subtrees_of(request.user, Role.EDITOR, field=PLACE)
    if not _anywhere(districts):
        return []
    mine, today = Project.objects.filter(districts), timezone.localdate()
    cards = [_doubtful(request)]
    for name, waiting in offered().items():
        found: dict[int, Project] = {}
        for piece in waiting.rows(mine, request.user, today):
            found |= {project.pk: project for project in _first(piece)}
        projects = sorted(found.values(), key=_longest_late) if name == "late" else list(found.values())
        rows = [Row(project, _planned(project) if name == "late" else "") for project in projects[:SHOWN]]
        address = f"{reverse('admin:projects_project_changelist')}?waits={name}"
        cards.append(Card(waiting.title, _number(len(found)), rows, address))
    return cards


def _doubtful(request: HttpRequest) -> Card:
    """Pairs that may be one project, the latest first."""
    pairs = DuplicatePair.objects.editable_by(request.user).waiting()
    found = list(pairs[: MOST + 1])
    prefetch_related_objects(found[:SHOWN], "second")
    rows = [Row(pair.second, ", ".join(pair.why)) for pair in found[:SHOWN]]
    address = reverse("admin:projects_project_duplicate_queue")
    return Card(_("Possible duplicates"), _number(len(found)), rows, address)


def _anywhere(districts: Any) -> bool:
    """Whether a rule lets any district in: that of nobody's districts is `pk__in=[]` alone."""
    return not districts.children or districts.children != [("pk__in", [])]


def _first(rows: QuerySet[Project]) -> list[Project]:
    """As many as are counted, and one more."""
    return list(rows.select_related("district")[: MOST + 1])


def _number(found: int) -> str:
    return str(found) if found <= MOST else f"{MOST}+"


def _day(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}" if moment else "—"


def _missed(project: Project) -> list[Any]:
    plans = [
        (project.planned_start_on, project.started_on),
        (project.planned_completion_on, project.completed_on),
    ]
    return [planned for planned, happened in plans if planned and not happened]


def _longest_late(project: Project) -> Any:
    return min(_missed(project), default=timezone.localdate())


def _planned(project: Project) -> Any:
    return _("planned for %(day)s") % {"day": _longest_late(project)}
