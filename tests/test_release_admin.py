"""Releases in the admin: publishers release a quarter there, everybody concerned reads, nobody changes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from projects import sealing
from projects.models import District, User
from tests.makers import NOW, make_huangpu, make_project, make_release, make_user
from tests.pages import Page, read, signed_in
from tracking.models import Release

pytestmark = pytest.mark.django_db

LIST, ADD = "/admin/tracking/release/", "/admin/tracking/release/add/"


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def publisher(places: dict[str, District]) -> User:
    return make_user("li.na", district=places["440112"], role="publisher")


def send(client: Client, district: District, quarter: str = "2023Q1", **more: str) -> Any:
    return client.post(ADD, {"district": district.pk, "quarter": quarter, "note": "", **more}, follow=True)


def text_of(response: Any) -> str:
    return Page(response.content.decode()).text


def test_a_publisher_releases_a_quarter_in_the_admin(places, publisher):
    client = signed_in(publisher)

    asked = read(client, ADD)
    response = send(client, places["440112"], note="季度通报")

    assert "Release a quarter" in asked.text
    release = Release.objects.get()
    assert (release.district, release.quarter, release.note) == (places["440112"], "2023Q1", "季度通报")
    assert release.released_by == publisher
    assert response.redirect_chain == [(LIST, 302)]
    assert read(client, f"{LIST}{release.pk}/change/").opening(f"/releases/{release.pk}/")


def test_the_list_says_which_revision_it_is_in_words_and_is_narrowed_by_place_and_quarter(places, publisher):
    make_release(places["440112"], provisional=True)
    make_release(places["440112"])
    make_release(places["440112-GDD"], "2022Q4", note="开发区年报")
    client = signed_in(publisher)

    everything = read(client, LIST).text
    narrowed = read(client, f"{LIST}?quarter=2023Q1&district=440112").text

    assert "first release" in narrowed
    assert "revision 1" in narrowed
    assert "开发区年报" in everything
    assert "开发区年报" not in narrowed


@pytest.mark.parametrize(
    ("quarter", "sentence"),
    [
        ("2099Q4", "2099Q4 has not begun yet."),
        ("2023Q5", "Write a quarter as 2023Q1"),
        ("", "This field is required."),
    ],
)
def test_what_cannot_be_released_is_said_at_its_field(places, publisher, quarter, sentence):
    response = send(signed_in(publisher), places["440112"], quarter)

    assert response.status_code == 200
    assert sentence in text_of(response)
    assert not Release.objects.exists()


def test_the_present_quarter_is_released_as_provisional_only(places, publisher, monkeypatch):
    monkeypatch.setattr("tracking.admin.releases.timezone.now", lambda: NOW)
    client = signed_in(publisher)

    refused = send(client, places["440112"], "2026Q4")
    send(client, places["440112"], "2026Q4", provisional="on")

    assert "has not ended yet" in text_of(refused)
    assert Release.objects.get().provisional


def test_the_same_once_more_is_answered_with_a_message(places, publisher):
    client = signed_in(publisher)
    send(client, places["440112"])

    response = send(client, places["440112"])

    assert response.redirect_chain == [(LIST, 302)]
    assert "Nothing has changed since the release of" in text_of(response)
    assert Release.objects.count() == 1


def test_while_a_long_import_runs_the_form_says_so_and_keeps_what_was_typed(places, publisher, monkeypatch):
    def busy(at):
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(sealing, "seal", busy)

    response = send(signed_in(publisher), places["440112"], note="季度通报")

    assert "A long change, as an import, is being recorded just now." in text_of(response)
    assert "季度通报" in text_of(response)


def test_only_the_districts_that_one_publishes_are_offered_and_taken(places):
    user = make_user(district=places["440100"])  # records projects of the whole city
    client = signed_in(user)
    assert client.get(ADD).status_code == 403

    from projects.services import add_member

    add_member(user, places["440112"], "publisher")
    suggested = client.get(
        "/admin/autocomplete/?term=4401&app_label=tracking&model_name=release&field_name=district"
    ).json()["results"]
    refused = send(client, places["440113"])

    assert {each["id"] for each in suggested} == {str(places[code].pk) for code in ("440112", "440112-GDD")}
    assert "Choose a district of yours." in text_of(refused)
    assert not Release.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "editor", "reviewer"])
def test_who_does_not_publish_reads_and_has_no_button(places, role):
    release = make_release(places["440112"])
    client = signed_in(make_user(district=places["440112"], role=role))

    page = read(client, LIST)

    assert not page.opening(ADD)
    assert client.get(ADD).status_code == 403
    assert send(client, places["440112"]).status_code == 403
    assert read(client, f"{LIST}{release.pk}/change/").text


def test_a_release_is_not_changed_and_not_deleted_not_even_by_a_superuser(places):
    release = make_release(places["440112"])
    client = signed_in(make_user(superuser=True))

    assert client.post(f"{LIST}{release.pk}/change/", {"note": "x"}).status_code == 403
    assert client.post(f"{LIST}{release.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(LIST, {"action": "delete_selected", "_selected_action": release.pk}).status_code in (
        302,
        200,
    )
    assert Release.objects.get().note == ""


def test_a_release_of_elsewhere_is_not_found(places, publisher):
    release = make_release(places["440113"], note="番禺的通报")
    client = signed_in(publisher)

    assert client.get(f"{LIST}{release.pk}/change/").status_code == 404
    assert "番禺" not in read(client, LIST).text


def test_who_released_it_is_named_to_those_who_see_the_whole_district(places, publisher):
    make_project(district=places["440112-GDD"], milestones={"signed": date(2023, 1, 29)})
    make_release(places["440112"], actor=publisher)
    above, below = (
        signed_in(make_user(district=places[code], role="viewer")) for code in ("440100", "440112-GDD")
    )

    assert "li.na" in read(above, LIST).text
    assert "li.na" not in read(below, LIST).text
