"""Quarters: calendar quarters in Asia/Shanghai, written "2023Q1", which sort as text."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

YEAR_MIN = 1949
YEAR_MAX = 2100

QUARTER = re.compile(r"(?:19|20|21)[0-9]{2}Q[1-4]")

INVALID = _("Write a quarter as 2023Q1, from 1949Q1 to 2100Q4.")


def parse_quarter(text: object) -> str:
    """Return the text if it is a quarter from 1949Q1 to 2100Q4, written exactly so; else raise ValueError."""
    if not isinstance(text, str) or not QUARTER.fullmatch(text):
        raise ValueError(INVALID)
    if not YEAR_MIN <= int(text[:4]) <= YEAR_MAX:
        raise ValueError(INVALID)
    return text


def quarter_of(day: date) -> str:
    """Return the quarter of a day. A datetime is refused: its day depends on the time zone."""
    if isinstance(day, datetime):
        raise TypeError("quarter_of takes a date; use timezone.localdate() first")
    return _quarter(day.year * 4 + (day.month - 1) // 3)


def next_quarter(quarter: str, n: int = 1) -> str:
    """Return the quarter n later, or earlier where n is negative; it may lie outside what may be typed."""
    return _quarter(_number(quarter) + n)


def quarters_between(first: str, last: str) -> list[str]:
    """Return the quarters from first to last, both included; none if first is after last."""
    return [_quarter(number) for number in range(_number(first), _number(last) + 1)]


def year_quarters(quarter: str) -> list[str]:
    """Return the quarters of its year up to this one, itself included."""
    return quarters_between(f"{quarter[:4]}Q1", quarter)


def first_day(quarter: str) -> date:
    """Return the first day of the quarter."""
    year, index = divmod(_number(quarter), 4)
    return date(year, index * 3 + 1, 1)


def last_day(quarter: str) -> date:
    """Return the last day of the quarter."""
    return first_day(next_quarter(quarter)) - timedelta(days=1)


def _number(quarter: str) -> int:
    """Count quarters from year 0, so that neighbours differ by one."""
    return int(quarter[:4]) * 4 + int(quarter[5:]) - 1


@lru_cache(maxsize=10_000)
def _quarter(number: int) -> str:
    year, index = divmod(number, 4)
    return f"{year:04}Q{index + 1}"
