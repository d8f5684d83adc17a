"""Signing cohorts: what has become of what was signed, how long it took, and whether it was on time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from projects import services
from projects.models import District, Kind, LedgerEntry, Milestone, Project
from projects.quarters import quarter_of, quarters_between
from tests.makers import (
    NOW,
    SHANGHAI,
    YI,
    fresh,
    make_district,
    make_huangpu,
    make_project,
    make_sector,
    record,
)
from tracking.cohorts import (
    DELAY_BANDS,
    WITHIN,
    Asked,
    Cohort,
    Rate,
    Spread,
    add_months,
    cohorts,
    funds_rate,
    lead_times,
    on_plan,
    projects_behind,
    punctuality,
)
from tracking.cohorts.rates import nearest_rank
from tracking.totals import totals

TODAY = date(2026, 11, 22)  # the day of makers.NOW
OLD = "2020Q1"
SIGNED = date(2020, 1, 15)

# --- golden: published numbers ------------------------------------------------------------------------------------


def test_the_rates_of_xuchang_come_out_as_published() -> None:
    signed = 247

    performance, start = Rate(244, signed), Rate(222, signed)
    funds = funds_rate(370 * YI, 1077 * YI)

    assert performance.percent(1) == Decimal("98.8")
    assert start.percent(0) == Decimal(90)
    assert funds.percent(0) == Decimal(34)


def test_the_projects_of_mospi_in_december_2018_come_out_as_published() -> None:
    plan = date(2010, 3, 31)
    delays = {
        6: 113,
        13: 61,
        60: 101,
        61: 109,
    }  # by so many months and a day: the bands 1–12, 13–24, 25–60, over 60
    pairs: list[tuple[date | None, date | None, str]] = [
        *[(plan, plan - timedelta(days=40), "day")] * 26,
        *[(plan, plan, "day")] * 328,
        *[
            (plan, add_months(plan, months - 1) + timedelta(days=1), "day")
            for months, number in delays.items()
            for _ in range(number)
        ],
        *[(None, plan, "day")] * 607,
        *[(plan, None, "unknown")] * 79,
    ]

    found = on_plan(pairs)

    assert dict(found.outcomes) == {
        "ahead": 26,
        "on_time": 328,
        "delayed": 384,
        "without_plan": 607,
        "without_date": 79,
    }
    assert [found.bands[band] for band in DELAY_BANDS] == [113, 61, 101, 109]
    assert found.count == 1424


def test_xuchang_also_comes_out_of_the_ledger(db: None) -> None:
    """A tenth of the published counts, as records: 25 signed, 24 performed, 22 started."""
    for number in range(25):
        steps: dict[str, date | str] = {"signed": SIGNED}
        if number < 24:
            steps["registered"] = date(2020, 2, 1)
        if number < 22:
            steps["started"] = "unknown"
        make_project(milestones=steps)

    [found] = ask()

    assert found.rates["performance"].rate == Rate(24, 25)
    assert found.rates["start"].rate == Rate(22, 25)
    assert found.rates["production"].rate == Rate(0, 25)


# --- rates and days -----------------------------------------------------------------------------------------------


def test_nothing_of_nothing_is_no_rate() -> None:
    assert Rate(0, 0).share is None
    assert Rate(0, 0).percent() is None
    assert funds_rate(0, 0).share is None


@pytest.mark.parametrize(
    ("numerator", "denominator", "places", "expected"),
    [
        (1, 8, 1, "12.5"),
        (1, 8, 0, "13"),
        (1, 3, 1, "33.3"),
        (2, 3, 1, "66.7"),
        (1, 2000, 1, "0.1"),
        (5, 5, 0, "100"),
    ],
)
def test_a_percentage_is_rounded_half_up(
    numerator: int, denominator: int, places: int, expected: str
) -> None:
    assert Rate(numerator, denominator).percent(places) == Decimal(expected)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2021, 8, 31), 6, date(2022, 2, 28)),
        (date(2023, 8, 31), 6, date(2024, 2, 29)),
        (date(2023, 1, 31), 3, date(2023, 4, 30)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2023, 12, 15), 1, date(2024, 1, 15)),
        (date(2023, 11, 30), 24, date(2025, 11, 30)),
    ],
)
def test_months_are_calendar_months_and_end_on_the_last_day_of_a_shorter_one(
    day: date, months: int, expected: date
) -> None:
    assert add_months(day, months) == expected


@pytest.mark.parametrize(
    ("days", "median", "p90"),
    [
        ({}, None, None),
        ({5: 1}, 5, 5),
        ({1: 1, 2: 1}, 1, 2),
        (dict.fromkeys(range(1, 11), 1), 5, 9),
        ({3: 9, 70: 1}, 3, 3),
    ],
)
def test_median_and_p90_are_values_that_occur(
    days: dict[int, int], median: int | None, p90: int | None
) -> None:
    assert (nearest_rank(days, 50), nearest_rank(days, 90)) == (median, p90)


# --- within so many months ----------------------------------------------------------------------------------------


def ask(district: District | None = None, first: str = OLD, last: str = OLD, **more: Any) -> list[Cohort]:
    more.setdefault("today", TODAY)
    return cohorts(district or make_district(), quarters_between(first, last), **more)


def share(found: Cohort, column: str) -> tuple[int, int, int]:
    """Certain, uncertain, and of how many."""
    within = found.within[column]
    assert within
    return within.rate.numerator, within.rate.uncertain, within.rate.denominator


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "in_time"),
    [(date(2020, 4, 15), True), (date(2020, 4, 16), False), (SIGNED, True)],
)
def test_the_last_day_of_the_months_still_counts(day: date, in_time: bool) -> None:
    make_project(milestones={"signed": SIGNED, "started": day})

    [found] = ask()

    assert share(found, "started_3") == (int(in_time), 0, 1)
    assert share(found, "started_6") == (1, 0, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "precision", "expected"),
    [
        (date(2020, 3, 1), "month", (1, 0)),  # until 31 March: certainly by 15 April
        (date(2020, 4, 1), "month", (0, 1)),  # perhaps until 15 April, perhaps after it
        (date(2020, 5, 1), "month", (0, 0)),
        (date(2020, 1, 1), "quarter", (1, 0)),
        (date(2020, 4, 1), "quarter", (0, 1)),
        (date(2020, 7, 1), "quarter", (0, 0)),
        (date(2020, 1, 1), "year", (0, 1)),
        (date(2021, 1, 1), "year", (0, 0)),
        (None, "unknown", (0, 1)),
    ],
)
def test_what_is_known_too_coarsely_is_uncertain_not_counted(
    day: date | None, precision: str, expected: tuple[int, int]
) -> None:
    project = make_project(milestones={"signed": SIGNED})
    record(project, "started", day, precision=precision)

    [found] = ask()

    assert share(found, "started_3") == (*expected, 1)


@pytest.mark.django_db
def test_a_signing_known_to_the_quarter_may_have_been_on_any_of_its_days() -> None:
    project = make_project()
    record(project, "signed", date(2020, 1, 1), precision="quarter")
    record(project, "started", date(2020, 5, 20))

    [found] = ask()

    assert share(found, "started_3") == (0, 1, 1)  # in time if signed from 20 February on
    assert share(found, "started_6") == (1, 0, 1)  # also if signed on 1 January


@pytest.mark.django_db
def test_a_step_that_was_skipped_was_taken_by_the_next_at_the_latest() -> None:
    make_project(milestones={"signed": SIGNED, "in_production": date(2020, 12, 1)})

    [found] = ask()

    assert share(found, "started_3") == (0, 1, 1)
    assert share(found, "started_12") == (1, 0, 1)
    assert share(found, "completed_24") == (1, 0, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(("today", "blank"), [(date(2020, 6, 29), True), (date(2020, 6, 30), False)])
def test_a_cohort_that_is_too_young_for_a_column_is_blank_and_not_low(today: date, blank: bool) -> None:
    make_project(milestones={"signed": SIGNED})

    [found] = ask(today=today)

    assert (found.within["started_3"] is None) == blank
    assert found.within["started_6"] is None
    assert found.rates["start"].rate == Rate(0, 1)


@pytest.mark.django_db
def test_several_quarters_count_those_that_are_old_enough_and_say_which() -> None:
    make_project(milestones={"signed": SIGNED, "started": date(2020, 2, 1)})
    make_project(milestones={"signed": date(2020, 4, 2)})

    [year] = ask(last="2020Q4", per=["year"], today=date(2020, 8, 1))

    assert year.signed.count == 2
    assert share(year, "started_3") == (1, 0, 1)
    started = year.within["started_3"]
    assert started
    assert (started.first, started.last) == ("2020Q1", "2020Q1")
    assert (year.rates["start"].first, year.rates["start"].last) == ("2020Q1", "2020Q4")
    assert year.rates["start"].rate == Rate(1, 2)


@pytest.mark.django_db
def test_who_is_terminated_stays_in_the_denominator() -> None:
    make_project(milestones={"signed": SIGNED, "terminated": date(2020, 3, 1)})
    make_project(milestones={"signed": SIGNED, "started": date(2020, 3, 1), "terminated": date(2020, 5, 1)})

    [found] = ask()

    assert found.rates["performance"].rate == Rate(1, 2)
    assert found.rates["start"].rate == Rate(1, 2)


@pytest.mark.django_db
def test_each_rate_counts_its_step_and_every_later_one() -> None:
    for step in ("registered", "started", "completed", "in_production", "at_capacity"):
        make_project(milestones={"signed": SIGNED, step: date(2020, 3, 1)})

    [found] = ask()

    assert {name: each.rate for name, each in found.rates.items()} == {
        "performance": Rate(5, 5),
        "start": Rate(4, 5),
        "production": Rate(2, 5),
    }


@pytest.mark.django_db
def test_a_cohort_is_what_the_totals_say_was_signed() -> None:
    places = make_huangpu()
    make_project(district=places["440112-GDD"], total_investment=3 * YI, milestones={"signed": SIGNED})
    make_project(district=places["440112"], milestones={"signed": SIGNED})
    make_project(district=places["440113"], total_investment=5 * YI, milestones={"signed": SIGNED})
    make_project(district=places["440112"], milestones={"signed": SIGNED}, exclusion_reason="relocation")
    make_project(district=places["440112"], milestones={"signed": "unknown"})

    [found] = ask(places["440112"])

    [total] = totals(places["440112"], [OLD], ["signed"], as_of=timezone.now() + timedelta(days=3650))
    assert found.signed == total.entered
    assert (found.signed.count, found.signed.with_investment, found.signed.investment) == (2, 1, 3 * YI)


# --- at a moment --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_past_moment_answers_what_was_known_then() -> None:
    then = datetime(2021, 3, 1, 12, tzinfo=SHANGHAI)
    project = make_project(milestones={"signed": SIGNED}, at=then - timedelta(days=300), total_investment=YI)
    step = record(project, "started", date(2020, 3, 1), at=then - timedelta(days=200))
    before = ask(as_of=then, today=timezone.localdate(then))

    step.happened_on = date(2020, 9, 1)
    services.save_milestone(step, actor=None, at=then + timedelta(days=1))
    changed = fresh(project)
    changed.total_investment = 2 * YI
    services.save_project(changed, actor=None, at=then + timedelta(days=2))
    make_project(milestones={"signed": SIGNED}, at=then + timedelta(days=3))

    assert ask(as_of=then, today=timezone.localdate(then)) == before
    assert share(before[0], "started_3") == (1, 0, 1)
    [now] = ask()
    assert share(now, "started_3") == (0, 0, 2)
    assert now.signed.investment == 2 * YI


@pytest.mark.django_db
def test_a_project_that_moved_is_in_the_cohort_of_where_it_lay_at_the_moment() -> None:
    places = make_huangpu()
    then = NOW - timedelta(days=10)
    project = make_project(district=places["440112"], milestones={"signed": SIGNED}, at=then)
    moved = fresh(project)
    moved.district = places["440113"]
    services.save_project(moved, actor=None, at=NOW)

    assert ask(places["440112"], as_of=then)[0].signed.count == 1
    assert ask(places["440112"])[0].signed.count == 0
    assert ask(places["440113"])[0].signed.count == 1


@pytest.mark.django_db
def test_of_an_old_entry_without_its_date_the_quarter_is_known() -> None:
    project = make_project()
    services.save_milestone(Milestone(project=project, kind="signed", happened_on=SIGNED), actor=None, at=NOW)
    [entry] = LedgerEntry.objects.filter(project=project)
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(
                project=project, milestone_id=entry.milestone_id, kind="started", quarter="2020Q2",
                district=entry.district, project_type=entry.project_type, recorded_at=NOW, cause="reported",
            )
        ]
    )  # fmt: skip

    [found] = ask()

    assert share(found, "started_3") == (0, 1, 1)
    assert share(found, "started_6") == (1, 0, 1)


# --- parts --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_by_district_and_sector_every_part_stands_under_its_code() -> None:
    places, sector = make_huangpu(), make_sector()
    make_project(district=places["440112-GDD"], sector=sector, milestones={"signed": SIGNED})
    make_project(district=places["440112"], milestones={"signed": SIGNED})

    by_district = {found.member: found.signed.count for found in ask(places["440112"], by="district")}
    by_sector = {found.member: found.signed.count for found in ask(places["440112"], by="sector")}

    assert by_district == {"440112": 1, "440112-GDD": 1}
    assert by_sector == {"biomedicine": 1, None: 1}


@pytest.mark.django_db
def test_the_projects_behind_a_cell_are_those_that_it_counts() -> None:
    district = make_district()
    early = make_project(total_investment=YI, milestones={"signed": SIGNED, "started": SIGNED})
    large = make_project(total_investment=9 * YI, milestones={"signed": SIGNED, "started": date(2020, 2, 1)})
    unsure = make_project(milestones={"signed": SIGNED, "started": "unknown"})
    make_project(milestones={"signed": SIGNED, "started": date(2022, 1, 1)})

    asked = Asked(district, [OLD])
    found = projects_behind(asked, "started_3", today=TODAY)
    perhaps = projects_behind(asked, "started_3", today=TODAY, uncertain=True)
    young = projects_behind(asked, "started_3", today=date(2020, 2, 2))

    assert projects_of(found.entries) == [large, early]
    assert found.sums.investment == 10 * YI
    assert projects_of(perhaps.entries) == [unsure]
    assert young.entries == []


def projects_of(entries: list[int]) -> list[Project]:
    by_id = {entry.pk: entry.project for entry in LedgerEntry.objects.filter(pk__in=entries)}
    return [by_id[pk] for pk in entries]


# --- lead times ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_lead_times_count_days_where_both_are_known_and_say_how_many_are_not() -> None:
    district = make_district()
    for days in (10, 20, 30):
        make_project(milestones={"signed": SIGNED, "started": SIGNED + timedelta(days=days)})
    coarse = make_project(milestones={"signed": SIGNED})
    record(coarse, "started", date(2020, 3, 1), precision="month")
    make_project(milestones={"signed": SIGNED, "completed": date(2021, 1, 1)})
    make_project(milestones={"signed": SIGNED})

    [found] = lead_times(district, [OLD], "signed_started")

    assert found.days == Spread(known=3, median=20, p90=30)
    assert (found.count, found.unknown, found.waiting) == (6, 2, 1)


@pytest.mark.django_db
def test_a_lead_time_belongs_to_the_quarter_of_its_first_step() -> None:
    district = make_district()
    make_project(milestones={"signed": SIGNED, "started": date(2020, 4, 1), "completed": date(2021, 4, 1)})

    found = lead_times(district, quarters_between("2020Q1", "2020Q2"), "started_completed")

    assert [(each.first, each.count, each.days.median) for each in found] == [
        ("2020Q1", 0, None),
        ("2020Q2", 1, 365),
    ]


# --- punctuality --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("planned", "actual", "precision", "expected"),
    [
        (date(2023, 3, 10), date(2023, 3, 10), "day", "on_time"),
        (date(2023, 3, 10), date(2023, 3, 9), "day", "ahead"),
        (date(2023, 3, 10), date(2023, 3, 11), "day", "delayed"),
        (date(2023, 3, 31), date(2023, 3, 1), "month", "on_time"),
        (date(2023, 4, 1), date(2023, 3, 1), "month", "ahead"),
        (date(2023, 2, 28), date(2023, 3, 1), "month", "delayed"),
        (date(2023, 2, 28), date(2023, 1, 1), "quarter", "on_time"),
        (date(2022, 12, 31), date(2023, 1, 1), "quarter", "delayed"),
        (date(2023, 6, 1), date(2023, 1, 1), "year", "without_date"),
        (date(2023, 6, 1), None, "unknown", "without_date"),
        (None, date(2023, 1, 1), "day", "without_plan"),
    ],
)
def test_on_time_is_as_exact_as_the_date_that_is_known(
    planned: date | None, actual: date | None, precision: str, expected: str
) -> None:
    assert dict(on_plan([(planned, actual, precision)]).outcomes) == {expected: 1}


@pytest.mark.parametrize(
    ("actual", "band"),
    [
        (date(2020, 2, 1), (1, 12)),
        (date(2021, 1, 31), (1, 12)),
        (date(2021, 2, 1), (13, 24)),
        (date(2022, 1, 31), (13, 24)),
        (date(2022, 2, 1), (25, 60)),
        (date(2025, 1, 31), (25, 60)),
        (date(2025, 2, 1), (61, None)),
    ],
)
def test_every_delay_lies_in_one_band(actual: date, band: tuple[int, int | None]) -> None:
    assert dict(on_plan([(date(2020, 1, 31), actual, "day")]).bands) == {band: 1}


def test_days_ahead_are_those_of_known_days_and_negative_behind_the_plan() -> None:
    plan = date(2023, 3, 10)

    found = on_plan(
        [
            (plan, plan - timedelta(days=5), "day"),
            (plan, plan + timedelta(days=30), "day"),
            (plan, plan + timedelta(days=50), "day"),
            (plan, date(2023, 5, 1), "month"),
        ]
    )

    assert found.ahead == Spread(known=3, median=-30, p90=5)
    assert found.delay == Spread(known=2, median=30, p90=50)
    assert found.outcomes["delayed"] == 3


@pytest.mark.django_db
def test_punctuality_keeps_to_the_first_plan_and_lists_the_undated_last() -> None:
    district = make_district()
    project = make_project(milestones={"signed": SIGNED})
    step = Milestone(project=project, kind="started", planned_on=date(2020, 3, 1))
    services.save_milestone(step, actor=None, at=NOW)
    step.planned_on = date(2020, 6, 1)
    services.save_milestone(step, actor=None, at=NOW)
    step.happened_on, step.precision = date(2020, 5, 1), "day"
    services.save_milestone(step, actor=None, at=NOW)
    make_project(milestones={"started": "unknown"})

    first, second, undated = punctuality(district, quarters_between("2020Q1", "2020Q2"), [Kind.STARTED])

    assert (first.first, first.on_plan.count) == ("2020Q1", 0)
    assert dict(second.on_plan.outcomes) == {"delayed": 1}
    assert second.on_plan.delay.median == 61
    assert (undated.first, dict(undated.on_plan.outcomes)) == (None, {"without_date": 1})


# --- whatever is recorded -----------------------------------------------------------------------------------------

days = st.dates(date(2019, 10, 1), date(2023, 6, 30))
precisions = st.sampled_from(["day", "day", "month", "quarter", "year", "unknown"])
later_steps = st.dictionaries(
    st.sampled_from([Kind.REGISTERED, Kind.STARTED, Kind.COMPLETED, Kind.IN_PRODUCTION]),
    st.tuples(st.integers(0, 1300), precisions),
    max_size=3,
)
entered = st.lists(
    st.tuples(
        st.sampled_from(["440100", "440112", "440112-GDD", "440113"]),
        st.none() | st.sampled_from(["biomedicine", "chips"]),
        st.dates(date(2019, 10, 1), date(2020, 12, 31)),
        st.sampled_from(["day", "day", "month", "quarter"]),
        later_steps,
    ),
    min_size=1,
    max_size=8,
)
SPAN = quarters_between("2019Q4", "2020Q4")


def enter(
    place: District, sector: Any, signed: date, precision: str, steps: dict[Kind, tuple[int, str]]
) -> None:
    """One project; what the rules refuse is left out."""
    project = make_project(district=place, sector=sector)
    record(project, "signed", signed, precision=precision)
    for kind, (after, known) in sorted(steps.items(), key=lambda step: list(Kind).index(step[0])):
        day = None if known == "unknown" else signed + timedelta(days=after)
        try:
            record(fresh(project), kind, day, precision=known)
        except ValidationError:
            continue


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(projects=entered, today=st.dates(date(2020, 1, 1), date(2024, 6, 30)))
def test_whatever_is_recorded_shares_grow_with_the_months_and_parts_add_up(
    projects: Any, today: date
) -> None:
    places = make_huangpu()
    city = places["440100"]
    for place, sector, *rest in projects:
        enter(places[place], make_sector(sector, sector) if sector else None, *rest)

    whole = cohorts(city, SPAN, today=today)

    for found in whole:
        check_shares(found)
    for by in ("district", "sector"):
        parts = cohorts(city, SPAN, today=today, by=by)
        for found in whole:
            assert_adds_up(found, [part for part in parts if part.first == found.first])
    [span] = cohorts(city, SPAN, today=today, per=["span"])
    assert span.signed.count == sum(found.signed.count for found in whole)
    assert_adds_up(span, whole)


def check_shares(found: Cohort) -> None:
    for group in ("started", "completed"):
        rates = [s.rate for column, s in found.within.items() if s and column.startswith(group)]
        certain = [rate.numerator for rate in rates]
        possible = [rate.numerator + rate.uncertain for rate in rates]
        assert certain == sorted(certain)
        assert possible == sorted(possible)
        assert all(
            rate.numerator + rate.uncertain <= rate.denominator == found.signed.count for rate in rates
        )
        assert all(rate.numerator + rate.uncertain <= found.rates["start"].rate.numerator for rate in rates)
    assert found.rates["performance"].rate.numerator >= found.rates["start"].rate.numerator


def assert_adds_up(whole: Cohort, parts: list[Cohort]) -> None:
    assert sum(part.signed.count for part in parts) == whole.signed.count
    for column in WITHIN:
        found = whole.within[column]
        shares = [share for part in parts if (share := part.within[column])]
        assert sum((share.rate for share in shares), Rate(0, 0)) == (found.rate if found else Rate(0, 0))
    for column, each in whole.rates.items():
        assert sum((part.rates[column].rate for part in parts), Rate(0, 0)) == each.rate


# --- queries ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_however_many_projects_there_are_few_queries_answer(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    places = make_huangpu()
    for number in range(12):
        place = places["440112" if number % 2 else "440112-GDD"]
        make_project(
            district=place, milestones={"signed": SIGNED, "started": SIGNED + timedelta(days=number)}
        )
    quarters = quarters_between("2018Q1", quarter_of(TODAY))

    for by in (None, "district", "sector"):
        with django_assert_max_num_queries(2):
            cohorts(places["440100"], quarters, today=TODAY, by=by)
        with django_assert_max_num_queries(2):
            lead_times(places["440100"], quarters, "signed_started", by=by)
        with django_assert_max_num_queries(2):
            punctuality(places["440100"], quarters, by=by)
