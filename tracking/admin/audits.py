"""The admin's pages of audits: what each found, asking for one, rebuilding the totals. For superusers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from projects.admin.base import ReadOnlyAdmin, is_superuser
from projects.admin.people import PeopleAdmin
from projects.admin_site import MingzhangAdminSite
from projects.models import District, Kind, Sector
from tracking import audits, parts, rebuilds
from tracking.audits import State
from tracking.models import AuditDifference, AuditRun, RebuildRun

PER_PAGE = 200
DIGEST_LENGTH, SHOWN_OF_DIGEST = 64, 12

STATES = {
    State.WAITING: _("waiting"),  # 等待核查
    State.AGREES: _("everything agrees"),  # 全部一致
}
FIGURES = {
    "entered count": _("entered: number of projects"),  # 本季：项目数
    "entered with_investment": _("entered: number with known investment"),
    "entered with_output": _("entered: number with known output"),
    "entered with_revenue": _("entered: number with known revenue"),
    "entered investment": _("entered: investment (yuan)"),
    "entered output": _("entered: output (yuan)"),
    "entered revenue": _("entered: revenue (yuan)"),
    "left count": _("left: number of projects"),  # 转出：项目数
    "left with_investment": _("left: number with known investment"),
    "left with_output": _("left: number with known output"),
    "left with_revenue": _("left: number with known revenue"),
    "left investment": _("left: investment (yuan)"),
    "left output": _("left: output (yuan)"),
    "left revenue": _("left: revenue (yuan)"),
}


@dataclass(frozen=True)
class Row:
    """A difference in words."""

    where: str
    district: str
    quarter: str
    kind: str
    figure: Any  # lazily translated
    expected: str
    found: str


@admin.register(AuditRun)
class AuditRunAdmin(PeopleAdmin, ReadOnlyAdmin):
    """Every audit with what it found; nobody enters, changes or deletes one."""

    actions = None
    list_display = ["asked_at", "asker", "state", "started_at", "duration"]
    list_select_related = ["asked_by"]
    fields = [("asked_at", "asker"), ("started_at", "finished_at", "duration"), "state"]
    readonly_fields = ["asker", "state", "duration", "left_out"]

    @admin.display(description=_("asked for by"))
    def asker(self, run: AuditRun) -> Any:
        """A person, or nobody: the timetable or the command."""
        return run.asked_by or _("timetable or command")  # 定时任务或命令

    @admin.display(description=_("result"))
    def state(self, run: AuditRun) -> Any:
        """How far it is, or what it found."""
        state = audits.state_of(run)
        if state == State.RUNNING:
            return in_progress(*parts.progress(audits.AUDIT, run))
        if state != State.DIFFERS:
            return STATES[state]
        found = run.found or 0
        said = ngettext("%(n)s difference", "%(n)s differences", found) % {"n": f"{found:,}"}
        return format_html('<span class="mark">{}</span>', said)

    @admin.display(description=_("duration"))
    def duration(self, run: AuditRun) -> str | None:
        """In seconds and minutes."""
        if run.started_at is None or run.finished_at is None:
            return None
        seconds = (run.finished_at - run.started_at).total_seconds()
        if seconds < 60:
            return gettext("%(seconds)s s") % {"seconds": f"{seconds:.1f}"}  # %(seconds)s 秒
        return gettext("%(minutes)s min %(seconds)s s") % {  # %(minutes)s 分 %(seconds)s 秒
            "minutes": int(seconds // 60),
            "seconds": int(seconds % 60),
        }

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the number of projects left out, where there are any."""
        return [*self.fields, "left_out"] if obj and obj.left_out else self.fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: audits are asked for by the button, the command or the timetable."""
        return False

    def get_urls(self) -> list[Any]:
        """With the two buttons."""
        view = self.admin_site.admin_view
        own = [
            path("ask/", view(self.ask_view), name="tracking_auditrun_ask"),
            path("<int:pk>/rebuild/", view(self.rebuild_view), name="tracking_auditrun_rebuild"),
        ]
        return [*own, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the differences, page by page."""
        run: AuditRun = context["original"]
        page = Paginator(run.differences.order_by("id"), PER_PAGE).get_page(request.GET.get("p"))
        context |= {
            "title": _("Audit of %(at)s")
            % {"at": timezone.localtime(run.asked_at).strftime("%Y-%m-%d %H:%M")},
            "subtitle": None,
            "page": page,
            "rows": in_words(page.object_list),
            "found": run.found,
            "kept": page.paginator.count,
            "places": places_of(run),
            "rebuild": rebuild_in_words(),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def ask_view(self, request: HttpRequest) -> HttpResponse:
        """The button: an audit in the background."""
        refuse_all_but_operators(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        audits.ask_for_audit(actor=request.user, at=timezone.now())  # type: ignore[arg-type]
        said = _("The audit runs in the background. Reload this page to see what it found.")
        self.message_user(request, said, messages.SUCCESS)
        return HttpResponseRedirect(self.url("changelist"))

    def rebuild_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The button: all stored totals made anew, in the background."""
        refuse_all_but_operators(request)
        run = get_object_or_404(AuditRun, pk=pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        rebuilds.ask_for_rebuild(actor=request.user, at=timezone.now())  # type: ignore[arg-type]
        self.log_change(request, run, gettext("Asked for all stored totals to be rebuilt."))
        said = _(
            "The totals are rebuilt in the background. Then audit again to see whether everything agrees."
        )
        self.message_user(request, said, messages.SUCCESS)
        return HttpResponseRedirect(self.url("change", run.pk))


def refuse_all_but_operators(request: HttpRequest) -> None:
    """Superusers alone."""
    if not is_superuser(request):
        raise PermissionDenied


def in_progress(done: int, total: int) -> str:
    """How far something is that consists of parts."""
    return gettext("running: %(done)s of %(total)s parts") % {"done": done, "total": total}


def rebuild_in_words() -> str:
    """How far the rebuild is that has been asked for; nothing where none is."""
    run = RebuildRun.objects.filter(finished_at=None).order_by("id").first()
    if run is None:
        return ""
    done, total = parts.progress(rebuilds.REBUILD, run)
    return in_progress(done, total) if total else str(STATES[State.WAITING])


def places_of(run: AuditRun) -> set[str]:
    """Where the differences of a run are: ledger, cell, release."""
    return set(run.differences.order_by().values_list("where", flat=True).distinct())


def in_words(differences: QuerySet[AuditDifference] | Iterable[AuditDifference]) -> list[Row]:
    """Differences with names for codes and separators in numbers."""
    shown = list(differences)
    codes = {difference.district for difference in shown}
    names = {place.code: place.label for place in District.objects.filter(code__in=codes)}
    return [
        Row(
            where=where_in_words(difference),
            district=f"{names.get(difference.district, '')} {difference.district}".strip(),
            quarter=difference.quarter,
            kind=str(dict(Kind.choices).get(difference.kind, difference.kind)),
            figure=figure_in_words(difference),
            expected=readable(difference.expected),
            found=readable(difference.found),
        )
        for difference in shown
    ]


def where_in_words(difference: AuditDifference) -> str:
    """What differs, with the sector where it is a cell by sector."""
    where = str(difference.get_where_display())
    if difference.where != AuditDifference.Where.SECTOR:
        return where
    sector = Sector.objects.filter(code=difference.sector).first()
    return f"{where}: {sector or difference.sector or '—'}"


def figure_in_words(difference: AuditDifference) -> Any:
    """Which figure of the cell, or which release of the quarter."""
    if difference.where == AuditDifference.Where.RELEASE:
        if difference.figure == "0":
            return _("fingerprint of the first release")  # 首次发布的校验值
        return _("fingerprint of revision %(number)s") % {"number": difference.figure}  # 第 1 次修订的校验值
    return FIGURES.get(difference.figure, difference.figure)


def readable(text: str) -> str:
    """A number with thousands separators; of a digest the beginning."""
    if text.removeprefix("-").isdecimal() and len(text) < DIGEST_LENGTH:
        return f"{int(text):,}"
    return text if len(text) < DIGEST_LENGTH else f"{text[:SHOWN_OF_DIGEST]}…"


@MingzhangAdminSite.notice
def audit_notice(request: HttpRequest) -> SafeString | str:
    """On the admin's index, for superusers: the audit found differences, or there was none for too long."""
    alarm = audits.alarm_for(request.user, timezone.now())
    return render_to_string("tracking/parts/audit_warning.html", {"audit_warning": alarm}) if alarm else ""
