"""The list that officers live in: chips, counts beside choices, sums at its foot, columns and unit of one's own."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects import services
from projects.admin import lists
from projects.admin.project_list.columns import COLUMNS
from projects.models import AmountUnit, ListPreference, User
from tests.makers import (
    YI,
    make_bands,
    make_district,
    make_huangpu,
    make_organization,
    make_project,
    make_sector,
    make_user,
)
from tests.pages import Page, read, signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/projects/project/"


@pytest.fixture
def officer() -> User:
    """Of Huangpu, where there are three projects; a fourth lies next door."""
    places = make_huangpu()
    make_bands()
    huangpu = places["440112"]
    make_project("甲", district=huangpu, total_investment=34 * YI, milestones={"signed": date(2023, 1, 29)})
    make_project(
        "乙",
        district=huangpu,
        total_investment=2 * YI,
        expected_output=5 * YI,
        milestones={"signed": date(2023, 2, 1), "started": date(2023, 3, 1)},
    )
    make_project("丙", district=huangpu, project_type="services")
    make_project("邻", district=places["440113"], total_investment=900 * YI)
    return make_user("officer", district=huangpu)


@pytest.fixture
def browser(officer: User) -> Client:
    """Of the officer."""
    return signed_in(officer)


def chips(page: Page) -> dict[str, str]:
    """Where each chip's link leads, by what it says."""
    found = re.findall(
        r'<li><span class="chip-title">(.*?)</span> (.*?)\s<a href="(.*?)"', page.html, re.DOTALL
    )
    return {f"{title}: {unescape(value)}": unescape(address) for title, value, address in found}


def headers(page: Page) -> list[str]:
    """The columns that are shown."""
    return re.findall(r"column-(\w+)", page.html.partition("<tbody>")[0])


def figures(page: Page) -> str:
    """What stands at the foot."""
    inside = re.search(r'<dl class="list-figures">(.*?)</dl>', page.html, re.DOTALL)
    assert inside
    return Page(inside[1]).text


def test_each_chip_takes_its_own_condition_away_and_one_link_takes_all(browser: Client) -> None:
    page = read(browser, f"{LIST}?stage=signed&q=项目&district=440112&band=1bn-5bn&o=-6")
    found = chips(page)

    assert set(found) == {"Search: 项目", "District: Huangpu", "Stage: Signed", "Size band: 1bn-5bn"}
    without = found["Stage: Signed"]
    assert without == "?band=1bn-5bn&district=440112&o=-6&q=%E9%A1%B9%E7%9B%AE"
    assert set(chips(read(browser, LIST + without))) == set(found) - {"Stage: Signed"}
    assert '<li class="clear"><a href="?o=-6">' in page.html
    assert chips(read(browser, LIST)) == {}


def test_a_look_up_that_a_link_leads_to_has_a_chip_and_names_no_project_of_others(browser: Client) -> None:
    whole = make_project("整体", district=make_district("440112"))
    foreign = make_project("邻居整体", district=make_district("440113"))

    own = chips(read(browser, f"{LIST}?parent__id__exact={whole.pk}"))
    other = read(browser, f"{LIST}?parent__id__exact={foreign.pk}")

    assert own == {"Phase of: 整体": "?"}
    assert "邻居整体" not in other.text


def test_beside_each_choice_stands_how_many_it_holds_of_what_is_listed(browser: Client) -> None:
    plain = read(browser, LIST)
    signed = read(browser, f"{LIST}?stage=signed")

    assert "Signed (1)" in plain.text
    assert "Started (1)" in plain.text
    assert "Services (1)" in plain.text
    assert "1bn-5bn (1)" in plain.text
    assert "Amount not known (1)" in plain.text
    assert "Started (1)" in signed.text  # as if the stage were not chosen
    assert "Services (0)" in signed.text


