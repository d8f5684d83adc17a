"""Two records of one project in a browser: told while typing, queued, merged, told in the history, taken back."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from projects import services
from projects.models import Project
from tests.makers import NOW, YI, fresh, make_huangpu, make_project, make_user
from tests.test_browser import TELEPHONE, opened
from tests.test_browser_desk import choose, in_browser
from tracking.cells import roll_up

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDE: ViewportSize = {"width": 1440, "height": 900}
PICTURES = os.environ.get("PICTURES")  # a folder for looking at the pages


@pytest.fixture
def address(server: str) -> str:
    """The address of the service, with an editor of the whole city and two records of one project."""
    places = make_huangpu()
    make_user("officer", district=places["440100"])
    first: dict[str, Any] = {"total_investment": 20 * YI, "approval_code": "2301-440112-04-01-123456"}
    make_project("新能源基地", district=places["440112"], milestones={"signed": date(2023, 1, 29)}, **first)
    second: dict[str, Any] = {"total_investment": 21 * YI, "expected_output": 5 * YI}
    steps: dict[str, date | str] = {"signed": date(2023, 2, 1), "started": date(2023, 5, 2)}
    make_project("新能源（广州）基地项目", district=places["440113"], milestones=steps, **second)
    services.compare_waiting(NOW)
    return server


def pictured(page: Page, name: str) -> None:
    """Keep a picture, where somebody wants to look at it."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def test_a_pair_is_merged_explains_itself_and_is_taken_back(browser: Browser, address: str) -> None:
    kept, gone = Project.objects.order_by("pk")
    page, complaints = in_browser(browser, address, "officer")
    page.goto(f"{address}/admin/")
    page.click(".desk-card a:has-text('疑似重复')")
    pictured(page, "queue-zh")
    assert "名称、金额相近" in page.inner_text(".duplicate-pair")
    page.click(".duplicate-pair a.button")
    pictured(page, "decide-zh")
    page.check(f"input[name='take-total_investment'][value='{gone.pk}']")
    page.check("input[name=verdict][value=same]")
    page.fill("#id_reason", "合同编号相同")
    page.click("input[type=submit][value='处理']")
    page.wait_for_selector(".messagelist .success")
    assert "没有" in page.inner_text("#content")
    roll_up()

    page.click(".messagelist .success a >> nth=0")
    form = page.inner_text("#content")
    assert "已并入本项目" in form
    pictured(page, "kept-zh")
    page.goto(f"{address}/admin/projects/project/{kept.pk}/history/")
    history = page.inner_text("#content")
    pictured(page, "history-zh")
    assert history.count("合并重复项目") >= 4  # closed and posted, of both
    assert history.count("合同编号相同") == 2
    assert page.locator("ol.history").count() == 2
    assert fresh(kept).total_investment == 21 * YI
    page.goto(f"{address}/?district=440100&quarter=2023Q1")
    assert "21.00" in page.inner_text(".card >> nth=0")

    page.goto(f"{address}/admin/projects/project/bulk/changes/")
    page.click("button[name=undo]")
    page.wait_for_selector(".messagelist .success")
    roll_up()
    page.goto(f"{address}/?district=440100&quarter=2023Q1")
    assert "41.00" in page.inner_text(".card >> nth=0")
    page.goto(f"{address}/admin/projects/project/duplicates/")
    assert page.locator(".duplicate-pair").count() == 1
    assert not fresh(gone).is_void
    assert complaints == []


def test_the_form_tells_why_while_it_is_typed(browser: Browser, address: str) -> None:
    page, complaints = in_browser(browser, address, "officer")
    page.goto(f"{address}/admin/projects/project/add/")
    page.fill("#id_name", "别的名字")
    page.fill("#id_approval_code", "2301-440112-04-01-123456")
    page.wait_for_selector("#alike a")
    assert "项目代码相同" in page.inner_text("#alike")

    page.fill("#id_approval_code", "")
    page.wait_for_selector("#alike", state="hidden")
    page.fill("#id_name", "新能源基地二期")
    page.fill("#id_total_investment", "9亿")
    page.wait_for_selector("#alike a")
    pictured(page, "typing-zh")
    assert "名称相近，金额不同" in page.inner_text("#alike")
    choose(page, "district", "黄埔区")
    assert complaints == []


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_pages_fit_a_telephone(browser: Browser, address: str, language: str) -> None:
    first, second = Project.objects.order_by("pk")
    for viewport in (TELEPHONE, WIDE):
        page, complaints = opened(browser, address, viewport, name="officer")
        page.context.add_cookies([{"name": "language", "value": language, "url": address}])
        for name, path in (("queue", ""), ("decide", f"{first.pk}/duplicates/{second.pk}/"),
                           ("of", f"{first.pk}/duplicates/")):  # fmt: skip
            page.goto(f"{address}/admin/projects/project/{path or 'duplicates/'}")
            pictured(page, f"{name}-{language}-{viewport['width']}")
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path
        assert complaints == []
        page.context.close()
