"""Who is in charge, on a project's page and as a filter of the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin import StackedInline
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.admin.base import may_edit
from projects.admin.filters import Options, SelectFilter
from projects.admin.forms import LimitedChoices, keep_stored, readable_ids
from projects.models import Charge
from projects.services.charging import overlaps

if TYPE_CHECKING:
    ChargeModelForm = forms.ModelForm[Charge]
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
    Inline = StackedInline[Any, Any]
else:
    ChargeModelForm, InlineFormSet, Inline = forms.ModelForm, BaseInlineFormSet, StackedInline

MOST = 40  # people in charge of one project, over all its years
GONE = _("Somebody else has removed one of these people since you opened the page. Open it again.")


class ChargeForm(ChargeModelForm):
    """One person in charge. The project's version tells when somebody else has changed it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keep_stored(self)


class ChargeFormSet(InlineFormSet):
    """All people in charge of one project: one leader at a time."""

    def clean(self) -> None:
        """Everything wrong with the periods, before anything is saved."""
        self._refuse_strangers()
        super().clean()
        stay = [form.instance for form in self.forms if self._counts(form)]
        if all(form.is_valid() for form in self.forms) and (found := list(overlaps(stay))):
            raise ValidationError(found)

    def _counts(self, form: Any) -> bool:
        return bool(form.instance.pk or form.has_changed()) and not self._should_delete_form(form)  # type: ignore[attr-defined]

    def _refuse_strangers(self) -> None:
        """An id that is not of this project: another's does not exist here, a removed one was overtaken."""
        strange = [form["id"].data for form in self.initial_forms if form.instance.pk is None]
        if Charge.objects.filter(pk__in=readable_ids(strange)).exists():
            raise Http404
        if strange:
            raise ValidationError(GONE, code="stale")


class ChargeInline(LimitedChoices, Inline):
    """The people in charge, saved with the project by one call."""

    model = Charge
    form = ChargeForm
    formset = ChargeFormSet
    extra = 0
    max_num = MOST
    fields = [("role", "user", "name"), ("unit", "telephone"), ("from_on", "until_on")]
    autocomplete_fields = ["user"]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Never many more forms than there can be people: a tampered count is refused before a thousand are built."""
        return super().get_formset(request, obj, absolute_max=MOST + 10, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With their users."""
        return super().get_queryset(request).select_related("user")

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


class MineFilter(SelectFilter):
    """Projects that the reader is in charge of today."""

    title = _("in charge")
    parameter_name = "mine"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Options:
        """In any role, or in one."""
        return [("any", _("My projects")), *((role.value, _of_mine(role)) for role in Charge.Role)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """By the charges of today."""
        role = self.value()
        if not role:
            return queryset
        mine = Charge.objects.of(request.user).holding(timezone.localdate())  # type: ignore[arg-type]
        if role in Charge.Role:
            mine = mine.filter(role=role)
        return queryset.filter(pk__in=mine.values("project"))


def _of_mine(role: Charge.Role) -> Any:
    return _("As leader in charge") if role == Charge.Role.LEADER else _("As officer in charge")
