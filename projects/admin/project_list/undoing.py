"""What somebody has changed of many projects at once, and taking it back as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.api.outcomes import StaleVersion
from projects import services
from projects.admin.forms import readable_ids
from projects.admin.project_list.bulk import bulk_template
from projects.admin.project_list.pages import only_known
from projects.models import BulkChange, Door, Project, Revision, User

Admin = Any  # the admin of projects
SHOWN = 50  # changes
NAMED = 10  # projects in a sentence
UNDO, LEAVING = "undo", "leaving"
FOREIGN = _("Nothing was taken back. These projects are no longer yours to change: %(projects)s.")
REFUSED = _("Nothing was taken back. %(project)s: %(why)s")
LEFT = _("Left as they are, for they were changed since: %(projects)s.")


def changes_page(request: HttpRequest, pages: Admin) -> HttpResponse:
    """One's own changes of many projects, the latest first, each to be taken back by one click."""
    mine = BulkChange.objects.filter(actor_id=request.user.pk)
    built_upon: Sequence[Project] = ()
    bulk = None
    if request.method == "POST":
        only_known(request, [UNDO, LEAVING])
        named = readable_ids([request.POST.get(UNDO, "")])
        bulk = mine.filter(pk=named[0]).first() if named else None
        if bulk is None:
            raise Http404
        built_upon = _take_back(request, bulk, leaves=LEAVING in request.POST)
        if not built_upon:
            return HttpResponseRedirect(request.get_full_path())
    number = Revision.objects.filter(bulk=OuterRef("pk")).order_by().values("bulk")
    counted = Subquery(number.annotate(number=Count("pk")).values("number"))
    context = {
        "bulks": mine.annotate(number=counted).order_by("-pk")[:SHOWN],
        "asked": bulk,
        "built_upon": _named(built_upon),
    }
    return bulk_template(request, pages, "bulk_changes", _("My changes of many projects"), context)


def _take_back(request: HttpRequest, bulk: BulkChange, *, leaves: bool) -> Sequence[Project]:
    """Take it back and say so; the projects that were changed since, if those are not to be left as they are."""
    user: User = request.user  # type: ignore[assignment]
    projects = services.projects_of(bulk)
    ids = [project.pk for project in projects]
    editable = set(Project.objects.editable_by(user).filter(pk__among=ids).values_list("pk", flat=True))
    if foreign := [project for project in projects if project.pk not in editable]:
        messages.error(request, FOREIGN % {"projects": _named(foreign)})
        return ()
    try:
        left = _undone(bulk, user, leaves=leaves)
    except services.BuiltUpon as built:
        return built.projects
    except services.RefusedChanges as refused:
        place, why = next(iter(refused.refusals.items()))
        messages.error(request, REFUSED % {"project": projects[place].label, "why": _said(why)})
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        number = len(projects) - len(left)
        done = ngettext("%(number)d project taken back.", "%(number)d projects taken back.", number)
        messages.success(request, done % {"number": number})
        if left:
            messages.warning(request, LEFT % {"projects": _named(left)})
    return ()


def _undone(bulk: BulkChange, user: User, *, leaves: bool) -> Sequence[Project]:
    """Take it back; which projects were left. Raises BuiltUpon unless those are to be left that were changed since."""
    left: Sequence[Project] = ()
    facts: dict[str, Any] = {"actor": user, "at": timezone.now(), "door": Door.ADMIN}
    try:
        services.undo_bulk(bulk, **facts)
    except services.BuiltUpon as built:
        if not leaves:
            raise
        left = built.projects
        services.undo_bulk(bulk, leaving=[project.pk for project in left], **facts)
    return left


def _said(refusal: ValidationError | StaleVersion) -> str:
    return " ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(_("changed meanwhile"))


def _named(projects: Iterable[Project]) -> str:
    names = [f"{project.code} {project.label}" for project in projects]
    return "、".join(names[:NAMED]) + ("…" if len(names) > NAMED else "")
