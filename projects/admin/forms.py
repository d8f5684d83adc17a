"""The admin's forms: relations limited to what one may choose, and a service's refusal at the fields that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.admin.widgets import (
    AdminTextareaWidget,
    AutocompleteSelect,
    AutocompleteSelectMultiple,
    RelatedFieldWidgetWrapper,
)
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from projects.admin.project_list.shown import preference
from projects.forms import AmountFormField, DayField
from projects.models import AmountField, AmountUnit, District, LongTextField

if TYPE_CHECKING:
    from django.contrib.admin.options import BaseModelAdmin

    AnyBase = BaseModelAdmin[Any]
    AnyModelForm = forms.ModelForm[Any]
    AnyMultipleChoice = forms.ModelMultipleChoiceField[Any]
else:
    AnyBase, AnyModelForm = object, forms.ModelForm
    AnyMultipleChoice = forms.ModelMultipleChoiceField

LONGEST_ID = 18  # digits of a 64-bit integer that no database refuses
CHOOSE_DISTRICT = _("Choose a district of yours.")
CHOOSE_LISTED = _("Choose one from the list.")
OUTSIDE = _("(as recorded; outside your districts)")


def readable_ids(values: Iterable[Any]) -> list[str]:
    """Those values that can be ids at all."""
    return [text for v in values if (text := str(v)).isascii() and text.isdigit() and len(text) <= LONGEST_ID]


class OneOfMany(AutocompleteSelect):
    """Django's autocomplete, which would fail on an id that is no number."""

    def optgroups(self, name: str, value: Sequence[Any], attr: Any = None) -> Any:
        """Only what can be an id is looked up."""
        return super().optgroups(name, readable_ids(value), attr)


class SomeOfMany(AutocompleteSelectMultiple):
    """The same for several."""

    def optgroups(self, name: str, value: Sequence[Any], attr: Any = None) -> Any:
        """Only what can be an id is looked up."""
        return super().optgroups(name, readable_ids(value), attr)


class SeveralField(AnyMultipleChoice):
    """Several records, by ids that can be ids."""

    def clean(self, value: Any) -> Any:
        """The records; raises ValidationError."""
        if value and len(readable_ids(value)) != len(value):
            raise ValidationError(CHOOSE_LISTED, code="invalid_choice")
        return super().clean(value)


class LimitedChoices(AnyBase):
    """Fields of a form: amounts and days as people write them, relations limited to what the user may choose."""

    formfield_overrides: ClassVar[dict[Any, Any]] = {
        AmountField: {"form_class": AmountFormField},
        LongTextField: {"widget": AdminTextareaWidget({"rows": 3})},
        models.DateField: {"form_class": DayField},
    }

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> Any:
        """What the pages of the related model let this user choose."""
        pages: Any = self.admin_site.get_model_admin(db_field.remote_field.model)
        return pages.choices(request)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Beside a relation a button to add what is missing, none to change what is there; amounts in one's unit."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            widget = field.widget
            widget.can_change_related = widget.can_delete_related = widget.can_view_related = False
        if isinstance(field, AmountFormField):
            field.in_wan = preference(request).unit == AmountUnit.WAN
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A sentence of ours for what is not among the choices, whether it exists or not."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = OneOfMany(db_field, self.admin_site)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None:
            is_district = db_field.remote_field.model is District
            field.error_messages["invalid_choice"] = CHOOSE_DISTRICT if is_district else CHOOSE_LISTED
        return field

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The same for several."""
        kwargs.update(form_class=SeveralField, widget=SomeOfMany(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)


def keep_stored(form: AnyModelForm) -> None:
    """What is stored stays chosen, without its name, where the user could not choose it: a save must not lose it."""
    for name, field in form.fields.items():
        stored = getattr(form.instance, f"{name}_id", None)
        if stored and isinstance(field, forms.ModelChoiceField):
            choices: models.QuerySet[Any] = field.queryset  # type: ignore[assignment]
            if not choices.filter(pk=stored).exists():
                either = models.Q(pk=stored) | models.Q(pk__in=choices.values("pk"))
                field.queryset = choices.model._default_manager.filter(either)
                named = _unnamed(field.label_from_instance, stored)
                field.label_from_instance = named  # type: ignore[method-assign, assignment]


def _unnamed(named: Callable[[Any], str], pk: int) -> Callable[[Any], str]:
    return lambda record: str(OUTSIDE) if record.pk == pk else named(record)


class ServiceForm(AnyModelForm):
    """A form on which a service's refusal appears at the fields that it names."""

    refusal: ClassVar[ValidationError | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keep_stored(self)

    def clean(self) -> dict[str, Any]:
        """What the service refused when it was asked to save just this."""
        super().clean()
        if self.refusal:
            for name, errors in self.refusal.update_error_dict({}).items():
                self.add_error(name if name in self.fields else None, errors)
        return self.cleaned_data


class VersionedForm(ServiceForm):
    """A form that remembers which version it shows, so that the service notices a stale one."""

    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_version"] = self.instance.version

    def clean(self) -> dict[str, Any]:
        """The version that was seen, not the one just read; a form without one is stale."""
        if self.instance.pk:
            self.instance.version = self.cleaned_data.get("seen_version") or 0
        return super().clean()
