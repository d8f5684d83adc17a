"""The columns that the list of projects can show: their words, their cells, and what must be read for them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from projects.access import Sight
from projects.amounts import UNKNOWN, format_wan, format_yi
from projects.models import AmountUnit, Kind, Milestone, Precision, Project, User

INVESTORS_SHOWN = 3
REMARK_SHOWN = 60  # characters
FORMATS = {AmountUnit.YI: format_yi, AmountUnit.WAN: format_wan}


class Column:
    """One column, called by Django's list for each of its cells."""

    def __init__(
        self,
        name: str,
        title: Any,
        cell: Callable[[Project], Any],
        *,
        order: str | None = None,
        join: Sequence[str] = (),
        prefetch: Sequence[str] = (),
    ) -> None:
        self.name = self.__name__ = name
        self.title = self.short_description = title
        self.cell = cell
        self.admin_order_field = order  # only what an index serves
        self.join, self.prefetch = join, prefetch

    def __call__(self, project: Project) -> Any:
        value = self.cell(project)
        return UNKNOWN if value in (None, "") else value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Column) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def shown_to(self, user: User, unit: AmountUnit) -> Column:
        """The same for one reader, with amounts in this unit."""
        return self


class WholeColumn(Column):
    """The project that one is a phase of, named to those who may see it: it can lie in another district of the city."""

    def shown_to(self, user: User, unit: AmountUnit) -> Column:
        """The same for one reader."""
        column, sight = copy.copy(self), Sight(user)
        column.cell = lambda p: p.parent.label if p.parent and sight.sees(p.parent.district) else ""
        return column


class AmountColumn(Column):
    """A column of amounts, in 亿元 or 万元."""

    def __init__(self, name: str, title: Any, field: str, *, order: str | None = None) -> None:
        super().__init__(name, title, self._amount, order=order)
        self.field, self.unit = field, AmountUnit.YI

    def shown_to(self, user: User, unit: AmountUnit) -> Column:
        """The same, with amounts in this unit."""
        column = copy.copy(self)
        column.unit, column.cell = unit, column._amount
        column.short_description = format_lazy("{title}, {unit}", title=self.title, unit=unit.label)
        return column

    def _amount(self, project: Project) -> str:
        yuan = getattr(project, self.field)
        about = "≈ " if self.field == "total_investment" and project.investment_estimated and yuan else ""
        return about + FORMATS[self.unit](yuan)


def standing_of(project: Project) -> SafeString:
    """The stage, whatever keeps it from counting, and the marks that it carries."""
    marks = [
        (project.confidential, _("confidential")),
        (project.suspended, _("suspended")),
        (project.excluded, project.get_exclusion_reason_display()),
        (project.is_void, _("void")),
        (not project.is_approved, project.get_review_display()),
    ]
    shown = [(mark,) for holds, mark in marks if holds]
    stage = project.get_stage_display() or UNKNOWN
    carried = [(mark,) for mark in project.marks]
    return format_html(
        "{} {} {}",
        stage,
        format_html_join(" ", '<span class="mark">{}</span>', shown),
        format_html_join(" ", '<span class="mark tag">{}</span>', carried),
    )


def reached(project: Project, kind: Kind) -> str:
    """When a milestone was reached, as exactly as it is known; — if it was not."""
    for milestone in project.milestones.all():
        if milestone.kind == kind and milestone.has_happened:
            return as_known(milestone)
    return UNKNOWN


def as_known(milestone: Milestone) -> str:
    """2023-01-29, 2023-01, 2023Q1, 2023 or words, by the date's precision."""
    day = milestone.happened_on
    if day is None:
        return str(_("date not known"))
    shown = {
        Precision.MONTH: f"{day:%Y-%m}",
        Precision.QUARTER: milestone.quarter,
        Precision.YEAR: f"{day:%Y}",
    }
    return shown.get(Precision(milestone.precision)) or f"{day:%Y-%m-%d}"


