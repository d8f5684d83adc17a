"""The list in a real browser: a view is saved, thirty projects are changed and changed back, keys move."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from projects.models import Project
from tests.makers import YI, make_huangpu, make_project, make_user
from tests.test_browser import DESKTOP, TELEPHONE, opened

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/projects/project/"
PATHS = (
    "", "?stage=signed&q=x", "columns/", "views/", "views/add/", "bulk/changes/", "export/", "layouts/",
    "layouts/add/?of=monthly",
)  # fmt: skip


@pytest.fixture
def address(server: str) -> str:
    """The address of the service, with an officer of Huangpu and thirty-one projects."""
    huangpu = make_huangpu()["440112"]
    make_user("officer", district=huangpu)
    for number in range(30):
        make_project(f"生物岛{number}", district=huangpu, total_investment=YI)
    make_project("别的", district=huangpu)
    return server


def listed(page: Page, address: str) -> Page:
    """The list, in English."""
    page.context.add_cookies([{"name": "language", "value": "en", "url": address}])
    page.goto(address + LIST)
    return page


def test_an_officer_saves_a_view_changes_thirty_projects_and_takes_it_back(
    browser: Browser, address: str
) -> None:
    page, complaints = opened(browser, address, DESKTOP)
    listed(page, address)
    page.fill("#searchbar", "swd")
    page.press("#searchbar", "Enter")
    page.click("text=Save as a view")
    page.fill("#id_name", "生物岛")
    page.click("input[type=submit][value=Save]")
    expect(page.locator(".list-tabs [aria-current]")).to_have_text("生物岛")
    expect(page.locator(".list-figures")).to_contain_text("30.00 亿元")

    page.check("#action-toggle")
    page.select_option("select[name=action]", "change_many")
    page.click("button[name=index]")
    page.select_option("#id_ownership", "state")
    page.click("text=See what will change")
    expect(page.locator(".bulk-changes")).to_contain_text("State-owned")
    page.click("text=Change 30 projects")
    expect(page.locator(".success")).to_have_text("30 projects changed.")
    assert Project.objects.filter(ownership="state").count() == 30

    page.click("button[name=undo]")
    expect(page.locator(".success")).to_have_text("30 projects taken back.")
    assert not Project.objects.filter(ownership="state").exists()
    assert complaints == []


def test_keys_move_tick_search_and_open_but_not_while_somebody_types(browser: Browser, address: str) -> None:
    page, complaints = opened(browser, address, DESKTOP)
    listed(page, address)

    for key in ("j", "j", "x", "ArrowUp", "x", "?"):
        page.keyboard.press(key)
    expect(page.locator("input.action-select:checked")).to_have_count(2)
    expect(page.locator("#list-keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("jx?")
    expect(page.locator("#searchbar")).to_have_value("jx?")
    expect(page.locator("input.action-select:checked")).to_have_count(2)

    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/change/"))
    assert complaints == []


@pytest.mark.parametrize("scripts", [True, False])
def test_the_list_and_its_pages_fit_a_telephone_and_need_no_script(
    browser: Browser, address: str, scripts: bool
) -> None:
    page, complaints = opened(browser, address, TELEPHONE, scripts=scripts)

    for path in (
        "",
        "?stage=signed&q=x",
        "columns/",
        "views/",
        "views/add/",
        "bulk/changes/",
        "export/",
        "layouts/",
        "layouts/add/?of=monthly",
    ):
        page.goto(address + LIST + path)
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"], path
    page.goto(address + LIST)
    page.check("input.action-select >> nth=0")
    page.select_option("select[name=action]", "change_many")
    page.click("button[name=index]")
    page.select_option("#id_ownership", "state")
    page.click(".bulk-form input[type=submit]")
    page.click("[name=confirmed]")

    assert Project.objects.filter(ownership="state").count() == 1
    assert complaints == [] or not scripts
