"""The page of signing cohorts and the lists behind its cells, for those who may see them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from projects import services
from projects.models import District
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
from tests.pages import Page, read, signed_in
from tracking.cells import roll_up

pytestmark = pytest.mark.django_db

Places: TypeAlias = dict[str, District]

PAGE = "/cohorts/?district=440112&quarter=2020Q4"
LIST = "/cohorts/projects/?district=440112&quarter=2020Q1"
SIGNED = date(2020, 1, 15)
EARLY = NOW - timedelta(days=30)


@pytest.fixture
def places() -> Places:
    """One cohort of four: started early, started late, started nobody knows when, not started."""
    places = make_huangpu()
    zone, huangpu = places["440112-GDD"], places["440112"]
    sector = make_sector()
    steps: tuple[date | str, ...] = (date(2020, 3, 1), date(2022, 9, 1), "unknown")
    for number, started in enumerate(steps, 1):
        make_project(
            f"项目甲{number}",
            district=zone,
            sector=sector,
            total_investment=number * YI,
            milestones={"signed": SIGNED, "started": started},
            at=EARLY,
        )
    make_project("项目乙", district=huangpu, milestones={"signed": SIGNED}, at=EARLY)
    make_project("外区项目", district=places["440113"], milestones={"signed": SIGNED}, at=EARLY)
    roll_up()
    return places


@pytest.fixture
def officer(places: Places) -> Client:
    return signed_in(make_user("officer", district=places["440112"], role="viewer"))


def columns(page: Page, **asked: str) -> dict[str, str]:
    """What the links to lists show, by column."""
    found = {}
    for link in page.opening("/cohorts/projects/"):
        query = {name: values[0] for name, values in parse_qs(urlsplit(link.href).query).items()}
        if all(query.get(name) == value for name, value in asked.items()):
            found[query["column"] + ("?" if "uncertain" in query else "")] = link.text
    return found


# --- the page -----------------------------------------------------------------------------------------------------


def test_every_cell_of_a_cohort_leads_to_the_projects_that_it_counts(officer: Client) -> None:
    page = read(officer, PAGE)

    first = columns(page, **{"from": "2020Q1", "quarter": "2020Q1"})
    assert first == {
        "signed": "4",
        "started_3": "25.0%",
        "started_3?": "+1?",
        "started_6": "25.0%",
        "started_6?": "+1?",
        "started_12": "25.0%",
        "started_12?": "+1?",
        "started_18": "25.0%",
        "started_18?": "+1?",
        "performance": "75.0%",
        "start": "75.0%",
    }
    assert "1/4" in page.text
    assert "3/4" in page.text


def test_each_list_holds_as_many_projects_as_its_cell_says(officer: Client) -> None:
    page = read(officer, PAGE)

    for link in page.opening("/cohorts/projects/"):
        found = read(officer, link.href)
        number = int(found.cells[0])
        if link.text.startswith("+"):
            assert link.text == f"+{number}?"
        elif link.text.endswith("%"):
            assert f"{100 * number / 4:.1f}%" == link.text
        else:
            assert link.text == str(number)


def test_a_cohort_too_young_is_blank(officer: Client, places: Places) -> None:
    make_project(district=places["440112"], milestones={"signed": date(2026, 11, 1)}, at=NOW)

    page = read(officer, "/cohorts/?district=440112&quarter=2026Q4")

    young = columns(page, **{"from": "2026Q4", "quarter": "2026Q4"})
    assert set(young) == {"signed"}
    assert "too young" in page.text


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("district", ["Guangzhou Development District", "Huangpu itself"]),
        ("sector", ["生物医药", "Not recorded"]),
    ],
)
def test_the_parts_of_a_breakdown_are_named_and_lead_to_their_own_projects(
    officer: Client, by: str, names: list[str]
) -> None:
    page = read(officer, f"{PAGE}&by={by}")

    assert all(name in page.text for name in names)
    counts = [int(link.text) for link in page.opening("/cohorts/projects/") if "column=signed&" in link.href]
    assert sorted(counts) == [1, 3]
    for link in page.opening("/cohorts/projects/"):
        assert int(read(officer, link.href).cells[0]) > 0


def test_lead_times_and_punctuality_stand_below(officer: Client) -> None:
    page = read(officer, PAGE)

    assert "From signing to start" in page.text
    assert "Together 4 2 1 1 46 960" in page.text  # 46 and 960 days; one without a date, one still to come
    assert "Beside the first plan" in page.text
    assert "Date unknown" in page.text


def test_every_number_of_the_lower_tables_leads_to_its_projects(officer: Client, places: Places) -> None:
    for planned, happened in ((date(2020, 2, 1), date(2020, 4, 1)), (date(2018, 2, 1), date(2020, 5, 1))):
        project = make_project(district=places["440112"], milestones={"signed": SIGNED}, at=EARLY)
        step = record(project, "started", None, planned_on=planned, at=EARLY)
        step.happened_on, step.precision = happened, "day"
        services.save_milestone(step, actor=None, at=EARLY)

    page = read(officer, PAGE)

    links = [link for link in page.opening("/cohorts/projects/") if link.text.isdigit()]
    cells = {parse_qs(urlsplit(link.href).query)["column"][0] for link in links}
    assert cells >= {
        *("signed_started_count", "signed_started_known", "signed_started_unknown", "signed_started_waiting"),
        *("started_count", "started_delayed", "started_delayed_1_12", "started_delayed_25_60"),
        "started_without_plan",
    }
    assert {link.text for link in links if "started_delayed_1_12" in link.href} == {"1"}
    for link in links:
        assert read(officer, link.href).cells[0] == link.text, link.href
    for link in page.opening("/undated/"):
        assert "项目甲3" in read(officer, link.href).text


def test_where_nothing_was_signed_the_page_says_what_to_do(officer: Client) -> None:
    page = read(officer, "/cohorts/?district=440112&quarter=1999Q4")

    assert "Nothing was signed in these quarters." in page.text
    assert "No project took the first step in these quarters." in page.text


def test_without_a_district_it_is_ones_own_and_without_any_it_says_so(officer: Client) -> None:
    stranger = signed_in(make_user("stranger"))

    assert "Huangpu" in read(officer, "/cohorts/").text
    assert read(stranger, "/cohorts/").opening("/cohorts/projects/") == []


def test_the_start_page_leads_here(officer: Client) -> None:
    [link] = read(officer, "/?district=440112&quarter=2020Q1").opening("/cohorts/")

    assert link.href == "/cohorts/?district=440112&quarter=2020Q1"
    assert "Signing cohorts" in read(officer, link.href).text


def test_the_page_is_free_of_inline_styles_and_scripts(officer: Client) -> None:
    assert read(officer, PAGE).styled == []
    assert read(officer, f"{LIST}&column=signed").styled == []


# --- moments ------------------------------------------------------------------------------------------------------


def test_as_of_a_moment_and_as_released_the_page_shows_what_was_known(
    officer: Client, places: Places
) -> None:
    released = make_release(places["440112"], "2020Q1", at=NOW - timedelta(days=9))
    late = make_project(district=places["440112"], milestones={"signed": SIGNED}, at=NOW)
    record(late, "started", date(2020, 2, 1), at=NOW)
    then = (NOW - timedelta(days=5)).isoformat().replace("+", "%2B")

    past = read(officer, f"/cohorts/?district=440112&quarter=2020Q1&as_of={then}")
    frozen = read(officer, f"/cohorts/?district=440112&release={released.pk}")
    now = read(officer, "/cohorts/?district=440112&quarter=2020Q1")

    asked = {"from": "2020Q1", "quarter": "2020Q1"}
    assert columns(past, **asked)["signed"] == "4"
    assert columns(frozen, **asked)["signed"] == "4"
    assert columns(now, **asked)["signed"] == "5"
    for page in (past, frozen):
        for link in page.opening("/cohorts/projects/"):
            assert "as_of=" in link.href or "release=" in link.href
            read(officer, link.href)


def test_a_project_that_has_since_moved_away_is_counted_without_its_name(
    officer: Client, places: Places
) -> None:
    project = make_project("机密项目", district=places["440112"], milestones={"signed": SIGNED}, at=EARLY)
    moved = fresh(project)
    moved.district = places["440113"]
    services.save_project(moved, actor=None, at=NOW)
    then = (NOW - timedelta(days=5)).isoformat().replace("+", "%2B")

    page = read(officer, f"{LIST}&column=signed&as_of={then}")

    assert page.cells[0] == "5"
    assert "机密项目" not in page.text
    assert "now in a district of others" in page.text


# --- the lists ----------------------------------------------------------------------------------------------------


def test_a_list_names_the_projects_with_their_steps_largest_first(officer: Client) -> None:
    page = read(officer, f"{LIST}&column=start")

    assert page.text.index("项目甲3") < page.text.index("项目甲2") < page.text.index("项目甲1")
    assert page.cells[:2] == ["3", "6.00"]
    assert "2022-09-01" in page.text
    assert "date unknown" in page.text
    assert "项目乙" not in page.text


def test_what_is_uncertain_has_its_own_list(officer: Client) -> None:
    page = read(officer, f"{LIST}&column=started_12&uncertain=true")

    assert page.cells[0] == "1"
    assert "项目甲3" in page.text


def test_a_long_list_has_pages(officer: Client, places: Places) -> None:
    for number in range(50):
        make_project(f"批量{number}", district=places["440112"], milestones={"signed": SIGNED}, at=EARLY)

    first = read(officer, f"{LIST}&column=signed")
    [onward] = [link for link in first.opening("/cohorts/projects/") if "page=2" in link.href]
    second = read(officer, onward.href)

    assert first.cells[0] == second.cells[0] == "54"
    assert len([link for link in second.opening("/cohorts/projects/") if "page=1" in link.href]) == 1
    read(officer, f"{LIST}&column=signed&page=3", 404)


# --- refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "/cohorts/?district=440112&quarter=2020Q5",
        "/cohorts/?district=440112&by=ownership",
        "/cohorts/?district=440112&as_of=2999-01-01T00:00:00Z",
        "/cohorts/?district=440112&as_of=yesterday",
        "/cohorts/?district=440112&member=x",
        LIST,
        f"{LIST}&column=nonsense",
        f"{LIST}&column=signed&from=2020Q2",
        f"{LIST}&column=signed&from=1949Q1",
        f"{LIST}&column=signed&page=0",
        f"{LIST}&column=signed&page=-1",
        f"{LIST}&column=signed&uncertain=maybe",
        f"{LIST}&column=signed&member=440112",
        "/cohorts/projects/?district=440112&quarter=2120Q1&from=2020Q1&column=signed",
    ],
)
def test_what_cannot_be_read_is_answered_with_a_sentence(officer: Client, address: str) -> None:
    assert read(officer, address, 400).text


@pytest.mark.parametrize(
    "address",
    [
        "/cohorts/?district=440113",
        "/cohorts/?district=440100",
        "/cohorts/?district=999999",
        "/cohorts/?district=440112&release=99999",
        "/cohorts/projects/?district=440113&quarter=2020Q1&column=signed",
        f"{LIST}&column=signed&by=sector&member=nonsense",
        f"{LIST}&column=signed&by=district&member=440113",
        f"{LIST}&column=signed&page=2",
    ],
)
def test_what_lies_elsewhere_is_not_there(officer: Client, address: str) -> None:
    read(officer, address, 404)


def test_who_has_not_signed_in_is_asked_to(places: Places) -> None:
    for address in (PAGE, f"{LIST}&column=signed"):
        response = Client().get(address)

        assert (response.status_code, urlsplit(response.headers["Location"]).path) == (302, "/sign-in/")


# --- queries ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["", "&by=district", "&by=sector"])
def test_the_page_asks_few_queries_however_many_projects_there_are(
    officer: Client, by: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    read(officer, f"{PAGE}{by}")

    with django_assert_max_num_queries(26):
        read(officer, f"{PAGE}{by}")
    with django_assert_max_num_queries(14):
        read(officer, f"{LIST}&column=signed")
