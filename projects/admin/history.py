"""A project's history, and bringing an earlier version back: pages of an officer's own record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib import messages
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config.api.errors import ParameterErrors
from config.api.outcomes import StaleVersion
from config.api.pagination import Keyset
from projects import services
from projects.access import subtrees_of
from projects.admin.base import STALE, editable_project, may_edit
from projects.admin.duplicates import merged_of
from projects.admin.forms import readable_ids
from projects.admin.lists import NOT_OURS
from projects.admin.stepper import steps_of
from projects.history import Line, Told, Words, told
from projects.models import Comment, District, Door, LedgerEntry, Project, Revision
from projects.unmasking import said_of

if TYPE_CHECKING:
    from projects.admin.projects import ProjectAdmin

VERSION = "version"  # the parameter that asks for one version
PAGE_SIZE = 50
MOST_COMMENTS = 200  # on one page
POSTED, CLOSED = _("posted by version %d"), _("closed by version %d")
ELSEWHERE = _("You hold no role as an editor in the district where it lay then, so it cannot go back there.")


class Shown(NamedTuple):
    """A revision on its project's page: in words, with what the ledger posted and closed by it."""

    told: Told
    posted: list[LedgerEntry]
    closed: list[LedgerEntry]
    restore: str  # where it can be brought back; empty where it cannot


# --- reading it ---------------------------------------------------------------------------------------------------


def history_view(request: HttpRequest, model_admin: ProjectAdmin, object_id: str) -> TemplateResponse:
    """Every change of one project, the latest first; `?version=` shows one alone."""
    project = _visible(request, model_admin, object_id)
    rows = project.revisions.select_related("actor", "bulk")
    asked = request.GET.get(VERSION)
    revisions: Sequence[Revision]
    pages: dict[str, str] = {}
    if asked is not None:
        revisions = list(rows.filter(version__in=readable_ids([asked])))
        if not revisions:
            raise Http404
    else:
        revisions, pages = _page(request, rows)
    changes = _shown(request, project, revisions)
    timeline = (
        changes if asked is not None else _with_comments(changes, _said(request, project, revisions, pages))
    )
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("History"),
        "project": project,
        "steps": steps_of(project.milestones.all(), timezone.localdate()),
        "shown": timeline,
        **(merged := merged_of(request, project)),
        "histories": [(other, _merged_history(request, other)) for other in merged["merged"]],
        "pages": pages,
        "alone": asked is not None,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/projects/history.html", context)


def _merged_history(request: HttpRequest, other: Project) -> list[Shown | Comment]:
    """The latest of what was changed and said of a project that was merged into another."""
    revisions = list(other.revisions.select_related("actor", "bulk").order_by("-version")[:PAGE_SIZE])
    shown = [each._replace(restore="") for each in _shown(request, other, revisions)]
    return _with_comments(shown, _said(request, other, revisions, {}))


def _visible(request: HttpRequest, model_admin: ProjectAdmin, object_id: str) -> Project:
    """The project; 404 if the user may not see it."""
    ids = readable_ids([object_id])
    project: Project | None = (
        model_admin.get_queryset(request).filter(pk__in=ids).select_related("district").first()
    )
    if project is None:
        raise Http404
    return project


def _page(request: HttpRequest, rows: QuerySet[Revision]) -> tuple[list[Revision], dict[str, str]]:
    """The page at the cursor with the addresses of its neighbours; the first where the cursor is of another list."""
    keyset = Keyset(rows, [("version", True)], [request.path])
    try:
        page = keyset.page(request.GET.get(PAGE_VAR), PAGE_SIZE)
    except ParameterErrors:
        messages.warning(request, NOT_OURS)
        page = keyset.page(None, PAGE_SIZE)
    ways = {"previous": page.previous, "next": page.next}
    return page.rows, {name: f"?{PAGE_VAR}={cursor}" for name, cursor in ways.items() if cursor}


def _shown(request: HttpRequest, project: Project, revisions: Sequence[Revision]) -> list[Shown]:
    posted, closed = _entries(request, project, [r.posted_at for r in revisions if r.posted_at])
    can = set(services.versions_of(project)) if may_edit(request, project.district) else set()
    return [
        Shown(
            each,
            posted[moment] if (moment := each.revision.posted_at) else [],
            closed[moment] if moment else [],
            _restore_url(project, each.revision.version) if each.revision.version in can else "",
        )
        for each in told(revisions, request.user)
    ]


