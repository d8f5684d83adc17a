"""A list in a real browser: filtered, sorted, downloaded, opened, and compared with what the page shows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Browser
from python_calamine import CalamineWorkbook

from tests.makers import YI, make_huangpu, make_project, make_user
from tests.test_browser import DESKTOP, opened

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/projects/project/"


@pytest.fixture
def address(server: str) -> str:
    """The address of the service, with an officer of Huangpu and seven projects, two of them elsewhere."""
    places = make_huangpu()
    make_user("officer", district=places["440112"])
    for number in range(5):
        make_project(
            f"生物岛{number}",
            district=places["440112"],
            total_investment=None if number == 3 else (number + 1) * YI // 4,
            milestones={"signed": date(2023, 1, 29 - number)} if number % 2 == 0 else {},
        )
    for number in range(2):
        make_project(f"别处{number}", district=places["440113"], milestones={"signed": date(2023, 1, 1)})
    return server


def shown(page: Any) -> list[list[str]]:
    """The rows of the list: code, name, investment, signing."""
    names = ("code", "label", "total_investment", "signed")
    return [
        [row.locator(f".field-{name}").inner_text().strip() for name in names]
        for row in page.locator("#result_list tbody tr").all()
    ]


def test_what_is_downloaded_is_what_the_filtered_list_shows(browser: Browser, address: str) -> None:
    page, complaints = opened(browser, address, DESKTOP)
    page.goto(f"{address}{LIST}?stage=signed&o=7")
    listed = shown(page)

    page.click(".list-tools a[href*='export/']")
    with page.expect_download() as waiting:
        page.click(".export-form input[type=submit]")
    header, *rows = CalamineWorkbook.from_path(waiting.value.path()).get_sheet_by_index(0).to_python()
    found = [dict(zip(header, row, strict=True)) for row in rows]

    assert waiting.value.suggested_filename.endswith(".xlsx")
    assert listed == [
        [row["项目编号"], row["名称"], f"{row['计划总投资（亿元）']:.2f}", f"{row['签约日期']:%Y-%m-%d}"]
        for row in found
    ]
    assert len(listed) == 3
    assert complaints == []
