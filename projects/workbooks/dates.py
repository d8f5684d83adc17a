"""Dates as people write them: read where they can be read in one way, with how exactly they are known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from projects.models import Precision
from projects.sequence import EARLIEST, LATEST_PLAN
from projects.workbooks.tables import CellError, Text, Value, said

Read = tuple[date | None, str]  # the first day of the period, and its precision

LONGEST = 40
MOST = 10**9
EPOCH = date(1899, 12, 30)  # day 0 of Excel's count, for every day after February 1900
SERIALS = range((EARLIEST - EPOCH).days, (LATEST_PLAN - EPOCH).days + 1)

WRITE_AS: Text = _("Write the date as 2023-01-29, 2023年1月, 2023年一季度 or 2023年.")

DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: n for n, name in enumerate(MONTH_NAMES, 1)}
QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}

# What is compared has no spaces, no full widths and small letters.
YEAR = r"(?P<year>[0-9]{4})"
MONTH = r"(?P<month>1[0-2]|0?[1-9])"
DAY = r"(?P<day>[0-9]{1,2})"
CLOCK = r"(?:t?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:z|[+-][0-9]{2}:?[0-9]{2})?)?"
PART_OF_MONTH = r"(?:份|底|末|初|中|中旬|上旬|下旬|月底|份左右|左右)?"
PART_OF_YEAR = r"(?:底|末|初|中|度|内|年内)?"
ORDINAL = r"(?:第)?(?P<quarter>[一二三四1-4])(?:个)?季度?(?:末|底|初)?"

YEAR_FIRST = re.compile(rf"{YEAR}[-/.年]{MONTH}[-/.月]{DAY}[日号]?{CLOCK}")
RUN_TOGETHER = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
DAY_OR_MONTH_FIRST = re.compile(rf"(?P<one>[0-9]{{1,2}})[-/.](?P<two>[0-9]{{1,2}})[-/.]{YEAR}{CLOCK}")
NAMED_MONTH = re.compile(
    rf"(?:{DAY}(?:st|nd|rd|th)?[-,./]*)?(?P<name>[a-z]{{3}})[a-z]*[-,./]*(?:(?P<after>[0-9]{{1,2}})(?:st|nd|rd|th)?,)?[-,./]*{YEAR}"
)
MONTH_OF_YEAR = re.compile(rf"{YEAR}(?:年{MONTH}月?|[-/.]{MONTH.replace('month', 'numeric')}){PART_OF_MONTH}")
QUARTER_OF_YEAR = re.compile(rf"{YEAR}[-/.年]?(?:q(?P<latin>[1-4])|{ORDINAL})")
QUARTER_FIRST = re.compile(rf"q(?P<latin>[1-4])[-/.]?{YEAR}")
WHOLE_YEAR = re.compile(rf"{YEAR}(?:年{PART_OF_YEAR})?")
HALF_YEAR = re.compile(r"(?:[0-9]{2,4}年?)?(?:上|下)半年.*")
DAY_WITHOUT_YEAR = re.compile(rf"{MONTH}月{DAY}[日号]?")
MONTH_WITHOUT_YEAR = re.compile(rf"{MONTH}月{PART_OF_MONTH}")
QUARTER_WITHOUT_YEAR = re.compile(rf"(?:q(?P<latin>[1-4])|{ORDINAL})")
TWO_DIGITS = re.compile(r"'?[0-9]{2}(?:年.*|[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[-/.][0-9]{1,2}月)")

UNKNOWN_WORDS = frozenset(
    ("日期不详", "时间不详", "已发生,日期未知", "日期未知", "unknown", "happened,dateunknown")
)
EMPTY_WORDS = frozenset(
    (
        "",
        "-",
        "--",
        "—",
        "——",
        "/",
        "\\",
        "无",
        "暂无",
        "待定",
        "未定",
        "不详",
        "未知",
        "n/a",
        "na",
        "none",
        "tbd",
    )
)


def read_date(value: Value, *, year: int | None = None, epoch: int = 1900) -> Read | None:
    """
    Read when something happened: the first day of its period, and the period's precision.

    A date without a year is of `year`, where that is known. "日期不详" gives (None, "unknown"); nothing, 待定 and the
    like give None. Raises CellError.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        return _in_range(value.date()), Precision.DAY.value
    if isinstance(value, date):
        return _in_range(value), Precision.DAY.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_number(value, epoch)
    if not isinstance(value, str):
        raise _unknown()
    return _of_text(value, year)


