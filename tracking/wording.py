"""Figures as words, in the reader's language: quarters, changes, dates of different precision."""

from datetime import date

from django.utils.translation import gettext as _

from projects.models import Precision
from projects.quarters import quarter_of

UNKNOWN = "—"


def quarter_name(quarter: str) -> str:
    """The quarter as people say it: Q1 2023, 2023年第一季度."""
    names = {
        "1": _("Q1 %(year)s"),  # Translators: %(year)s年第一季度
        "2": _("Q2 %(year)s"),
        "3": _("Q3 %(year)s"),
        "4": _("Q4 %(year)s"),
    }
    return names[quarter[5]] % {"year": quarter[:4]}


def percent(change: float | None) -> str:
    """A relative change, 0.125 as +12.5%; a dash where there is none."""
    if change is None:
        return UNKNOWN
    sign = "+" if change > 0 else "−" if change < 0 else ""
    return f"{sign}{abs(change):,.1%}"


def signed(difference: int, size: str) -> str:
    """The size of a difference as it is written, with its sign; none for 0."""
    return f"{'+' if difference > 0 else '−'}{size}" if difference else size


def day_as_known(day: date | None, precision: str) -> str:
    """A date as exactly as it is known: 2023-01-29, 2023-01, 2023Q1 or 2023."""
    if day is None:
        return UNKNOWN
    if precision == Precision.MONTH:
        return f"{day:%Y-%m}"
    if precision == Precision.QUARTER:
        return quarter_of(day)
    return f"{day:%Y}" if precision == Precision.YEAR else day.isoformat()


def whole_months(first: date, last: date) -> int:
    """How many whole months lie between two days; 0 for less than one."""
    months = (last.year - first.year) * 12 + last.month - first.month
    return max(0, months - (last.day < first.day))
