"""What can be changed of many projects at once: the form that asks, and what it means for one project."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from projects.access import Role, subtrees_of
from projects.forms import DayField
from projects.models import (
    District,
    ExclusionReason,
    Kind,
    Milestone,
    Ownership,
    Project,
    ProjectType,
    Sector,
    User,
)
from projects.services import Change

UNCHANGED = _("— unchanged —")
PLANS = {
    "plan_signed": Kind.SIGNED,
    "plan_started": Kind.STARTED,
    "plan_completed": Kind.COMPLETED,
    "plan_in_production": Kind.IN_PRODUCTION,
}
OF_PROJECT = ("district", "sector", "project_type", "ownership", "exclusion_reason")
EMPTIABLE = ("sector", "ownership", "exclusion_reason", *PLANS)
REMARK = "add_remark"


def _choices(of: Any) -> list[tuple[str, Any]]:
    return [("", UNCHANGED), *of.choices]


class BulkForm(forms.Form):
    """Each field that is filled in is changed; those named as empty are emptied; all others stay as they are."""

    district: Any = forms.ModelChoiceField(District.objects.none(), required=False, empty_label=UNCHANGED)
    sector: Any = forms.ModelChoiceField(
        Sector.objects.select_related("scheme"), required=False, empty_label=UNCHANGED
    )
    project_type = forms.ChoiceField(choices=lambda: _choices(ProjectType), required=False)
    ownership = forms.ChoiceField(choices=lambda: _choices(Ownership), required=False)
    exclusion_reason = forms.ChoiceField(choices=lambda: _choices(ExclusionReason), required=False)
    plan_signed = DayField(label=_("planned signing"), required=False)
    plan_started = DayField(label=_("planned start"), required=False)
    plan_completed = DayField(label=_("planned completion"), required=False)
    plan_in_production = DayField(label=_("planned production"), required=False)
    add_remark = forms.CharField(
        label=_("add to the remark"),
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Written below what the remark says already."),
    )
    empty = forms.MultipleChoiceField(
        label=_("make empty"), choices=lambda: [(name, name) for name in EMPTIABLE], required=False
    )
    reason = forms.CharField(
        label=_("why"), max_length=200, required=False, help_text=_("Stands in the history of each project.")
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        for name in OF_PROJECT:
            self.fields[name].label = Project._meta.get_field(name).verbose_name  # type: ignore[union-attr]
        self.fields["district"].queryset = District.objects.filter(subtrees_of(user, Role.EDITOR))  # type: ignore[attr-defined]
        self.fields["district"].label_from_instance = _indented  # type: ignore[attr-defined]
        self.fields["sector"].label_from_instance = _with_scheme  # type: ignore[attr-defined]

    def rows(self) -> list[tuple[Any, bool, bool]]:
        """The fields that ask for a value; whether each can be made empty, and whether it is to be."""
        emptied = self["empty"].value() or []
        asked = [name for name in self.fields if name not in ("empty", "reason")]
        return [(self[name], name in EMPTIABLE, name in emptied) for name in asked]

    def clean(self) -> dict[str, Any]:
        """Something to change, and nothing both filled in and emptied."""
        asked = self.cleaned_data
        for name in asked.get("empty", ()):
            if asked.get(name):
                self.add_error(name, _("Fill it in or make it empty, not both."))
        if not self.errors and not self.wanted():
            raise ValidationError(_("Fill in what is to be changed."), code="required")
        return asked

    def wanted(self) -> dict[str, Any]:
        """The new values by field; None for what is made empty."""
        asked = self.cleaned_data
        given = {
            name: asked[name] for name in self.fields if name not in ("empty", "reason") and asked.get(name)
        }
        return {**given, **dict.fromkeys(asked.get("empty", ()))}

    def in_words(self) -> str:
        """What is changed, as the history names it."""
        words = [f"{self.fields[name].label}: {_shown(name, value)}" for name, value in self.wanted().items()]
        return "; ".join(words)[:200]


def _indented(district: District) -> str:
    return "\u3000" * (len(district.ancestor_codes) - 1) + district.label


def _with_scheme(sector: Sector) -> str:
    return f"{sector.scheme.label} · {sector.label}"


def _shown(name: str, value: Any) -> str:
    if value in (None, ""):
        return "—"
    labels: dict[str, Callable[[Any], Any]] = {
        "project_type": lambda v: ProjectType(v).label,
        "ownership": lambda v: Ownership(v).label,
        "exclusion_reason": lambda v: ExclusionReason(v).label,
    }
    return str(labels.get(name, str)(value))


class Difference(NamedTuple):
    """What one field of one project was and would be."""

    field: str
    before: str
    after: str


def changed(project: Project, steps: dict[str, Milestone], form: BulkForm) -> tuple[Change, list[Difference]]:
    """The change of one project, with its milestones by kind, and what differs; nothing where it is so already."""
    project, milestones = copy.copy(project), []
    found: list[Difference] = []
    for name, value in form.wanted().items():
        title = capfirst(str(form.fields[name].label))
        if name in PLANS:
            before = steps.get(PLANS[name])
            if (before and before.planned_on) != value and (
                step := _planned(project, before, PLANS[name], value)
            ):
                milestones.append(step)
                found.append(
                    Difference(title, _shown(name, before and before.planned_on), _shown(name, value))
                )
        else:
            found += _set(project, name, value, title)
    return Change(project, milestones), found


def _planned(project: Project, before: Milestone | None, kind: Kind, value: Any) -> Milestone | None:
    step = copy.copy(before) if before else Milestone(project=project, kind=kind)
    step.planned_on = value
    return step


def _set(project: Project, name: str, value: Any, title: str) -> Iterator[Difference]:
    if name == REMARK:
        lines = project.remark.splitlines()
        if value.splitlines() != lines[-len(value.splitlines()) :]:
            before, project.remark = project.remark, "\n".join([*lines, *value.splitlines()])
            yield Difference(title, before, project.remark)
        return
    before = getattr(project, name)
    after = value if value is not None or name == "sector" else ""
    if before != after:
        setattr(project, name, after)
        yield Difference(title, _shown(name, before), _shown(name, after))
