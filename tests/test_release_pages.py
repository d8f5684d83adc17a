"""The pages of releases: the list, one release, and releasing a quarter."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import OperationalError

from projects import sealing, services
from projects.models import District, User
from tests.makers import NOW, YI, fresh, make_huangpu, make_project, make_release, make_user
from tests.pages import Page, read, signed_in
from tracking.cells import roll_up
from tracking.models import Release, ReleaseProof

pytestmark = pytest.mark.django_db

SIGNED: dict[str, Any] = {"signed": date(2023, 1, 29)}
NEW = "/releases/new/?district=440112&quarter=2023Q1"


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def publisher(places: dict[str, District]) -> User:
    return make_user("li.na", district=places["440112"], role="publisher")


@pytest.fixture
def project(places: dict[str, District]) -> Any:
    project = make_project(district=places["440112-GDD"], total_investment=34 * YI, milestones=SIGNED)
    make_project(district=places["440112"], milestones={"completed": "unknown"})
    roll_up()
    return project


def correct(project: Any, amount: int) -> None:
    project = fresh(project)
    project.total_investment = amount
    services.save_project(project, actor=None, at=NOW)
    roll_up()


# --- the list -------------------------------------------------------------------------------------------------------


def test_the_list_shows_every_release_that_the_reader_may_see_with_its_mark_and_its_links(
    places, publisher, project
):
    first = make_release(places["440112"], provisional=True, note="快报")
    second = make_release(places["440112"], note="正式数")
    make_release(places["440113"])

    page = read(signed_in(publisher), "/releases/")

    assert [
        link.href for link in page.opening("/releases/") if link.href.rstrip("/").split("/")[-1].isdigit()
    ] == [
        f"/releases/{second.pk}/",
        f"/releases/{first.pk}/",
    ]
    assert "revision 1" in page.text
    assert "first release provisional" in page.text
    assert "番禺" not in page.text
    assert "快报" in page.text
    assert page.opening(f"/?district=440112&quarter=2023Q1&release={first.pk}")
    assert page.opening("/revisions/?district=440112&quarter=2023Q1")
    assert page.opening(f"/releases/{first.pk}/package.zip")


def test_the_list_says_what_has_changed_since_the_latest_release_of_a_quarter(places, publisher, project):
    first = make_release(places["440112"])
    correct(project, 35 * YI)
    make_release(places["440100"])
    second = make_release(places["440112"])
    correct(project, 37 * YI)

    page = read(signed_in(publisher), "/releases/?quarter=2023Q1")

    assert "revised" in page.text
    explained = {link.href: link.text for link in page.opening("/explain/")}
    asked = "district=440112&quarter=2023Q1&kind=signed&of=entered"
    assert explained[f"/explain/?{asked}&from=release:{second.pk}&to=now"] == "Signed 0 · +2.00"
    assert not [href for href in explained if f"release:{first.pk}&" in href]


def test_the_list_asks_the_database_no_more_for_more_releases_once_they_are_known(
    places, publisher, django_assert_max_num_queries
):
    for quarter in ("2022Q1", "2022Q2", "2022Q3", "2022Q4"):
        make_release(places["440112"], quarter)
    client = signed_in(publisher)
    read(client, "/releases/")

    with django_assert_max_num_queries(15):
        read(client, "/releases/")


def test_who_sees_only_a_part_of_the_released_district_is_led_to_that_part(places, project):
    release = make_release(places["440100"])
    below = signed_in(make_user(district=places["440112"], role="viewer"))

    listed, alone = read(below, "/releases/"), read(below, f"/releases/{release.pk}/")

    for page in (listed, alone):
        assert page.opening(f"/?district=440112&quarter=2023Q1&release={release.pk}")
        assert not page.opening(f"/releases/{release.pk}/package.zip")
    assert not [link for link in alone.links if "440100" in link.href]
    assert figures_of(alone)


def test_the_list_of_a_district_has_what_holds_for_it_and_what_is_of_its_parts(places):
    made = {code: make_release(places[code]).pk for code in ("440000", "440112", "440112-GDD", "440113")}
    client = signed_in(make_user(superuser=True))

    page = read(client, "/releases/?district=440112&quarter=2023Q1")

    shown = {pk for code, pk in made.items() if page.opening(f"/releases/{pk}/")}
    assert shown == {made["440000"], made["440112"], made["440112-GDD"]}
    assert "Nothing has been released yet" in read(client, "/releases/?quarter=2022Q1").text


def test_a_long_list_has_pages(places, monkeypatch):
    monkeypatch.setattr("tracking.pages.releases.PAGE_SIZE", 2)
    for quarter in ("2022Q1", "2022Q2", "2022Q3"):
        make_release(places["440112"], quarter)
    client = signed_in(make_user(superuser=True))

    first = read(client, "/releases/")
    (following,) = [link for link in first.links if "cursor=" in link.href]

    assert "2022 Q3" in first.text
    assert "2022 Q1" not in first.text
    assert "2022 Q1" in read(client, following.href).text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/releases/?distrct=440112", 400),
        ("/releases/?quarter=2023Q5", 400),
        ("/releases/?cursor=forged", 400),
        ("/releases/?district=999999", 404),
        ("/releases/?district=440113", 404),
        ("/releases/999999/", 404),
        ("/releases/1/?x=1", 400),
        ("/releases/new/?district=440113&quarter=2023Q1", 404),
        ("/releases/new/?district=440112&quarter=2023", 400),
    ],
)
def test_a_wrong_address_is_answered_with_a_page_that_says_so(publisher, address, status):
    read(signed_in(publisher), address, status)


def test_a_page_of_releases_wants_people_to_sign_in(client, places):
    release = make_release(places["440112"])

    for address in ("/releases/", f"/releases/{release.pk}/", NEW):
        assert client.get(address).headers["Location"].startswith("/sign-in/")


# --- one release ----------------------------------------------------------------------------------------------------


def figures_of(page: Page) -> list[str]:
    """The addresses of the lists behind the figures of a page."""
    return [link.href for link in page.opening("/figures/")]


def test_a_release_says_what_when_by_whom_and_what_it_revises(places, publisher, project):
    first = make_release(places["440112"])
    correct(project, 35 * YI)
    second = make_release(places["440112"], actor=publisher, note="金额更正\n一个项目")
    ReleaseProof.objects.create(release=second, digest="ab" * 32, proved_at=NOW)

    of_first, of_second = (read(signed_in(publisher), f"/releases/{pk}/") for pk in (first.pk, second.pk))

    assert of_first.opening(f"/releases/{second.pk}/")
    assert of_second.opening(f"/releases/{first.pk}/")
    assert "li.na" in of_second.text
    assert "一个项目" in of_second.text
    assert "ab" * 32 in of_second.text
    assert "not made yet" in of_first.text
    assert not of_second.styled


def test_a_release_shows_its_figures_beside_those_of_now_each_with_its_list(
    places, publisher, project, client
):
    release = make_release(places["440112"])
    client = signed_in(publisher)
    unchanged = read(client, f"/releases/{release.pk}/")

    correct(project, 36 * YI)
    changed = read(client, f"/releases/{release.pk}/")

    assert "Nothing that this release shows has changed since" in unchanged.text
    assert not unchanged.opening("/explain/")
    assert "has changed since this release" in changed.text
    asked = "district=440112&quarter=2023Q1&kind=signed&of=entered"
    assert f"/figures/?{asked}&release={release.pk}" in figures_of(changed)
    assert f"/figures/?{asked}" in figures_of(changed)
    (explained,) = {link.href for link in changed.opening("/explain/") if "of=entered" in link.href}
    assert explained == f"/explain/?{asked}&from=release:{release.pk}&to=now"
    assert "+2.00" in changed.text
    for address in figures_of(changed):
        read(client, address)


def test_a_reader_of_another_district_finds_no_release(places):
    release = make_release(places["440113"])

    read(signed_in(make_user(district=places["440112"])), f"/releases/{release.pk}/", 404)


# --- releasing ------------------------------------------------------------------------------------------------------


def test_a_publisher_sees_what_would_be_released_and_releases_it(places, publisher, project):
    client = signed_in(publisher)

    before = read(client, NEW)
    response = client.post(NEW, {"note": "季度通报"}, follow=True)

    assert "has not been released for this district yet" in before.text
    assert "1 milestone without a date" in before.text
    assert figures_of(before)
    assert not before.styled
    release = Release.objects.get()
    assert (release.note, release.released_by, release.provisional) == ("季度通报", publisher, False)
    assert response.redirect_chain == [(f"/releases/{release.pk}/", 302)]
    assert "2023Q1 of" in Page(response.content.decode()).text


def test_a_double_click_releases_once_and_says_so(publisher, project):
    client = signed_in(publisher)
    client.post(NEW, {"note": ""})

    response = client.post(NEW, {"note": ""}, follow=True)

    release = Release.objects.get()
    assert response.redirect_chain == [(f"/releases/{release.pk}/", 302)]
    assert "Nothing has changed since the release of" in Page(response.content.decode()).text


def test_the_page_says_what_was_released_last_and_whether_anything_has_changed(places, publisher, project):
    client = signed_in(publisher)
    release = make_release(places["440112"])

    same = read(client, NEW)
    correct(project, 40 * YI)
    other = read(client, NEW)

    assert same.opening(f"/releases/{release.pk}/")
    assert "nothing has changed since" in same.text
    assert "changed since: see what and why" in other.text


@pytest.mark.parametrize("role", ["viewer", "editor", "reviewer"])
def test_who_does_not_publish_sees_no_button_and_is_told_why(places, role):
    make_release(places["440112"])
    client = signed_in(make_user(district=places["440112"], role=role))

    listed, refused = read(client, "/releases/"), read(client, NEW, 403)
    sent = client.post(NEW, {"note": ""})

    assert not listed.opening("/releases/new/")
    assert "Only a publisher of this district releases its figures." in refused.text
    assert sent.status_code == 403
    assert Release.objects.count() == 1


def test_a_publisher_of_a_part_does_not_release_the_whole(places):
    user = make_user(district=places["440100"], role="viewer")
    services.add_member(user, places["440112"], "publisher")

    read(signed_in(user), "/releases/new/?district=440100&quarter=2023Q1", 403)
    page = read(signed_in(user), "/releases/new/")

    assert 'value="440100"' not in page.html
    assert 'value="440112" selected' in page.html


def test_a_quarter_that_has_not_begun_has_no_form_and_is_refused(publisher):
    client, address = signed_in(publisher), NEW.replace("2023Q1", "2099Q4")

    page = read(client, address)
    sent = client.post(address, {"note": ""})

    assert "has not begun yet" in page.text
    assert "<textarea" not in page.html
    assert sent.status_code == 200
    assert not Release.objects.exists()


def test_the_present_quarter_is_released_as_provisional_only(publisher, monkeypatch):
    monkeypatch.setattr("tracking.pages.releasing.timezone.now", lambda: NOW)
    monkeypatch.setattr("tracking.pages.releasing.timezone.localdate", lambda *_args: NOW.date())
    client, address = signed_in(publisher), NEW.replace("2023Q1", "2026Q4")

    refused = Page(client.post(address, {"note": ""}).content.decode())
    client.post(address, {"note": "", "provisional": "on"})

    assert "has not ended yet. Release it as provisional" in refused.text
    assert Release.objects.get().provisional


def test_a_note_with_hidden_characters_is_refused_at_its_field(publisher):
    response = signed_in(publisher).post(NEW, {"note": "a\u202eb"})

    assert response.status_code == 200
    assert 'class="errors"' in response.content.decode()
    assert not Release.objects.exists()


def test_while_a_long_import_runs_the_page_says_so_and_keeps_what_was_typed(publisher, monkeypatch):
    def busy(at):
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(sealing, "seal", busy)

    response = signed_in(publisher).post(NEW, {"note": "季度通报"})

    page = Page(response.content.decode())
    assert (response.status_code, bool(response.headers["Retry-After"])) == (503, True)
    assert "A long change, as an import, is being recorded just now." in page.text
    assert "季度通报" in page.text


def test_a_form_sent_from_elsewhere_releases_nothing(publisher):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(publisher, backend="django.contrib.auth.backends.ModelBackend")

    assert client.post(NEW, {"note": ""}).status_code == 403
    assert not Release.objects.exists()
