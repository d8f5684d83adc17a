"""Figures reach beyond what their reader sees: releases of neighbours are not there, others' projects have no names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.access import LEFT_OUT, World, one_transaction, text_of
from tests.api import assert_problem

pytestmark = pytest.mark.django_db

HERE = "district=440112&quarter=2023Q1"
CELL = f"{HERE}&kind=signed"
THEIRS = (
    "totals/?{cell}&release={release}",
    "totals/?{cell}&release={release}&format=csv",
    "totals/trace/?{cell}&release={release}",
    "totals/trace/?{cell}&release={release}&format=xlsx",
    "totals/trace/?district=440112&kind=signed&of=undated&release={release}",
    "totals/explain/?{cell}&from=release:{release}",
    "totals/explain/?{cell}&from=release:{mine}&to=release:{release}",
    "cohorts/?{here}&release={release}",
    "lead-times/?{here}&release={release}",
    "punctuality/?{here}&release={release}",
)
THEIR_PAGES = (
    "/?{here}&release={release}",
    "/?district=440112&release={release}",
    "/figures/?{cell}&release={release}",
    "/figures/?{cell}&release={release}&format=csv",
    "/undated/?district=440112&release={release}",
    "/undated/?district=440112&release={release}&format=xlsx",
    "/explain/?{cell}&from=release:{release}",
    "/explain/?{cell}&from=release:{mine}&to=release:{release}",
    "/cohorts/?{here}&release={release}",
    "/cohorts/projects/?{here}&column=signed&release={release}",
)
# where projects are counted that lie elsewhere: on the divisions of now, or at a moment before they moved
BEYOND = (
    "totals/trace/?district=440112&quarter=2013Q1&kind=signed&divisions=now",
    "totals/trace/?district=440112&kind=signed&of=undated&divisions=now",
    "totals/trace/?district=440112&quarter=2013Q1&kind=signed&divisions=now&by=district&member=440112",
    "totals/trace/?{cell}&release={revision}",
    "totals/trace/?{cell}&as_of={at}",
    "totals/trace/?district=440112&kind=completed&of=undated&release={revision}",
    "totals/explain/?{cell}&from=release:{revision}",
)
BEYOND_PAGES = (
    "/figures/?district=440112&quarter=2013Q1&kind=signed&divisions=now",
    "/figures/?district=440112&quarter=2013Q1&kind=signed&divisions=now&by=district&member=440112",
    "/undated/?district=440112&divisions=now",
    "/figures/?{cell}&release={revision}",
    "/figures/?{cell}&as_of={at}",
    "/undated/?district=440112&release={revision}",
    "/explain/?{cell}&from=release:{revision}",
)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), one_transaction():
        yield World()


def filled(world: World, path: str) -> str:
    mine, theirs = world.names["own"], world.names["foreign"]
    named = {"cell": CELL, "here": HERE, "release": theirs["release"], "mine": mine["release"]}
    return path.format(**named, revision=mine["revision"], at=mine["later"])


def told(response: Any) -> list[str]:
    """What is said of what readers of Huangpu do not see."""
    body = text_of(response)
    return [text for text in LEFT_OUT if text in body]


# --- releases ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", THEIRS)
@pytest.mark.parametrize("name", ["viewer", "publisher", "superuser"])
def test_a_neighbours_release_says_nothing_about_this_district(world: World, name: str, path: str) -> None:
    response = world.apis[name].get(filled(world, path))

    assert_problem(response, 404, "not-found")
    assert told(response) == []


@pytest.mark.parametrize("path", THEIR_PAGES)
@pytest.mark.parametrize("name", ["viewer", "publisher", "superuser"])
def test_nor_on_any_page(world: World, name: str, path: str) -> None:
    response = world.browsers[name].get(filled(world, path))

    assert response.status_code == 404
    assert told(response) == []


def test_a_page_does_not_open_at_a_release_that_one_may_not_see(world: World) -> None:
    address = filled(world, "/?release={release}")

    assert world.browsers["viewer"].get(address).status_code == 404
    assert "Panyu" in text_of(world.browsers["neighbour"].get(address))


@pytest.mark.parametrize("path", ["releases/", "releases/?format=csv", "reported-totals/", "subscriptions/"])
def test_lists_hold_only_what_is_theirs(world: World, path: str) -> None:
    for name in ("viewer", "editor", "publisher", "stranger", "removed"):
        assert told(world.apis[name].get(path)) == []
    assert told(world.apis["superuser"].get(path.replace("subscriptions/", "releases/"))) == ["番禺"]


# --- projects ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["json", "csv", "xlsx"])
@pytest.mark.parametrize("path", BEYOND)
def test_projects_of_others_count_without_their_names(world: World, path: str, file_format: str) -> None:
    address = filled(world, path) + ("" if file_format == "json" else f"&format={file_format}")

    theirs, all_of_it = (world.apis[name].get(address) for name in ("viewer", "superuser"))

    assert (theirs.status_code, all_of_it.status_code) == (200, 200)
    assert told(theirs) == []
    assert told(all_of_it) != []


@pytest.mark.parametrize("file_format", ["", "csv", "xlsx"])
@pytest.mark.parametrize("path", BEYOND_PAGES)
def test_nor_are_they_named_on_pages(world: World, path: str, file_format: str) -> None:
    address = filled(world, path) + (file_format and f"&format={file_format}")

    theirs, all_of_it = (world.browsers[name].get(address) for name in ("viewer", "superuser"))

    assert (theirs.status_code, all_of_it.status_code) == (200, 200)
    assert told(theirs) == []
    assert told(all_of_it) != []


def test_nor_in_the_lists_of_cohorts(world: World) -> None:
    address = filled(world, "/cohorts/projects/?{here}&column=signed&release={revision}")

    theirs, all_of_it = (world.browsers[name].get(address) for name in ("viewer", "superuser"))

    assert told(theirs) == []
    assert told(all_of_it) == ["迁出机密"]


def test_a_trace_counts_them_with_a_null_name(world: World) -> None:
    entries = world.apis["viewer"].get(BEYOND[0]).json()

    assert [entry["project"]["name"] for entry in entries["results"]] == [None]
    assert entries["sum"]["count"] == 1


@pytest.mark.parametrize("divisions", ["now", "then"])
def test_the_start_page_on_other_divisions_names_no_project(world: World, divisions: str) -> None:
    address = f"/?district=440112&quarter=2013Q1&divisions={divisions}"

    assert told(world.browsers["viewer"].get(address)) == []


# --- rights of programs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scopes", [("read",), ("read", "write"), ("write",)])
def test_a_publishers_token_without_the_scope_publish_releases_nothing(world: World, scopes: Any) -> None:
    api = world.program("publisher", *scopes)

    response = api.post("releases/", {"district": "440112", "quarter": "2022Q4"})

    assert "scope" in assert_problem(response, 403, "permission")["detail"]


def test_the_scope_publish_makes_nobody_a_publisher(world: World) -> None:
    response = world.program("editor", "publish").post(
        "releases/", {"district": "440112", "quarter": "2022Q4"}
    )

    assert "publisher" in assert_problem(response, 403, "permission")["detail"].lower()


@pytest.mark.parametrize(
    "path", ["totals/?" + CELL, "releases/", "reported-totals/", "definitions/", "cohorts/?" + HERE]
)
def test_a_token_that_may_only_write_reads_nothing(world: World, path: str) -> None:
    assert_problem(world.program("editor", "write").get(path), 403, "permission")


@pytest.mark.parametrize("path", ["reported-totals/", "subscriptions/"])
def test_a_token_that_may_only_read_or_release_records_nothing(world: World, path: str) -> None:
    for scopes in (("read",), ("read", "publish")):
        assert_problem(world.program("editor", *scopes).post(path, {}), 403, "permission")
    assert_problem(world.program("editor", "write").post(path, {}), 400, "validation")


# --- what a form or a body may name ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["post", "change"])
def test_a_claim_is_not_tied_to_a_ceremony_that_one_may_not_see(world: World, method: str) -> None:
    theirs = int(world.names["foreign"]["event"])
    body = {
        "district": "440112",
        "period": "2023Q1",
        "measure": "started_count",
        "value": 3,
        "unit": "projects",
    }
    path = "reported-totals/" if method == "post" else f"reported-totals/{world.names['own']['claim']}/"

    response = getattr(world.apis["editor"], method)(
        path, {**(body if method == "post" else {}), "ceremony": theirs}
    )

    missing = getattr(world.apis["editor"], method)(
        path, {**(body if method == "post" else {}), "ceremony": 10**9}
    )
    assert response.status_code in (400, 404)
    assert told(response) == []
    assert missing.status_code in (400, 404)


@pytest.mark.parametrize(
    ("name", "model", "field"),
    [
        ("editor", "reportedtotal", "district"),
        ("editor", "reportedtotal", "ceremony"),
        ("editor", "target", "district"),
        ("publisher", "release", "district"),
        ("editor", "release", "district"),
        ("viewer", "reportedtotal", "ceremony"),
    ],
)
def test_suggestions_name_nothing_of_others(world: World, name: str, model: str, field: str) -> None:
    for term in ("番", "", "Panyu", "440113"):
        asked = {"app_label": "tracking", "model_name": model, "field_name": field, "term": term}
        answer = world.browsers[name].get("/admin/autocomplete/", asked)
        assert answer.status_code in (200, 403)
        assert told(answer) == []


@pytest.mark.parametrize("model", ["release", "reportedtotal", "target"])
@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        ("q=440113", (200,)),
        ("district=440113", (200, 302, 400)),
        ("district__id__exact=1", (200, 302, 400)),
        ("district__code__startswith=44", (302, 400)),
        ("released_by__password__startswith=p", (302, 400)),
        ("quarter=2023Q5", (200, 302, 400)),
        ("p=abc", (200, 302)),
        ("q=%00", (400,)),
        ("e=1", (200,)),
        ("id__in=1" + "0" * 30, (302, 400)),
    ],
)
def test_no_question_to_a_list_of_the_admin_tells_of_others(
    world: World, model: str, query: str, statuses: tuple[int, ...]
) -> None:
    response = world.browsers["viewer"].get(f"/admin/tracking/{model}/?{query}")

    assert response.status_code in statuses
    assert told(response) == []
