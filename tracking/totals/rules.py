"""Which entries make up a figure, and in which part of a breakdown each counts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.expressions import Combinable

from projects.access import within
from projects.models import STOCK_KINDS, District, Kind, SizeBand, bands_holding
from projects.quarters import year_quarters
from tracking.thresholds import Parts, highest_reached, nested

By = Literal["sector", "size_band", "size_threshold", "project_type", "ownership", "district"]
BREAKDOWNS: tuple[By, ...] = (
    "sector",
    "size_band",
    "size_threshold",
    "project_type",
    "ownership",
    "district",
)
OVERLAPPING: tuple[By, ...] = ("size_threshold",)  # members hold each other and do not add up to the total
Of = Literal[
    "entered",
    "left",
    "stock",
    "ytd",
    "carried_over",
    "carried_over_year",
    "start_or_resume",
    "start_or_resume_year",
]
# 续建, 开复工 of quarter and year: what was under construction when the period began, without and with its starts.
UNDER_CONSTRUCTION: tuple[Of, ...] = (
    "carried_over",
    "carried_over_year",
    "start_or_resume",
    "start_or_resume_year",
)
FIGURES: tuple[Of, ...] = ("entered", "left", "stock", "ytd", *UNDER_CONSTRUCTION)
MEMBER_LENGTH = 60


def has_figure(kind: str, of: str) -> bool:
    """Whether a kind has this figure: stock only where a project is in it for a time, construction where it starts."""
    if of in UNDER_CONSTRUCTION:
        return kind == Kind.STARTED
    return of != "stock" or kind in STOCK_KINDS


def rule_of(of: Of, quarter: str) -> Q:
    """Which entries of a kind make up this figure of a quarter."""
    if of == "left":
        return Q(left_quarter=quarter)
    if of == "stock":
        return (Q(left_quarter__isnull=True) | Q(left_quarter__gt=quarter)) & Q(quarter__lte=quarter)
    if of == "ytd":
        return Q(quarter__gte=year_quarters(quarter)[0], quarter__lte=quarter)
    if of in UNDER_CONSTRUCTION:
        return _under_construction(of, quarter)
    return Q(quarter=quarter)


def _under_construction(of: Of, quarter: str) -> Q:
    """Not left before the period began; carried over what was reached before it, with starts what was until its end."""
    first = year_quarters(quarter)[0] if of.endswith("_year") else quarter
    there = Q(left_quarter__isnull=True) | Q(left_quarter__gte=first)
    return there & (Q(quarter__lt=first) if of.startswith("carried_over") else Q(quarter__lte=quarter))


def member_of(by: By | None, district: District, *, as_of: datetime | None = None) -> Combinable:
    """The expression that names an entry's member of a breakdown; null where the record does not say.

    Size bands are those of the moment. Of size thresholds it is the highest reached; `parts_of` says which it implies.
    """
    if by == "sector":
        return F("sector__code")
    if by == "district":
        return _child_of(district)
    if by == "size_band":
        bands = [When(band_rule(band), then=Value(band.code)) for band in bands_holding(as_of)]
        return Case(*bands, default=Value(None), output_field=CharField(max_length=MEMBER_LENGTH))
    if by == "size_threshold":
        return highest_reached(as_of)
    if by is None:
        return Value(None, output_field=CharField(max_length=MEMBER_LENGTH))
    return F(by)


def parts_of(by: By | None, *, as_of: datetime | None = None) -> Parts:
    """What says in which members an entry counts, given its `member_of`: in this one, or in nested thresholds."""
    return nested(as_of) if by == "size_threshold" else lambda member: (member,)


def band_rule(band: SizeBand) -> Q:
    """Which entries' investment lies in the band."""
    rule = Q(investment__gte=band.lower)
    return rule if band.upper is None else rule & Q(investment__lt=band.upper)


def _child_of(district: District) -> Case:
    children = [
        When(within(child.path, "district__path"), then=Value(child.code))
        for child in district.children.all()
    ]
    return Case(*children, default=Value(district.code), output_field=CharField(max_length=MEMBER_LENGTH))
