"""How the pages write numbers, quarters, changes and claims, in the reader's language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TypedDict

from django import template
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config.api.problems import Text
from projects.amounts import UNKNOWN, YI, format_yi
from projects.models import Cause, District, Kind, LedgerEntry, Milestone, Precision, ProjectType
from projects.quarters import quarter_of
from tracking.figures import EVERYTHING, threshold
from tracking.models import Unit
from tracking.moments import Moment
from tracking.sums import Sums
from tracking.thresholds import label_of

register = template.Library()

MINUS = "\u2212"


@register.filter
def yi(yuan: int | None) -> str:
    """Yuan in 亿元."""
    return format_yi(yuan)


@register.filter
def number(value: int | None) -> str:
    """With thousands separators."""
    return UNKNOWN if value is None else f"{value:,}"


@register.filter
def quarter_name(quarter: str) -> str:
    """As people say it: 2023年第1季度."""
    return _("%(year)s Q%(number)s") % {"year": quarter[:4], "number": quarter[5]}


class Change(TypedDict):
    """A relative change, ready to be shown: never by colour alone."""

    arrow: str
    words: str


@register.inclusion_tag("tracking/parts/change.html")
def change(value: float | None) -> Change:
    """A relative change (0.56 for +56 %) with an arrow and in words."""
    if value is None:
        return Change(arrow="", words=_("nothing to compare with"))  # 无可比基数
    percent = f"{abs(value) * 100:,.1f}"
    if float(percent.replace(",", "")) == 0:
        return Change(arrow="＝", words=_("unchanged"))  # 持平
    if value > 0:
        return Change(arrow="▲", words=_("up %(percent)s%%") % {"percent": percent})  # 增长
    return Change(arrow="▼", words=_("down %(percent)s%%") % {"percent": percent})  # 下降


@register.filter
def happened(milestone: Milestone | LedgerEntry) -> str:
    """When it happened, as exactly as is known; entries closed before entries had days know their quarter alone."""
    day = milestone.happened_on
    if day is None:
        quarter = getattr(milestone, "quarter", None)
        return quarter_name(quarter) if quarter else _("date unknown")
    if milestone.precision == Precision.YEAR:
        return str(day.year)
    if milestone.precision == Precision.QUARTER:
        return quarter_name(quarter_of(day))
    return f"{day:%Y-%m}" if milestone.precision == Precision.MONTH else day.isoformat()


@register.filter
def day(moment: date) -> str:
    """A day, in figures."""
    return date_format(moment, "Y-m-d")


# --- moments ----------------------------------------------------------------------------------------------------------


@register.simple_tag
def start_of(district: District, quarter: str, moment: Moment) -> str:
    """The start page of a district and quarter, at the moment that is shown here."""
    asked = {"district": district.code, "quarter": quarter, **moment.asked_about(district, quarter)}
    return f"{reverse('start')}?{urlencode(asked)}"


@register.simple_tag
def undated_of(district: District, moment: Moment, kind: str = "") -> str:
    """The list of what has no date, at the moment that is shown here."""
    asked = {"district": district.code, **({"kind": kind} if kind else {}), **moment.asked}
    return f"{reverse('undated')}?{urlencode(asked)}"


# --- claims ---------------------------------------------------------------------------------------------------------


@register.filter
def in_unit(value: Decimal | None, unit: str) -> str:
    """A claimed or recorded value in its unit; money in 亿元."""
    if value is None:
        return UNKNOWN
    if unit == Unit.CNY:
        return format_yi(int(value))
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{text}%" if unit == Unit.PERCENT else text


@register.filter
def gap_in_unit(gap: Decimal | None, unit: str) -> str:
    """Recorded − claimed with its sign; nothing between them in words."""
    if gap is None:
        return UNKNOWN
    if gap == 0:
        return _("agrees")  # 一致
    text = in_unit(abs(gap), unit)
    if unit == Unit.PERCENT:
        text = _("%(points)s points") % {"points": text.rstrip("%")}  # 百分点
    return f"{'+' if gap > 0 else MINUS}{text}"


@register.filter
def unit_name(unit: str) -> Text:
    """What a claim counts; money is shown in 亿元, percent says so itself."""
    if unit == Unit.CNY:
        return _("100 million yuan")
    if unit == Unit.PROJECTS:
        return pgettext("unit behind a number", "projects")
    return "" if unit == Unit.PERCENT else Unit(unit).label


@register.filter
def category_name(category: str) -> Text:
    """A bulletin's category in the reader's language, or as it is written there."""
    if category == EVERYTHING:
        return _("all projects")
    if category == ProjectType.INDUSTRIAL:
        return _("industrial, manufacturing included")  # 产业项目（含制造业）
    if category in ProjectType.values:
        return ProjectType(category).label
    smallest = threshold(category)
    if smallest is None:
        return category
    return label_of(smallest)


# --- differences between two moments ---------------------------------------------------------------------------------


@register.filter
def more(difference: int) -> str:
    """A difference of numbers with its sign."""
    return _signed(difference, f"{abs(difference):,}")


@register.filter
def more_yi(difference: int) -> str:
    """A difference of yuan in 亿元 with its sign; one that two decimals do not show has as many as it needs."""
    text = format_yi(abs(difference))
    if difference and text == "0.00":
        text = f"{Decimal(abs(difference)) / YI:f}"
    return _signed(difference, text)


@register.filter
def differences(difference: Sums) -> list[tuple[Text, str]]:
    """What differs, by name: the number, and the amounts in 亿元."""
    amounts = (
        (_("investment"), difference.known_investment, difference.with_investment),
        (_("output"), difference.known_output, difference.with_output),
        (_("revenue"), difference.known_revenue, difference.with_revenue),
    )
    found: list[tuple[Text, str]] = (
        [(pgettext("of projects", "number"), more(difference.count))] if difference.count else []
    )
    return found + [(name, more_yi(amount)) for name, amount, known in amounts if amount or known]


def _signed(difference: int, text: str) -> str:
    if not difference:
        return text
    return f"{'+' if difference > 0 else MINUS}{text}"


@register.filter
def kind_name(kind: str) -> Text:
    """A kind of milestone in words."""
    return Kind(kind).label


@register.filter
def cause_name(cause: str) -> Text:
    """A cause of the ledger in words."""
    return Cause(cause).label
