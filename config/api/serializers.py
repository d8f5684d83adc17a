"""Serializers that refuse what they do not know: a misspelt field must not vanish."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import Field

M = TypeVar("M", bound=Model)

UNKNOWN_FIELD = _("There is no field of this name here. Check the spelling.")
OUR_WORDS = {
    "required": _("This field is needed."),
    "null": _("This field cannot be null."),
    "not_a_list": _("Write a list, as [1, 2]."),
}
READ_ONLY = _("This field follows from others and cannot be set.")


class StrictBooleanField(serializers.BooleanField):
    """true or false; not "yes", not 1."""

    default_error_messages = {"invalid": _("Write true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        """The same value."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictChoiceField(serializers.ChoiceField):
    """One of the choices, written exactly."""

    def to_internal_value(self, data: Any) -> Any:
        """The same text."""
        if data == "" and self.allow_blank:
            return ""
        if not isinstance(data, str) or data not in self.choices:
            choices = ", ".join(str(choice) for choice in self.choices if choice != "")
            raise ValidationError(_("Write one of: %(choices)s.") % {"choices": choices}, "invalid_choice")
        return data


class _Strict(serializers.Serializer[Any]):
    """Refuses unknown and read-only fields, and sends only the fields that were asked for."""

    def get_fields(self) -> dict[str, Field[Any, Any, Any, Any]]:
        """Only those in context["fields"], where the reader has named some."""
        fields = super().get_fields()
        for field in fields.values():
            field.error_messages |= {
                code: OUR_WORDS[code] for code in OUR_WORDS if code in field.error_messages
            }
        only = self.context.get("fields") if self._is_root() else None
        return {name: field for name, field in fields.items() if only is None or name in only}

    def _is_root(self) -> bool:
        return self.root is self or (
            isinstance(self.parent, serializers.ListSerializer) and self.root is self.parent
        )

    def to_internal_value(self, data: Any) -> Any:
        """Collect unknown and read-only fields together with what is wrong with the others."""
        errors = self._strangers(data) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            raise ValidationError({**error.detail, **errors}) from None
        if errors:
            raise ValidationError(errors)
        return value

    def _strangers(self, data: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:
        errors = {}
        for name in data:
            if name not in self.fields:
                errors[name] = [ErrorDetail(str(UNKNOWN_FIELD), "unknown_field")]
            elif self.fields[name].read_only:
                errors[name] = [ErrorDetail(str(READ_ONLY), "read_only")]
        return errors


class StrictSerializer(_Strict):
    """For what is not a model."""


class StrictModelSerializer(_Strict, serializers.ModelSerializer[M]):
    """For models. Rules live in the model: uniqueness is asked by full_clean() in the service, once."""

    serializer_choice_field = StrictChoiceField

    def build_field(self, *args: Any, **kwargs: Any) -> Any:
        """Booleans are strict without a word in each serializer."""
        kind, options = super().build_field(*args, **kwargs)
        return (StrictBooleanField if kind is serializers.BooleanField else kind), options

    def get_validators(self) -> list[Any]:
        """None from the model's unique constraints: full_clean() asks them, with the model's own words."""
        return []
