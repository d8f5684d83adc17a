"""The explanation of a changed figure, as the API shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.serializers import StrictSerializer
from projects.access import Sight
from projects.models import Cause, LedgerEntry
from tracking.explain import CauseSum, Explanation, Step, amounts
from tracking.serializers.totals import (
    FIGURES,
    KINDS,
    FiguresSerializer,
    TracedProjectSerializer,
    figures,
    project_shown,
)
from tracking.sums import Sums
from tracking.totals import BREAKDOWNS

DIFFERENCE = {
    "count": "count",
    "investment": "known_investment",
    "expected_output": "known_output",
    "expected_revenue": "known_revenue",
}
UNEXPLAINED = ("count", "investment", "expected_output")


def explanation_shown(told: Explanation, sight: Sight) -> dict[str, Any]:
    """Everything of an explanation but what was asked; the weightiest cause first."""
    causes = sorted(
        told.by_cause.items(), key=lambda item: (-abs(item[1].difference.known_investment), item[0])
    )
    left_over = difference_shown(told.unexplained)
    return {
        "before": figures(told.before),
        "after": figures(told.after),
        "changes": [change_shown(step, sight) for step in told.steps],
        "changes_count": told.count,
        "by_cause": {cause: _cause_shown(found) for cause, found in causes},
        "unexplained": {name: left_over[name] for name in UNEXPLAINED},
    }


def change_shown(step: Step, sight: Sight) -> dict[str, Any]:
    """One step; name and person only where the project exists for the reader."""
    visible = sight.sees(step.project.district)
    return {
        "project": project_shown(step.project, visible=visible),
        "kind": step.kind,
        "cause": step.cause,
        "actor": step.actor.username if visible and step.actor else None,
        "at": timezone.localtime(step.at).isoformat(),
        "before": _side_shown(step.before),
        "after": _side_shown(step.after),
        "difference": difference_shown(step.difference),
    }


def difference_shown(difference: Sums) -> dict[str, int]:
    """By how much the number and the known amounts differ, in whole yuan."""
    return {name: getattr(difference, attribute) for name, attribute in DIFFERENCE.items()}


def _side_shown(entry: LedgerEntry | None) -> dict[str, int | None] | None:
    return figures(amounts(entry)) if entry else None


def _cause_shown(found: CauseSum) -> dict[str, Any]:
    return {
        "changes": found.steps,
        "projects": found.projects,
        "difference": difference_shown(found.difference),
    }


# --- as a table ---------------------------------------------------------------------------------------------------

SIDES = {"before": tuple(FIGURES), "after": tuple(FIGURES), "difference": tuple(DIFFERENCE)}
PLAIN = ("kind", "cause", "actor", "at")
COLUMNS = [
    *("project_id", "project_code", "project_name", *PLAIN),
    *(f"{side}_{name}" for side, names in SIDES.items() for name in names),
]


def change_rows(steps: Iterable[Step], sight: Sight) -> Iterator[dict[str, Any]]:
    """Each step as one row under the names of COLUMNS; a missing side is empty."""
    for step in steps:
        shown = change_shown(step, sight)
        row = {f"project_{name}": value for name, value in shown["project"].items()}
        row |= {name: shown[name] for name in PLAIN}
        for side, names in SIDES.items():
            row |= {f"{side}_{name}": (shown[side] or {}).get(name) for name in names}
        yield row


# --- for the API's document ---------------------------------------------------------------------------------------


@extend_schema_field({"type": "integer", "format": "int64"})
class _Yuan(serializers.IntegerField):
    """A difference in whole yuan; plainly a number, 0 where nothing known has changed."""


class LeftOverSerializer(StrictSerializer):
    """A difference: the later minus the earlier number and known amounts."""

    count = serializers.IntegerField(help_text=_("By how many milestones."))
    investment = _Yuan(help_text=_("By how much of known investment, in whole yuan."))
    expected_output = _Yuan(help_text=_("By how much of known expected output, in whole yuan."))


class DifferenceSerializer(LeftOverSerializer):
    """A difference with expected revenue."""

    expected_revenue = _Yuan(help_text=_("By how much of known expected revenue, in whole yuan."))


class FigureChangeSerializer(StrictSerializer):
    """One change of one project's milestone: why, who, when, and what the figure held of it before and after."""

    project = TracedProjectSerializer()
    kind = serializers.ChoiceField(KINDS, help_text=_("The kind of milestone."))
    cause = serializers.ChoiceField(Cause.values, help_text=_("Why the figure changed."))
    actor = serializers.CharField(
        allow_null=True,
        help_text=_(
            "Who recorded it; null for the service itself, and where the project lies in a district of others."
        ),
    )
    at = serializers.DateTimeField(help_text=_("When it was recorded."))
    before = FiguresSerializer(
        allow_null=True, help_text=_("What the figure held of it; null where nothing.")
    )
    after = FiguresSerializer(
        allow_null=True, help_text=_("What the figure holds of it; null where nothing.")
    )
    difference = DifferenceSerializer(help_text=_("What it adds to the figure."))


class CauseSumSerializer(StrictSerializer):
    """The changes of one cause together."""

    changes = serializers.IntegerField(help_text=_("How many changes."))
    projects = serializers.IntegerField(help_text=_("Of how many projects."))
    difference = DifferenceSerializer(help_text=_("What they add to the figure."))


class ExplanationSerializer(StrictSerializer):
    """Why one figure changed between two moments: `before` and the differences by cause make `after`."""

    district = serializers.CharField(help_text=_("The code that was asked for."))
    quarter = serializers.CharField(allow_null=True, help_text=_("As 2023Q1; null for what is undated."))
    kind = serializers.ChoiceField(KINDS, help_text=_("The kind of milestone."))
    of = serializers.CharField(help_text=_("Which figure of the cell."))
    by = serializers.ChoiceField(
        list(BREAKDOWNS), allow_null=True, help_text=_("The breakdown; null if none was asked for.")
    )
    member = serializers.CharField(
        allow_null=True,
        help_text=_("The part of the breakdown; null without one, and where it is not known."),
    )
    to = serializers.CharField(help_text=_("The later moment: a time, `release:7` or `now`."))
    before = FiguresSerializer(help_text=_("The figure at the earlier moment."))
    after = FiguresSerializer(help_text=_("The figure at the later moment."))
    changes = FigureChangeSerializer(
        many=True, help_text=_("The changes, the largest first; at most 1,000. Files hold all.")
    )
    changes_count = serializers.IntegerField(help_text=_("How many changes there are."))
    by_cause = serializers.DictField(
        child=CauseSumSerializer(),
        help_text=_("The same by cause; the differences add up to after − before."),
    )
    unexplained = LeftOverSerializer(help_text=_("What the causes leave over: always 0."))

    def get_fields(self) -> dict[str, Any]:
        """With `from`, which Python keeps for itself."""
        earlier = serializers.CharField(help_text=_("The earlier moment: a time or `release:7`."))
        return {**super().get_fields(), "from": earlier}
