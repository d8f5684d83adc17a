"""GET totals/explain/: before, after and every change between two moments; the causes leave nothing over."""

from __future__ import annotations

import csv
import io
import random
import time
from datetime import date, timedelta
from multiprocessing.synchronize import Event
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from python_calamine import CalamineWorkbook

from config.api.outcomes import StaleVersion
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
    make_release,
    make_sector,
    make_user,
    record,
)
from tests.processes import running
from tests.test_identities import Bureau, bounded, histories, taken_back

pytestmark = pytest.mark.django_db

CELL = "district=440112&quarter=2023Q1&kind=signed"
SIGNED: dict[str, date | str] = {"signed": date(2023, 1, 29)}
FROM = "2026-11-22T10:00:00%2B08:00"  # NOW


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def api(places: dict[str, District]) -> Api:
    """Whoever may see the whole province."""
    return Api(make_user(district=places["440000"], role=Role.VIEWER))


def explain(api: Api, query: str = f"{CELL}&from={FROM}") -> dict[str, Any]:
    response = api.get(f"totals/explain/?{query}")
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def correct(project: Project, hours: float = 1, actor: Any = None, **new: Any) -> None:
    project = fresh(project)
    for name, value in new.items():
        setattr(project, name, value)
    services.save_project(project, actor=actor, at=NOW + timedelta(hours=hours))


def figures(count: int, investment: int | None, known: int | None = None) -> dict[str, Any]:
    """A figure of which the output and revenue are not known."""
    return {
        "count": count,
        "with_amount": count if known is None else known,
        "with_output": 0,
        "with_revenue": 0,
        "investment": investment,
        "expected_output": None,
        "expected_revenue": None,
    }


# --- what it tells ------------------------------------------------------------------------------------------------


def test_a_change_has_project_cause_person_time_before_after_and_difference(
    api: Api, places: dict[str, District]
) -> None:
    person = make_user("wang", district=places["440112"])
    project = make_project("超级工厂", district=places["440112"], total_investment=YI, milestones=SIGNED)
    release = make_release(places["440112"])
    correct(project, actor=person, total_investment=3 * YI)
    difference = {"count": 0, "investment": 2 * YI, "expected_output": 0, "expected_revenue": 0}

    body = explain(api, f"{CELL}&from=release:{release.pk}")

    assert body == {
        "district": "440112",
        "quarter": "2023Q1",
        "kind": "signed",
        "of": "entered",
        "by": None,
        "member": None,
        "from": f"release:{release.pk}",
        "to": "now",
        "before": figures(1, YI),
        "after": figures(1, 3 * YI),
        "changes": [
            {
                "project": {"id": project.pk, "code": project.code, "name": "超级工厂"},
                "kind": "signed",
                "cause": "amount_corrected",
                "actor": "wang",
                "at": "2026-11-22T11:00:00+08:00",
                "before": figures(1, YI),
                "after": figures(1, 3 * YI),
                "difference": difference,
            }
        ],
        "changes_count": 1,
        "by_cause": {"amount_corrected": {"changes": 1, "projects": 1, "difference": difference}},
        "unexplained": {"count": 0, "investment": 0, "expected_output": 0},
    }


def test_what_comes_in_has_no_before_and_what_goes_out_no_after(
    api: Api, places: dict[str, District]
) -> None:
    gone = make_project(district=places["440112"], total_investment=5 * YI, milestones=SIGNED)
    services.void_project(gone, "重复登记", actor=None, at=NOW + timedelta(hours=1))
    make_project(
        district=places["440112"], total_investment=YI, milestones=SIGNED, at=NOW + timedelta(hours=2)
    )

    out, into = explain(api)["changes"]

    assert (out["cause"], out["after"], out["difference"]["count"]) == ("voided", None, -1)
    assert (into["cause"], into["before"], into["difference"]["count"]) == ("reported_late", None, 1)
    assert out["actor"] is None  # the service itself


def test_a_project_that_has_moved_to_others_is_told_without_its_name_and_without_who_moved_it(
    places: dict[str, District],
) -> None:
    project = make_project("原名", district=places["440112"], milestones=SIGNED)
    correct(project, actor=make_user("li", district=places["440113"]), district=places["440113"], name="新名")
    mine = Api(make_user(district=places["440112"], role=Role.VIEWER))

    response = mine.get(f"totals/explain/?{CELL}&from={FROM}")
    file = read_csv(mine, f"{CELL}&from={FROM}")

    [change] = response.json()["changes"]
    assert change["project"] == {"id": project.pk, "code": project.code, "name": None}
    assert (change["cause"], change["actor"]) == ("district_moved", None)
    assert "新名" not in response.content.decode()
    assert (file[0]["project_name"], file[0]["actor"], file[0]["cause"]) == ("", "", "district_moved")


