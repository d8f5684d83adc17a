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

from config.api.serializers import StrictSerializer
from projects.amounts import AmountError, parse_amount
from projects.models import Ceremony, District
from projects.serializers.fields import AMOUNT_CODES, DistrictField, IdField, RecordSerializer
from tracking.models import ReportedTotal, Unit
from tracking.models.claims import LARGEST_CLAIM
from tracking.reported import AtCeremony, Code, Comparison, Verdict, compare_all, compare_ceremonies
from tracking.serializers.totals import FiguresSerializer, figures

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
        child.compared, child.at_ceremonies = compare_all(claims), compare_ceremonies(claims)
        return list(super().to_representation(claims))


class ContradictionSerializer(StrictSerializer):
    """Why a claim cannot be true as printed, found by computing with the others of its district and period."""

    code = serializers.ChoiceField(Code.choices, help_text=_("What cannot be."))
    detail = serializers.CharField(help_text=_("The same in a sentence, with the figures."))
    claims = serializers.ListField(
        child=serializers.IntegerField(), help_text=_("The ids of the other claims it was found by.")
    )


class AtCeremonySerializer(FiguresSerializer):
    """What is attached to the ceremony of a claim, of the kinds and the category that it speaks of."""

    with_output_or_revenue = serializers.IntegerField(
        help_text=_("How many of them with a known output or revenue.")
    )
    output_or_revenue = serializers.IntegerField(
        allow_null=True,
        help_text=_("Per project the output, or the revenue where only that is known; whole yuan."),
    )
    recorded = serializers.FloatField(
        allow_null=True, help_text=_("What of it answers the claim, in its unit.")
    )
    gap = serializers.FloatField(allow_null=True, help_text=_("Recorded at the ceremony − printed."))
    verdict = serializers.ChoiceField(Verdict.choices, help_text=_("How the claim stands to it."))


def at_ceremony_shown(found: AtCeremony) -> dict[str, Any]:
    """As the API shows it."""
    return {
        **figures(found.sums),
        "with_output_or_revenue": found.with_either,
        "output_or_revenue": found.either,
        "recorded": number(found.comparison.recorded),
        "gap": number(found.comparison.gap),
        "verdict": found.comparison.verdict.value,
    }


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
    verdict = serializers.SerializerMethodField(
        help_text=_(
            "How the claim stands to the records. An approximate claim, or a percentage, is met within rounding where "
            "the recorded value rounds to it at its last printed digit."
        )
    )
    contradictions = serializers.SerializerMethodField(
        help_text=_("Why the claim cannot be true as printed; empty where nothing speaks against it.")
    )
    at_ceremony = serializers.SerializerMethodField(
        help_text=_(
            "For a claim of a ceremony: what is attached to it; null without, and where that cannot be said."
        )
    )

    compared: Mapping[int, Comparison] = {}
    at_ceremonies: Mapping[int, AtCeremony] = {}

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
            "verdict",
            "contradictions",
            "ceremony",
            "at_ceremony",
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
            self.compared, self.at_ceremonies = compare_all([instance]), compare_ceremonies([instance])
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

    @extend_schema_field(serializers.ChoiceField(Verdict.choices))
    def get_verdict(self, claim: ReportedTotal) -> str:
        return self.compared[claim.pk].verdict.value

    @extend_schema_field(ContradictionSerializer(many=True))
    def get_contradictions(self, claim: ReportedTotal) -> list[dict[str, Any]]:
        found = self.compared[claim.pk].contradictions
        return [
            {"code": each.code.value, "detail": each.detail, "claims": list(each.claims)} for each in found
        ]

    @extend_schema_field(AtCeremonySerializer(allow_null=True))
    def get_at_ceremony(self, claim: ReportedTotal) -> dict[str, Any] | None:
        found = self.at_ceremonies.get(claim.pk)
        return at_ceremony_shown(found) if found else None
