"""Imports in the admin: a workbook is sent, looked at before anything is written, imported, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from config.api.outcomes import NothingNew
from config.uploads import was_too_large
from projects import imports
from projects.access import edits_everywhere
from projects.admin.base import ReadOnlyAdmin
from projects.admin.base import may_edit as may_import
from projects.admin.import_form import UploadForm
from projects.admin.import_preview import preview_of
from projects.admin.project_list.pages import only_known
from projects.models import Door, Import, ImportPart
from projects.workbooks import FIELDS

MEGABYTE = 1024 * 1024
NOT_TAKEN = "-"  # what a column is called that is not imported
UNITS = (("", "—"), ("1", _("yuan")), ("10000", "万元"), ("100000000", "亿元"))


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    """The list of imports with who, when, file and counts; each has a page of its own."""

    place = "district__path"
    list_display = (
        "file_name",
        "state",
        "where",
        "rows",
        "created",
        "changed",
        "unchanged",
        "uploaded_by",
        "sent",
    )
    list_select_related = ("district", "uploaded_by")
    search_fields = ("file_name",)
    ordering = ("-id",)

    class Media:
        js = ("projects/import.js",)

    @admin.display(description=_("status"))
    def state(self, run: Import) -> str:
        """How far it has come, in words."""
        return str(run.get_status_display())

    @admin.display(description=_("district"), ordering="district")
    def where(self, run: Import) -> str:
        """Where its rows lie."""
        return run.where

    @admin.display(description=_("sent at"))
    def sent(self, run: Import) -> str:
        """When it was sent."""
        return f"{timezone.localtime(run.created_at):%Y-%m-%d %H:%M}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Import]:
        """Those that the user may know of."""
        return (
            super().get_queryset(request).filter(pk__in=Import.objects.visible_to(request.user).values("pk"))
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Editors of any district."""
        return may_import(request)

    def get_urls(self) -> list[URLPattern]:
        """The steps of one import, before Django's catch-all."""
        steps: tuple[tuple[str, Callable[..., HttpResponseBase]], ...] = (
            ("progress/", self.progress_view),
            ("columns/", self.columns_view),
            ("answers/", require_POST(self.answers_view)),
            ("commit/", require_POST(self.commit_view)),
            ("undo/", require_POST(self.undo_view)),
            ("check/", require_POST(self.check_view)),
            ("errors.xlsx", self.errors_view),
        )
        wrap = self.admin_site.admin_view
        own = [
            path(
                f"<int:pk>/{where}", wrap(view), name=f"projects_import_{where.partition('.')[0].strip('/')}"
            )
            for where, view in steps
        ]
        template = path("template.xlsx", wrap(self.template_view), name="projects_import_template")
        return [template, *own, *super().get_urls()]

    # --- sent -----------------------------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The page that asks for a workbook."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        user: Any = request.user
        districts = imports.districts_of(user)
        everywhere = edits_everywhere(user)
        form = UploadForm(districts, everywhere=everywhere)
        if request.method == "POST":
            form = UploadForm(districts, request.POST, request.FILES, everywhere=everywhere)
            run = self._taken_in(request, form)
            if run is not None:
                return HttpResponseRedirect(self.url("change", run.pk))
        context = {
            "form": form,
            "title": _("Import a workbook"),
            "largest": settings.ATTACHMENT_MAX_BYTES // MEGABYTE,
            "into": districts[0] if len(districts) == 1 else None,
        }
        return self._page(request, "import_add", context)

    def _taken_in(self, request: HttpRequest, form: UploadForm) -> Import | None:
        if was_too_large(request):
            form.errors.clear()
            message = _("The file is larger than %(most)d MB. Divide it into several.")
            params = {"most": settings.ATTACHMENT_MAX_BYTES // MEGABYTE}
            form.add_error("file", ValidationError(message, params=params))
            return None
        if not form.is_valid():
            return None
        user: Any = request.user
        try:
            into = imports.place_for(user, form.place, everywhere=form.is_everywhere)
            return imports.take_in(
                form.cleaned_data["file"], into=into, actor=user, at=timezone.now(), door=Door.ADMIN
            )
        except ValidationError as refusal:
            for name, errors in refusal.error_dict.items():
                form.add_error(name if name in form.fields else None, errors)
            return None

    def template_view(self, request: HttpRequest) -> HttpResponseBase:
        """The workbook to fill in."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return imports.template_response(request.user)  # type: ignore[arg-type]

    # --- looked at ------------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One import: how far it is, what it would do or has done, and what to do next."""
        run = self._run(request, object_id)
        return self._page(request, "import", self._context(request, run))

    def _context(self, request: HttpRequest, run: Import) -> dict[str, Any]:
        user: Any = request.user
        return {
            "run": run,
            "progress": imports.progress_of(run),
            "original": run,
            "title": run.file_name,
            "may_change": imports.is_editor_of(user, run.district),
            "preview": preview_of(run, user, request.GET.get("show", ""), request.GET.get("page", "")),
            "before": imports.sent_before(run, user) if run.status == Import.Status.READY else None,
            "approval": settings.APPROVAL_REQUIRED,
        }

    def progress_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """How far it is, for the page's script."""
        run = self._run(request, str(pk))
        done, of = imports.progress_of(run)
        return JsonResponse({"version": run.version, "busy": run.is_busy, "done": done, "of": of})

    def errors_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The workbook with its errors marked."""
        return imports.marked_response(self._run(request, str(pk)), request.user)

    # --- what columns mean ----------------------------------------------------------------------------------------

    def columns_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How the columns were understood, to be corrected."""
        run = self._editable(request, pk)
        if request.method == "POST":
            number = len(run.columns)
            fields = [f"{what}-{place}" for what in ("field", "unit") for place in range(number)]
            only_known(request, ["version", *fields])
            mapping = {}
            for place, column in enumerate(run.columns):
                field, unit = request.POST.get(f"field-{place}", ""), request.POST.get(f"unit-{place}", "")
                if field not in (*FIELDS, NOT_TAKEN, "") or unit not in dict(UNITS):
                    raise SuspiciousOperation("There is no such field or unit.")
                before = (
                    column["field"] or (NOT_TAKEN if column["ignored"] else ""),
                    str(column["unit"] or ""),
                )
                if field and (field, unit) != before:
                    mapping[column["key"]] = {
                        "field": "" if field == NOT_TAKEN else field,
                        "unit": int(unit) if unit else None,
                    }
            return self._asked(request, run, lambda **who: imports.explain_columns(run, mapping, **who))
        choices = [(name, str(field.label)) for name, field in FIELDS.items()]
        rows = [
            {
                **column,
                "place": place,
                "is_amount": imports.is_amount(column["field"]),
                "unit": str(column["unit"] or ""),
            }
            for place, column in enumerate(run.columns)
        ]
        context = {
            "run": run,
            "title": _("What the columns mean"),
            "rows": rows,
            "choices": choices,
            "units": UNITS,
        }
        return self._page(request, "import_columns", context)

    # --- steps ----------------------------------------------------------------------------------------------------

    def answers_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Which projects doubtful rows mean."""
        run = self._editable(request, pk)
        asked = [q for part in run.parts.filter(sort=ImportPart.Sort.QUESTIONS) for q in part.lines]
        allowed = {q["key"]: {imports.NEW, *(c["code"] for c in q["asked"])} for q in asked}
        given = dict(zip(request.POST.getlist("key"), self._chosen(request), strict=False))
        if any(key not in allowed or (value and value not in allowed[key]) for key, value in given.items()):
            raise SuspiciousOperation("There is no such question or answer.")
        return self._asked(request, run, lambda **who: imports.answer(run, given, **who))

    def _chosen(self, request: HttpRequest) -> list[str]:
        return [
            request.POST.get(f"answer-{number}", "") for number in range(len(request.POST.getlist("key")))
        ]

    def commit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What was looked at is imported."""
        run = self._editable(request, pk)
        if request.POST.get("version") != str(run.version):
            messages.error(request, _("The preview has changed since you opened it. Look at it again."))
            return HttpResponseRedirect(self.url("change", run.pk))
        return self._asked(request, run, lambda **who: imports.ask_to_commit(run, **who))

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """All of it is taken back."""
        run = self._editable(request, pk)
        return self._asked(request, run, lambda **who: imports.ask_to_undo(run, **who))

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """It is compared with the record once more."""
        run = self._editable(request, pk)
        return self._asked(request, run, lambda **who: imports.check_again(run, **who))

    def _asked(self, request: HttpRequest, run: Import, step: Callable[..., Import]) -> HttpResponse:
        try:
            step(actor=request.user, at=timezone.now())
        except NothingNew as refusal:
            messages.error(request, str(refusal.message))
        return HttpResponseRedirect(self.url("change", run.pk))

    # --- which ----------------------------------------------------------------------------------------------------

    def _run(self, request: HttpRequest, object_id: str) -> Import:
        """The import, if the user may know of it. Raises Http404."""
        run = None
        if object_id.isascii() and object_id.isdigit() and len(object_id) <= 18:
            people = ("district", "uploaded_by", "committed_by", "undone_by")
            run = self.get_queryset(request).select_related(*people).filter(pk=object_id).first()
        if run is None:
            raise Http404
        return run

    def _editable(self, request: HttpRequest, pk: int) -> Import:
        """The import, for a step that changes it. Raises Http404, then PermissionDenied."""
        run = self._run(request, str(pk))
        user: Any = request.user
        if not imports.is_editor_of(user, run.district):
            raise PermissionDenied
        return run

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        whole = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/projects/import/{name}.html", whole)