def test_the_largest_changes_come_first_and_the_sums_hold_those_that_are_not_shown(
    api: Api, places: dict[str, District], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.explain.MOST_STEPS", 2)
    for amount in (2, 9, 5):
        make_project(
            district=places["440112"],
            total_investment=amount * YI,
            milestones=SIGNED,
            at=NOW + timedelta(hours=1),
        )
    make_project(district=places["440113"], at=NOW, milestones=SIGNED)

    body = explain(api)

    assert [change["difference"]["investment"] for change in body["changes"]] == [9 * YI, 5 * YI]
    assert body["changes_count"] == 3
    assert body["by_cause"]["reported_late"]["difference"]["investment"] == 16 * YI
    assert len(read_csv(api, f"{CELL}&from={FROM}")) == 3


@pytest.mark.parametrize(
    "of", ["entered", "left", "stock", "ytd", "carried_over", "start_or_resume_year", "undated"]
)
def test_before_and_after_are_what_the_trace_says_of_each_figure(
    api: Api, places: dict[str, District], of: str
) -> None:
    moving = make_project(
        district=places["440112"], total_investment=YI, milestones={"started": date(2022, 12, 1)}
    )
    make_project(district=places["440112"], total_investment=7 * YI, milestones={"started": "unknown"})
    correct(moving, total_investment=2 * YI)
    record(moving, "completed", date(2023, 2, 3), at=NOW + timedelta(hours=2))
    at = NOW + timedelta(hours=1)
    make_project(district=places["440112-GDD"], milestones={"started": date(2023, 3, 1)}, at=at)
    make_project(district=places["440112-GDD"], milestones={"started": "unknown"}, at=at)
    cell = "district=440112&kind=started" + ("" if of == "undated" else "&quarter=2023Q1") + f"&of={of}"

    body = explain(api, f"{cell}&from={FROM}")

    assert body["before"] == api.get(f"totals/trace/?{cell}&as_of={FROM}").json()["sum"]
    assert body["after"] == api.get(f"totals/trace/?{cell}").json()["sum"]
    assert body["before"] != body["after"]
    assert_adds_up(body)


def test_a_part_of_a_breakdown_is_explained_with_the_bands_of_the_later_moment(
    api: Api, places: dict[str, District]
) -> None:
    make_bands()
    project = make_project(district=places["440112"], total_investment=9 * YI, milestones=SIGNED)
    correct(project, total_investment=12 * YI)

    band = explain(api, f"{CELL}&by=size_band&member=1bn-5bn&from={FROM}")
    threshold = explain(api, f"{CELL}&by=size_threshold&member=ge-100m&from={FROM}")

    assert (band["by"], band["member"]) == ("size_band", "1bn-5bn")
    assert (band["before"]["count"], band["after"]["count"]) == (0, 1)
    assert threshold["changes"][0]["difference"]["investment"] == 3 * YI


def test_between_two_releases_only_what_changed_between_them_is_told(
    api: Api, places: dict[str, District]
) -> None:
    first = make_release(places["440100"])
    make_project("其间", district=places["440112"], milestones=SIGNED, at=NOW + timedelta(hours=1))
    second = make_release(places["440100"], at=NOW + timedelta(hours=2))
    make_project("其后", district=places["440112"], milestones=SIGNED, at=NOW + timedelta(hours=3))

    body = explain(api, f"{CELL}&from=release:{first.pk}&to=release:{second.pk}")

    assert [change["project"]["name"] for change in body["changes"]] == ["其间"]
    assert (body["from"], body["to"]) == (f"release:{first.pk}", f"release:{second.pk}")


def test_between_a_moment_and_itself_nothing_changed(api: Api, places: dict[str, District]) -> None:
    make_project(district=places["440112"], milestones=SIGNED)
    release = make_release(places["440112"])

    for moment in (FROM, f"release:{release.pk}"):
        body = explain(api, f"{CELL}&from={moment}&to={moment}")
        assert (body["changes"], body["by_cause"], body["changes_count"]) == ([], {}, 0)
        assert body["before"] == body["after"]


def assert_adds_up(body: dict[str, Any]) -> None:
    """Before and the sums by cause make after; so do before and the changes, while all of them are shown."""
    for name in ("count", "investment", "expected_output", "expected_revenue"):
        change = (body["after"][name] or 0) - (body["before"][name] or 0)
        assert sum(cause["difference"][name] for cause in body["by_cause"].values()) == change
        assert sum(step["difference"][name] for step in body["changes"]) == change
    assert body["unexplained"] == {"count": 0, "investment": 0, "expected_output": 0}


@settings(bounded, max_examples=8)
@given(histories, histories)
def test_whatever_was_done_between_two_releases_the_causes_add_up_to_the_difference(
    before: list[Any], after: list[Any]
) -> None:
    with taken_back():
        bureau = Bureau()
        first = history(bureau, before)
        second = history(bureau, after)
        api = Api(make_user(superuser=True))

        for kind in ("signed", "started"):
            for of in ("entered", "stock"):
                cell = f"district=440100&quarter=2023Q1&kind={kind}"
                for span in (f"from=release:{first}&to=release:{second}", f"from=release:{first}"):
                    body = explain(api, f"{cell}&of={of}&{span}")
                    assert_adds_up(body)
                    assert body["before"] == answered(api, f"{cell}&release={first}", of)
                    assert body["after"] == answered(api, f"{cell}&release={second}", of)


def history(bureau: Bureau, edits: list[Any]) -> int:
    """Record and correct, something certainly, then release."""
    make_project(district=bureau.places["440112"], milestones=SIGNED, at=bureau.now + timedelta(hours=1))
    for edit in edits:
        bureau.do(*edit)
    return make_release(bureau.places["440100"]).pk


def answered(api: Api, query: str, of: str) -> Any:
    [total] = api.get(f"totals/?{query}").json()["results"]
    return total[of]


# --- as a file ----------------------------------------------------------------------------------------------------


def read_csv(api: Api, query: str) -> list[dict[str, str]]:
    response = api.get(f"totals/explain/?{query}", Accept="text/csv")
    assert response.status_code == 200, response.content
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_file_holds_every_change_with_nothing_that_a_spreadsheet_would_carry_out(
    api: Api, places: dict[str, District]
) -> None:
    project = make_project("=1+1", district=places["440112"], total_investment=YI, milestones=SIGNED)
    correct(project, total_investment=None)

    [row] = read_csv(api, f"{CELL}&from={FROM}")
    workbook = api.get(f"totals/explain/?{CELL}&from={FROM}&format=xlsx")

    assert (row["project_name"], row["cause"], row["at"]) == (
        "'=1+1", "amount_corrected", "2026-11-22T11:00:00+08:00",
    )  # fmt: skip
    assert (row["before_investment"], row["after_investment"], row["difference_investment"]) == (
        str(YI), "", str(-YI),
    )  # fmt: skip
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(workbook.streaming_content)))
    heading, values = book.get_sheet_by_index(0).to_python()
    told = dict(zip(heading, values, strict=True))
    assert (told["project_name"], told["after_investment"], told["difference_investment"]) == (
        "'=1+1",
        "",
        -YI,
    )


