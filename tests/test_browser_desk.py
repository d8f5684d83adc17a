"""A day at the desk in a browser: entering, a view, many at once and back, review, and what a viewer gets."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import Browser, Page

from projects.models import District
from tests.makers import make_huangpu, make_project, make_sector, make_user
from tests.test_browser import DESKTOP, opened
from tracking.cells import roll_up

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/projects/project/"


@pytest.fixture
def address(server: str) -> str:
    """The address of the service, with an officer of Huangpu, a reviewer and a viewer."""
    huangpu = make_huangpu()["440112"]
    make_sector()
    for name, role in (("officer", "editor"), ("reviewer", "reviewer"), ("viewer", "viewer")):
        make_user(name, district=huangpu, role=role)
    return server


def place(code: str) -> District:
    """A district by its code."""
    return District.objects.get(code=code)


def in_browser(browser: Browser, address: str, name: str) -> tuple[Page, list[str]]:
    """Somebody signed in, with the pages in Chinese."""
    page, complaints = opened(browser, address, DESKTOP, name=name)
    page.context.add_cookies([{"name": "language", "value": "zh-hans", "url": address}])
    return page, complaints


def choose(page: Page, field: str, typed: str) -> None:
    """Find one of many by typing."""
    page.click(f".field-{field} .select2-selection")
    page.keyboard.type(typed)
    page.click(f".select2-results__option--highlighted:has-text('{typed}')")


def test_what_an_officer_enters_as_spoken_stands_on_the_dashboard(browser: Browser, address: str) -> None:
    page, complaints = in_browser(browser, address, "officer")
    page.goto(f"{address}/admin/")
    page.click("text=录入项目")
    page.fill("#id_name", "新能源基地")
    choose(page, "district", "黄埔区")
    page.fill("#id_total_investment", "20亿")
    page.select_option("#id_milestones-0-kind", "signed")
    page.fill("#id_milestones-0-happened_on", "2023-01-29")
    page.click("input[name=_save]")
    said = page.inner_text(".messagelist")
    roll_up()
    page.goto(f"{address}/?district=440112&quarter=2023Q1")
    card = page.inner_text(".card >> nth=0")

    assert "黄埔区, 2023Q1" in said
    assert "20.00" in card
    page.click(".card .big a >> nth=0")
    assert "新能源基地" in page.inner_text("table.entries")
    assert complaints == []


def test_a_draft_is_submitted_returned_submitted_again_and_approved(
    browser: Browser, address: str, settings
) -> None:
    settings.APPROVAL_REQUIRED = True
    project = make_project("新能源基地", district=place("440112"), milestones={"signed": date(2023, 1, 29)})
    officer, _complaints = in_browser(browser, address, "officer")
    reviewer, complaints = in_browser(browser, address, "reviewer")

    def hand_over() -> None:
        officer.goto(f"{address}{LIST}{project.pk}/change/")
        officer.click(".object-tools a:has-text('提交审核')")
        officer.click("#content button[type=submit], #content input[type=submit]")
        officer.wait_for_selector(".messagelist .success")

    def decide(decision: str) -> None:
        reviewer.goto(f"{address}/admin/")
        reviewer.click("text=待我审核")
        reviewer.check(f"input[name=project][value='{project.pk}']")
        if decision == "return":
            reviewer.fill("textarea[name=text]", "请补充投资额")
        reviewer.click(f"button[name=decision][value={decision}]")
        reviewer.wait_for_selector(".messagelist .success")

    hand_over()
    decide("return")
    officer.goto(f"{address}{LIST}{project.pk}/change/")
    told = officer.inner_text(".review-banner")
    officer.fill("#id_total_investment", "20亿")
    officer.click("input[name=_save]")
    hand_over()
    decide("approve")
    roll_up()
    officer.goto(f"{address}/?district=440112&quarter=2023Q1")

    assert "请补充投资额" in told
    assert "20.00" in officer.inner_text(".card >> nth=0")
    assert complaints == []


def test_a_viewer_finds_no_button_that_changes_anything_and_nothing_of_the_neighbours(
    browser: Browser, address: str
) -> None:
    project = make_project("本区项目", district=place("440112"))
    foreign = make_project("邻区项目", district=place("440113"))
    page, _complaints = in_browser(browser, address, "viewer")
    page.goto(f"{address}{LIST}")
    assert "本区项目" in page.inner_text("#result_list")
    assert "邻区项目" not in page.content()
    assert page.locator(".object-tools a").count() == 0

    page.goto(f"{address}{LIST}{project.pk}/change/")
    assert page.locator("#project_form input[type=submit], #project_form input[type=text]").count() == 0
    for path in (f"{LIST}{foreign.pk}/change/", f"{LIST}{foreign.pk}/history/"):
        answer = page.goto(f"{address}{path}")
        assert answer
        assert answer.status == 404
