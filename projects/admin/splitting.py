"""Splitting a project into phases: the page that asks for them, and the one call of the service."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects import services
from projects.admin.base import STALE, editable_project
from projects.forms import AmountFormField
from projects.models import Door, Project

MOST_PHASES = 6
AMOUNTS = ("total_investment", "expected_output", "expected_revenue")
TAKEN_OVER = ("name", "name_en", "district", "sector", "project_type", "ownership")


class PhaseForm(forms.Form):
    """One phase; a row without a label is no phase."""

    phase = forms.CharField(label=_("phase"), max_length=20, required=False)
    total_investment = AmountFormField(label=_("investment"), required=False)
    expected_output = AmountFormField(label=_("expected output"), required=False)
    expected_revenue = AmountFormField(label=_("expected revenue"), required=False)

    def clean(self) -> dict[str, Any] | None:
        """Amounts belong to a phase that has a label."""
        data = super().clean() or self.cleaned_data
        if not data.get("phase") and any(data.get(name) is not None for name in AMOUNTS):
            message = _("Say which phase this is, as in 一期.")
            raise ValidationError({"phase": ValidationError(message, code="unnamed")})
        estimated = self.fields["total_investment"].estimated  # type: ignore[attr-defined]
        return {**data, "investment_estimated": estimated}


PhaseFormSet = forms.formset_factory(PhaseForm, extra=0, max_num=MOST_PHASES, validate_max=True)


def split_view(request: HttpRequest, model_admin: ModelAdmin[Project], pk: int) -> Any:
    """Ask for the phases of one project, and split it."""
    project = editable_project(request, model_admin, pk)
    initial = [{"phase": "一期"}, {"phase": "二期"}, {}, {}]
    initial[0] |= {name: getattr(project, name) for name in AMOUNTS}
    forms_of_phases = PhaseFormSet(request.POST if request.method == "POST" else None, initial=initial)
    refused: list[str] = []
    if request.method == "POST" and forms_of_phases.is_valid():
        try:
            _split(request, project, forms_of_phases.cleaned_data)
        except ValidationError as refusal:
            refused = refusal.messages
        else:
            model_admin.log_change(request, project, str(_("Split into phases")))
            done = _(
                "The project is split. Its milestones are the first phase's now; the phases are counted."
            )
            model_admin.message_user(request, done, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:projects_project_change", args=[project.pk]))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Split into phases"),
        "project": project,
        "formset": forms_of_phases,
        "refused": refused,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/projects/split_project.html", context)


@transaction.atomic
def _split(request: HttpRequest, project: Project, rows: list[dict[str, Any]]) -> None:
    at = timezone.now()
    facts = {name: getattr(project, name) for name in TAKEN_OVER}
    phases = [Project(**facts, **row) for row in rows if row.get("phase")]
    try:
        services.split_project(
            project,
            phases,
            actor=request.user,  # type: ignore[arg-type]
            at=at,
            door=Door.ADMIN,
        )
    except StaleVersion as refusal:
        raise ValidationError(STALE, params={"at": at}) from refusal


def may_split(project: Project) -> bool:
    """Whether splitting it makes sense: a whole project, recorded and not split yet."""
    return not (project.parent_id or project.is_void or project.phases.kept().exists())
