"""The form of a project in a real browser: two people at once, leaving without saving, on a telephone."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Dialog

from projects import services
from projects.models import Door, Project, User
from tests.makers import YI, fresh, make_huangpu, make_project, make_sector, make_user
from tests.test_browser import DESKTOP, TELEPHONE, opened

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SMALL = """() => [...document.querySelectorAll("#content form :is(input, select, button, summary, a)")]
    .filter((each) => each.offsetParent && !each.closest(".select2, .help, .readonly, .datetimeshortcuts"))
    .filter((each) => each.type !== "checkbox" && !each.classList.contains("select2-hidden-accessible"))
    .filter((each) => each.getBoundingClientRect().height < 43)
    .map((each) => each.name || each.textContent)"""


@pytest.fixture
def address(server: str) -> str:
    """The address of the service, with a project, an officer, and a colleague."""
    places = make_huangpu()
    make_user("officer", district=places["440112"], name="李四")
    make_user("wang", district=places["440112"], name="王某")
    make_project(
        "基地",
        district=places["440112"],
        sector=make_sector(),
        total_investment=20 * YI,
        at=timezone.now(),
        milestones={"signed": date(2023, 1, 29)},
    )
    return server


def test_two_people_edit_one_project_and_neither_loses_a_word(browser: Browser, address: str) -> None:
    page, complaints = opened(browser, address, DESKTOP)
    project = Project.objects.get()
    page.goto(f"{address}/admin/projects/project/{project.pk}/change/")
    page.fill("#id_name", "我的名字")
    theirs = fresh(project)
    theirs.total_investment = 25 * YI
    wang = User.objects.get(username="wang")
    services.save_project(theirs, actor=wang, at=timezone.now(), door=Door.ADMIN)

    page.click("input[name=_save]")
    told = page.inner_text(".conflict")
    kept = page.input_value("#id_name")
    page.click("input[name=_save_anyway]")
    page.wait_for_selector(".messagelist .success")

    assert "王某" in told
    assert "20亿元 → 25亿元" in told
    assert kept == "我的名字"
    assert (fresh(project).name, fresh(project).total_investment) == ("我的名字", 25 * YI)
    assert complaints == []


def test_the_form_asks_before_it_is_left_with_something_typed_and_only_then(
    browser: Browser, address: str
) -> None:
    page, _complaints = opened(browser, address, DESKTOP)
    asked: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", dismiss)
    form = f"{address}/admin/projects/project/{Project.objects.get().pk}/change/"
    page.goto(form)
    page.goto(f"{address}/admin/")
    page.goto(form)
    page.fill("#id_name_en", "Base")
    before = list(asked)
    page.evaluate("() => { setTimeout(() => { location.href = '/admin/'; }, 0); }")
    page.wait_for_timeout(500)

    assert before == []
    assert asked == ["beforeunload"]
    assert page.url == form
    page.click("input[name=_save]")
    page.wait_for_selector(".messagelist .success")
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_on_a_telephone_nothing_is_too_wide_or_too_small_to_touch(
    browser: Browser, address: str, language: str
) -> None:
    page, complaints = opened(browser, address, TELEPHONE)
    page.context.add_cookies([{"name": "language", "value": language, "url": address}])
    project = f"{address}/admin/projects/project/{Project.objects.get().pk}"

    for path in (f"{project}/change/", f"{project}/history/", f"{address}/admin/projects/project/add/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"], path
        if not path.endswith("/history/"):
            assert page.evaluate(SMALL) == [], path

    assert complaints == []


def test_a_name_that_is_recorded_already_is_told_while_it_is_typed(browser: Browser, address: str) -> None:
    page, complaints = opened(browser, address, TELEPHONE)
    page.goto(f"{address}/admin/projects/project/add/")
    hidden = page.is_visible("#alike")
    page.type("#id_name", "基地项目")
    page.wait_for_selector("#alike a")

    assert not hidden
    assert page.inner_text("#alike a").startswith("基地 (")
    page.fill("#id_name", "别的名字")
    page.wait_for_selector("#alike", state="hidden")
    assert complaints == []
