"""Fields that read one form only, so that nothing is taken for something else; and the record's base serializer."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import Field

from config.api.serializers import StrictModelSerializer
from projects.amounts import FRACTIONAL, INVALID, AmountError, parse_amount
from projects.codes import clean_uscc
from projects.models import AmountField, District, LongTextField, TextField, User
from projects.models.reference import UsccField
from projects.sequence import EARLIEST, LATEST_PLAN
from projects.text import clean_text

M = TypeVar("M", bound=Model)

LARGEST_COUNT = 2**31 - 1
LARGEST_ID = 2**63 - 1
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DECIMAL = re.compile(r"[0-9]{1,14}(\.[0-9]{1,10})?")
CODE = re.compile(r"[\x21-\x7e]{1,60}")
AMOUNT_CODES = {"negative": "min_value", "too_large": "max_value"}


class StrictCharField(serializers.CharField):
    """A line of text, cleaned at once so that it is refused together with whatever else is wrong."""

    default_error_messages = {
        "invalid": _("Write text here."),
        "blank": _("Write text here."),
        "max_length": _("Write at most {max_length} characters."),
    }
    multiline: ClassVar[bool] = False

    def to_internal_value(self, data: Any) -> str:
        """The text in NFC; an empty one only where that is allowed."""
        if not isinstance(data, str):
            self.fail("invalid")
        if data == "" and self.allow_blank:
            return data
        return clean_text(data, multiline=self.multiline)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Only-spaces is no text, whether or not the field may be empty."""
        if data == "" and self.allow_blank:
            return ""
        return Field.run_validation(self, data)


class StrictLongTextField(StrictCharField):
    """Several lines of text."""

    multiline = True


class StrictIntegerField(serializers.IntegerField):
    """A whole number from 0; not 1000.0, not "1e9", not true."""

    default_error_messages = {"invalid": _("Write a whole number, as 1200.")}
    largest: ClassVar[int] = LARGEST_COUNT

    def __init__(self, **kwargs: Any) -> None:
        if not kwargs.get("read_only"):
            kwargs.setdefault("min_value", 0)
            kwargs["max_value"] = min(
                kwargs.get("max_value", self.largest), self.largest
            )  # SQLite knows no other
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        """The same number."""
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class StrictBigIntegerField(StrictIntegerField):
    """The same in 64 bits."""

    largest = LARGEST_ID


class StrictDecimalField(serializers.DecimalField):
    """A decimal number, as a JSON number or as plain digits in a string."""

    default_error_messages = {"invalid": _("Write a number, as 12.5.")}

    def to_internal_value(self, data: Any) -> Decimal:
        """The exact number."""
        plain = isinstance(data, int | Decimal) and not isinstance(data, bool)
        if not plain and not (isinstance(data, str) and DECIMAL.fullmatch(data)):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictDateField(serializers.DateField):
    """YYYY-MM-DD from 1949 to 2100; whether a day may lie in the future is for the record's own rules."""

    default_error_messages = {"invalid": _("Write a date as 2023-01-29, between 1949 and 2100.")}

    def to_internal_value(self, data: Any) -> date:
        """The day."""
        try:
            day = date.fromisoformat(data) if isinstance(data, str) and DAY.fullmatch(data) else date.min
        except ValueError:
            day = date.min
        if not EARLIEST <= day <= LATEST_PLAN:
            self.fail("invalid", format="YYYY-MM-DD")
        return day


class MoneyField(serializers.IntegerField):
    """Whole yuan: a number, or text as people write it; unknown is null."""

    def to_internal_value(self, data: Any) -> int:
        """Yuan. Whether the writer called it an estimate is asked of `is_estimate`."""
        try:
            return _read_yuan(data)
        except AmountError as error:
            code = str(error.code)
            raise serializers.ValidationError(error.message, AMOUNT_CODES.get(code, code)) from None


def _read_yuan(data: Any) -> int:
    if isinstance(data, Decimal):
        raise AmountError(FRACTIONAL, code="fractional")
    amount = parse_amount(data)
    if amount is None:
        raise AmountError(INVALID, code="invalid")
    return amount.yuan


def is_estimate(data: Any) -> bool:
    """Whether an amount that MoneyField has read was written as an estimate (约)."""
    amount = parse_amount(data)
    return amount is not None and amount.estimated


class MoneySchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document shows an amount: always an integer in answers."""

    target_class = MoneyField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """An integer, or in requests also text."""
        number = {"type": "integer", "format": "int64", "minimum": 0, "example": 3400000000}
        if direction == "response":
            return {"type": "integer", "format": "int64", "description": "Whole yuan."}
        text = {"type": "string", "maxLength": 40, "example": "3.4亿元"}
        return {"oneOf": [number, text], "description": "Whole yuan, or as people write it."}


class UsccSerializerField(serializers.CharField):
    """A unified social credit code, raised to capitals, its check character verified."""

    def to_internal_value(self, data: Any) -> str:
        """The code in capitals."""
        return clean_uscc(data)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """An empty text is no code; not known is null."""
        return Field.run_validation(self, data)


@extend_schema_field({"type": "string"})
class CodeField(serializers.RelatedField[M, M, str]):
    """Something named by its `code`, written exactly so."""

    default_error_messages = {
        "invalid": _("Write a code as text."),
        "does_not_exist": _("There is no “{value}”. Choose one from the list of codes."),
    }

    def to_internal_value(self, data: Any) -> M:
        """The record of this code."""
        if not isinstance(data, str) or not CODE.fullmatch(data):
            self.fail("invalid")
        rows: Any = self.get_queryset()
        found: M | None = rows.filter(code=data).first()
        if found is None:
            self.fail("does_not_exist", value=data)
        return found

    def to_representation(self, value: Any) -> str:
        """Its code."""
        code: str = value.code
        return code

    def use_pk_only_optimization(self) -> bool:
        """The code is not the key."""
        return False


class DistrictField(CodeField[District]):
    """A district that the reader may see; what they may not see does not exist (404)."""

    def to_internal_value(self, data: Any) -> District:
        """The district. Raises Http404 for one of others."""
        district = super().to_internal_value(data)
        if not District.objects.visible_to(self.context["request"].user).filter(pk=district.pk).exists():
            raise Http404
        return district


@extend_schema_field({"type": "integer", "format": "int64"})
class IdField(serializers.RelatedField[M, M, int]):
    """Something named by its `id`, among those that the reader may see."""

    default_error_messages = {
        "invalid": _("Write an id as a whole number."),
        "does_not_exist": _("There is none with the id {value}."),
    }

    def __init__(self, visible: Callable[[Any], QuerySet[M]] | None = None, **kwargs: Any) -> None:
        self.visible = visible
        super().__init__(**kwargs)

    def get_queryset(self) -> QuerySet[M] | None:
        """All that the reader may name."""
        return self.visible(self.context["request"].user) if self.visible else super().get_queryset()

    def to_internal_value(self, data: Any) -> M:
        """The record of this id."""
        if not isinstance(data, int) or isinstance(data, bool) or not 0 < data <= LARGEST_ID:
            self.fail("invalid")
        rows: Any = self.get_queryset()
        found: M | None = rows.filter(pk=data).first()
        if found is None:
            self.fail("does_not_exist", value=data)
        return found

    def to_representation(self, value: Any) -> int:
        """Its id."""
        key: int = value.pk
        return key


@extend_schema_field({"type": "string"})
class UsernameField(IdField[User]):
    """A user by the name with which they sign in, among those whom the reader may choose."""

    default_error_messages = {
        "invalid": _("Write the name with which the user signs in."),
        "does_not_exist": _("There is no user “{value}” whom you could choose."),
    }

    def to_internal_value(self, data: Any) -> User:
        """The user of this name."""
        if not isinstance(data, str) or not data:
            self.fail("invalid")
        rows: Any = self.get_queryset()
        found: User | None = rows.filter(username=data).first()
        if found is None:
            self.fail("does_not_exist", value=data)
        return found

    def to_representation(self, value: Any) -> Any:
        """The name."""
        return value.username

    def use_pk_only_optimization(self) -> bool:
        """The name is not the key."""
        return False


class RecordSerializer(StrictModelSerializer[M]):
    """The base of the record's serializers: the model's fields in their strict form."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        TextField: StrictCharField,
        LongTextField: StrictLongTextField,
        models.CharField: StrictCharField,
        UsccField: UsccSerializerField,
        AmountField: MoneyField,
        models.DateField: StrictDateField,
        models.DateTimeField: serializers.DateTimeField,
        models.DecimalField: StrictDecimalField,
        models.PositiveIntegerField: StrictIntegerField,
        models.BigIntegerField: StrictBigIntegerField,
    }
