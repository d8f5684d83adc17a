"""Monthly reports of a project: what was reported, and the form for another month or a correction."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects import services
from projects.admin.project_list.pages import only_known, read_month
from projects.amounts import format_wan
from projects.forms import AmountFormField
from projects.models import Door, ProgressReport, Project
from projects.models.reports import AMOUNTS
from projects.unmasking import may_know

SHOWN = 60  # months
FIELDS = (*AMOUNTS, "physical_progress_percent", "narrative", "next_steps")


def _of_model(name: str, kind: Any, **more: Any) -> Any:
    """A field with the model's words."""
    field: Any = ProgressReport._meta.get_field(name)
    return kind(label=field.verbose_name, help_text=field.help_text, required=False, **more)


class ReportForm(forms.Form):
    """One month; the version tells when somebody else has changed it."""

    def __init__(self, report: ProgressReport, data: Any = None) -> None:
        first = {name: getattr(report, name) for name in FIELDS}
        if report.pk:
            first |= {"month": str(report), "version": report.version}
        super().__init__(data, initial=first)
        self.report = report
        self.fields["month"] = forms.CharField(label=_("Month"), max_length=7, help_text=_("As in 2026-10."))
        for name in AMOUNTS:
            self.fields[name] = _of_model(name, AmountFormField)
        self.fields["physical_progress_percent"] = _of_model(
            "physical_progress_percent", forms.IntegerField, min_value=0, max_value=100
        )
        for name in ("narrative", "next_steps"):
            self.fields[name] = _of_model(name, forms.CharField, widget=forms.Textarea({"rows": 3}))
        self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_month(self) -> date:
        """Its first day."""
        return read_month(self.cleaned_data["month"])

    def fill(self) -> ProgressReport:
        """The report with what was typed."""
        for name in ("month", *FIELDS):
            setattr(self.report, name, self.cleaned_data[name])
        if self.report.pk:
            self.report.version = self.cleaned_data["version"] or 0
        return self.report


def reports_view(request: HttpRequest, pages: ModelAdmin[Project], pk: int) -> HttpResponse:
    """The months of a project that the user may see and know; who may change the project reports another."""
    project = pages.get_queryset(request).filter(pk=pk).select_related("district").first()
    if project is None or not may_know(project, request.user, timezone.localdate()):
        raise Http404
    may_change = pages.has_change_permission(request, project)
    form = ReportForm(_asked(request, project), request.POST or None)
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        only_known(request, form.fields)
        if form.is_valid() and _saved(request, form):
            messages.success(request, _("The report of %(month)s is stored.") % {"month": form.report})
            return HttpResponseRedirect(request.path)
    reports = ProgressReport.objects.filter(project=project).order_by("-month")[:SHOWN]
    context = {
        **pages.admin_site.each_context(request),
        "title": _("Monthly reports"),
        "original": project,
        "reports": [(each, [format_wan(getattr(each, name)) for name in AMOUNTS]) for each in reports],
        "headings": [form.fields[name].label for name in AMOUNTS],
        "form": form if may_change else None,
        "is_correction": bool(form.report.pk),
        "page": reverse("admin:projects_project_change", args=[pk]),
        "opts": pages.opts,
    }
    return TemplateResponse(request, "admin/projects/reports.html", context)


def _asked(request: HttpRequest, project: Project) -> ProgressReport:
    """The report of ?month=, to be corrected; else a new one. Raises Http404."""
    if not (named := request.GET.get("month")):
        return ProgressReport(project=project)
    try:
        month = read_month(named)
    except ValidationError:
        raise Http404 from None
    found = ProgressReport.objects.filter(project=project, month=month).first()
    if found is None:
        raise Http404
    found.project = project
    return found


def _saved(request: HttpRequest, form: ReportForm) -> bool:
    """Whether it could be stored; else the form says why not."""
    try:
        services.save_report(
            form.fill(),
            actor=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            door=Door.ADMIN,
        )
    except ValidationError as refusal:
        for name, errors in refusal.update_error_dict({}).items():
            form.add_error(name if name in form.fields else None, errors)
        return False
    except StaleVersion:
        form.add_error(None, _("Somebody else has changed this report. Open it again."))
        return False
    return True
