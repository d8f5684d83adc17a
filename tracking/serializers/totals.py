"""Totals and the entries behind them, as the API shows them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.serializers import StrictModelSerializer, StrictSerializer
from projects.access import Sight
from projects.models import COUNTABLE_KINDS, LedgerEntry, Project
from projects.serializers.fields import CodeField
from tracking.divisions import MODES
from tracking.models import Release
from tracking.sums import Sums
from tracking.totals import BREAKDOWNS, UNDER_CONSTRUCTION, Change, Total

KINDS = [kind.value for kind in COUNTABLE_KINDS]
FIGURES = {
    "count": "count",
    "with_amount": "with_investment",
    "with_output": "with_output",
    "with_revenue": "with_revenue",
    "investment": "investment",
    "expected_output": "expected_output",
    "expected_revenue": "expected_revenue",
}


def figures(sums: Sums) -> dict[str, int | None]:
    """A sum as the API shows it, under the names of FIGURES."""
    return {name: getattr(sums, attribute) for name, attribute in FIGURES.items()}


def figures_or_none(sums: Sums | None) -> dict[str, int | None] | None:
    """The same, and null for what a kind does not have."""
    return None if sums is None else figures(sums)


def change(compared: Change) -> dict[str, float | None]:
    """同比 or 环比 as the API shows it."""
    return {"count": compared.count, "investment": compared.investment}


def total_shown(total: Total, district: str, by: str | None) -> dict[str, Any]:
    """One cell as the API shows it; plain functions, since there may be a hundred thousand."""
    return {
        "district": district,
        "quarter": total.quarter,
        "kind": total.kind,
        "by": by,
        "member": total.member,
        "entered": figures(total.entered),
        "left": figures(total.left),
        "stock": figures_or_none(total.stock),
        "ytd": figures(total.ytd),
        "yoy": change(total.yoy),
        "qoq": change(total.qoq),
        **{of: figures_or_none(getattr(total, of)) for of in UNDER_CONSTRUCTION},
    }


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A total as one row of a table: `entered_count` and so on; unknown stays unknown."""
    cells = {name: value for name, value in row.items() if name not in PARTS}
    for part, names in PARTS.items():
        held = row[part] or {}
        cells.update({f"{part}_{name}": held.get(name) for name in names})
    return cells


PARTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("entered", "left", "stock", "ytd"), tuple(FIGURES)),
    **dict.fromkeys(("yoy", "qoq"), ("count", "investment")),
    **dict.fromkeys(UNDER_CONSTRUCTION, tuple(FIGURES)),
}
COLUMNS = [
    *("district", "quarter", "kind", "by", "member"),
    *(f"{part}_{name}" for part, names in PARTS.items() for name in names),
]


# --- for the API's document ---------------------------------------------------------------------------------------


def _count(about: Any) -> serializers.IntegerField:
    return serializers.IntegerField(help_text=about)


@extend_schema_field({"type": "integer", "format": "int64", "nullable": True})
class _Yuan(serializers.IntegerField):
    """A sum in whole yuan."""


def _sum(about: Any) -> _Yuan:
    return _Yuan(allow_null=True, help_text=about)


class FiguresSerializer(StrictSerializer):
    """How many, how many amounts are known, and the sum of the known ones; null where none is known."""

    count = _count(_("How many milestones."))
    with_amount = _count(_("How many of them with a known investment."))
    with_output = _count(_("How many of them with a known expected output."))
    with_revenue = _count(_("How many of them with a known expected revenue."))
    investment = _sum(_("Investment in whole yuan; null where none is known."))
    expected_output = _sum(_("Expected annual output in whole yuan; null where none is known."))
    expected_revenue = _sum(_("Expected annual revenue in whole yuan; null where none is known."))


class ChangeSerializer(StrictSerializer):
    """Value / base − 1, as 0.56 for +56 %; null where the base is 0 or missing."""

    count = serializers.FloatField(allow_null=True, help_text=_("Change of the number."))
    investment = serializers.FloatField(allow_null=True, help_text=_("Change of the investment."))