def test_the_number_of_queries_does_not_grow_with_the_changes(
    api: Api, places: dict[str, District], django_assert_max_num_queries: Any
) -> None:
    person = make_user("wang", district=places["440112"])
    make_project(district=places["440112"], milestones=SIGNED)
    for _ in range(12):
        make_project(
            district=places["440112-GDD"], milestones=SIGNED, actor=person, at=NOW + timedelta(hours=1)
        )

    with django_assert_max_num_queries(10):
        assert len(explain(api)["changes"]) == 12


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "parameter", "said"),
    [
        (CELL, "from", "needed"),
        (f"{CELL}&from=2023", "from", "Write a time as"),
        (f"{CELL}&from=yesterday", "from", "Write a time as"),
        (f"{CELL}&from=now", "from", "Write a time as"),
        (f"{CELL}&from=", "from", "Write a time as"),
        (f"{CELL}&from=2099-01-01T00:00:00Z", "from", "still to come"),
        (f"{CELL}&from=0001-01-01T00:00:00Z", "from", "Write a time as"),
        (f"{CELL}&from=2019-12-31T00:00:00Z", "from", "Nothing was recorded before"),
        (f"{CELL}&from={FROM}&to=2099-01-01T00:00:00Z", "to", "still to come"),
        (f"{CELL}&from={FROM}&to=tomorrow", "to", "Write a time as"),
        (f"{CELL}&from=2026-11-22T10:30:00%2B08:00&to={FROM}", "to", "the wrong way round"),
        (f"{CELL}&from=release:", "from", "whole number"),
        (f"{CELL}&from=release:-1", "from", "whole number"),
        (f"{CELL}&from=release:1e3", "from", "whole number"),
        (f"{CELL}&from=release:99999999999999999999999", "from", "whole number"),
        (f"{CELL}&from={FROM}&to=release:x", "to", "whole number"),
        (f"{CELL}&from={FROM}&from={FROM}", "from", "once"),
        (f"{CELL}&from={FROM}&until=now", "until", "no such parameter"),
        (f"{CELL}&from={FROM}&as_of={FROM}", "as_of", "no such parameter"),
        (f"district=440112&kind=signed&from={FROM}", "quarter", "Name the quarter"),
        (f"district=440112&quarter=2023Q5&kind=signed&from={FROM}", "quarter", "Write a quarter"),
        (f"district=440112&quarter=2023Q1&from={FROM}", "kind", "Name one kind"),
        (f"district=440112&quarter=2023Q1&kind=signed,started&from={FROM}", "kind", "Name one kind"),
        (f"quarter=2023Q1&kind=signed&from={FROM}", "district", "needed"),
        (f"{CELL}&from={FROM}&of=everything", "of", "Write one of"),
        (f"{CELL}&from={FROM}&of=carried_over", "of", "Only what has started"),
        (f"{CELL}&from={FROM}&of=undated", "quarter", "undated"),
        (f"{CELL}&from={FROM}&by=sector", "member", "Name the part"),
        (f"{CELL}&from={FROM}&by=sector&member=biomedicne", "member", "no such part"),
        (f"{CELL}&from={FROM}&member=biomedicine", "member", "give `by`"),
    ],
)
def test_what_cannot_be_explained_is_refused_with_a_sentence_that_names_the_parameter(
    api: Api, places: dict[str, District], query: str, parameter: str, said: str
) -> None:
    make_sector()
    make_project(district=places["440112"], milestones=SIGNED)

    response = api.get(f"totals/explain/?{query}")

    body = assert_problem(response, 400, "validation", parameter)
    assert said in " ".join(error["detail"] for error in body["errors"] if error["parameter"] == parameter)


