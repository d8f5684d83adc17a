"""A word to whoever enters a project that may be recorded already: while typing, and again when it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from projects.admin.base import may_edit
from projects.admin.forms import readable_ids
from projects.alike import alike
from projects.models import Project

if TYPE_CHECKING:
    from projects.admin.projects import ProjectAdmin

LONGEST = 200  # characters of a name
SAID = _(
    "A project of the same name is recorded already. If it is the same, change that one, and declare this one void:"
)


def alike_view(request: HttpRequest, model_admin: ProjectAdmin) -> JsonResponse:
    """For the script of the form: what may be the same as `?name=`, and is not `besides=`, its own id."""
    if request.method != "GET" or not may_edit(request):
        raise Http404
    besides = (
        model_admin.get_queryset(request)
        .filter(pk__in=readable_ids([request.GET.get("besides", "")]))
        .first()
    )
    name = request.GET.get("name", "")
    found = alike(name, request.user, besides=besides) if len(name) <= LONGEST else []
    return JsonResponse({"alike": [{"url": _url(project), "label": _label(project)} for project in found]})


def warn_of_alike(request: HttpRequest, model_admin: ProjectAdmin, project: Project) -> None:
    """Say so on the page after a save."""
    if found := alike(project.name, request.user, besides=project):
        links = format_html_join(" · ", '<a href="{}">{}</a>', [(_url(each), _label(each)) for each in found])
        model_admin.message_user(request, format_html("{} {}", SAID, links), messages.WARNING)


def _url(project: Project) -> str:
    return reverse("admin:projects_project_change", args=[project.pk])


def _label(project: Project) -> str:
    stage = project.get_stage_display()
    return " · ".join(filter(None, [f"{project.label} ({project.code})", str(project.district), stage]))
