"""The filters of the list of projects: by where, what, how large, and in which quarter something happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models import District, Kind, Milestone, Precision, ProjectType, Sector, SizeBand, Stage
from projects.quarters import first_day, last_day, next_quarter, parse_quarter, quarter_of

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList

QUARTERS_SHOWN = 16
UNDATED = "undated"
DATED = (Precision.DAY, Precision.MONTH, Precision.QUARTER)
Options = Iterable[tuple[str, Any]]


class SelectFilter(SimpleListFilter):
    """A filter chosen from a list, one of several in one form: usable by keyboard and telephone, however long it is."""

    template = "admin/select_filter.html"
    counts: Mapping[str, int] = MappingProxyType(
        {}
    )  # how many rows each choice holds, where that was counted

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The options of the list."""
        yield {"value": "", "display": _("All"), "selected": not self.value()}
        for value, label in self.lookup_choices:
            count = self.counts.get(value)
            yield {"value": value, "display": label, "selected": self.value() == value, "count": count}

    def cases(self) -> dict[str, Q]:
        """The rules of its choices in columns of the project, where there are few enough to count them all at once."""
        return {}

    def has_output(self) -> bool:
        """Shown even where it offers little: it is looked for in its place."""
        return True


class DistrictFilter(SelectFilter):
    """A district with everything below it; each choice opens the next lower level."""

    title = _("district")
    parameter_name = "district"
    chosen: District | None = None  # read with what can be chosen

    def lookups(self, request: HttpRequest, model_admin: Any) -> Options:
        """The user's highest districts, or the chosen one between those above and those below."""
        visible = District.objects.visible_to(request.user)
        code = self.value()
        if not code:
            return [(d.code, d.label) for d in visible.exclude(parent__in=visible)]
        self.chosen = chosen = visible.filter(code=code).first()
        if chosen is None:
            raise IncorrectLookupParameters
        near = visible.filter(Q(code__in=chosen.ancestor_codes) | Q(parent=chosen))
        return [(d.code, "\u3000" * (len(d.ancestor_codes) - 1) + d.label) for d in near]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The subtree."""
        return queryset.filter(district__in=District.objects.within(self.chosen)) if self.chosen else queryset


class SectorFilter(SelectFilter):
    """A sector with its parts."""

    title = _("sector")
    parameter_name = "sector"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Options:
        """All sectors, by scheme."""
        sectors = Sector.objects.select_related("scheme")
        return [(s.code, f"{s.scheme.label} · {s.label}") for s in sectors]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The sector itself and its parts."""
        code = self.value()
        return queryset.filter(Q(sector__code=code) | Q(sector__parent__code=code)) if code else queryset


class ChoiceFilter(SelectFilter):
    """A field with fixed choices."""

    options: ClassVar[list[tuple[str, Any]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Options:
        """The field's own."""
        return self.options

    def cases(self) -> dict[str, Q]:
        """Each value of the field."""
        return {value: Q(**{self.parameter_name or "": value}) for value, _label in self.options}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Exactly that."""
        return queryset.filter(**{self.parameter_name or "": self.value()}) if self.value() else queryset


class StageFilter(ChoiceFilter):
    """By stage."""

    title, parameter_name, options = _("stage"), "stage", Stage.choices


class TypeFilter(ChoiceFilter):
    """By type."""

    title, parameter_name, options = _("project type"), "project_type", ProjectType.choices


class SizeBandFilter(SelectFilter):
    """A band of total investment."""

    title = _("size band")
    parameter_name = "band"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Options:
        """The bands, and what has no amount."""
        self.bands = list(SizeBand.objects.all())
        return [*((band.code, band.label) for band in self.bands), ("none", _("Amount not known"))]

    def cases(self) -> dict[str, Q]:
        """Lower bound included, upper bound not."""
        rules = {band.code: Q(total_investment__gte=band.lower) for band in self.bands}
        for band in self.bands:
            if band.upper is not None:
                rules[band.code] &= Q(total_investment__lt=band.upper)
        return {**rules, "none": Q(total_investment=None)}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The band, or what has no amount."""
        code = self.value()
        if not code:
            return queryset
        rule = self.cases().get(code)
        if rule is None:
            raise IncorrectLookupParameters
        return queryset.filter(rule)


class QuarterFilter(SelectFilter):
    """Projects that reached one kind of milestone in a quarter."""

    kind: ClassVar[Kind]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Options:
        """The last four years, an older quarter if it was asked for, and what has no quarter."""
        now = quarter_of(timezone.localdate())
        shown = [next_quarter(now, -n) for n in range(QUARTERS_SHOWN)]
        asked = self.value()
        older = [asked] if asked and asked not in {*shown, UNDATED} else []
        return [*((q, q) for q in shown + older), (UNDATED, _("reached, quarter not known"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """What counts in the quarter: dates known to the year only do not."""
        quarter = self.value()
        if not quarter:
            return queryset
        reached = Milestone.objects.filter(kind=self.kind)
        if quarter == UNDATED:
            reached = reached.filter(precision__in=[Precision.YEAR, Precision.UNKNOWN])
        else:
            try:
                parse_quarter(quarter)
            except ValueError as error:
                raise IncorrectLookupParameters from error
            days = (first_day(quarter), last_day(quarter))
            reached = reached.filter(precision__in=DATED, happened_on__range=days)
        return queryset.filter(pk__in=reached.values("project"))


class SignedFilter(QuarterFilter):
    """By the quarter of the signing."""

    title, parameter_name, kind = _("quarter signed"), "signed_in", Kind.SIGNED


class StartedFilter(QuarterFilter):
    """By the quarter of the start."""

    title, parameter_name, kind = _("quarter started"), "started_in", Kind.STARTED


class CompletedFilter(QuarterFilter):
    """By the quarter of the completion."""

    title, parameter_name, kind = _("quarter completed"), "completed_in", Kind.COMPLETED


class StandingFilter(SelectFilter):
    """Counted or not, and why not; void projects are shown only when asked for."""

    title = _("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Options:
        """Without a choice: everything but what is void."""
        return [
            ("counted", _("Counted")),
            ("suspended", _("Suspended")),
            ("excluded", _("Excluded")),
            ("void", _("Void")),
            ("all", _("All, void ones too")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """As chosen."""
        rules: dict[str | None, Q] = {
            "suspended": Q(voided_at=None, suspended=True),
            "excluded": Q(voided_at=None) & ~Q(exclusion_reason=""),
            "void": Q(voided_at__isnull=False),
            "all": Q(),
        }
        if self.value() == "counted":
            counted: QuerySet[Any] = queryset.countable()  # type: ignore[attr-defined]
            return counted
        return queryset.filter(rules.get(self.value(), Q(voided_at=None)))
