"""Cohorts, lead times and punctuality, as the API shows them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.serializers import StrictSerializer
from tracking.cohorts import (
    DELAY_CELLS,
    OUTCOMES,
    PUNCTUAL_KINDS,
    RATES,
    SPANS,
    WITHIN,
    Cohort,
    LeadTime,
    Punctuality,
    Share,
    Spread,
)

PLACE = ("district", "by", "member", "first_quarter", "last_quarter")
SIGNED = ("count", "with_amount", "investment")
SHARE = ("numerator", "denominator", "uncertain", "share", "first_quarter", "last_quarter")
DAYS = ("known", "median", "p90")
BANDS = {band: name for name, band in DELAY_CELLS.items()}

COHORT_COLUMNS = [
    *PLACE,
    *(f"signed_{name}" for name in SIGNED),
    *(f"{column}_{name}" for column in (*WITHIN, *RATES) for name in SHARE),
]
LEAD_TIME_COLUMNS = [*PLACE, "span", "count", "unknown", "waiting", *(f"days_{name}" for name in DAYS)]
PUNCTUALITY_COLUMNS = [
    *PLACE,
    "kind",
    "count",
    *OUTCOMES,
    *BANDS.values(),
    *(f"{part}_{name}" for part in ("days_ahead", "days_delayed") for name in DAYS),
]


def cohort_shown(cohort: Cohort) -> dict[str, Any]:
    """A cohort as the API shows it; null for the columns that it is too young for."""
    shares = {**cohort.within, **cohort.rates}
    return {
        "member": cohort.member,
        "first_quarter": cohort.first,
        "last_quarter": cohort.last,
        "signed": {
            "count": cohort.signed.count,
            "with_amount": cohort.signed.with_investment,
            "investment": cohort.signed.investment,
        },
        **{column: share and share_shown(share) for column, share in shares.items()},
    }


def share_shown(share: Share) -> dict[str, Any]:
    """A rate with its numerator, denominator and cohort."""
    return {
        "numerator": share.rate.numerator,
        "denominator": share.rate.denominator,
        "uncertain": share.rate.uncertain,
        "share": share.rate.share,
        "first_quarter": share.first,
        "last_quarter": share.last,
    }


def lead_time_shown(found: LeadTime) -> dict[str, Any]:
    """A lead time as the API shows it."""
    return {
        "member": found.member,
        "first_quarter": found.first,
        "last_quarter": found.last,
        "span": found.span,
        "count": found.count,
        "unknown": found.unknown,
        "waiting": found.waiting,
        "days": days_shown(found.days),
    }


def punctuality_shown(found: Punctuality) -> dict[str, Any]:
    """What was on time and what was not, as the API shows it."""
    total = found.on_plan
    return {
        "member": found.member,
        "first_quarter": found.first,
        "last_quarter": found.last,
        "kind": found.kind,
        "count": total.count,
        **{outcome: total.outcomes[outcome] for outcome in OUTCOMES},
        **{name: total.bands[band] for band, name in BANDS.items()},
        "days_ahead": days_shown(total.ahead),
        "days_delayed": days_shown(total.delay),
    }


def days_shown(spread: Spread) -> dict[str, int | None]:
    """What is typical of many numbers of days."""
    return {"known": spread.known, "median": spread.median, "p90": spread.p90}


def flat(row: dict[str, Any], columns: list[str]) -> dict[str, Any]:
    """The same as one row of a table: `started_12_numerator`; what is null leaves its cells empty."""
    cells: dict[str, Any] = dict.fromkeys(columns)
    for name, value in row.items():
        if isinstance(value, dict):
            cells |= {f"{name}_{part}": each for part, each in value.items()}
        elif name in cells:
            cells[name] = value
    return cells


# --- for the API's document ---------------------------------------------------------------------------------------


def _count(about: Any) -> serializers.IntegerField:
    return serializers.IntegerField(help_text=about)


@extend_schema_field({"type": "integer", "format": "int64", "nullable": True})
class _Yuan(serializers.IntegerField):
    """A sum in whole yuan."""


class PlaceSerializer(StrictSerializer):
    """Whose cohort, and of which quarters."""

    district = serializers.CharField(help_text=_("The code that was asked for."))
    by = serializers.CharField(
        allow_null=True, help_text=_("The breakdown, district or sector; null if none was asked for.")
    )
    member = serializers.CharField(
        allow_null=True,
        help_text=_("The part of the breakdown; null without one, and where it is not known."),
    )
    first_quarter = serializers.CharField(help_text=_("The first quarter of the cohort, as 2023Q1."))
    last_quarter = serializers.CharField(help_text=_("The last quarter of the cohort."))


class SignedSerializer(StrictSerializer):
    """What was signed; the sum is over the known amounts."""

    count = _count(_("How many projects."))
    with_amount = _count(_("How many of them with a known investment."))
    investment = _Yuan(allow_null=True, help_text=_("Investment in whole yuan; null where none is known."))


class ShareSerializer(StrictSerializer):
    """A rate with its numerator, denominator and cohort."""

    numerator = _count(_("How many certainly."))
    denominator = _count(_("Of how many."))
    uncertain = _count(_("How many more there may be: the dates known of them are not exact enough to tell."))
    share = serializers.FloatField(
        allow_null=True, help_text=_("Numerator / denominator, as 0.9 for 90 %; null where that is 0.")
    )
    first_quarter = serializers.CharField(help_text=_("The first quarter of the cohort, as 2023Q1."))
    last_quarter = serializers.CharField(
        help_text=_("The last quarter of the cohort: of several, the last that is old enough.")
    )


def _share(about: Any) -> ShareSerializer:
    return ShareSerializer(help_text=about)


def _within(about: Any) -> ShareSerializer:
    return ShareSerializer(allow_null=True, help_text=about)


_STARTED = _("Started within so many months of signing; null while the cohort is too young to say.")
_COMPLETED = _("Completed within so many months of signing; null while the cohort is too young to say.")


class CohortSerializer(PlaceSerializer):
    """A signing cohort: what was signed in these quarters, and what has become of it."""

    signed = SignedSerializer(help_text=_("The cohort: what was signed."))
    started_3 = _within(_STARTED)
    started_6 = _within(_STARTED)
    started_12 = _within(_STARTED)
    started_18 = _within(_STARTED)
    completed_24 = _within(_COMPLETED)
    completed_36 = _within(_COMPLETED)
    performance = _share(_("履约率: with a registered company, or at any later stage, so far."))
    start = _share(_("开工率: started, or at any later stage, so far."))
    production = _share(_("投产率: put into production so far."))


class DaysSerializer(StrictSerializer):
    """What is typical of many numbers of days, by nearest rank: values that occur."""

    known = _count(_("How many numbers of days are known: both days are."))
    median = serializers.IntegerField(allow_null=True, help_text=_("The median; null where none is known."))
    p90 = serializers.IntegerField(
        allow_null=True, help_text=_("Nine in ten are not above this; null where none is known.")
    )


class LeadTimeSerializer(PlaceSerializer):
    """How long the second step took after the first, of those that took the first in these quarters."""

    span = serializers.ChoiceField(list(SPANS), help_text=_("From which step to which."))
    count = _count(_("How many projects took the first step."))
    unknown = _count(_("How many took the second, but one of the two days is not known."))
    waiting = _count(_("How many have not taken the second step."))
    days = DaysSerializer(help_text=_("Days from the first step to the second."))


class PunctualitySerializer(PlaceSerializer):
    """What happened in these quarters, beside its first plan; both null for what happened in no known quarter."""

    first_quarter = serializers.CharField(
        allow_null=True, help_text=_("The first quarter of the cohort, as 2023Q1; null for what is undated.")
    )
    last_quarter = serializers.CharField(
        allow_null=True, help_text=_("The last quarter of the cohort; null for what is undated.")
    )
    kind = serializers.ChoiceField(
        [kind.value for kind in PUNCTUAL_KINDS], help_text=_("The kind of milestone.")
    )
    count = _count(_("How many milestones."))
    ahead = _count(_("How many before their first plan."))
    on_time = _count(_("How many on the planned day or, where only that is known, in its month or quarter."))
    delayed = _count(_("How many after their first plan."))
    without_plan = _count(_("How many without a plan."))
    without_date = _count(_("How many whose date is not known to the quarter."))
    delayed_1_12 = _count(_("Delayed by up to 12 months."))
    delayed_13_24 = _count(_("Delayed by more than 12 and up to 24 months."))
    delayed_25_60 = _count(_("Delayed by more than 24 and up to 60 months."))
    delayed_61 = _count(_("Delayed by more than 60 months."))
    days_ahead = DaysSerializer(help_text=_("Days ahead of the first plan; negative is behind it."))
    days_delayed = DaysSerializer(help_text=_("Days of delay of what was delayed."))


class _AnswerSerializer(StrictSerializer):
    as_of = serializers.DateTimeField(
        help_text=_("The moment that was asked for; else the moment of this answer.")
    )
    release = serializers.IntegerField(
        allow_null=True, help_text=_("The release that was asked for; else null.")
    )


class CohortsSerializer(_AnswerSerializer):
    """Cohorts in the order quarters, member."""

    results = CohortSerializer(many=True)


class LeadTimesSerializer(_AnswerSerializer):
    """Lead times in the order span, quarters, member."""

    results = LeadTimeSerializer(many=True)


class PunctualitiesSerializer(_AnswerSerializer):
    """Punctuality in the order kind, quarters, member; what is undated comes last."""

    results = PunctualitySerializer(many=True)
