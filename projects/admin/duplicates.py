"""Projects that may be recorded twice: the queue of pairs, what looks like one project, and the page that decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.api.errors import ParameterErrors
from config.api.pagination import Keyset
from projects.access import edits_anywhere
from projects.admin.alike import reasons_of
from projects.admin.base import may_edit
from projects.admin.deciding import decide_view
from projects.amounts import UNKNOWN
from projects.duplicates import candidates
from projects.forms import spoken
from projects.models import DuplicateDecision, DuplicatePair, Project
from projects.unmasking import unmask

if TYPE_CHECKING:
    from projects.admin.projects import ProjectAdmin

PER_PAGE = 20
# --- the queue --------------------------------------------------------------------------------------------------------


def duplicate_pages(model_admin: ProjectAdmin) -> list[Any]:
    """The addresses."""
    view = model_admin.admin_site.admin_view
    name = "projects_project_duplicate"
    return [
        path("duplicates/", view(lambda r: queue_view(r, model_admin)), name=f"{name}_queue"),
        path("<int:pk>/duplicates/", view(lambda r, pk: of_view(r, model_admin, pk)), name=f"{name}s"),
        path(
            "<int:pk>/duplicates/<int:other>/",
            view(lambda r, pk, other: decide_view(r, model_admin, pk, other)),
            name=f"{name}_decide",
        ),
    ]


def queue_view(request: HttpRequest, model_admin: ProjectAdmin) -> HttpResponse:
    """The pairs that wait for the user's word, the latest first."""
    if not edits_anywhere(request.user):
        raise PermissionDenied
    rows = DuplicatePair.objects.editable_by(request.user).waiting()
    rows = rows.prefetch_related("first__district", "second__district")  # few, after the page is cut
    keyset = Keyset(rows, [("id", True)], [request.path])
    try:
        page = keyset.page(request.GET.get("p"), PER_PAGE)
    except ParameterErrors:
        page = keyset.page(None, PER_PAGE)
    _describe(request, [project for pair in page.rows for project in (pair.first, pair.second)])
    return _page(request, model_admin, "duplicate_queue", _("Possible duplicates"), page=page)


def of_view(request: HttpRequest, model_admin: ProjectAdmin, pk: int) -> HttpResponse:
    """What looks like one project and what was decided about it, as far as the user may see it."""
    project = _visible(request, model_admin, pk)
    found = [
        (each.project, reasons_of(each), _may_decide(request, project, each.project))
        for each in candidates(project, request.user)
    ]
    _describe(request, [other for other, _why, _may in found])
    said = DuplicateDecision.objects.filter(Q(pair__first=project) | Q(pair__second=project))
    said = said.filter(pair__in=DuplicatePair.objects.visible_to(request.user))
    decisions = list(said.select_related("pair__first", "pair__second", "main", "actor", "bulk"))
    return _page(
        request, model_admin, "duplicates_of", _("Possible duplicates"),
        project=project, found=found, decisions=decisions,
    )  # fmt: skip


def links_of(project: Project) -> list[tuple[str, Any]]:
    """The button on a project's page."""
    return [] if project.is_void else [(_address("s", project.pk), _("Possible duplicates"))]


def merged_of(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What a project's pages say of a merge: into which it went, and which came to it, as far as the user sees them."""
    seen = Project.objects.visible_to(request.user).select_related("district")
    into = seen.filter(pk=project.merged_into_id).first() if project.merged_into_id else None
    merged = list(seen.filter(merged_into=project).order_by("pk"))
    unmask([*merged, *([into] if into else [])], request.user, timezone.localdate())
    return {"merged_into": into, "merged": merged}


def _describe(request: HttpRequest, projects: Sequence[Any]) -> None:
    """Give each project what a line says of it."""
    unmask(projects, request.user, timezone.localdate())
    for project in projects:
        amount = project.total_investment
        project.amount = UNKNOWN if amount is None else f"{spoken(amount)}元"


def _may_decide(request: HttpRequest, *pair: Project) -> bool:
    return all(may_edit(request, project.district) for project in pair)


def _visible(request: HttpRequest, model_admin: ProjectAdmin, pk: int) -> Project:
    project: Any = model_admin.get_queryset(request).filter(pk=pk).select_related("district").first()
    if project is None:
        raise Http404
    unmask([project], request.user, timezone.localdate())
    return project  # type: ignore[no-any-return]


def _address(page: str, *args: Any) -> str:
    return reverse(f"admin:projects_project_duplicate{page}", args=args)


def _page(
    request: HttpRequest, model_admin: ProjectAdmin, name: str, title: Any, **shown: Any
) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        **shown,
    }
    return TemplateResponse(request, f"admin/projects/{name}.html", context)