def _entries(
    request: HttpRequest, project: Project, moments: list[datetime]
) -> tuple[dict[datetime, list[LedgerEntry]], dict[datetime, list[LedgerEntry]]]:
    """What the ledger posted and closed of a project at these moments, as far as the user may see it."""
    posted: dict[datetime, list[LedgerEntry]] = defaultdict(list)
    closed: dict[datetime, list[LedgerEntry]] = defaultdict(list)
    rows = LedgerEntry.objects.filter(subtrees_of(request.user, field="district__path"), project=project)
    for entry in rows.filter(Q(recorded_at__in=moments) | Q(superseded_at__in=moments)):
        posted[entry.recorded_at].append(entry)
        if entry.superseded_at:
            closed[entry.superseded_at].append(entry)
    return posted, closed


def _said(
    request: HttpRequest, project: Project, revisions: Sequence[Revision], pages: dict[str, str]
) -> list[Comment]:
    """What was said between the changes of this page, the latest first; each comment stands on exactly one page."""
    known = said_of(project, request.user, timezone.localdate())
    said = known.select_related("author").order_by("-id")
    if "previous" in pages and revisions:
        later = project.revisions.filter(version__gt=revisions[0].version).order_by("version").first()
        said = said.filter(at__lte=later.at) if later else said
    if "next" in pages:
        said = said.filter(at__gt=revisions[-1].at)
    return list(said[:MOST_COMMENTS])


def _with_comments(changes: Sequence[Shown], comments: list[Comment]) -> list[Shown | Comment]:
    """Changes and comments in one order, the latest first."""
    waiting = list(comments)
    timeline: list[Shown | Comment] = []
    for change in changes:
        while waiting and waiting[0].at > change.told.revision.at:
            timeline.append(waiting.pop(0))
        timeline.append(change)
    return [*timeline, *waiting]


def _restore_url(project: Project, version: int) -> str:
    return reverse("admin:projects_project_restore_version", args=[project.pk, version])


def revisions_behind(entry: LedgerEntry) -> SafeString | str:
    """Links from a ledger entry to the changes by which it was posted and closed."""
    moments = [moment for moment in (entry.recorded_at, entry.superseded_at) if moment]
    found = Revision.objects.filter(project=entry.project_id, posted_at__in=moments).order_by("version")
    address = reverse("admin:projects_project_history", args=[entry.project_id])
    links = [
        (
            f"{address}?{VERSION}={r.version}",
            (POSTED if r.posted_at == entry.recorded_at else CLOSED) % r.version,
        )
        for r in found
    ]
    return format_html_join(" · ", '<a href="{}">{}</a>', links) or "—"


# --- bringing a version back --------------------------------------------------------------------------------------


def restore_view(request: HttpRequest, model_admin: ProjectAdmin, pk: int, version: int) -> Any:
    """Show what bringing a version back would change, and do it when that is confirmed."""
    project = editable_project(request, model_admin, pk)
    if version not in services.versions_of(project):
        raise Http404
    refused: list[str] = []
    if request.method == "POST":
        try:
            _restore(request, project, version)
        except ValidationError as refusal:
            refused = refusal.messages
            project = editable_project(request, model_admin, pk)
        else:
            done = _("Version %(version)d is restored.") % {"version": version}
            model_admin.message_user(request, done, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:projects_project_change", args=[pk]))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Restore version %(version)d") % {"version": version},
        "project": project,
        "lines": _lines(request, project, version),
        "refused": refused,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/projects/restore_version.html", context)


def _lines(request: HttpRequest, project: Project, version: int) -> list[Line]:
    changes = services.restoration(project, version)
    return Words(changes, request.user).lines(changes)


def _restore(request: HttpRequest, project: Project, version: int) -> None:
    """Restore what the page has shown. Raises ValidationError with all that stands against it."""
    seen = readable_ids([request.POST.get("seen_version", "")])
    project.version = int(seen[0]) if seen else 0
    _refuse_elsewhere(request, project, version)
    try:
        services.restore_version(
            project,
            version,
            actor=request.user,  # type: ignore[arg-type]  # nobody else comes here
            at=timezone.now(),
            door=Door.ADMIN,
        )
    except StaleVersion as refusal:
        at = f"{timezone.localtime(project.updated_at):%Y-%m-%d %H:%M}"
        raise ValidationError(STALE, params={"at": at}) from refusal


def _refuse_elsewhere(request: HttpRequest, project: Project, version: int) -> None:
    """Whoever moves a project, or adds a phase to one, must be an editor there, too."""
    there = {
        change["field"]: change["after"]
        for change in services.restoration(project, version)
        if change["field"] in ("district", "parent") and change["after"]
    }
    editable = Project.objects.editable_by(request.user)
    district = District.objects.filter(pk__in=[there["district"]] if "district" in there else []).first()
    if (district and not may_edit(request, district)) or (
        "parent" in there and not editable.filter(pk=there["parent"]).exists()
    ):
        raise ValidationError(ELSEWHERE, code="elsewhere")
