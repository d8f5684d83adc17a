"""GET totals/trace/: exactly the entries behind one figure, and their sum, which is the figure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from projects import services
from projects.access import Role
from projects.models import District, Project
from tests.api import Api, assert_problem
from tests.makers import (
    NOW,
    YI,
    fresh,
    make_bands,
    make_huangpu,
    make_project,
    make_sector,
    make_user,
    record,
)
from tracking import cells

pytestmark = pytest.mark.django_db

CELL = "district=440112&quarter=2023Q1&kind=signed"
DATED: dict[str, date | str] = {"signed": date(2023, 1, 29)}


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def api(places: dict[str, District]) -> Api:
    """Whoever may see the whole province."""
    return Api(make_user(district=places["440000"], role=Role.VIEWER))


def trace(api: Api, query: str = CELL) -> dict[str, Any]:
    response = api.get(f"totals/trace/?{query}")
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def projects_of(body: dict[str, Any]) -> list[int]:
    return [entry["project"]["id"] for entry in body["results"]]


def figure(api: Api, query: str, of: str) -> Any:
    [total] = api.get(f"totals/?{query}").json()["results"]
    return total[of]


# --- the entries --------------------------------------------------------------------------------------------------


def test_an_entry_says_which_project_where_when_how_much_and_why(
    api: Api, places: dict[str, District]
) -> None:
    project = make_project(
        "超级工厂",
        district=places["440112-GDD"],
        total_investment=34 * YI,
        milestones={"signed": date(2023, 1, 29), "started": date(2023, 5, 1)},
    )

    body = trace(api)

    assert body["next"] is None
    assert body["previous"] is None
    [entry] = body["results"]
    assert entry.pop("recorded_at").startswith("2026-11-22T10:00:00")
    assert entry == {
        "project": {"id": project.pk, "code": project.code, "name": "超级工厂"},
        "kind": "signed",
        "quarter": "2023Q1",
        "left_quarter": "2023Q2",
        "district": "440112-GDD",
        "investment": 34 * YI,
        "expected_output": None,
        "expected_revenue": None,
        "cause": "reported_late",
    }


@pytest.mark.parametrize("of", ["entered", "left", "stock", "ytd"])
@pytest.mark.parametrize("kind", ["signed", "started", "suspended"])
def test_each_figure_of_a_cell_is_the_sum_of_its_own_trace(
    api: Api, places: dict[str, District], of: str, kind: str
) -> None:
    make_project(district=places["440112"], total_investment=YI, milestones={"signed": date(2022, 12, 1)})
    make_project(
        district=places["440112-GDD"],
        total_investment=3 * YI,
        milestones={
            "signed": date(2023, 1, 5),
            "started": date(2023, 4, 1),
            "suspended": date(2023, 5, 1),
            "resumed": date(2023, 6, 1),
        },
    )
    make_project(district=places["440113"], expected_revenue=7, milestones={"signed": date(2023, 4, 2)})
    cells.roll_up()
    cell = f"district=440100&quarter=2023Q2&kind={kind}"

    assert trace(api, f"{cell}&of={of}")["sum"] == figure(api, cell, of)


@pytest.mark.parametrize(
    ("by", "member", "expected"),
    [
        ("sector", "biomedicine", [0]),
        ("sector", "", [1, 2]),
        ("project_type", "industrial", [0]),
        ("ownership", "", [1, 2]),
        ("ownership", "state", [0]),
        ("size_band", "1bn-5bn", [1]),
        ("size_band", "", [2]),
        ("district", "440112", [0, 1]),
        ("district", "440113", [2]),
        ("district", "440100", []),
    ],
)
def test_a_part_of_a_breakdown_is_traced_by_its_member(
    api: Api, places: dict[str, District], by: str, member: str, expected: list[int]
) -> None:
    made = enter_three(places)
    cells.roll_up()
    cell = "district=440100&quarter=2023Q1&kind=signed"

    body = trace(api, f"{cell}&by={by}&member={member}")

    assert projects_of(body) == [made[index].pk for index in expected]
    rows = api.get(f"totals/?{cell}&by={by}").json()["results"]
    shown = [row["entered"] for row in rows if row["member"] == (member or None)]
    assert shown == ([body["sum"]] if expected else [])


def enter_three(places: dict[str, District]) -> list[Project]:
    """One with everything known, one in the zone, one elsewhere of which hardly anything is known."""
    make_bands()
    return [
        make_project(
            district=places["440112"],
            sector=make_sector(),
            total_investment=YI // 2,
            project_type="industrial",
            ownership="state",
            milestones=DATED,
        ),
        make_project(district=places["440112-GDD"], total_investment=10 * YI, milestones=DATED),
        make_project(district=places["440113"], milestones=DATED),
    ]


def test_what_is_undated_is_listed_to_be_chased(api: Api, places: dict[str, District]) -> None:
    dated = make_project(district=places["440112"], milestones=DATED)
    record(dated, "started", date(2023, 1, 1), precision="year")
    chased = make_project(
        district=places["440112-GDD"], total_investment=YI, milestones={"started": "unknown"}
    )

    body = trace(api, "district=440112&kind=started&of=undated")

    assert projects_of(body) == [dated.pk, chased.pk]
    assert body["results"][0]["quarter"] is None
    undated = api.get("totals/?district=440112&quarter=2023Q1&kind=started").json()["undated"]
    assert undated == {name: body["sum"][name] for name in undated}


def test_pages_follow_each_other_and_each_says_the_sum_of_all(api: Api, places: dict[str, District]) -> None:
    made = [
        make_project(district=places["440112"], total_investment=YI, milestones=DATED).pk for _ in range(5)
    ]

    first = trace(api, f"{CELL}&page_size=2&count=true")
    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()

    assert [projects_of(page) for page in (first, second, third)] == [made[:2], made[2:4], made[4:]]
    assert third["next"] is None
    assert first["count"] == 5
    assert {page["sum"]["investment"] for page in (first, second, third)} == {5 * YI}


def test_a_past_moment_is_traced_as_it_was_known_then(api: Api, places: dict[str, District]) -> None:
    project = make_project(district=places["440112"], total_investment=YI, milestones=DATED)
    moment = quote((NOW + timedelta(minutes=1)).isoformat())
    services.void_project(fresh(project), "重复登记", actor=None, at=timezone.now())

    assert trace(api)["results"] == []
    then = trace(api, f"{CELL}&as_of={moment}")
    assert (projects_of(then), then["sum"]["investment"]) == ([project.pk], YI)


def test_a_project_that_has_moved_to_others_is_still_counted_where_it_was_but_not_named(
    places: dict[str, District],
) -> None:
    project = make_project("原名", district=places["440112"], total_investment=YI, milestones=DATED)
    moment = quote((NOW + timedelta(minutes=1)).isoformat())
    project = fresh(project)
    project.district, project.name = places["440113"], "新名"
    services.save_project(project, actor=None, at=timezone.now())
    mine = Api(make_user(district=places["440112"], role=Role.VIEWER))

    body = trace(mine, f"{CELL}&as_of={moment}")

    assert body["sum"]["investment"] == YI
    assert body["results"][0]["project"] == {"id": project.pk, "code": project.code, "name": None}


def test_a_trace_comes_as_csv_too(api: Api, places: dict[str, District]) -> None:
    make_project("=1+1", district=places["440112"], total_investment=YI, milestones=DATED)

    response = api.get(f"totals/trace/?{CELL}&format=csv")

    text = b"".join(response.streaming_content).decode("utf-8-sig")
    heading, row = text.strip().splitlines()
    assert heading.startswith("project,kind,quarter,left_quarter,district,investment")
    assert str(YI) in row
    assert "=1+1" in row
    assert not row.startswith("=")


def test_the_number_of_queries_does_not_grow_with_the_entries(
    api: Api, places: dict[str, District], django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        make_project(district=places["440112-GDD"], milestones=DATED)

    with django_assert_max_num_queries(9):
        trace(api, f"{CELL}&count=true")


# --- who may ask, and what is refused -----------------------------------------------------------------------------


def test_a_trace_of_others_is_not_there(places: dict[str, District]) -> None:
    api = Api(make_user(district=places["440112"]))

    for code in ("440100", "440113", "440199"):
        response = api.get(f"totals/trace/?district={code}&quarter=2023Q1&kind=signed")
        assert_problem(response, 404, "not-found")
    assert_problem(Api().get(f"totals/trace/?{CELL}"), 401, "authentication")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("district=440112&quarter=2023Q1", "kind"),
        ("district=440112&quarter=2023Q1&kind=signed,started", "kind"),
        ("district=440112&quarter=2023Q1&kind=framework_signed", "kind"),
        ("district=440112&kind=signed", "quarter"),
        ("district=440112&from=2022Q1&to=2023Q1&kind=signed", "to"),
        ("quarter=2023Q1&kind=signed", "district"),
        (f"{CELL}&of=everything", "of"),
        (f"{CELL}&of=undated", "quarter"),
        ("district=440112&kind=signed&of=undated&by=sector", "by"),
        ("district=440112&quarter=2023Q1&kind=registered&of=stock", "of"),
        (f"{CELL}&member=biomedicine", "member"),
        (f"{CELL}&by=sector", "member"),
        (f"{CELL}&by=sector&member=biomedicne", "member"),
        (f"{CELL}&by=ownership&member=biomedicine", "member"),
        (f"{CELL}&by=project_type&member=industry", "member"),
        (f"{CELL}&by=size_band&member=huge", "member"),
        (f"{CELL}&by=district&member=440113", "member"),
        (f"{CELL}&by=sector&member=%00", "member"),
        (f"{CELL}&page_size=100000", "page_size"),
        (f"{CELL}&page_size=0", "page_size"),
        (f"{CELL}&page_size=-1", "page_size"),
        (f"{CELL}&page_size=abc", "page_size"),
        (f"{CELL}&cursor=forged", "cursor"),
        (f"{CELL}&cursor={'x' * 6000}", "cursor"),
        (f"{CELL}&fields=nonsense", "fields"),
        (f"{CELL}&ordering=investment", "ordering"),
        (f"{CELL}&as_of=2099-01-01T00:00:00Z", "as_of"),
        (f"{CELL}&quarter=2023Q2", "quarter"),
    ],
)
def test_what_cannot_be_traced_is_refused_naming_the_parameter(api: Api, query: str, parameter: str) -> None:
    make_sector()

    response = api.get(f"totals/trace/?{query}")

    assert_problem(response, 400, "validation", parameter)


def test_a_cursor_of_another_cell_is_refused(api: Api, places: dict[str, District]) -> None:
    for _ in range(2):
        make_project(
            district=places["440112"], milestones={"signed": date(2023, 1, 1), "started": date(2023, 1, 2)}
        )
    foreign = trace(api, f"{CELL}&page_size=1")["next"].replace("kind=signed", "kind=started")

    assert_problem(api.get(foreign), 400, "validation", "cursor")


def test_a_release_that_is_not_there_is_not_found(api: Api) -> None:
    assert_problem(api.get(f"totals/trace/?{CELL}&release=1"), 404, "not-found")
