"""reported-totals/: what bulletins claimed, beside what the records hold, with the gap."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from projects import services
from projects.access import Role
from projects.models import District
from tests.api import Api, assert_problem
from tests.makers import NOW, YI, make_huangpu, make_project, make_user
from tracking.models import ReportedTotal, Unit

pytestmark = pytest.mark.django_db

BULLETIN = {
    "district": "440112",
    "period": "2023Q1",
    "measure": "started_investment",
    "value": "1026亿",
    "unit": "CNY",
}


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def api(places: dict[str, District]) -> Api:
    """An editor of Huangpu."""
    return Api(make_user(district=places["440112"]))


def make_claim(
    district: District, measure: str, value: str, unit: str = Unit.CNY, **more: Any
) -> ReportedTotal:
    more.setdefault("period", "2023Q1")
    claim = ReportedTotal(district=district, measure=measure, value=Decimal(value), unit=unit, **more)
    return services.save_versioned(claim, at=NOW)


def shown(api: Api, claim: ReportedTotal) -> tuple[Any, Any]:
    body = api.get(f"reported-totals/{claim.pk}/").json()
    return body["recorded"], body["gap"]


# --- beside the records -------------------------------------------------------------------------------------------


def test_a_claim_stands_beside_what_the_records_hold_with_the_gap(
    api: Api, places: dict[str, District]
) -> None:
    make_project(
        district=places["440112-GDD"], total_investment=34 * YI, milestones={"started": date(2023, 1, 29)}
    )
    make_project(district=places["440112"], milestones={"started": date(2023, 3, 1)})

    body = api.post("reported-totals/", BULLETIN).json()

    assert (body["value"], body["recorded"], body["gap"]) == (1026 * YI, 34 * YI, -992 * YI)
    assert (body["counted"], body["with_amount"]) == (2, 1)
    assert body["category"] == "all"
    assert body["nature"] == "actual"
    assert body["approximate"] is False


def test_each_measure_is_answered_in_its_own_way(api: Api, places: dict[str, District]) -> None:
    here = places["440112"]
    make_project(
        district=here,
        total_investment=3 * YI,
        expected_output=5 * YI,
        expected_revenue=7 * YI,
        project_type="industrial",
        milestones={"signed": date(2023, 1, 5), "started": date(2023, 2, 1)},
    )
    make_project(district=here, expected_revenue=2 * YI, milestones={"signed": date(2023, 3, 31)})
    make_project(district=here, milestones={"signed": date(2022, 3, 31)})
    expected = {
        ("signed_count", "2", Unit.PROJECTS, "2023Q1", "all"): 2,
        ("signed_count", "1", Unit.PROJECTS, "2023Q1", "industrial"): 1,
        ("signed_count", "2", Unit.PROJECTS, "2023", "all"): 2,
        ("started_investment", "1", Unit.CNY, "2023Q1", "all"): 3 * YI,
        ("signed_expected_output_and_revenue", "1", Unit.CNY, "2023Q1", "all"): 7 * YI,
        ("started_or_signed_count", "3", Unit.PROJECTS, "2023Q1", "all"): 3,
        ("signed_count_yoy", "100", Unit.PERCENT, "2023Q1", "all"): 100,
        ("fdi_utilised", "2950000000", Unit.USD, "2023", "all"): None,
        ("signed_count", "2", Unit.PROJECTS, "2023Q1", "世界500强"): None,
        ("completed_investment", "2", Unit.CNY, "2023Q1", "all"): None,
    }

    recorded = {
        case: shown(api, make_claim(here, case[0], case[1], case[2], period=case[3], category=case[4]))[0]
        for case in expected
    }

    assert recorded == expected


def test_what_the_records_cannot_answer_has_no_gap_either(api: Api, places: dict[str, District]) -> None:
    assert shown(api, make_claim(places["440112"], "fdi_utilised", "2950000000", Unit.USD)) == (None, None)


def test_a_percentage_keeps_its_decimals(api: Api, places: dict[str, District]) -> None:
    claim = make_claim(places["440112"], "signed_investment_share", "89.6", Unit.PERCENT)

    assert api.get(f"reported-totals/{claim.pk}/").json()["value"] == 89.6


# --- lists --------------------------------------------------------------------------------------------------------


def test_a_list_shows_the_claims_of_a_subtree_the_latest_period_first(
    api: Api, places: dict[str, District]
) -> None:
    earlier = make_claim(places["440112"], "signed_count", "275", Unit.PROJECTS, period="2022")
    later = make_claim(places["440112-GDD"], "signed_count", "50", Unit.PROJECTS)
    make_claim(places["440113"], "signed_count", "7", Unit.PROJECTS)

    listed = api.get("reported-totals/?district=440112&count=true").json()

    assert [claim["id"] for claim in listed["results"]] == [later.pk, earlier.pk]
    assert listed["count"] == 2
    assert listed["results"][0]["recorded"] == 0


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("period=2022", 1),
        ("measure=signed_count", 2),
        ("nature=planned", 1),
        ("district=440112-GDD", 1),
        ("", 3),
    ],
)
def test_a_list_is_narrowed_by_what_is_asked(
    api: Api, places: dict[str, District], query: str, expected: int
) -> None:
    make_claim(places["440112"], "signed_count", "275", Unit.PROJECTS, period="2022")
    make_claim(places["440112-GDD"], "signed_count", "50", Unit.PROJECTS)
    make_claim(places["440112"], "signed_investment", "50", nature="planned")

    assert len(api.get(f"reported-totals/?{query}").json()["results"]) == expected


def test_the_number_of_queries_does_not_grow_with_the_claims(
    api: Api, places: dict[str, District], django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        make_claim(places["440112"], "signed_count", str(number), Unit.PROJECTS, period=str(2003 + number))

    with django_assert_max_num_queries(8):
        assert len(api.get("reported-totals/").json()["results"]) == 20


def test_a_list_comes_as_csv(api: Api, places: dict[str, District]) -> None:
    make_claim(places["440112"], "signed_investment", str(1441 * YI))

    response = api.get("reported-totals/?format=csv")

    text = b"".join(response.streaming_content).decode("utf-8-sig")
    assert f",{1441 * YI}," in text.splitlines()[1]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("period=2023Q5", "period"),
        ("period=2023-13", "period"),
        ("measure=Signed", "measure"),
        ("nature=maybe", "nature"),
        ("distrct=440112", "distrct"),
        ("ordering=value", "ordering"),
        ("fields=secret", "fields"),
        ("page_size=0", "page_size"),
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(api: Api, query: str, parameter: str) -> None:
    assert_problem(api.get(f"reported-totals/?{query}"), 400, "validation", parameter)


# --- recording ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "stored", "approximate"),
    [
        ("1026亿", "CNY", 1026 * YI, False),
        ("约1441亿", "CNY", 1441 * YI, True),
        ("１０２６亿", "CNY", 1026 * YI, False),
        (102600000000, "CNY", 1026 * YI, False),
        ("102600000000", "CNY", 1026 * YI, False),
        (50, "projects", 50, False),
        (-12.5, "percent", -12.5, False),
        (0, "projects", 0, False),
    ],
)
def test_a_figure_is_read_as_people_write_it(
    api: Api, value: Any, unit: str, stored: float, approximate: bool
) -> None:
    response = api.post("reported-totals/", {**BULLETIN, "value": value, "unit": unit})

    assert response.status_code == 201, response.content
    assert (response.json()["value"], response.json()["approximate"]) == (stored, approximate)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"value": -5}, "/value"),
        ({"value": 1.5}, "/value"),
        ({"value": True}, "/value"),
        ({"value": None}, "/value"),
        ({"value": []}, "/value"),
        ({"value": "NaN"}, "/value"),
        ({"value": "1e400"}, "/value"),
        ({"value": "三十几个亿"}, "/value"),
        ({"value": "1_000"}, "/value"),
        ({"value": 9223372036854775808}, "/value"),
        ({"value": 10**15 + 1}, "/value"),
        ({"value": 0.125, "unit": "percent"}, "/value"),
        ({"value": "50亿", "unit": "projects"}, "/unit"),
        ({"unit": "yuan"}, "/unit"),
        ({"period": "2023Q5"}, "/period"),
        ({"period": "23Q1"}, "/period"),
        ({"measure": "Started!"}, "/measure"),
        ({"nature": "maybe"}, "/nature"),
        ({"approximate": "yes"}, "/approximate"),
        ({"ceremony": 10**30}, "/ceremony"),
        ({"ceremony": 12345}, "/ceremony"),
        ({"district": "999999"}, "/district"),
        ({"district": "440112 "}, "/district"),
        ({"district": ["440112"]}, "/district"),
        ({"note": "a\u202eb"}, "/note"),
        ({"category": "   "}, "/category"),
        ({"valeu": 1}, "/valeu"),
        ({"recorded": 1}, "/recorded"),
        ({"version": 1}, "/version"),
    ],
)
def test_a_claim_with_something_wrong_is_refused_naming_the_field(
    api: Api, changes: dict[str, Any], pointer: str
) -> None:
    response = api.post("reported-totals/", {**BULLETIN, **changes})

    assert_problem(response, 400, "validation", pointer)
    assert not ReportedTotal.objects.exists()


def test_a_claim_is_corrected_only_by_whoever_has_read_its_current_version(
    api: Api, places: dict[str, District]
) -> None:
    claim = make_claim(places["440112"], "signed_count", "49", Unit.PROJECTS)
    address = f"reported-totals/{claim.pk}/"
    etag = api.get(address).headers["ETag"]

    blind = api.patch(address, {"value": 50})
    corrected = api.patch(address, {"value": 50}, **{"If-Match": etag})
    stale = api.patch(address, {"value": 51}, **{"If-Match": etag})

    assert_problem(blind, 428, "precondition-required")
    assert (corrected.status_code, corrected.json()["value"]) == (200, 50)
    assert_problem(stale, 412, "precondition-failed")


def test_a_claim_whose_recorded_value_has_moved_is_sent_again_but_may_still_be_corrected(
    api: Api, places: dict[str, District]
) -> None:
    claim = make_claim(places["440112"], "signed_count", "49", Unit.PROJECTS)
    address = f"reported-totals/{claim.pk}/"
    etag = api.get(address).headers["ETag"]
    unmoved = api.get(address, **{"If-None-Match": etag})

    make_project(district=places["440112"], milestones={"signed": date(2023, 1, 5)})
    moved = api.get(address, **{"If-None-Match": etag})
    corrected = api.patch(address, {"value": 50}, **{"If-Match": etag})

    assert unmoved.status_code == 304
    assert (moved.status_code, moved.json()["recorded"]) == (200, 1)
    assert corrected.status_code == 200
    assert_problem(api.patch(address, {"value": 51}, **{"If-Match": etag}), 412, "precondition-failed")


def test_an_editor_deletes_a_claim(api: Api, places: dict[str, District]) -> None:
    claim = make_claim(places["440112"], "signed_count", "49", Unit.PROJECTS)
    address = f"reported-totals/{claim.pk}/"

    response = api.delete(address, **{"If-Match": api.get(address).headers["ETag"]})

    assert response.status_code == 204
    assert_problem(api.get(address), 404, "not-found")


def test_the_same_key_records_a_claim_once(api: Api) -> None:
    first = api.post("reported-totals/", BULLETIN, Idempotency_Key="one")
    again = api.post("reported-totals/", BULLETIN, Idempotency_Key="one")

    assert first.content == again.content
    assert ReportedTotal.objects.count() == 1


# --- who may ------------------------------------------------------------------------------------------------------


def test_only_editors_of_the_district_record_claims_about_it(places: dict[str, District]) -> None:
    viewer = Api(make_user(district=places["440112"], role=Role.VIEWER))
    neighbour = Api(make_user(district=places["440113"]))
    user = make_user(district=places["440112"])
    services.add_member(user, places["440113"], Role.VIEWER)

    assert_problem(viewer.post("reported-totals/", BULLETIN), 403, "permission")
    assert_problem(neighbour.post("reported-totals/", BULLETIN), 404, "not-found")
    seen_only = Api(user).post("reported-totals/", {**BULLETIN, "district": "440113"})
    assert_problem(seen_only, 403, "permission")
    assert_problem(Api().get("reported-totals/"), 401, "authentication")
    assert not ReportedTotal.objects.exists()


def test_claims_about_other_districts_are_not_there(api: Api, places: dict[str, District]) -> None:
    foreign = make_claim(places["440100"], "signed_count", "275", Unit.PROJECTS)

    assert_problem(api.get(f"reported-totals/{foreign.pk}/"), 404, "not-found")
    assert api.get("reported-totals/").json()["results"] == []
    assert_problem(api.get("reported-totals/?district=440100"), 404, "not-found")


def test_a_claim_is_not_moved_to_a_district_of_others(api: Api, places: dict[str, District]) -> None:
    claim = make_claim(places["440112"], "signed_count", "275", Unit.PROJECTS)

    response = api.change(f"reported-totals/{claim.pk}/", {"district": "440113"})

    assert_problem(response, 404, "not-found")
    claim.refresh_from_db()
    assert claim.district == places["440112"]
