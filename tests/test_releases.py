"""A release freezes a quarter: it answers for ever what it answered at first, and a revision names what it revises."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from config.api.outcomes import NothingNew
from projects import services
from projects.models import COUNTABLE_KINDS, District, LedgerEntry, SizeBand
from projects.quarters import quarters_between
from tests.makers import (
    NOW,
    YI,
    fresh,
    make_huangpu,
    make_project,
    make_release,
    make_sector,
    make_user,
    record,
)
from tracking.models import Release
from tracking.releases import changed_since, standing
from tracking.totals import totals

pytestmark = pytest.mark.django_db

SIGNED = {"signed": date(2023, 1, 29)}
QUARTERS = quarters_between("2022Q4", "2023Q1")


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


def answered(release: Release, district: District) -> object:
    return totals(district, QUARTERS, COUNTABLE_KINDS, as_of=release.released_at)


def test_a_release_answers_for_ever_what_it_answered_at_first(places):
    project = make_project(district=places["440112"], total_investment=YI, milestones=SIGNED)
    release = make_release(places["440100"])
    at_first = [answered(release, place) for place in places.values()]

    project = fresh(project)
    project.total_investment, project.district = 5 * YI, places["440113"]
    services.save_project(project, actor=None, at=NOW)
    make_project(district=places["440112"], milestones=SIGNED)

    assert [answered(release, place) for place in places.values()] == at_first
    assert at_first != [totals(place, QUARTERS, COUNTABLE_KINDS) for place in places.values()]


def test_what_is_recorded_after_a_release_is_dated_after_it_whatever_the_clock_says(places):
    make_project(district=places["440112"], milestones=SIGNED)
    release = make_release(places["440112"], at=NOW + timedelta(hours=1))

    make_project(district=places["440112"], milestones=SIGNED, at=NOW)  # this machine's clock is an hour late

    assert LedgerEntry.objects.latest("id").recorded_at > release.released_at


def test_a_release_is_dated_after_everything_that_is_recorded_whatever_the_clock_says(places):
    make_project(district=places["440112"], milestones=SIGNED, at=NOW)

    release = make_release(places["440112"], at=NOW - timedelta(hours=1))

    assert release.released_at >= LedgerEntry.objects.latest("id").recorded_at


def test_a_second_release_of_a_quarter_is_a_revision_and_names_what_it_revises(places):
    first = make_release(places["440112"])
    make_project(district=places["440112"], milestones=SIGNED)

    second = make_release(places["440112"], note="补报一个项目")

    assert (first.revision, first.revises) == (0, None)
    assert (second.revision, second.revises) == (1, first)
    assert second.released_at > first.released_at


def test_releasing_again_what_has_not_changed_is_refused(places):
    make_release(places["440112"])
    make_project(district=places["440113"], milestones=SIGNED)  # elsewhere
    make_project(district=places["440112"], milestones={"signed": date(2023, 5, 1)})  # later

    with pytest.raises(NothingNew):
        make_release(places["440112"])

    assert Release.objects.count() == 1


def test_what_only_happened_later_is_nothing_new(places):
    project = make_project(district=places["440112"], milestones=SIGNED)
    release = make_release(places["440112"])

    record(fresh(project), "started", date(2023, 5, 1))  # it left the stage after the released quarter
    record(fresh(project), "completed", planned_on=date(2024, 5, 1), precision="")

    assert not changed_since(release)
    with pytest.raises(NothingNew):
        make_release(places["440112"])


@pytest.mark.parametrize(
    "change", ["entered", "left", "amount", "sector", "day", "undated", "moved out", "voided"]
)
def test_whatever_a_release_shows_and_is_recorded_otherwise_now_is_news(places, change):
    project = make_project(district=places["440112"], total_investment=YI, milestones=SIGNED)
    release = make_release(places["440112"])
    changes = {
        "entered": lambda: make_project(district=places["440112-GDD"], milestones=SIGNED),
        "left": lambda: record(project, "started", date(2023, 3, 31)),
        "amount": lambda: correct(project, total_investment=2 * YI),
        "sector": lambda: correct(project, sector=make_sector()),
        "day": lambda: correct_day(project, date(2023, 1, 30)),
        "undated": lambda: make_project(district=places["440112"], milestones={"completed": "unknown"}),
        "moved out": lambda: correct(project, district=places["440113"]),
        "voided": lambda: services.void_project(fresh(project), "重复", actor=None, at=NOW),
    }

    changes[change]()

    assert changed_since(release)
    assert make_release(places["440112"]).revises == release


def test_what_was_changed_and_changed_back_is_nothing_new(places):
    project = make_project(district=places["440112"], total_investment=YI, milestones=SIGNED)
    release = make_release(places["440112"])

    correct(project, total_investment=2 * YI)
    correct(project, total_investment=YI)

    assert not changed_since(release)


def correct(project, **values):
    project = fresh(project)
    for name, value in values.items():
        setattr(project, name, value)
    services.save_project(project, actor=None, at=NOW)


def correct_day(project, day):
    milestone = project.milestones.get(kind="signed")
    milestone.happened_on = day
    services.save_milestone(milestone, actor=None, at=NOW)


def test_a_release_keeps_the_size_bands_of_its_time_also_those_of_a_time_without_any(places):
    make_project(district=places["440112"], total_investment=7 * YI, milestones=SIGNED)
    make_release(places["440112"])
    releases = {"none": make_release(places["440100"])}
    services.save_band(SizeBand(code="small", name="小", lower=0, upper=10 * YI), at=NOW)
    releases["small"] = make_release(places["440100"])  # other bands are something new
    band = SizeBand.objects.get()
    band.upper = 5 * YI
    services.save_band(band, at=NOW)

    members = {
        name: totals(places["440100"], ["2023Q1"], ["signed"], by="size_band", as_of=release.released_at)[
            0
        ].member
        for name, release in releases.items()
    }

    assert members == {"none": None, "small": "small"}


def test_a_quarter_that_has_not_ended_is_released_only_as_provisional(places):
    with pytest.raises(ValidationError) as refused:
        make_release(places["440112"], "2026Q4")

    provisional = make_release(places["440112"], "2026Q4", provisional=True)

    assert refused.value.error_dict["quarter"][0].code == "not_ended"
    assert provisional.provisional


def test_a_quarter_that_has_not_begun_is_not_released_at_all(places):
    with pytest.raises(ValidationError) as refused:
        make_release(places["440112"], "2027Q1", provisional=True)

    assert refused.value.error_dict["quarter"][0].code == "not_begun"


def test_a_provisional_release_becomes_final_even_if_nothing_changed_but_not_the_other_way_round(places):
    make_release(places["440112"], provisional=True)

    final = make_release(places["440112"])
    with pytest.raises(ValidationError) as refused:
        make_release(places["440112"], provisional=True)

    assert (final.revision, final.provisional) == (1, False)
    assert refused.value.error_dict["provisional"][0].code == "released_already"


def test_the_newest_release_of_a_district_or_of_one_above_it_holds(places):
    of_city = make_release(places["440100"])
    make_project(district=places["440112"], milestones=SIGNED)
    of_district = make_release(places["440112"])

    assert standing(places["440112-GDD"], "2023Q1") == of_district
    assert standing(places["440113"], "2023Q1") == of_city
    assert standing(places["440000"], "2023Q1") is None
    assert standing(places["440112"], "2023Q2") is None


def test_a_release_is_seen_by_those_of_its_district_of_those_above_and_of_those_within(places):
    release = make_release(places["440112"])
    readers = {code: make_user(district=place, role="viewer") for code, place in places.items()}
    readers |= {"superuser": make_user(superuser=True), "stranger": make_user()}

    seeing = {code for code, user in readers.items() if release in Release.objects.visible_to(user)}

    assert seeing == {"440000", "440100", "440112", "440112-GDD", "superuser"}


@pytest.mark.parametrize(
    "change", ["UPDATE tracking_release SET quarter = '2022Q4'", "DELETE FROM tracking_release"]
)
def test_the_database_refuses_to_change_a_release(places, change):
    make_release(places["440112"])

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
