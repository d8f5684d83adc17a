"""Quarters: one spelling, a fixed range, and arithmetic that agrees with the calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.quarters import (
    first_day,
    last_day,
    next_quarter,
    parse_quarter,
    quarter_of,
    quarters_between,
    year_quarters,
)

DAYS = st.dates(min_value=date(1949, 1, 1), max_value=date(2100, 12, 31))


@pytest.mark.parametrize("text", ["1949Q1", "2023Q1", "2100Q4"])
def test_a_quarter_is_read_as_it_is_written(text: str) -> None:
    assert parse_quarter(text) == text


@pytest.mark.parametrize(
    "value",
    [
        *["", "2026Q5", "2026Q0", "0000Q1", "1948Q4", "2101Q1", "2026-Q1", "2026-Q1'--", "2026q1", "2026 Q1"],
        *[
            " 2026Q1",
            "2026Q1\n",
            "２０２６Q1",
            "2026Q１",
            "٢٠٢٦Q1",
            "2026",
            "20260Q1",
            None,
            2026,
            ["2026Q1"],
        ],
    ],
)
def test_any_other_spelling_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="2023Q1"):
        parse_quarter(value)


@given(DAYS)
def test_a_day_lies_within_its_quarter(day: date) -> None:
    quarter = quarter_of(day)

    assert parse_quarter(quarter) == quarter
    assert first_day(quarter) <= day <= last_day(quarter)
    assert int(quarter[5]) == (day.month + 2) // 3


@given(DAYS)
def test_quarters_follow_each_other_without_gap_and_sort_as_text(day: date) -> None:
    quarter = quarter_of(day)
    following = next_quarter(quarter)

    assert first_day(following) == last_day(quarter) + timedelta(days=1)
    assert next_quarter(following, -1) == quarter
    assert following > quarter


@given(DAYS, st.integers(min_value=0, max_value=400))
def test_quarters_between_include_both_ends(day: date, n: int) -> None:
    first = quarter_of(day)
    last = next_quarter(first, n)

    quarters = quarters_between(first, last)

    assert (quarters[0], quarters[-1], len(quarters)) == (first, last, n + 1)
    assert quarters == sorted(set(quarters))


def test_there_are_no_quarters_between_a_later_and_an_earlier_one() -> None:
    assert quarters_between("2023Q2", "2023Q1") == []


def test_a_step_may_leave_the_range_that_may_be_typed() -> None:
    assert next_quarter("1949Q1", -4) == "1948Q1"
    assert next_quarter("2100Q4") == "2101Q1"
    assert last_day("2100Q4") == date(2100, 12, 31)


def test_the_quarters_of_the_year_so_far_end_with_the_one_asked_for() -> None:
    assert year_quarters("2023Q3") == ["2023Q1", "2023Q2", "2023Q3"]
    assert year_quarters("2023Q1") == ["2023Q1"]


def test_a_datetime_has_no_quarter_until_its_time_zone_is_chosen() -> None:
    with pytest.raises(TypeError):
        quarter_of(datetime(2023, 3, 31, 17, tzinfo=UTC))
