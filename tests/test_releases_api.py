"""Releases in the API: publishers freeze a quarter, everybody below reads it, nobody changes it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError

from projects import sealing
from projects.models import District, User
from tests.api import Api, assert_problem
from tests.makers import NOW, YI, make_huangpu, make_project, make_release, make_user
from tracking.models import Release, ReleaseProof

pytestmark = pytest.mark.django_db

SIGNED: dict[str, Any] = {"signed": date(2023, 1, 29)}
BODY = {"district": "440112", "quarter": "2023Q1"}


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def publisher(places: dict[str, District]) -> User:
    return make_user("li.na", district=places["440112"], role="publisher")


@pytest.fixture
def api(publisher: User) -> Api:
    return Api(publisher, "read", "publish")


# --- releasing ------------------------------------------------------------------------------------------------------


def test_a_publisher_releases_a_quarter_and_it_is_read_back(api, places):
    make_project(district=places["440112-GDD"], total_investment=YI, milestones=SIGNED)

    response = api.post("releases/", {**BODY, "note": "季度通报"})

    assert response.status_code == 201
    made = response.json()
    release = Release.objects.get()
    assert made == {
        "id": release.pk,
        "quarter": "2023Q1",
        "district": "440112",
        "released_at": made["released_at"],
        "note": "季度通报",
        "revision": 0,
        "revises": None,
        "provisional": False,
        "released_by": "li.na",
        "definitions": release.definitions,
        "proof": None,
        "package": f"{settings.PUBLIC_URL}/api/v1/releases/{release.pk}/package/",
    }
    assert response.headers["Location"] == f"{settings.PUBLIC_URL}/api/v1/releases/{release.pk}/"
    again = api.get(response.headers["Location"])
    assert again.json() == made
    assert again.headers["ETag"] == response.headers["ETag"]
    package = api.get(made["package"])
    package.close()
    assert package.headers["Content-Type"] == "application/zip"


def test_the_same_quarter_again_is_a_revision_once_something_has_changed(api, places):
    first = api.post("releases/", BODY).json()

    refused = api.post("releases/", BODY)
    make_project(district=places["440112"], milestones=SIGNED)
    second = api.post("releases/", BODY)

    problem = assert_problem(refused, 409, "conflict")
    assert problem["detail"].startswith("Nothing has changed since the release of ")
    assert second.status_code == 201
    assert (second.json()["revision"], second.json()["revises"]) == (1, first["id"])


def test_a_quarter_that_has_not_ended_is_refused_unless_it_is_said_to_be_provisional(api):
    soon = {**BODY, "quarter": "2099Q1"}

    not_begun = assert_problem(
        api.post("releases/", {**soon, "provisional": True}), 400, "validation", "/quarter"
    )

    assert not_begun["errors"][0]["code"] == "not_begun"
    assert not Release.objects.exists()


def test_the_present_quarter_is_released_as_provisional_only(api, monkeypatch):
    monkeypatch.setattr("tracking.views.releases.timezone.now", lambda: NOW)
    present = {**BODY, "quarter": "2026Q4"}

    not_ended = assert_problem(api.post("releases/", present), 400, "validation", "/quarter")
    provisional = api.post("releases/", {**present, "provisional": True})

    assert not_ended["errors"][0]["code"] == "not_ended"
    assert provisional.status_code == 201
    assert provisional.json()["provisional"] is True


def test_the_same_idempotency_key_releases_once(api, places):
    headers = {"Idempotency-Key": "a-key"}

    first = api.post("releases/", BODY, **headers)
    make_project(district=places["440112"], milestones=SIGNED)  # so that it is not refused for another reason
    again = api.post("releases/", BODY, **headers)
    other = api.post("releases/", {**BODY, "note": "另一次"}, **headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert_problem(other, 422, "idempotency-mismatch")
    assert Release.objects.count() == 1


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "a-key"}], ids=["plain", "with a key"])
def test_while_a_long_import_runs_the_answer_is_503_and_says_when_to_ask_again(api, monkeypatch, headers):
    def busy(at):
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(sealing, "seal", busy)

    response = api.post("releases/", BODY, **headers)

    assert_problem(response, 503, "unavailable")
    assert int(response.headers["Retry-After"]) > 0
    monkeypatch.undo()
    assert api.post("releases/", BODY, **headers).status_code == 201


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"quarter": "2023-Q1"}, "/quarter"),
        ({"quarter": "2023Q5"}, "/quarter"),
        ({"quarter": 20231}, "/quarter"),
        ({"quarter": None}, "/quarter"),
        ({"quarter": ["2023Q1"]}, "/quarter"),
        ({"quarter": "２０２３Q1"}, "/quarter"),
        ({"district": "999999"}, "/district"),
        ({"district": None}, "/district"),
        ({"district": {"$ne": 1}}, "/district"),
        ({"provisional": "yes"}, "/provisional"),
        ({"note": "a\x07b"}, "/note"),
        ({"note": "\u202eabc"}, "/note"),
        ({"note": 5}, "/note"),
        ({"released_at": "2023-04-05T08:00:00+08:00"}, "/released_at"),
        ({"revision": 3}, "/revision"),
        ({"revises": None}, "/revises"),
        ({"id": 1}, "/id"),
        ({"released_by": "root"}, "/released_by"),
        ({"quater": "2023Q1"}, "/quater"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_at_its_place(api, change, place):
    response = api.post("releases/", {**BODY, **change})

    assert_problem(response, 400, "validation", place)
    assert not Release.objects.exists()


def test_an_empty_body_names_what_is_needed(api):
    assert_problem(api.post("releases/", {}), 400, "validation", "/district", "/quarter")


# --- who ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "place", "status"),
    [
        ("viewer", "440112", 403),
        ("editor", "440112", 403),
        ("reviewer", "440112", 403),
        ("publisher", "440112", 201),
        ("publisher", "440100", 201),
        ("publisher", "440112-GDD", 404),
        ("publisher", "440113", 404),
    ],
)
def test_only_publishers_of_the_district_release_it(places, role, place, status):
    api = Api(make_user(district=places[place], role=role), "read", "write", "publish")

    response = api.post("releases/", BODY)

    assert response.status_code == status
    assert Release.objects.count() == (status == 201)


def test_an_editor_who_asks_is_told_who_may(places):
    api = Api(make_user(district=places["440112"]), "read", "write", "publish")

    problem = assert_problem(api.post("releases/", BODY), 403, "permission")

    assert problem["detail"].startswith("Only a publisher of this district releases its figures.")


@pytest.mark.parametrize(
    ("scopes", "status"), [(["read"], 403), (["read", "write"], 403), (["publish"], 201)]
)
def test_releasing_needs_the_scope_publish_and_writing_is_not_enough(publisher, scopes, status):
    assert Api(publisher, *scopes).post("releases/", BODY).status_code == status


def test_publishing_alone_reads_nothing_and_records_nothing(publisher):
    api = Api(publisher, "publish")

    assert api.get("releases/").status_code == 403
    assert (
        api.post("ceremonies/", {"district": "440112", "name": "签约", "held_on": "2023-01-29"}).status_code
        == 403
    )


def test_a_superuser_releases_any_district(places):
    api = Api(make_user(superuser=True), "publish")

    assert api.post("releases/", {**BODY, "district": "440000"}).status_code == 201


def test_without_a_token_nothing_is_said(places):
    release = make_release(places["440112"])

    for response in (
        Api().get("releases/"),
        Api().get(f"releases/{release.pk}/"),
        Api().post("releases/", BODY),
    ):
        assert_problem(response, 401, "authentication")


def test_a_release_is_not_changed_and_not_deleted(api, places):
    release = make_release(places["440112"])

    for response in (
        api.patch(f"releases/{release.pk}/", {"note": "x"}, **{"If-Match": "*"}),
        api.delete(f"releases/{release.pk}/", **{"If-Match": "*"}),
        api.delete("releases/"),
    ):
        assert_problem(response, 405, "method")
        assert "PATCH" not in response.headers["Allow"]


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("home", "seen", "named"),
    [
        ("440000", True, True),
        ("440112", True, True),
        ("440112-GDD", True, False),
        ("440113", False, False),
    ],
)
def test_a_release_is_read_above_and_below_and_who_made_it_where_the_district_is_seen(
    places, publisher, home, seen, named
):
    release = make_release(places["440112"], actor=publisher)
    reader = Api(make_user(district=places[home], role="viewer"))

    listed = reader.get("releases/").json()["results"]
    alone = reader.get(f"releases/{release.pk}/")

    assert [each["id"] for each in listed] == [release.pk] * seen
    assert alone.status_code == (200 if seen else 404)
    if seen:
        assert alone.json()["released_by"] == listed[0]["released_by"] == ("li.na" if named else None)


def test_releases_are_found_by_district_quarter_and_what_they_hold_for(places):
    api = Api(make_user(superuser=True))
    made = {code: make_release(places[code]).pk for code in ("440100", "440112", "440113")}
    later = make_release(places["440112"], "2023Q2").pk

    def found(query):
        return [each["id"] for each in api.get(f"releases/?{query}").json()["results"]]

    assert found("district=440112") == [later, made["440112"]]
    assert found("district=440100&quarter=2023Q1") == [made["440113"], made["440112"], made["440100"]]
    assert found("covering=440112-GDD&quarter=2023Q1") == [made["440112"], made["440100"]]
    assert found("covering=440113") == [made["440113"], made["440100"]]
    assert found("ordering=released_at&quarter=2023Q1") == list(made.values())
    assert found("page_size=1") == [later]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("distrct=440112", "distrct"),
        ("district=999999", "district"),
        ("covering=999999", "covering"),
        ("quarter=2026Q5", "quarter"),
        ("ordering=note", "ordering"),
        ("fields=secret", "fields"),
        ("quarter=2023Q1&quarter=2023Q2", "quarter"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(api, query, place):
    assert_problem(api.get(f"releases/?{query}"), 400, "validation", place)


@pytest.mark.parametrize("name", ["district", "covering"])
def test_what_others_released_is_not_asked_about(api, places, name):
    make_release(places["440113"])

    assert_problem(api.get(f"releases/?{name}=440113"), 404, "not-found")


@pytest.mark.parametrize("key", ["abc", "10" * 15, "-1", "0", "999999999999"])
def test_a_release_that_there_is_not(api, key):
    assert_problem(api.get(f"releases/{key}/"), 404, "not-found")


def test_the_proof_is_shown_once_it_has_been_made_and_moves_the_etag(api, places):
    release = make_release(places["440112"])
    before = api.get(f"releases/{release.pk}/")
    unchanged = api.get(f"releases/{release.pk}/", **{"If-None-Match": before.headers["ETag"]})

    ReleaseProof.objects.create(release=release, digest="ab" * 32, proved_at=NOW + timedelta(hours=1))
    after = api.get(f"releases/{release.pk}/", **{"If-None-Match": before.headers["ETag"]})

    assert unchanged.status_code == 304
    assert before.json()["proof"] is None
    assert after.json()["proof"] == "ab" * 32


def test_a_list_asks_the_database_the_same_few_questions_however_long_it_is(
    api, places, publisher, django_assert_max_num_queries
):
    for quarter in ("2022Q1", "2022Q2", "2022Q3", "2022Q4"):
        make_release(places["440112"], quarter, actor=publisher)

    with django_assert_max_num_queries(8):
        listed = api.get("releases/").json()["results"]

    assert len(listed) == 4


def test_the_whole_list_comes_as_a_file(api, places, publisher):
    make_release(places["440112"], actor=publisher, note="=1+1")

    response = api.get("releases/?format=csv")

    text = b"".join(response.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[0].startswith("id,quarter,district,released_at,note")
    assert "li.na" in text
