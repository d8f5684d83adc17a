"""What bulletins claimed, with what the records hold beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from projects.amounts import AmountError, parse_amount
from projects.models import Ceremony, District
from projects.serializers.fields import AMOUNT_CODES, DistrictField, IdField, RecordSerializer
from tracking.models import ReportedTotal, Unit
from tracking.models.claims import LARGEST_CLAIM
from tracking.reported import Comparison, compare_all

PLAIN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,2})?")
VALUE_SCHEMA = {"type": "number", "example": 102600000000}
VALUE_TYPED = {"type": "string", "maxLength": 40, "example": "1026亿"}


def number(value: Decimal | None) -> int | float | None:
    """A whole number as such, so that yuan stay exact; percent may have decimals."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


@extend_schema_field({"oneOf": [VALUE_SCHEMA, VALUE_TYPED]})
class ClaimField(serializers.Field[Decimal, Any, Any, Any]):
    """A printed figure: a number, or an amount of yuan as people write it."""

    default_error_messages = {
        "invalid": _("Write a number, or an amount as 1026亿."),
        "too_large": _("This figure is impossibly large."),
    }

    def to_internal_value(self, data: Any) -> Decimal:
        """The exact figure."""
        value = self._read(data)
        if abs(value) > LARGEST_CLAIM:
            self.fail("too_large")
        return value

    def _read(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | Decimal | str):
            self.fail("invalid")
        if PLAIN.fullmatch(str(data)):
            return Decimal(data)
        if not isinstance(data, str):
            self.fail("too_large" if isinstance(data, int) else "invalid")
        return Decimal(_yuan(data))

    def to_representation(self, value: Decimal) -> int | float | None:
        """The figure as a number."""
        return number(value)


def _yuan(text: str) -> int:
    try:
        amount = parse_amount(text)
    except AmountError as error:
        code = str(error.code)
        raise ValidationError(error.message, AMOUNT_CODES.get(code, code)) from None
    if amount is None:
        raise ValidationError(ClaimField.default_error_messages["invalid"], "invalid")
    return amount.yuan


class ClaimListSerializer(serializers.ListSerializer[Any]):
    """A page of claims: the records are asked for all of them together."""

    def to_representation(self, data: Any) -> list[Any]:
        """Each claim with what the records answer."""
        claims: list[ReportedTotal] = list(data)
        child: Any = self.child
        child.compared = compare_all(claims)
        return list(super().to_representation(claims))


class ReportedTotalSerializer(RecordSerializer[ReportedTotal]):
    """A printed figure; `recorded` and `gap` (recorded − printed) are null where the records cannot answer."""

    district = DistrictField(queryset=District.objects.all())
    value = ClaimField(help_text=_("As printed: a number, whole yuan (also written as 1026亿), or percent."))
    ceremony = IdField(
        visible=Ceremony.objects.visible_to, queryset=Ceremony.objects.all(), required=False, allow_null=True
    )
    recorded = serializers.SerializerMethodField(
        help_text=_("What the records hold, in the unit of the claim; null where they cannot answer.")
    )
    gap = serializers.SerializerMethodField(
        help_text=_("Recorded − printed; null where the records cannot answer.")
    )
    counted = serializers.SerializerMethodField(help_text=_("Over how many milestones; null likewise."))
    with_amount = serializers.SerializerMethodField(
        help_text=_("Of how many of them the amount is known; null likewise.")
    )

    compared: Mapping[int, Comparison] = {}

    class Meta:
        model = ReportedTotal
        list_serializer_class = ClaimListSerializer
        fields: ClassVar = [
            "id",
            "district",
            "period",
            "measure",
            "category",
            "value",
            "unit",
            "nature",
            "approximate",
            "recorded",
            "gap",
            "counted",
            "with_amount",
            "ceremony",
            "note",
            "source",
            "version",
            "created_at",
            "updated_at",
        ]

    def to_internal_value(self, data: Any) -> Any:
        """An amount written as 1026亿 is yuan; one written with 约 is approximate, unless the body says otherwise."""
        values = super().to_internal_value(data)
        typed = data.get("value")
        if isinstance(typed, str) and not PLAIN.fullmatch(typed):
            amount = parse_amount(typed)
            unit = values.get("unit", getattr(self.instance, "unit", None))
            if unit != Unit.CNY:
                message = _("An amount of money has the unit CNY.")
                raise ValidationError({"unit": [ErrorDetail(str(message), "unit")]})
            values.setdefault("approximate", bool(amount and amount.estimated))
        return values

    def to_representation(self, instance: ReportedTotal) -> dict[str, Any]:
        """With the comparison, made here for a claim that is shown alone."""
        if instance.pk not in self.compared:
            self.compared = compare_all([instance])
        return dict(super().to_representation(instance))

    @extend_schema_field({"type": "number", "nullable": True})
    def get_recorded(self, claim: ReportedTotal) -> int | float | None:
        return number(self.compared[claim.pk].recorded)

    @extend_schema_field({"type": "number", "nullable": True})
    def get_gap(self, claim: ReportedTotal) -> int | float | None:
        return number(self.compared[claim.pk].gap)

    @extend_schema_field({"type": "integer", "nullable": True})
    def get_counted(self, claim: ReportedTotal) -> int | None:
        answer = self.compared[claim.pk].answer
        return answer.counted if answer else None

    @extend_schema_field({"type": "integer", "nullable": True})
    def get_with_amount(self, claim: ReportedTotal) -> int | None:
        answer = self.compared[claim.pk].answer
        return answer.known if answer else None