def _investors(project: Project) -> str:
    names = [str(investor) for investor in project.investors.all()]
    return "、".join(names[:INVESTORS_SHOWN]) + (" …" if len(names) > INVESTORS_SHOWN else "")


def _in_charge(project: Project) -> str:
    """Who is today, leaders first."""
    today = timezone.localdate()
    return "、".join(charge.person for charge in project.charges.all() if charge.holds(today))


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "Y-m-d H:i")


def _remark(project: Project) -> str:
    text = " ".join(project.remark.split())
    return text if len(text) <= REMARK_SHOWN else f"{text[:REMARK_SHOWN]}…"


def _step(name: str, title: Any, kind: Kind, order: str | None) -> Column:
    return Column(name, title, lambda project: reached(project, kind), order=order, prefetch=["milestones"])


# A column's place here is its number in addresses (?o=6), kept in saved views: new ones go to the end.
COLUMNS: tuple[Column, ...] = (
    Column("code", _("project code"), lambda project: project.code, order="code"),
    Column("label", _("project"), lambda project: project.label, order="name"),
    Column("district", _("district"), lambda p: str(p.district), order="district", join=["district"]),
    Column("sector", _("sector"), lambda p: str(p.sector) if p.sector else "", join=["sector"]),
    Column("standing", _("stage"), standing_of, prefetch=["tags"]),
    AmountColumn("total_investment", _("total investment"), "total_investment", order="total_investment"),
    _step("signed", _("signed"), Kind.SIGNED, "signed_on"),
    _step("started", _("started"), Kind.STARTED, "started_on"),
    _step("completed", _("completed"), Kind.COMPLETED, "completed_on"),
    _step("in_production", _("in production"), Kind.IN_PRODUCTION, None),
    Column("approval_code", _("national approval code"), lambda project: project.approval_code),
    Column("investors", _("investors"), _investors, prefetch=["investors"]),
    Column("project_type", _("project type"), lambda project: project.get_project_type_display()),
    Column("ownership", _("ownership"), lambda project: project.get_ownership_display()),
    Column(
        "city",
        _("district above"),
        lambda project: str(project.district.parent or ""),
        join=["district__parent"],
    ),
    AmountColumn("fixed_asset_investment", _("fixed-asset investment"), "fixed_asset_investment"),
    AmountColumn("expected_output", _("expected annual output"), "expected_output"),
    AmountColumn("expected_revenue", _("expected annual revenue"), "expected_revenue"),
    AmountColumn("expected_tax", _("expected annual tax"), "expected_tax"),
    Column(
        "planned_start", _("planned start"), lambda p: str(p.planned_start_on or ""), order="planned_start_on"
    ),
    Column(
        "planned_completion",
        _("planned completion"),
        lambda p: str(p.planned_completion_on or ""),
        order="planned_completion_on",
    ),
    Column("updated", _("changed at"), lambda project: _moment(project.updated_at), order="updated_at"),
    Column("created", _("recorded at"), lambda project: _moment(project.created_at), order="created_at"),
    WholeColumn("parent", _("phase of"), lambda project: "", join=["parent__district"]),
    Column("expected_jobs", _("expected jobs"), lambda project: project.expected_jobs),
    Column("land_area", _("land area (mu)"), lambda project: project.land_area_mu),
    Column("remark", _("remark"), _remark),
    Column("source", _("source"), lambda project: project.source),
    Column("tags", _("tags"), lambda project: "、".join(project.marks), prefetch=["tags"]),
    Column("in_charge", _("in charge"), _in_charge, prefetch=["charges__user"]),
)
BY_NAME = {column.name: column for column in COLUMNS}
FIRST = COLUMNS[:9]  # what everybody begins with


def columns_named(names: Iterable[str]) -> list[Column]:
    """The columns of these names that there are, each once; those that everybody begins with if there is none."""
    known = list(dict.fromkeys(BY_NAME[name] for name in names if name in BY_NAME))
    return known or list(FIRST)