class TotalSerializer(StrictSerializer):
    """One cell: a district's total of a kind in a quarter, or of one part of a breakdown."""

    district = serializers.CharField(help_text=_("The code that was asked for."))
    quarter = serializers.CharField(help_text=_("As 2023Q1."))
    kind = serializers.ChoiceField(KINDS, help_text=_("The kind of milestone."))
    by = serializers.ChoiceField(
        list(BREAKDOWNS), allow_null=True, help_text=_("The breakdown; null if none was asked for.")
    )
    member = serializers.CharField(
        allow_null=True,
        help_text=_(
            "The part of the breakdown; null without one, and where it is not known. Parts of `size_threshold` hold "
            "the larger ones, too, and do not add up."
        ),
    )
    entered = FiguresSerializer(help_text=_("The quarter's flow: what reached this kind in it."))
    left = FiguresSerializer(help_text=_("What moved on to a later stage in the quarter."))
    stock = FiguresSerializer(
        allow_null=True,
        help_text=_("What is in this stage at the quarter's end; null for kinds that are only passed."),
    )
    ytd = FiguresSerializer(help_text=_("累计: the flows of the year so far."))
    yoy = ChangeSerializer(help_text=_("同比: the flow beside that of the same quarter a year before."))
    qoq = ChangeSerializer(help_text=_("环比: the flow beside that of the quarter before."))
    carried_over = FiguresSerializer(
        allow_null=True,
        help_text=_("续建: under construction when the quarter began; null for all kinds but `started`."),
    )
    carried_over_year = FiguresSerializer(
        allow_null=True, help_text=_("续建: under construction when the year began; null likewise.")
    )
    start_or_resume = FiguresSerializer(
        allow_null=True,
        help_text=_("开复工: started in the quarter, or under construction when it began; null likewise."),
    )
    start_or_resume_year = FiguresSerializer(
        allow_null=True,
        help_text=_(
            "开复工: started in the year so far, or under construction when it began; null likewise."
        ),
    )


class UndatedSerializer(StrictSerializer):
    """What happened in no known quarter: in no total, and a list to chase (`of=undated` of the trace)."""

    count = _count(_("How many milestones."))
    with_amount = _count(_("How many of them with a known investment."))
    investment = _sum(_("Investment in whole yuan; null where none is known."))


class MarkSerializer(StrictSerializer):
    """The release that holds for a quarter of the district: the newest of its own and of those that it lies in."""

    quarter = serializers.CharField(help_text=_("As 2023Q1."))
    release = serializers.IntegerField(help_text=_("The id of the release."))
    district = serializers.CharField(help_text=_("The code of the district that was released."))
    revision = serializers.IntegerField(help_text=_("0 for the first release."))
    provisional = serializers.BooleanField(help_text=_("Released before the quarter has ended."))
    released_at = serializers.DateTimeField(help_text=_("The moment of the release."))


def mark_shown(release: Release) -> dict[str, Any]:
    """The mark of a released quarter as the API shows it."""
    return {
        "quarter": release.quarter,
        "release": release.pk,
        "district": release.district.code,
        "revision": release.revision,
        "provisional": release.provisional,
        "released_at": timezone.localtime(release.released_at).isoformat(),
    }


class TotalsSerializer(StrictSerializer):
    """Totals in the order quarter, kind, member."""

    results = TotalSerializer(many=True)
    undated = UndatedSerializer(help_text=_("Milestones of these kinds whose quarter is not known."))
    as_of = serializers.DateTimeField(
        help_text=_("The moment that was asked for; else the moment of this answer.")
    )
    release = serializers.IntegerField(
        allow_null=True, help_text=_("The release that was asked for; else null.")
    )
    divisions = serializers.ChoiceField(
        list(MODES), allow_null=True, help_text=_("The divisions that were asked for; null: as recorded.")
    )
    released = MarkSerializer(
        many=True,
        help_text=_(
            "Which of these quarters are released: totals/explain/ tells what has changed since, from=release:<id>."
        ),
    )


# --- the entries behind a cell ------------------------------------------------------------------------------------


class TracedProjectSerializer(StrictSerializer):
    """The project that an entry is about; its name is null where it now lies in a district of others."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField(allow_null=True)


class EntrySerializer(StrictModelSerializer[LedgerEntry]):
    """One ledger entry: what counted, where, since when, and why."""

    project = serializers.SerializerMethodField(help_text=TracedProjectSerializer.__doc__)
    district = CodeField[Any](read_only=True, help_text=_("Where it counted."))
    investment = _sum(_("In whole yuan; null where not known."))
    expected_output = _sum(_("In whole yuan; null where not known."))
    expected_revenue = _sum(_("In whole yuan; null where not known."))

    class Meta:
        model = LedgerEntry
        fields: ClassVar = [
            "project",
            "kind",
            "quarter",
            "left_quarter",
            "district",
            "investment",
            "expected_output",
            "expected_revenue",
            "recorded_at",
            "cause",
        ]

    @extend_schema_field(TracedProjectSerializer)
    def get_project(self, entry: LedgerEntry) -> dict[str, Any]:
        project = entry.project
        return project_shown(project, visible=self._sight.sees(project.district))

    @cached_property
    def _sight(self) -> Sight:
        """What the reader sees now, asked once for a whole page."""
        return Sight(self.context["request"].user)


def project_shown(project: Project, *, visible: bool) -> dict[str, Any]:
    """A project as TracedProjectSerializer describes it."""
    return {"id": project.pk, "code": project.code, "name": project.label if visible else None}
