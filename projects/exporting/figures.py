"""What a table adds up: projects, amounts, funds in place; all of it, or the part of one origin. None is not known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.xlsx import Look
from projects.exporting.reading import Chunk
from projects.models import Ownership, Project

FOREIGN = (Ownership.FOREIGN, Ownership.HK_MO_TW)
Amounts = Sequence[int | None]


class Origin(models.TextChoices):
    """Whose money: all, or a part."""

    ALL = "", _("all")
    DOMESTIC = "domestic", _("domestic")
    FOREIGN = "foreign", _("foreign")
    OUTSIDE = "outside", _("from outside the province")


@dataclass(frozen=True)
class Figure:
    """Something that is added up, in yuan or in whole numbers."""

    name: str
    title: Any
    needs: tuple[str, ...]
    of: Callable[[Chunk, Origin], Amounts]
    is_amount: bool = True

    @property
    def look(self) -> Look:
        """How its numbers look."""
        return Look.AMOUNT if self.is_amount else Look.WHOLE


def _belongs(chunk: Chunk, origin: Origin) -> Sequence[bool]:
    """Which projects are of an origin: foreign by their ownership, from outside by their investors' credit codes."""
    owners = chunk.of("ownership")
    if origin == Origin.ALL:
        return [True] * len(owners)
    if origin == Origin.FOREIGN:
        return [owner in FOREIGN for owner in owners]
    domestic = [owner != "" and owner not in FOREIGN for owner in owners]
    if origin == Origin.DOMESTIC:
        return domestic
    outside = chunk.outside
    pairs = zip(chunk.ids, owners, strict=True)
    return [pk in outside and owner not in FOREIGN for pk, owner in pairs]


def _count(chunk: Chunk, origin: Origin) -> Amounts:
    return [1 if belongs else None for belongs in _belongs(chunk, origin)]


def _of_project(name: str) -> Figure:
    def amounts(chunk: Chunk, origin: Origin) -> Amounts:
        pairs = zip(chunk.of(name), _belongs(chunk, origin), strict=True)
        return [amount if belongs else None for amount, belongs in pairs]

    field: Any = Project._meta.get_field(name)
    return Figure(name, field.verbose_name, (name, "ownership", "district"), amounts)


def _reported(name: str, title: Any, what: str, *, this_year: bool = False) -> Figure:
    """From monthly reports: up to the month of the table, or what came since the year began."""

    def amounts(chunk: Chunk, origin: Origin) -> Amounts:
        reports = chunk.reports
        signed = chunk.of("signed_on")
        found = []
        for pk, day in zip(chunk.ids, signed, strict=True):
            latest, before = reports.get(pk, (None, None))
            amount = _part(latest, what, origin)
            if amount is not None and this_year:
                is_new = day is not None and day.year == chunk.frame.month.year
                base = _part(before, what, origin) if before else 0 if is_new else None
                amount = None if base is None else amount - base
            found.append(amount)
        return found

    return Figure(name, title, ("signed_on",), amounts)


def _part(report: Any, what: str, origin: Origin) -> int | None:
    """The part of a report's amount that is of an origin; None where it was not said."""
    if report is None:
        return None
    whole: int | None = report[what]
    if origin == Origin.ALL:
        return whole
    if what != "funds_in_place_to_date":
        return None
    foreign: int | None = report["funds_foreign_to_date"]
    if origin == Origin.FOREIGN:
        return foreign
    if origin == Origin.OUTSIDE:
        outside: int | None = report["funds_outside_to_date"]
        return outside
    return None if whole is None or foreign is None else whole - foreign


FIGURES = {
    figure.name: figure
    for figure in (
        Figure("count", _("number of projects"), ("ownership", "district"), _count, is_amount=False),
        _of_project("total_investment"),
        _of_project("fixed_asset_investment"),
        _of_project("expected_output"),
        _of_project("expected_revenue"),
        _of_project("expected_tax"),
        _reported("funds_to_date", _("funds in place to date"), "funds_in_place_to_date"),
        _reported("funds_this_year", _("funds in place this year"), "funds_in_place_to_date", this_year=True),
        _reported("invested_to_date", _("invested to date"), "invested_to_date"),
        _reported("invested_this_year", _("invested this year"), "invested_to_date", this_year=True),
    )
}
