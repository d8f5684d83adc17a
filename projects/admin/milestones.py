"""The milestones on a project's page: checked together, saved with the project by one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin import StackedInline
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.admin.base import may_edit
from projects.admin.forms import OUTSIDE, LimitedChoices, keep_stored, readable_ids
from projects.models import Ceremony, Kind, Milestone, Precision
from projects.sequence import faults
from projects.services.dates import is_empty
from projects.unmasking import may_know

if TYPE_CHECKING:
    MilestoneModelForm = forms.ModelForm[Milestone]
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
    Inline = StackedInline[Any, Any]
else:
    MilestoneModelForm, InlineFormSet, Inline = forms.ModelForm, BaseInlineFormSet, StackedInline

DATE_NEEDED = _("Give the date on which it happened or is planned, or say that the date is not known.")
TWICE = _("A milestone of this kind is entered twice. Keep one of the two.")
GONE = _("Somebody else has removed one of these milestones since you opened the page. Open it again.")


class MilestoneForm(MilestoneModelForm):
    """One milestone; its kind stays what it was first recorded as."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].disabled = bool(self.instance.pk)
        keep_stored(self)

    def clean(self) -> dict[str, Any]:
        """A date alone is a day (the service settles it so, too)."""
        super().clean()
        if self.cleaned_data.get("happened_on") and not self.cleaned_data.get("precision"):
            self.cleaned_data["precision"] = Precision.DAY
        return self.cleaned_data


class MilestoneFormSet(InlineFormSet):
    """All milestones of one project: each kind once, dates in their order."""

    def clean(self) -> None:
        """Everything wrong with the dates, at the dates, before anything is saved."""
        self._refuse_strangers()
        super().clean()
        forms = {id(form.instance): form for form in self.forms if self._counts(form)}
        for form in forms.values():
            if is_empty(form.instance):
                form.add_error("happened_on", DATE_NEEDED)
        steps = [form.instance for form in forms.values()]
        for milestone, field, fault in faults(steps, timezone.localdate()):
            forms[id(milestone)].add_error(field, fault)

    def get_unique_error_message(self, unique_check: Any) -> Any:
        """In our words."""
        return TWICE

    def get_form_error(self) -> Any:
        """In our words."""
        return TWICE

    def _counts(self, form: Any) -> bool:
        """Whether the form holds a milestone that is to stay, typed without fault."""
        stays = bool(form.instance.pk or form.has_changed()) and not self._should_delete_form(form)  # type: ignore[attr-defined]
        return stays and form.is_valid()

    def _refuse_strangers(self) -> None:
        """An id that is not of this project: another's does not exist here, a removed one was overtaken."""
        strange = [form["id"].data for form in self.initial_forms if form.instance.pk is None]
        if Milestone.objects.filter(pk__in=readable_ids(strange)).exists():
            raise Http404
        if strange:
            raise ValidationError(GONE, code="stale")


class MilestoneInline(LimitedChoices, Inline):
    """The steps of the project's life, in their order."""

    model = Milestone
    form = MilestoneForm
    formset = MilestoneFormSet
    extra = 1
    max_num = len(Kind)
    autocomplete_fields = ["ceremony"]
    readonly_fields = ["planned_first_on", "ceremony_seen"]
    reader: Any = None  # Django makes an inline for each request
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("kind", "happened_on", "precision"),
                    ("planned_on", "planned_first_on"),
                    ("ceremony", "reason"),
                    "note",
                ]
            },
        ),
        (
            _("Amounts announced that day, if they differ from the project's"),
            {
                "fields": [("total_investment", "expected_output", "expected_revenue")],
                "classes": ["collapse"],
            },
        ),
    ]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Never many more forms than there are steps: a tampered count is refused before a thousand are built."""
        return super().get_formset(request, obj, absolute_max=2 * len(Kind), **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only read sees the names of ceremonies of their own districts, and no note of what is hidden."""
        if self.has_change_permission(request, obj):
            return self.fieldsets
        self.reader = request.user
        (none, first), *others = self.fieldsets
        seen = [("ceremony_seen", "reason") if "ceremony" in line else line for line in first["fields"]]
        if obj is not None and not may_know(obj, request.user, timezone.localdate()):
            seen.remove("note")
        return [(none, {"fields": seen}), *others]

    @admin.display(description=_("ceremony"))
    def ceremony_seen(self, milestone: Milestone) -> str:
        """The ceremony's name, where the reader may see it."""
        if not milestone.ceremony_id:
            return "—"
        seen = Ceremony.objects.visible_to(self.reader).filter(pk=milestone.ceremony_id).first()
        return str(seen or OUTSIDE)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see the project."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change the project."""
        return may_edit(request, obj.district if obj else None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change the project."""
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change the project."""
        return self.has_add_permission(request, obj)
