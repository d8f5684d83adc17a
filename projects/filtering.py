"""What filters of the record's lists are made of: what reads a value, and what applies it to the rows."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from config.api.parameters import Parameter, date_parameter
from projects.access import within
from projects.amounts import parse_amount
from projects.grams import MOST_TERMS, terms_of
from projects.models import (
    Charge,
    District,
    Milestone,
    Organization,
    Precision,
    Project,
    Review,
    Sector,
    SizeBand,
    Stage,
    Tag,
    User,
    holds_all,
)
from projects.models.project_rules import DOUBLE_HUNDRED
from projects.quarters import first_day, last_day

STALE_AFTER = timedelta(days=90)
UNFINISHED = ("", Stage.NEGOTIATING, Stage.SIGNED, Stage.STARTED, Stage.COMPLETED)
QUARTERLY = (Precision.DAY, Precision.MONTH, Precision.QUARTER)


class DistrictParameter(Parameter):
    """A district by code: unknown is refused, invisible does not exist."""

    def value(self, text: str, request: Request) -> District:
        """The district. Raises ValidationError, Http404."""
        district = District.objects.filter(code=text).first()
        if district is None:
            raise ValidationError(_("There is no district with this code."), code="does_not_exist")
        if not District.objects.visible_to(request.user).filter(pk=district.pk).exists():
            raise Http404
        return district


def district_parameter(path: str | None, name: str = "district", **rest: Any) -> DistrictParameter:
    """A whole subtree; `path` is where the rows keep their district's path, None where the view applies it."""
    rest.setdefault("about", _("A code; its whole subtree is meant."))
    if path:
        rest["apply"] = lambda rows, district: rows.filter(within(district.path, path))
    return DistrictParameter(name=name, **rest)


def read_sector(code: str) -> Sector:
    """A sector by code."""
    sector = Sector.objects.filter(code=code).first()
    if sector is None:
        raise ValueError(_("There is no sector with this code."))
    return sector


def read_band(code: str) -> SizeBand:
    """A size band by code."""
    band = SizeBand.objects.filter(code=code).first()
    if band is None:
        raise ValueError(_("There is no size band with this code."))
    return band


def read_amount(text: str) -> int:
    """Yuan, as people write them."""
    amount = parse_amount(text)
    if amount is None:
        raise ValueError(_("Write an amount, as 10亿."))
    return amount.yuan


def read_terms(text: str) -> list[str]:
    """The words to search for, at most ten."""
    terms = terms_of(text)
    if not 1 <= len(terms) <= MOST_TERMS:
        raise ValueError(_("Search for one to ten words."))
    return terms


def search_projects() -> Parameter:
    """Every word must occur in the text by which a project is found."""
    return Parameter(
        name="q",
        read=read_terms,
        apply=lambda rows, terms: rows.filter(holds_all(terms)),
        about=_(
            "Up to ten words, each of which must occur in the name, a code, or the name or code of an investor."
        ),
    )


def search(*paths: str) -> Parameter:
    """Every word must occur in one of the fields."""

    def apply(rows: QuerySet[Any], terms: list[str]) -> QuerySet[Any]:
        for term in terms:
            rule = Q()
            for path in paths:
                rule |= Q(**{f"{path}__icontains": term})
            rows = rows.filter(rule)
        return rows

    return Parameter(
        name="q", read=read_terms, apply=apply, about=_("Up to ten words, each of which must occur.")
    )


def equal(path: str) -> Any:
    """Apply a value to one field."""
    return lambda rows, value: rows.filter(**{path: value})


def day_range(field: str) -> tuple[Parameter, Parameter]:
    """`signed_from` and `signed_to` for `signed_on`, both days included."""
    name = field.removesuffix("_on")
    return (
        date_parameter(f"{name}_from", apply=equal(f"{field}__gte"), about=_("This day or later.")),
        date_parameter(f"{name}_to", apply=equal(f"{field}__lte"), about=_("This day or earlier.")),
    )


def in_sector(rows: QuerySet[Any], sector: Sector) -> QuerySet[Any]:
    """The sector and its parts."""
    return rows.filter(Q(sector=sector) | Q(sector__parent=sector) | Q(sector__parent__parent=sector))


def in_band(rows: QuerySet[Any], band: SizeBand) -> QuerySet[Any]:
    """Lower bound included, upper not."""
    rows = rows.filter(total_investment__gte=band.lower)
    return rows if band.upper is None else rows.filter(total_investment__lt=band.upper)


def of_investor(rows: QuerySet[Any], investor: int) -> QuerySet[Any]:
    """Whose investors include this one; a subquery, since a join would repeat projects."""
    return rows.filter(Exists(Organization.objects.filter(pk=investor, projects=OuterRef("pk"))))


def in_review(rows: QuerySet[Any], review: str) -> QuerySet[Any]:
    """Approved, or so far on the way there."""
    managed: Any = rows
    return rows.filter(review=review) if review == Review.APPROVED else managed.in_review(review)


def overdue(rows: QuerySet[Any], wanted: bool) -> QuerySet[Any]:  # noqa: FBT001
    """Counted projects whose planned start or completion is past and has not happened."""
    late = Project.objects.overdue(timezone.localdate()).order_by().values("pk")
    return rows.filter(pk__in=late) if wanted else rows.exclude(pk__in=late)


def stale(rows: QuerySet[Any], wanted: bool) -> QuerySet[Any]:  # noqa: FBT001
    """Not finished, and nothing recorded for 90 days."""
    rule = Q(stage__in=UNFINISHED, voided_at__isnull=True, updated_at__lt=timezone.now() - STALE_AFTER)
    return rows.filter(rule if wanted else ~rule)


def read_tag(code: str) -> Tag:
    """A tag by code."""
    tag = Tag.objects.filter(code=code).first()
    if tag is None:
        raise ValueError(_("There is no tag with this code."))
    return tag


def tagged(rows: QuerySet[Any], tag: Tag) -> QuerySet[Any]:
    """Through the table of tags, for a join would repeat projects."""
    return rows.filter(pk__in=Project.tags.through.objects.filter(tag=tag).values("project"))


def double_hundred(rows: QuerySet[Any], wanted: bool) -> QuerySet[Any]:  # noqa: FBT001
    """By the amounts of now."""
    return rows.filter(DOUBLE_HUNDRED) if wanted else rows.exclude(DOUBLE_HUNDRED)


class MineParameter(Parameter):
    """Projects that the reader is in charge of."""

    def value(self, text: str, request: Request) -> Any:
        """The reader. Raises ValueError."""
        if text != "true":
            raise ValueError(_("Write true, or leave this parameter out."))
        return request.user


def of_mine(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """By the charges of today."""
    return rows.filter(pk__in=Charge.objects.of(user).holding(timezone.localdate()).values("project"))


def reached(rows: QuerySet[Any], kind: str | None, quarter: str | None) -> QuerySet[Any]:
    """Projects with one milestone that is of this kind and in this quarter, as the totals count it."""
    milestones = Milestone.objects.filter(project=OuterRef("pk")).exclude(precision="")
    if kind:
        milestones = milestones.filter(kind=kind)
    if quarter:
        days = (first_day(quarter), last_day(quarter))
        milestones = milestones.filter(happened_on__range=days, precision__in=QUARTERLY)
    return rows.filter(Exists(milestones))