def test_a_release_that_is_not_there_or_does_not_hold_for_the_district_is_not_found(
    api: Api, places: dict[str, District]
) -> None:
    neighbours = make_release(places["440113"])

    for asked in ("release:999", f"release:{neighbours.pk}"):
        assert_problem(api.get(f"totals/explain/?{CELL}&from={asked}"), 404, "not-found")
        assert_problem(api.get(f"totals/explain/?{CELL}&from={FROM}&to={asked}"), 404, "not-found")


def test_a_release_of_an_earlier_quarter_says_nothing_about_a_later_one(
    api: Api, places: dict[str, District]
) -> None:
    make_project(district=places["440112"], milestones=SIGNED)
    earlier = make_release(places["440112"], "2022Q4")

    started = api.get(f"totals/explain/?{CELL}&from=release:{earlier.pk}")
    ended = api.get(f"totals/explain/?{CELL}&from={FROM}&to=release:{earlier.pk}")

    assert_problem(started, 400, "validation", "from")
    assert_problem(ended, 400, "validation", "to")


def test_what_lies_elsewhere_is_not_there(api: Api, places: dict[str, District]) -> None:
    mine = Api(make_user(district=places["440112"]))

    for code in ("440100", "440113", "440199"):
        response = mine.get(f"totals/explain/?district={code}&quarter=2023Q1&kind=signed&from={FROM}")
        assert_problem(response, 404, "not-found")
    assert_problem(Api().get(f"totals/explain/?{CELL}&from={FROM}"), 401, "authentication")


# --- while others write -------------------------------------------------------------------------------------------


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_while_four_people_write_nothing_is_ever_left_over() -> None:
    places = make_huangpu()
    ids = [make_project(district=places["440112"], milestones=SIGNED).pk for _ in range(8)]
    api = Api(make_user(superuser=True))
    asked: list[dict[str, Any]] = []

    with running(lambda done: write(done, ids, places), 4):
        began = time.monotonic()
        while len(asked) < 20 or asked[-1]["changes_count"] < asked[0]["changes_count"] + 20:
            assert time.monotonic() - began < 60
            asked.append(explain(api, f"district=440100&quarter=2023Q1&kind=signed&from={FROM}"))

    for body in asked:
        assert body["unexplained"] == {"count": 0, "investment": 0, "expected_output": 0}
        assert_adds_up(
            {**body, "changes": [{"difference": c["difference"]} for c in body["by_cause"].values()]}
        )


def write(done: Event, ids: list[int], places: dict[str, District]) -> None:
    """Corrections and new projects, one after the other, until told to stop."""
    chance = random.Random()
    here = [places["440112"], places["440113"], places["440112-GDD"]]
    while not done.is_set():
        if chance.random() < 0.3:
            make_project(
                district=chance.choice(here), total_investment=YI, milestones=SIGNED, at=timezone.now()
            )
            continue
        project = Project.objects.get(pk=chance.choice(ids))
        project.total_investment, project.district = chance.randint(1, 99) * YI, chance.choice(here)
        try:
            services.save_project(project, actor=None, at=timezone.now())
        except StaleVersion:
            continue