def test_the_foot_adds_up_the_whole_list_and_says_how_many_amounts_are_known(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert figures(read(browser, LIST)) == (
        "Projects 3 Total investment 36.00 亿元 2 amounts known Expected output 5.00 亿元 1 amount known"
    )
    assert "Total investment — 亿元 0 amounts known" in figures(read(browser, f"{LIST}?band=none"))


def test_a_list_longer_than_is_counted_is_added_up_only_when_asked(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MOST", 2)

    page = read(browser, f"{LIST}?district=440112")
    asked = read(browser, f"{LIST}?district=440112&sums=all")

    assert figures(page) == "Projects 2+ Sums Add up the whole list"
    assert 'href="?district=440112&amp;sums=all"' in page.html
    assert "Signed (" not in page.text
    assert "Total investment 36.00 亿元" in figures(asked)
    assert (
        "?o=1&amp;district=440112" in asked.html or "?district=440112&amp;o=1" in asked.html
    )  # and not again


def test_amounts_are_shown_in_the_unit_that_somebody_chose(browser: Client, officer: User) -> None:
    answer = browser.post(f"{LIST}unit/?stage=signed", {"unit": "wan"})
    page = read(browser, LIST)
    project = officer.memberships.get().district.projects.get(name="甲")
    form = read(browser, f"{LIST}{project.pk}/change/")

    assert answer.headers["Location"] == f"{LIST}?stage=signed"
    assert "Total investment 360,000 万元" in figures(page)
    assert '<td class="field-total_investment">340,000</td>' in page.html
    assert "Total investment, 万元" in page.text
    assert 'value="340,000万"' in form.html
    assert ListPreference.objects.get(user=officer).unit == AmountUnit.WAN


def chosen(**places: int) -> dict[str, Any]:
    """The form of columns with these shown, each with its number."""
    return {f"show.{name}": "on" for name in places} | {f"place.{name}": n for name, n in places.items()}


def test_an_officer_chooses_columns_and_their_order(browser: Client, officer: User) -> None:
    browser.post(f"{LIST}columns/?o=-6", chosen(label=3, approval_code=1, expected_output=2))
    page = read(browser, LIST)

    assert headers(page) == ["approval_code", "expected_output", "label"]
    assert "5.00" in page.text
    assert headers(read(signed_in(make_user("other", superuser=True)), LIST))[0] == "code"
    browser.post(f"{LIST}columns/", {"reset": "1"})
    assert headers(read(browser, LIST))[:2] == ["code", "label"]


def test_the_order_of_the_list_does_not_depend_on_which_columns_are_shown(
    browser: Client, officer: User
) -> None:
    before = names(read(browser, f"{LIST}?o=6"))
    services.choose_columns(officer, ["expected_output", "total_investment", "label"])
    page = read(browser, f"{LIST}?o=6")

    assert before == names(page) == ["乙", "甲", "丙"]
    assert "?o=-6" in page.html
    services.choose_columns(officer, ["label"])
    assert names(read(browser, f"{LIST}?o=6")) == before


def names(page: Page) -> list[str]:
    """The projects, in order."""
    return re.findall(r'field-label"><a [^>]*>(.*?)</a>', page.html)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"show.password": "on", "place.password": 1}, 400),
        (chosen(label=1) | {"columns": "label"}, 400),
        (chosen(label=0), 200),
        (chosen(label=1) | {"place.label": "first"}, 200),
        ({"place.label": 1}, 200),
    ],
)
def test_columns_that_cannot_be_are_refused(browser: Client, data: dict[str, Any], status: int) -> None:
    assert browser.post(f"{LIST}columns/", data).status_code == status
    assert not ListPreference.objects.exists()


@pytest.mark.parametrize(
    ("data", "status"), [({"unit": "dollar"}, 400), ({}, 400), ({"unit": "wan", "x": 1}, 400)]
)
def test_a_unit_that_there_is_not_is_refused(browser: Client, data: dict[str, Any], status: int) -> None:
    assert browser.post(f"{LIST}unit/", data).status_code == status
    assert browser.get(f"{LIST}unit/").status_code == 405


def test_a_column_that_is_gone_is_left_out(browser: Client, officer: User) -> None:
    services.choose_columns(officer, ["gone", "label", "label"])
    assert headers(read(browser, LIST)) == ["label"]

    services.choose_columns(officer, ["gone"])
    assert headers(read(browser, LIST))[:2] == ["code", "label"]


def test_every_column_together_costs_a_fixed_number_of_queries(browser: Client, officer: User) -> None:
    services.choose_columns(officer, [column.name for column in COLUMNS])
    few = queries(browser)
    huangpu, sector = make_district("440112"), make_sector()
    whole = make_project("整体", district=huangpu)
    for number in range(20):
        project = make_project(
            f"一期{number}", district=huangpu, sector=sector, parent=whole, milestones={"signed": "unknown"}
        )
        project.investors.add(make_organization(), make_organization())

    assert queries(browser) <= few + 2  # milestones and investors, of which there were none
    assert few < 25


def queries(browser: Client) -> int:
    """How many the list costs."""
    with CaptureQueriesContext(connection) as asked:
        read(browser, LIST)
    return len(asked)


def test_a_whole_project_of_another_district_is_not_named(browser: Client, officer: User) -> None:
    places = make_huangpu()
    whole = make_project("邻区整体", district=places["440113"])
    make_project("一期", district=places["440112"], parent=whole)
    services.choose_columns(officer, ["label", "parent"])

    assert "邻区整体" not in read(browser, LIST).text
    chief = make_user("chief", superuser=True)
    services.choose_columns(chief, ["label", "parent"])
    assert "邻区整体" in read(signed_in(chief), LIST).html.partition("一期")[2]


def test_it_all_stands_in_chinese(officer: User) -> None:
    browser = signed_in(officer, "zh-hans")
    page = read(browser, f"{LIST}?stage=signed")

    assert "清除全部" in page.text
    assert "已知金额" in page.text
    assert "亿元" in page.text
    assert "显示列" in read(browser, f"{LIST}columns/").text
