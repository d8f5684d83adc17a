"""Lists of the admin from key to key: every row once, whatever they are sorted by; cursors that are not theirs."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.admin.lists import KeysetList, Suggestions
from projects.models import ApiToken, Project, User
from tests.makers import make_district, make_organization, make_project, make_user
from tests.pages import Page, read, signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/projects/project/"
ROWS = re.compile(r'name="_selected_action" value="(\d+)"')


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Of somebody who sees everything, three rows a page."""
    for pages in admin.site._registry.values():
        monkeypatch.setattr(pages, "list_per_page", 3)
    return signed_in(make_user("chief", superuser=True))


@pytest.fixture
def projects() -> list[Project]:
    """Amounts and days that are unknown, repeated, and tied."""
    places = [make_district("440112"), make_district("440113")]
    return [
        make_project(
            f"项目{n % 4}",
            district=places[n % 2],
            total_investment=n % 3 * 100 if n % 5 else None,
            milestones={"signed": date(2023, 1, 1 + n % 3)} if n % 4 else {},
        )
        for n in range(11)
    ]


def shown(page: Page) -> list[int]:
    """The numbers of the rows."""
    return [int(pk) for pk in ROWS.findall(page.html)]


def leading(page: Page, rel: str) -> str:
    """Where the link to a neighbouring page leads; nothing where there is none."""
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page.html)
    return unescape(found[1]) if found else ""


def walked(browser: Client, start: str, rel: str = "next") -> list[list[int]]:
    """The rows of this page and of all after it."""
    page, pages = read(browser, LIST + start), []
    while True:
        pages.append(shown(page))
        following = leading(page, rel)
        if not following:
            return pages
        page = read(browser, LIST + following)


def last_of(browser: Client, start: str) -> Page:
    """The last page."""
    page = read(browser, LIST + start)
    while following := leading(page, "next"):
        page = read(browser, LIST + following)
    return page


