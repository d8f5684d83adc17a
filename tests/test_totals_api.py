"""GET totals/: the shape that clients rely on, who may ask, and what is refused."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from projects import services
from projects.access import Role
from projects.models import COUNTABLE_KINDS, District
from tests.api import Api, assert_problem
from tests.makers import (
    NOW,
    YI,
    fresh,
    make_bands,
    make_district,
    make_huangpu,
    make_project,
    make_release,
    make_sector,
    make_user,
)
from tracking import cells

pytestmark = pytest.mark.django_db

DATED: dict[str, date | str] = {"signed": date(2023, 1, 29)}


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def api(places: dict[str, District]) -> Api:
    """Whoever may see the whole province."""
    return Api(make_user(district=places["440000"], role=Role.VIEWER))


def ask(api: Api, district: str = "440112", **parameters: str) -> Any:
    if not {"quarter", "from", "from_"} & parameters.keys():
        parameters["quarter"] = "2023Q1"
    query = {name.removesuffix("_"): value for name, value in parameters.items()}
    return api.get(f"totals/?{urlencode({'district': district, **query})}")


def one(api: Api, district: str = "440112", **parameters: str) -> dict[str, Any]:
    response = ask(api, district, **parameters)
    assert response.status_code == 200, response.content
    [total] = response.json()["results"]
    return dict(total)


# --- the figures --------------------------------------------------------------------------------------------------


def test_an_answer_has_the_shape_that_clients_rely_on(api: Api, places: dict[str, District]) -> None:
    make_project(
        district=places["440112"],
        sector=make_sector(),
        total_investment=34 * YI,
        expected_output=50 * YI,
        milestones=DATED,
    )
    make_project(district=places["440112-GDD"], total_investment=YI, milestones={"signed": "unknown"})
    cells.roll_up()

    body = ask(api, kind="signed", by="sector").json()

    entered = {
        "count": 1,
        "with_amount": 1,
        "with_output": 1,
        "with_revenue": 0,
        "investment": 34 * YI,
        "expected_output": 50 * YI,
        "expected_revenue": None,
    }
    nothing = dict.fromkeys(entered, 0) | {
        "investment": None,
        "expected_output": None,
        "expected_revenue": None,
    }
    assert body["results"] == [
        {
            "district": "440112",
            "quarter": "2023Q1",
            "kind": "signed",
            "by": "sector",
            "member": "biomedicine",
            "entered": entered,
            "left": nothing,
            "stock": entered,
            "ytd": entered,
            "yoy": {"count": None, "investment": None},
            "qoq": {"count": None, "investment": None},
            "carried_over": None,
            "carried_over_year": None,
            "start_or_resume": None,
            "start_or_resume_year": None,
        }
    ]
    assert body["undated"] == {"count": 1, "with_amount": 1, "investment": YI}
    assert body["release"] is None


def test_without_kinds_and_breakdown_every_countable_kind_of_every_quarter_is_listed(
    api: Api, places: dict[str, District]
) -> None:
    body = api.get("totals/?district=440112&from=2022Q4&to=2023Q1").json()

    listed = [(row["quarter"], row["kind"]) for row in body["results"]]
    assert listed == [(quarter, kind) for quarter in ("2022Q4", "2023Q1") for kind in COUNTABLE_KINDS]
    assert {(row["by"], row["member"]) for row in body["results"]} == {(None, None)}
    assert {row["kind"] for row in body["results"] if row["stock"] is None} == {
        "registered",
        "enrolled",
        "resumed",
    }


def test_yoy_and_qoq_compare_the_flow_and_are_null_without_a_base(
    api: Api, places: dict[str, District]
) -> None:
    for day in (date(2022, 5, 1), date(2023, 4, 1), date(2023, 5, 1)):
        make_project(district=places["440112"], total_investment=YI, milestones={"signed": day})
    cells.roll_up()

    total = one(api, kind="signed", quarter="2023Q2")

    assert total["yoy"] == {"count": 1.0, "investment": 1.0}
    assert total["qoq"] == {"count": None, "investment": None}
    assert total["ytd"]["count"] == 2


@pytest.mark.parametrize(
    ("by", "members"),
    [
        ("sector", {"biomedicine": 1, None: 2}),
        ("size_band", {"lt-100m": 1, "1bn-5bn": 1, None: 1}),
        ("project_type", {"industrial": 1, "other": 2}),
        ("ownership", {"state": 1, None: 2}),
        ("district", {"440112": 2, "440113": 1}),
    ],
)
def test_a_breakdown_adds_up_and_names_what_is_not_known_null(
    api: Api, places: dict[str, District], by: str, members: dict[str | None, int]
) -> None:
    make_bands()
    make_project(
        district=places["440112"],
        sector=make_sector(),
        total_investment=YI // 2,
        project_type="industrial",
        ownership="state",
        milestones=DATED,
    )
    make_project(district=places["440112-GDD"], total_investment=10 * YI, milestones=DATED)
    make_project(district=places["440113"], milestones=DATED)
    cells.roll_up()

    rows = ask(api, "440100", kind="signed", by=by).json()["results"]

    assert {row["member"]: row["entered"]["count"] for row in rows} == members


def test_a_past_moment_answers_from_the_ledger(api: Api, places: dict[str, District]) -> None:
    project = make_project(district=places["440112"], total_investment=YI, milestones=DATED)
    before = NOW + timedelta(minutes=1)
    project = fresh(project)
    project.total_investment = 5 * YI
    at = timezone.now()

    services.save_project(project, actor=None, at=at)
    cells.roll_up()
    then = ask(api, kind="signed", as_of=before.isoformat()).json()

    assert then["results"][0]["entered"]["investment"] == YI
    assert parse_datetime(then["as_of"]) == before
    assert one(api, kind="signed")["entered"]["investment"] == 5 * YI


def test_a_time_before_anything_was_recorded_is_refused_with_the_time_of_the_first_entry(
    api: Api, places: dict[str, District]
) -> None:
    make_project(district=places["440112"], milestones=DATED)

    refused = ask(api, kind="signed", as_of="2020-01-01T00:00:00Z").json()

    assert [error["parameter"] for error in refused["errors"]] == ["as_of"]
    assert "2026-11-22 10:00" in refused["errors"][0]["detail"]


def test_released_quarters_carry_their_mark_and_changed_figures_can_be_explained_from_it(
    api: Api, places: dict[str, District]
) -> None:
    make_project(district=places["440112"], milestones=DATED)
    release = make_release(places["440100"], note="一季度通报")

    marks = ask(api, from_="2022Q4", to="2023Q2").json()["released"]

    assert [(m["quarter"], m["release"], m["district"], m["revision"], m["provisional"]) for m in marks] == [
        ("2023Q1", release.pk, "440100", 0, False)
    ]
    assert parse_datetime(marks[0]["released_at"]) == release.released_at


def test_an_answer_about_now_says_when_that_was(api: Api) -> None:
    began = timezone.now()

    said = parse_datetime(ask(api).json()["as_of"])

    assert said is not None
    assert began <= said <= timezone.now()


def test_a_table_of_the_same_figures_comes_as_csv(api: Api, places: dict[str, District]) -> None:
    make_project(district=places["440112"], total_investment=34 * YI, milestones=DATED)
    cells.roll_up()

    response = ask(api, kind="signed,registered", format="csv")

    text = b"".join(response.streaming_content).decode("utf-8-sig")
    signed, registered = csv.DictReader(io.StringIO(text))
    assert (signed["kind"], signed["entered_investment"], signed["yoy_count"]) == ("signed", str(34 * YI), "")
    assert (registered["entered_count"], registered["stock_count"]) == ("0", "")


def test_a_workbook_is_sent_where_one_is_asked_for(api: Api) -> None:
    workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    response = api.get("totals/?district=440112&quarter=2023Q1", Accept=workbook)

    assert response.headers["Content-Type"] == workbook
    assert b"".join(response.streaming_content).startswith(b"PK")


def test_an_unchanged_answer_is_304_and_a_changed_one_is_sent(api: Api, places: dict[str, District]) -> None:
    address = "totals/?district=440112&quarter=2023Q1"
    etag = api.get(address).headers["ETag"]

    again = api.get(address, **{"If-None-Match": etag})
    make_project(district=places["440112"], milestones=DATED)
    cells.roll_up()
    changed = api.get(address, **{"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Cache-Control"] == "no-store"
    assert changed.status_code == 200


def test_the_number_of_queries_does_not_grow_with_quarters_and_kinds(
    api: Api, places: dict[str, District], django_assert_max_num_queries: Any
) -> None:
    for quarter in range(8):
        make_project(
            district=places["440112"],
            milestones={"signed": date(2021 + quarter // 4, quarter % 4 * 3 + 1, 5)},
        )
    cells.roll_up()

    with django_assert_max_num_queries(8):
        ask(api, **{"from": "2010Q1", "to": "2025Q4"})
    with django_assert_max_num_queries(9):
        ask(api, **{"from": "2010Q1", "to": "2025Q4", "by": "sector", "as_of": "2026-01-01T00:00:00Z"})


# --- who may ask --------------------------------------------------------------------------------------------------


def test_nobody_without_a_token_is_answered() -> None:
    response = Api().get("totals/?district=440112&quarter=2023Q1")

    assert_problem(response, 401, "authentication")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("code", ["440100", "440000", "440113", "440199", "440113-XXX"])
def test_what_lies_outside_ones_districts_is_not_there_whether_or_not_it_exists(
    places: dict[str, District], code: str
) -> None:
    make_district("440113-XXX", "某开发区", parent=places["440113"], level="zone")
    api = Api(make_user(district=places["440112"], role=Role.VIEWER))

    response = ask(api, code)

    problem = assert_problem(response, 404, "not-found")
    assert "errors" not in problem


def test_ones_own_district_and_what_lies_below_it_are_answered(places: dict[str, District]) -> None:
    api = Api(make_user(district=places["440112"], role=Role.VIEWER))

    assert ask(api, "440112").status_code == 200
    assert ask(api, "440112-GDD").status_code == 200


def test_a_token_that_only_writes_reads_no_totals(places: dict[str, District]) -> None:
    api = Api(make_user(district=places["440112"]), "write")

    assert_problem(ask(api), 403, "permission")


def test_totals_are_read_only(api: Api) -> None:
    response = api.post("totals/?district=440112&quarter=2023Q1", {})

    assert_problem(response, 405, "method")
    assert "GET" in response.headers["Allow"]


# --- what is refused ----------------------------------------------------------------------------------------------

FUTURE = quote("2099-01-01T00:00:00+08:00")
REFUSED: list[tuple[str, str]] = [
    ("", "district"),
    ("district=440112", "quarter"),
    ("district=440112&from=2022Q1", "to"),
    ("district=440112&to=2022Q1", "from"),
    ("district=440112&quarter=2023Q1&from=2022Q1&to=2023Q1", "quarter"),
    ("distrct=440112&quarter=2023Q1", "distrct"),
    ("district=440112&district=440113&quarter=2023Q1", "district"),
    ("district=440112%20&quarter=2023Q1", "district"),
    ("district=&quarter=2023Q1", "district"),
    ("district=4401&quarter=2023Q1", "district"),
    ("district=%7B%22$ne%22%3A1%7D&quarter=2023Q1", "district"),
    ("district=%00&quarter=2023Q1", "district"),
    ("district=440112&quarter=2026Q5", "quarter"),
    ("district=440112&quarter=2026-Q1%27--", "quarter"),
    ("district=440112&quarter=0000Q1", "quarter"),
    ("district=440112&quarter=1948Q4", "quarter"),
    ("district=440112&quarter=2101Q1", "quarter"),
    ("district=440112&quarter=%EF%BC%92023Q1", "quarter"),
    ("district=440112&quarter=", "quarter"),
    ("district=440112&from=2023Q2&to=2023Q1", "to"),
    ("district=440112&from=1949Q1&to=2048Q4", "to"),
    ("district=440112&from=2003Q1&to=2023Q1", "to"),
    ("district=440112&quarter=2023Q1&kind=framework_signed", "kind"),
    ("district=440112&quarter=2023Q1&kind=signd", "kind"),
    ("district=440112&quarter=2023Q1&kind=signed,", "kind"),
    ("district=440112&quarter=2023Q1&kind=", "kind"),
    ("district=440112&quarter=2023Q1&by=colour", "by"),
    ("district=440112&quarter=2023Q1&by=sector,ownership", "by"),
    (f"district=440112&quarter=2023Q1&as_of={FUTURE}", "as_of"),
    ("district=440112&quarter=2023Q1&as_of=yesterday", "as_of"),
    ("district=440112&quarter=2023Q1&as_of=0001-01-01T00:00:00Z", "as_of"),
    ("district=440112&quarter=2023Q1&as_of=2023-04-05T08:00:00", "as_of"),
    ("district=440112&quarter=2023Q1&as_of=2023-04-05", "as_of"),
    ("district=440112&quarter=2023Q1&as_of=2023-04-05T08:00:00%2B99:99", "as_of"),
    ("district=440112&quarter=2023Q1&release=abc", "release"),
    ("district=440112&quarter=2023Q1&release=-1", "release"),
    ("district=440112&quarter=2023Q1&release=1&as_of=2023-04-05T08:00:00Z", "as_of"),
    ("district=440112&quarter=2023Q1&page_size=10", "page_size"),
    ("district=440112&quarter=2023Q1&ordering=kind", "ordering"),
    ("district=440112&quarter=2023Q1&member=biomedicine", "member"),
    ("district=440112&quarter=%ff%fe", ""),
]


@pytest.mark.parametrize(("query", "parameter"), REFUSED)
def test_a_question_that_cannot_be_meant_is_refused_naming_the_parameter(
    api: Api, query: str, parameter: str
) -> None:
    response = api.get(f"totals/?{query}")

    assert_problem(response, 400, "validation", parameter)


def test_everything_wrong_is_named_at_once(api: Api) -> None:
    response = api.get("totals/?district=x&quarter=2026Q5&kind=y&by=z&as_of=tomorrow")

    assert_problem(response, 400, "validation", "district", "quarter", "kind", "by", "as_of")


@pytest.mark.parametrize("query", ["release=1", f"release={2**63 - 1}", "format=api", "format=xml"])
def test_a_release_or_a_format_that_is_not_there_is_not_found(api: Api, query: str) -> None:
    response = api.get(f"totals/?district=440112&quarter=2023Q1&{query}")

    assert_problem(response, 404, "not-found")


def test_eighty_quarters_are_answered(api: Api) -> None:
    response = ask(api, kind="signed", from_="2003Q2", to="2023Q1")

    assert len(response.json()["results"]) == 80


def test_refusals_are_in_the_readers_language(places: dict[str, District]) -> None:
    user = make_user(district=places["440112"])
    address = "totals/?district=440112&from=2023Q2&to=2023Q1"

    english = Api(user, language="en").get(address).json()
    chinese = Api(user, language="zh-CN").get(address).json()

    assert english["errors"][0]["code"] == chinese["errors"][0]["code"] == "backwards"
    assert english["errors"][0]["detail"] == "The last quarter is before the first."
