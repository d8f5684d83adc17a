"""GET cohorts/, lead-times/ and punctuality/: the shapes that clients rely on, who may ask, and what is refused."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zipfile import ZipFile

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from projects import services
from projects.access import Role
from projects.models import District, Milestone
from tests.api import Api, assert_problem
from tests.makers import (
    NOW,
    SHANGHAI,
    YI,
    make_huangpu,
    make_project,
    make_release,
    make_sector,
    make_user,
    record,
)

pytestmark = pytest.mark.django_db

SIGNED = date(2020, 1, 15)
ADDRESSES = ("cohorts", "lead-times", "punctuality")


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def api(places: dict[str, District]) -> Api:
    """Whoever may see the whole province."""
    return Api(make_user(district=places["440000"], role=Role.VIEWER))


def ask(api: Api, address: str = "cohorts", district: str = "440112", **parameters: str) -> Any:
    if not {"quarter", "from_"} & parameters.keys():
        parameters["quarter"] = "2020Q1"
    query = {name.removesuffix("_"): value for name, value in parameters.items()}
    return api.get(f"{address}/?{urlencode({'district': district, **query})}")


def rows(
    api: Api, address: str = "cohorts", district: str = "440112", **parameters: str
) -> list[dict[str, Any]]:
    response = ask(api, address, district, **parameters)
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["results"]
    return found


def share(numerator: int, denominator: int, *, uncertain: int = 0, last: str = "2020Q1") -> dict[str, Any]:
    return {
        "numerator": numerator,
        "denominator": denominator,
        "uncertain": uncertain,
        "share": round(numerator / denominator, 6),
        "first_quarter": "2020Q1",
        "last_quarter": last,
    }


# --- the figures --------------------------------------------------------------------------------------------------


def test_a_cohort_has_the_shape_that_clients_rely_on(api: Api, places: dict[str, District]) -> None:
    steps: dict[str, date | str] = {"signed": SIGNED, "started": date(2020, 5, 1), "completed": "unknown"}
    make_project(district=places["440112-GDD"], total_investment=34 * YI, milestones=steps)
    make_project(district=places["440112"], milestones={"signed": SIGNED})
    make_project(district=places["440112"], milestones={"signed": SIGNED, "registered": SIGNED})

    body = ask(api).json()

    assert body["results"] == [
        {
            "district": "440112",
            "by": None,
            "member": None,
            "first_quarter": "2020Q1",
            "last_quarter": "2020Q1",
            "signed": {"count": 3, "with_amount": 1, "investment": 34 * YI},
            "started_3": share(0, 3),
            "started_6": share(1, 3),
            "started_12": share(1, 3),
            "started_18": share(1, 3),
            "completed_24": share(0, 3, uncertain=1),
            "completed_36": share(0, 3, uncertain=1),
            "performance": share(2, 3),
            "start": share(1, 3),
            "production": {**share(0, 3), "share": 0.0},
        }
    ]
    assert body["release"] is None
    assert body["as_of"]


def test_nothing_signed_is_no_rate(api: Api) -> None:
    [row] = rows(api)

    assert row["signed"] == {"count": 0, "with_amount": 0, "investment": None}
    assert row["start"]["share"] is None
    assert (row["start"]["numerator"], row["start"]["denominator"]) == (0, 0)


def test_a_cohort_as_of_its_youth_is_null_where_it_was_too_young(
    api: Api, places: dict[str, District]
) -> None:
    then = datetime(2020, 7, 2, tzinfo=SHANGHAI)
    make_project(district=places["440112"], milestones={"signed": SIGNED}, at=then - timedelta(days=90))

    [row] = rows(api, as_of=then.isoformat())

    assert row["started_3"] == {**share(0, 1), "share": 0.0}
    assert row["started_6"] is None
    assert row["completed_36"] is None


def test_lead_times_come_for_each_span_with_what_is_not_known(api: Api, places: dict[str, District]) -> None:
    make_project(district=places["440112"], milestones={"signed": SIGNED, "started": date(2020, 1, 25)})
    make_project(district=places["440112"], milestones={"signed": SIGNED, "started": "unknown"})

    both, one = rows(api, "lead-times"), rows(api, "lead-times", span="signed_started")

    assert [row["span"] for row in both] == ["signed_started", "started_completed"]
    assert one == both[:1]
    assert one[0]["days"] == {"known": 1, "median": 10, "p90": 10}
    assert (one[0]["count"], one[0]["unknown"], one[0]["waiting"]) == (2, 1, 0)
    assert (both[1]["count"], both[1]["waiting"]) == (1, 1)


def test_punctuality_comes_with_bands_and_what_is_undated(api: Api, places: dict[str, District]) -> None:
    project = make_project(district=places["440112"])
    plan = Milestone(project=project, kind="started", planned_on=date(2018, 12, 15))
    services.save_milestone(plan, actor=None, at=NOW)
    plan.happened_on, plan.precision = date(2020, 1, 15), "day"
    services.save_milestone(plan, actor=None, at=NOW)
    make_project(district=places["440112"], milestones={"started": "unknown"})

    dated, undated = rows(api, "punctuality", kind="started")

    assert (dated["kind"], dated["count"], dated["delayed"], dated["delayed_13_24"]) == ("started", 1, 1, 1)
    assert dated["days_ahead"] == {"known": 1, "median": -396, "p90": -396}
    assert dated["days_delayed"] == {"known": 1, "median": 396, "p90": 396}
    assert (undated["first_quarter"], undated["without_date"], undated["count"]) == (None, 1, 1)


def test_years_and_the_whole_span_are_cohorts_too(api: Api, places: dict[str, District]) -> None:
    for day in (SIGNED, date(2020, 12, 1), date(2021, 2, 1)):
        make_project(district=places["440112"], milestones={"signed": day})

    years = rows(api, from_="2020Q1", to="2021Q1", per="year")
    [span] = rows(api, from_="2020Q1", to="2021Q1", per="span")

    assert [(row["first_quarter"], row["last_quarter"], row["signed"]["count"]) for row in years] == [
        ("2020Q1", "2020Q4", 2),
        ("2021Q1", "2021Q1", 1),
    ]
    assert (span["first_quarter"], span["last_quarter"], span["signed"]["count"]) == ("2020Q1", "2021Q1", 3)


@pytest.mark.parametrize("address", ADDRESSES)
def test_by_district_and_sector_the_parts_are_named(
    api: Api, places: dict[str, District], address: str
) -> None:
    steps: dict[str, date | str] = {"signed": SIGNED, "started": SIGNED}
    make_project(district=places["440112-GDD"], sector=make_sector(), milestones=steps)
    make_project(district=places["440113"], milestones=steps)

    by_district = rows(api, address, "440100", by="district")
    by_sector = rows(api, address, "440100", by="sector")

    assert {row["member"] for row in by_district} == {"440112", "440113"}
    assert {row["member"] for row in by_sector} == {"biomedicine", None}
    assert {row["by"] for row in by_sector} == {"sector"}


# --- moments ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_release_answers_for_ever_what_it_answered(
    api: Api, places: dict[str, District], address: str
) -> None:
    early = NOW - timedelta(days=30)
    project = make_project(district=places["440112"], milestones={"signed": SIGNED}, at=early)
    released = make_release(places["440112"], "2020Q1", at=NOW - timedelta(days=9))
    before = ask(api, address, release=str(released.pk)).json()

    record(project, "started", date(2020, 2, 1), at=NOW)

    after = ask(api, address, release=str(released.pk)).json()
    assert after == before
    assert after["release"] == released.pk
    assert rows(api, address) != before["results"]


def test_a_release_is_not_asked_of_later_quarters(api: Api, places: dict[str, District]) -> None:
    make_project(district=places["440112"], milestones={"signed": SIGNED}, at=NOW - timedelta(days=30))
    released = make_release(places["440112"], "2020Q1", at=NOW - timedelta(days=9))

    response = ask(api, quarter="2020Q2", release=str(released.pk))

    assert_problem(response, 400, "validation", "release")


# --- refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("quarter=2020Q1", "district"),
        ("district=440112", "quarter"),
        ("district=440112&quarter=2020Q5", "quarter"),
        ("district=440112&from=2021Q1&to=2020Q1", "to"),
        ("district=440112&from=1949Q1&to=2048Q4", "to"),
        ("district=440112&from=2020Q1", "to"),
        ("district=440112&quarter=2020Q1&by=ownership", "by"),
        ("district=440112&quarter=2020Q1&per=month", "per"),
        ("district=440112&quarter=2020Q1&as_of=2999-01-01T00:00:00Z", "as_of"),
        ("district=440112&quarter=2020Q1&as_of=yesterday", "as_of"),
        ("district=440112&quarter=2020Q1&as_of=2020-01-01T00:00:00Z&release=1", "as_of"),
        ("district=440112&quarter=2020Q1&member=x", "member"),
        ("district=440112&district=440113&quarter=2020Q1", "district"),
    ],
)
def test_what_cannot_be_answered_is_refused_at_its_parameter(
    api: Api, address: str, query: str, place: str
) -> None:
    assert_problem(api.get(f"{address}/?{query}"), 400, "validation", place)


@pytest.mark.parametrize(
    ("address", "query", "place"),
    [
        ("lead-times", "span=signed_completed", "span"),
        ("punctuality", "kind=signed", "kind"),
        ("cohorts", "kind=signed", "kind"),
        ("cohorts", "span=signed_started", "span"),
    ],
)
def test_each_address_knows_its_own_parameters(api: Api, address: str, query: str, place: str) -> None:
    response = api.get(f"{address}/?district=440112&quarter=2020Q1&{query}")

    assert_problem(response, 400, "validation", place)


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_may_not_see_the_district_finds_nothing(places: dict[str, District], address: str) -> None:
    neighbour = Api(make_user(district=places["440113"], role=Role.VIEWER))

    assert_problem(ask(neighbour, address), 404, "not-found")
    assert_problem(ask(neighbour, address, "999999"), 404, "not-found")
    assert_problem(ask(Api(), address), 401, "authentication")
    assert ask(neighbour, address, "440113").status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_release_of_another_district_is_not_there(
    api: Api, places: dict[str, District], address: str
) -> None:
    make_project(district=places["440113"], milestones={"signed": SIGNED}, at=NOW - timedelta(days=30))
    released = make_release(places["440113"], "2020Q1", at=NOW - timedelta(days=9))

    assert_problem(ask(api, address, release=str(released.pk)), 404, "not-found")
    assert_problem(ask(api, address, release="999999"), 404, "not-found")


# --- files, ETags, queries ----------------------------------------------------------------------------------------


def test_as_a_table_each_share_has_its_columns_and_too_young_is_empty(
    api: Api, places: dict[str, District]
) -> None:
    then = datetime(2020, 7, 2, tzinfo=SHANGHAI)
    steps: dict[str, date | str] = {"signed": SIGNED, "started": date(2020, 2, 1)}
    make_project(district=places["440112"], milestones=steps, at=then - timedelta(days=90))

    response = ask(api, format="csv", as_of=then.isoformat())

    text = b"".join(response.streaming_content).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["signed_count"], row["signed_investment"]) == ("1", "")
    assert (row["started_3_numerator"], row["started_3_denominator"], row["started_3_share"]) == (
        "1",
        "1",
        "1.0",
    )
    assert {row[f"started_6_{part}"] for part in ("numerator", "denominator", "share")} == {""}


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_workbook_holds_as_many_rows_as_the_answer(
    api: Api, places: dict[str, District], address: str
) -> None:
    make_project(district=places["440112"], milestones={"signed": SIGNED, "started": "unknown"})

    response = ask(api, address, from_="2020Q1", to="2020Q4", format="xlsx")

    with ZipFile(io.BytesIO(b"".join(response.streaming_content))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 1 + len(rows(api, address, from_="2020Q1", to="2020Q4"))


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_unchanged_answer_is_not_sent_again(api: Api, places: dict[str, District], address: str) -> None:
    project = make_project(district=places["440112"], milestones={"signed": SIGNED})
    path = f"{address}/?district=440112&quarter=2020Q1"
    etag = api.get(path).headers["ETag"]

    same = api.get(path, **{"If-None-Match": etag})
    record(project, "started", date(2020, 3, 1), at=timezone.now() + timedelta(days=400))
    changed = api.get(path, **{"If-None-Match": etag})

    assert (same.status_code, changed.status_code) == (304, 200)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_long_span_is_answered_with_few_queries(
    api: Api, places: dict[str, District], address: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        day = SIGNED + timedelta(days=100 * number)
        make_project(district=places["440112"], milestones={"signed": day, "started": day})
    ask(api, address)

    with django_assert_max_num_queries(12):
        rows(api, address, "440100", from_="2010Q1", to="2029Q4", by="district")