def read_day(value: Value, *, year: int | None = None, epoch: int = 1900) -> date | None:
    """Read a planned day; of a month, quarter or year that is planned it is the last day. Raises CellError."""
    first, precision = read_date(value, year=year, epoch=epoch) or (None, "")
    if first is None:
        return None
    if precision == Precision.DAY.value:
        return first
    months = {Precision.MONTH.value: 1, Precision.QUARTER.value: 3}.get(precision, 12)
    past = first.month - 1 + months
    return date(first.year + past // 12, past % 12 + 1, 1) - timedelta(days=1)


def _of_number(value: float, epoch: int) -> Read:
    if not abs(value) < MOST:  # not a number, or beyond every count of days
        raise _out_of_range(str(value))
    number = int(value)
    if number == value and EARLIEST.year <= number <= LATEST_PLAN.year:
        return date(number, 1, 1), Precision.YEAR.value
    if number == value and len(str(number)) in {6, 8}:
        return _of_text(str(number), None)  # type: ignore[return-value]
    if int(value) not in SERIALS:
        raise _out_of_range(_shown(value))
    if epoch != 1900:
        raise CellError(
            "epoch",
            said(
                _(
                    "%(value)s counts days, and this workbook counts them from 1904: it can be read in two ways."
                ),
                value=number,
            ),
            WRITE_AS,
        )
    return EPOCH + timedelta(days=number), Precision.DAY.value


def _shown(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _of_text(text: str, year: int | None) -> Read | None:
    if len(text) > LONGEST:
        raise _unknown()
    written = "".join(unicodedata.normalize("NFKC", text).lower().split()).strip("约").strip("'")
    if written in EMPTY_WORDS:
        return None
    if written in UNKNOWN_WORDS:
        return None, Precision.UNKNOWN.value
    written = _in_digits(written)
    for pattern, read in FORMS:
        if match := pattern.fullmatch(written):
            return read(match)
    if match := DAY_WITHOUT_YEAR.fullmatch(written):
        return _day(_known(year, text), int(match["month"]), int(match["day"]), text)
    if match := MONTH_WITHOUT_YEAR.fullmatch(written):
        return _start(_known(year, text), int(match["month"])), Precision.MONTH.value
    if match := QUARTER_WITHOUT_YEAR.fullmatch(written):
        return _start(_known(year, text), _quarter(match) * 3 - 2), Precision.QUARTER.value
    if TWO_DIGITS.fullmatch(written):
        raise CellError(
            "two_digit_year", said(_("“%(text)s” does not name its century."), text=text), WRITE_AS
        )
    raise _unknown()


def _in_digits(text: str) -> str:
    """Chinese numerals of years, months and days as digits: 二〇二三年十二月 is 2023年12月."""
    if not re.search("[〇零一二三四五六七八九十]", text):
        return text
    text = re.sub("[〇零一二三四五六七八九]{4}(?=年)", lambda found: found[0].translate(DIGITS), text)
    return re.sub("[一二三四五六七八九十]{1,3}(?=[月日号])", lambda found: _counted(found[0]), text)


def _counted(numeral: str) -> str:
    tens, ten, ones = numeral.rpartition("十")
    if not ten:
        return numeral.translate(DIGITS)
    return f"{tens.translate(DIGITS) or '1'}{ones.translate(DIGITS) or '0'}"


def _year_first(match: re.Match[str]) -> Read:
    return _day(int(match["year"]), int(match["month"]), int(match["day"]), match[0])


def _day_or_month_first(match: re.Match[str]) -> Read:
    one, two, year = int(match["one"]), int(match["two"]), int(match["year"])
    ways = {(one, two), (two, one)} if one <= 12 and two <= 12 else {(one, two) if one <= 12 else (two, one)}
    if len(ways) > 1:
        raise CellError(
            "ambiguous",
            said(
                _("“%(text)s” can be read in two ways: as day and month, and as month and day."),
                text=match[0],
            ),
            WRITE_AS,
        )
    month, day = ways.pop()
    return _day(year, month, day, match[0])


def _named_month(match: re.Match[str]) -> Read:
    month = MONTHS.get(match["name"])
    if month is None or (match["day"] and match["after"]):
        raise _unknown()
    day = match["day"] or match["after"]
    if day:
        return _day(int(match["year"]), month, int(day), match[0])
    return _start(int(match["year"]), month), Precision.MONTH.value


def _month_of_year(match: re.Match[str]) -> Read:
    return _start(int(match["year"]), int(match["month"] or match["numeric"])), Precision.MONTH.value


def _month_run_together(match: re.Match[str]) -> Read:
    return _start(int(match["year"]), int(match["month"])), Precision.MONTH.value


def _quarter_of_year(match: re.Match[str]) -> Read:
    return _start(int(match["year"]), _quarter(match) * 3 - 2), Precision.QUARTER.value


def _whole_year(match: re.Match[str]) -> Read:
    return _start(int(match["year"]), 1), Precision.YEAR.value


def _half_year(match: re.Match[str]) -> Read:
    raise CellError(
        "half_year", said(_("“%(text)s” is half a year, which is no quarter."), text=match[0]), WRITE_AS
    )


def _quarter(match: re.Match[str]) -> int:
    found = match.groupdict()
    return QUARTERS[found.get("latin") or found["quarter"]]


FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Read]], ...] = (
    (YEAR_FIRST, _year_first),
    (RUN_TOGETHER, _year_first),
    (MONTH_OF_YEAR, _month_of_year),
    (re.compile(r"(?P<year>(?:19|20)[0-9]{2})(?P<month>0[1-9]|1[0-2])"), _month_run_together),
    (QUARTER_OF_YEAR, _quarter_of_year),
    (QUARTER_FIRST, _quarter_of_year),
    (WHOLE_YEAR, _whole_year),
    (DAY_OR_MONTH_FIRST, _day_or_month_first),
    (NAMED_MONTH, _named_month),
    (HALF_YEAR, _half_year),
)


def _day(year: int, month: int, day: int, text: str) -> Read:
    try:
        found = date(year, month, day)
    except ValueError:
        raise CellError(
            "no_such_day", said(_("“%(text)s” is not in the calendar."), text=text), WRITE_AS
        ) from None
    return _in_range(found), Precision.DAY.value


def _start(year: int, month: int) -> date:
    if not EARLIEST.year <= year <= LATEST_PLAN.year:
        raise _out_of_range(str(year))
    return date(year, month, 1)


def _in_range(day: date) -> date:
    if not EARLIEST <= day <= LATEST_PLAN:
        raise _out_of_range(day.isoformat())
    return day


def _known(year: int | None, text: str) -> int:
    if year is None:
        raise CellError(
            "no_year",
            said(_("“%(text)s” does not say of which year, and neither does the title."), text=text),
            WRITE_AS,
        )
    return year


def _out_of_range(shown: str) -> CellError:
    return CellError(
        "out_of_range",
        said(_("%(value)s is no date between 1949 and 2100."), value=shown),
        _("Check the year; a date that counts days may come from another program."),
    )


def _unknown() -> CellError:
    return CellError("not_a_date", _("This is not a date."), WRITE_AS)