@pytest.mark.parametrize(
    "order",
    ["", "o=1", "o=-1", "o=2", "o=-2", "o=3", "o=-3", "o=6", "o=-6", "o=7", "o=-7", "o=6.-7", "o=-6.2"],
)
def test_pages_hold_every_project_once_in_order_and_lead_back_the_same_way(
    browser: Client, projects: list[Project], order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = walked(browser, f"?{order}")
    back = walked(browser, leading(last_of(browser, f"?{order}"), "prev"), "prev")
    monkeypatch.setattr(admin.site._registry[Project], "list_per_page", 100)
    (whole,) = walked(browser, f"?{order}")

    assert [len(page) for page in pages] == [3, 3, 3, 2]
    assert [pk for page in pages for pk in page] == whole
    assert sorted(whole) == sorted(project.pk for project in projects)
    assert back == pages[:-1][::-1]


def test_what_is_not_known_comes_last_whichever_way_the_list_runs(
    browser: Client, projects: list[Project]
) -> None:
    unknown = {project.pk for project in projects if project.total_investment is None}

    for order in ("o=6", "o=-6"):
        rows = [pk for page in walked(browser, f"?{order}") for pk in page]
        assert set(rows[-len(unknown) :]) == unknown


def test_a_list_is_not_sorted_by_what_no_index_serves(browser: Client, projects: list[Project]) -> None:
    by_stage, plain = read(browser, f"{LIST}?o=5"), read(browser, LIST)

    assert shown(by_stage) == shown(plain)
    assert "?o=5" not in plain.html
    assert "?o=6" in plain.html


def test_filters_and_order_go_along_and_the_first_page_is_one_click_away(
    browser: Client, projects: list[Project]
) -> None:
    first = read(browser, f"{LIST}?q=项目&o=2")
    second = read(browser, LIST + leading(first, "next"))

    assert leading(first, "first") == leading(first, "prev") == ""
    assert leading(second, "first") == "?o=2&q=%E9%A1%B9%E7%9B%AE"
    assert shown(read(browser, LIST + leading(second, "prev"))) == shown(first)
    assert "11 projects" in first.text


def test_a_project_entered_meanwhile_shifts_no_page(browser: Client, projects: list[Project]) -> None:
    first = read(browser, LIST)
    make_project()

    second = read(browser, LIST + leading(first, "next"))

    assert shown(second) == [project.pk for project in reversed(projects)][3:6]


def test_a_cursor_of_another_list_or_of_nobody_leads_to_the_first_page_with_a_word(
    browser: Client, projects: list[Project]
) -> None:
    cursor = leading(read(browser, LIST), "next").partition("p=")[2]
    foreign = [
        f"?o=2&p={cursor}",
        f"?q=项目&p={cursor}",
        f"?p={cursor}x",
        f"?p={cursor[1:]}",
        "?p=2",
        "?p=",
        "?p=项",
    ]

    for address in foreign:
        page = read(browser, LIST + address)
        assert "This page does not belong to this list any more. Here is the first." in page.text, address
        asked, _, _ = address.replace("p=", "\0").partition("\0")
        assert shown(page) == shown(read(browser, LIST + asked)), address


def test_what_is_selected_as_a_whole_is_more_than_the_page(browser: Client, projects: list[Project]) -> None:
    second = leading(read(browser, LIST), "next")
    page = read(browser, LIST + second)
    asked = {"action": "exclude", "select_across": "1", "index": "0", "_selected_action": shown(page)[0]}

    across = browser.post(LIST + second, asked)
    some = browser.post(LIST + second, asked | {"select_across": "0"})

    assert "Select all 11 projects" in page.text
    assert set(ids_of(across)) == {project.pk for project in projects}
    assert ids_of(some) == [shown(page)[0]]


def ids_of(response: Any) -> list[int]:
    """The projects to which an action leads."""
    assert response.status_code == 302
    return [int(pk) for pk in response.url.partition("ids=")[2].split(",")]


def test_every_list_goes_from_key_to_key_by_whatever_it_is_sorted_by(
    browser: Client, projects: list[Project]
) -> None:
    for number in range(4):
        make_organization(f"公司{number}")
        User.objects.create(username=f"user-{number}")
    for model, pages in admin.site._registry.items():
        assert issubclass(pages.get_changelist(None), KeysetList), model  # type: ignore[arg-type]
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        many = model._default_manager.count()
        for column in range(1, len(pages.list_display) + 1):
            assert counted(browser, address, f"?o=-{column}") == many, (model, column)


def counted(browser: Client, address: str, following: str) -> int:
    """How many rows all pages of a list show."""
    rows = 0
    while following:
        page = read(browser, address + following)
        rows += page.html.partition("<tbody>")[2].count("<tr>")
        following = leading(page, "next")
    return rows


def test_a_token_is_told_apart_without_its_hash(browser: Client) -> None:
    chief = User.objects.get(username="chief")
    made = [ApiToken.objects.create(user=chief, expiry=None)[0] for _ in range(4)]
    address = "/admin/projects/apitoken/"

    for order in ("", "?o=1", "?o=3"):
        page = read(browser, address + order)
        with CaptureQueriesContext(connection) as asked:
            second = read(browser, address + leading(page, "next"))
        assert page.html.count("/revoke/") == 3
        assert second.html.count("/revoke/") == 1
        assert not any(token.digest in query["sql"] for query in asked for token in made)


def test_suggestions_end_somewhere(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Suggestions, "most", 30)
    for number in range(31):
        make_organization(f"公司{number}")
    field = "/admin/autocomplete/?app_label=projects&model_name=project&field_name=investors&term=公司"

    first, second = browser.get(field).json(), browser.get(f"{field}&page=2").json()

    assert (len(first["results"]), first["pagination"]["more"]) == (20, True)
    assert (len(second["results"]), second["pagination"]["more"]) == (10, False)
    assert browser.get(f"{field}&page=3").status_code == 404
