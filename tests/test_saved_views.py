"""Saved views of the list: opened, kept, shared within a subtree, renamed, deleted; and never more than one may see."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from projects import services
from projects.models import District, ListPreference, SavedView, SizeBand, User
from tests.makers import NOW, YI, make_bands, make_huangpu, make_project, make_user
from tests.pages import Page, read, signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/projects/project/"


@pytest.fixture
def places() -> dict[str, District]:
    """A signed project in Huangpu, one in its zone, and one next door."""
    found = make_huangpu()
    make_bands()
    for name, code in (("黄埔甲", "440112"), ("开发区乙", "440112-GDD"), ("番禺丙", "440113")):
        make_project(
            name, district=found[code], total_investment=34 * YI, milestones={"signed": date(2023, 1, 29)}
        )
    make_project("黄埔在谈", district=found["440112"])
    return found


@pytest.fixture
def officer(places: dict[str, District]) -> User:
    """An editor of Huangpu."""
    return make_user("officer", district=places["440112"])


def saved(owner: User, name: str = "签约", district: District | None = None, **more: Any) -> SavedView:
    """A view as the service records it."""
    more.setdefault("query", {"stage": "signed", "o": "-2"})
    return services.save_view(SavedView(owner=owner, name=name, district=district, **more), at=NOW)


def names(page: Page) -> list[str]:
    """The projects, in order."""
    return re.findall(r'field-label"><a [^>]*>(.*?)</a>', page.html)


def opened(browser: Client, view: SavedView | None = None) -> Page:
    """The list as a view opens it."""
    answer = browser.get(LIST + (f"?view={view.pk}" if view else ""), follow=True)
    assert answer.status_code == 200
    return Page(answer.content.decode())


def test_an_officer_saves_the_list_as_it_stands_and_opens_it_again(officer: User) -> None:
    browser = signed_in(officer)
    services.choose_columns(officer, ["label", "district"])

    answer = browser.post(f"{LIST}views/add/?stage=signed&o=-2&p=x", {"name": "签约项目"})
    view = SavedView.objects.get()
    services.choose_columns(officer, [])
    page = opened(browser, view)

    assert (view.owner, view.district, view.query) == (officer, None, {"stage": "signed", "o": "-2"})
    assert answer.headers["Location"] == f"{LIST}?view={view.pk}"
    assert names(page) == ["黄埔甲", "开发区乙"]
    assert re.findall(r"column-(\w+)", page.html.partition("<tbody>")[0]) == ["label", "district"]
    assert "签约项目" in page.text


def test_a_condition_taken_away_does_not_come_back_with_the_view(officer: User) -> None:
    browser, view = signed_in(officer), saved(officer, query={"stage": "signed"})

    page = opened(browser, view)
    chip = re.search(r'<span class="chip-title">.*?<a href="(.*?)"', page.html, re.DOTALL)

    assert chip
    assert len(names(opened_at(browser, chip[1]))) == 3


def opened_at(browser: Client, address: str) -> Page:
    """The list at an address of its own."""
    return Page(browser.get(LIST + address, follow=True).content.decode())


def test_a_view_shared_with_a_district_is_found_by_everybody_in_its_subtree_and_by_nobody_else(
    places: dict[str, District], officer: User
) -> None:
    view = saved(officer, district=places["440112"])
    zone = make_user("zone", district=places["440112-GDD"], role="viewer")
    neighbour = make_user("neighbour", district=places["440113"])
    above = make_user("above", district=places["440100"])

    assert names(opened(signed_in(zone), view)) == ["开发区乙"]  # what they may see, not what the owner may
    for stranger in (neighbour, above):
        browser = signed_in(stranger)
        assert browser.get(f"{LIST}?view={view.pk}").status_code == 404
        assert view.name not in read(browser, LIST).text
    assert signed_in(zone).get(f"{LIST}views/{view.pk}/").status_code == 404
    assert signed_in(zone).post(f"{LIST}views/{view.pk}/", {"delete": "1"}).status_code == 404
    assert SavedView.objects.filter(pk=view.pk).exists()


def test_a_private_view_is_its_owners_alone(places: dict[str, District], officer: User) -> None:
    view = saved(officer)
    colleague = signed_in(make_user("colleague", district=places["440112"]))

    assert colleague.get(f"{LIST}?view={view.pk}").status_code == 404
    assert view.name not in read(colleague, f"{LIST}views/").text
    assert colleague.post(f"{LIST}views/", {"default": str(view.pk)}).status_code == 404


@pytest.mark.parametrize(
    ("role", "may"), [("viewer", False), ("editor", True), ("reviewer", True), ("administrator", True)]
)
def test_only_with_a_district_of_ones_own_is_a_view_shared(
    places: dict[str, District], role: str, may: bool
) -> None:
    user = make_user(district=places["440112"], role=role)
    address, asked = f"{LIST}views/add/?stage=signed", {"name": "签约"}

    signed_in(user).post(address, asked | {"district": places["440113"].pk})
    signed_in(user).post(address, asked | {"district": places["440100"].pk})
    signed_in(user).post(address, asked | {"district": "abc"})
    assert not SavedView.objects.exists()
    signed_in(user).post(address, asked | {"district": places["440112-GDD"].pk})
    assert SavedView.objects.exists() == may

    with pytest.raises(ValidationError) as refused:
        saved(user, "x", places["440113"])
    assert refused.value.error_dict["district"][0].code == "foreign"


def test_a_filter_that_is_gone_is_left_out_and_named(places: dict[str, District], officer: User) -> None:
    view = saved(
        officer,
        district=places["440112"],
        query={"stage": "signed", "band": "1bn-5bn", "moon": "full", "district": "440112"},
    )
    SizeBand.objects.filter(code="1bn-5bn").delete()
    zone = signed_in(make_user("zone", district=places["440112-GDD"]))

    page = opened(zone, view)

    assert names(page) == ["开发区乙"]
    assert "left out of this view: size band、moon、district" in page.text


def test_the_list_opens_with_the_view_that_somebody_chose(officer: User) -> None:
    browser, view = signed_in(officer), saved(officer)

    browser.post(f"{LIST}views/", {"default": str(view.pk)})
    assert names(opened(browser)) == ["黄埔甲", "开发区乙"]
    assert len(names(read(browser, f"{LIST}?view=all"))) == 3

    services.delete_view(view)
    assert len(names(read(browser, LIST))) == 3
    assert ListPreference.objects.get().default_view is None


def test_a_view_is_renamed_brought_up_to_date_and_deleted(officer: User) -> None:
    browser, view = signed_in(officer), saved(officer)
    address = f"{LIST}views/{view.pk}/?view={view.pk}&stage=signed&band=1bn-5bn"

    browser.post(address, {"name": "大项目", "default": "on"})
    view.refresh_from_db()
    assert (view.name, view.query) == ("大项目", {"stage": "signed", "o": "-2"})
    assert ListPreference.objects.get().default_view == view

    browser.post(address, {"name": "大项目", "anew": "on"})
    view.refresh_from_db()
    assert view.query == {"stage": "signed", "band": "1bn-5bn"}
    assert ListPreference.objects.get().default_view is None

    browser.post(address, {"delete": "1"})
    assert not SavedView.objects.exists()


def test_columns_chosen_in_ones_own_view_are_the_views_and_in_anothers_ones_own(
    places: dict[str, District], officer: User
) -> None:
    view = saved(officer, district=places["440112"])
    colleague = make_user("colleague", district=places["440112"])
    chosen = {"show.label": "on", "place.label": 1}

    answer = signed_in(colleague).post(f"{LIST}columns/?view={view.pk}&stage=signed", chosen)
    view.refresh_from_db()
    assert view.columns == []
    assert answer.headers["Location"] == f"{LIST}?stage=signed&view=all"
    assert ListPreference.objects.get(user=colleague).columns == ["label"]

    signed_in(officer).post(f"{LIST}columns/?view={view.pk}&stage=signed", chosen)
    view.refresh_from_db()
    assert view.columns == ["label"]


def test_a_view_keeps_its_unit_until_somebody_switches(officer: User) -> None:
    browser, view = signed_in(officer), saved(officer, unit="wan")

    assert "Total investment 680,000 万元" in opened(browser, view).text
    answer = browser.post(f"{LIST}unit/?view={view.pk}&unit=wan&stage=signed", {"unit": "yi"})
    assert "Total investment 68.00 亿元" in read(browser, answer.headers["Location"]).text


@pytest.mark.parametrize("view", ["abc", "0", "-1", "1" * 19, "999999", "", "%00"])
def test_a_view_that_cannot_be_is_not_found(officer: User, view: str) -> None:
    assert signed_in(officer).get(f"{LIST}?view={view}").status_code in (400, 404)


@pytest.mark.parametrize(
    "data", [{}, {"name": ""}, {"name": "x" * 61}, {"name": "a\u202eb"}, {"name": "\u200b"}, {"name": "签约"}]
)
def test_a_view_without_a_readable_name_of_its_own_is_refused(officer: User, data: dict[str, str]) -> None:
    saved(officer)

    answer = signed_in(officer).post(f"{LIST}views/add/?stage=signed", data or {"default": "on"})

    assert answer.status_code == 200
    assert SavedView.objects.count() == 1


def test_a_form_with_a_field_of_nobody_is_refused(officer: User) -> None:
    asked = {"name": "x", "owner": "1"}
    assert signed_in(officer).post(f"{LIST}views/add/", asked).status_code == 400
    assert not SavedView.objects.exists()


def test_nobody_keeps_views_without_end(officer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projects.services.lists.MOST_VIEWS", 1)
    saved(officer)

    with pytest.raises(ValidationError) as refused:
        saved(officer, "another")
    assert refused.value.code == "too_many"
