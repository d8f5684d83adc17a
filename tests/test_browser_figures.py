"""Figures in a real browser: each opens its list, with files; what was released stands beside what is recorded now."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Download, Page, ViewportSize
from python_calamine import CalamineWorkbook

from projects import services
from projects.amounts import format_yi
from projects.models import Project, User
from tests.makers import (
    SHANGHAI,
    YI,
    make_bands,
    make_huangpu,
    make_project,
    make_release,
    make_sector,
    make_user,
)
from tests.test_browser import DESKTOP, TELEPHONE, opened
from tracking.cells import roll_up
from tracking.models import Release

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RECORDED = datetime(2023, 4, 3, 9, tzinfo=SHANGHAI)
RELEASED = datetime(2023, 4, 5, 8, tzinfo=SHANGHAI)
CORRECTED = datetime(2023, 4, 20, 15, tzinfo=SHANGHAI)
HUANGPU = "/?district=440112&quarter=2023Q1"
SIZES = pytest.mark.parametrize("viewport", [DESKTOP, TELEPHONE], ids=["desktop", "telephone"])
LANGUAGES = pytest.mark.parametrize("language", ["zh-hans", "en"])


@pytest.fixture
def release(server: str) -> Release:
    """Huangpu's first quarter, released with two started projects; then one is corrected and one reported late."""
    places = make_huangpu()
    make_bands()
    make_user("officer", district=places["440112"], role="editor")
    for number, amount in enumerate((34 * YI, 6 * YI)):
        make_project(
            f"原有{number}",
            district=places["440112-GDD"],
            sector=make_sector(),
            total_investment=amount,
            milestones={"signed": date(2023, 1, 9), "started": date(2023, 2, 1)},
            at=RECORDED,
        )
    make_project("无日期", district=places["440112"], milestones={"started": "unknown"}, at=RECORDED)
    released = make_release(places["440112"], at=RELEASED)
    corrected = Project.objects.get(name="原有1")
    corrected.total_investment = 7 * YI
    services.save_project(corrected, actor=None, at=CORRECTED)
    make_project(
        "迟来",
        district=places["440112"],
        total_investment=YI // 5,
        milestones={"started": date(2023, 3, 1)},
        at=CORRECTED,
    )
    roll_up()
    return released


def shown(browser: Browser, server: str, viewport: ViewportSize, language: str) -> tuple[Page, list[str]]:
    """The start page of the quarter for an officer in a language, and what the console complains of."""
    page, complaints = opened(browser, server, viewport)
    page.context.add_cookies([{"name": "language", "value": language, "url": server}])
    page.goto(server + HUANGPU)
    return page, complaints


def sums(page: Page) -> list[str]:
    """Number and investment at the head of a list."""
    return [page.inner_text(f"dl.sums dd >> nth={place}").split()[0] for place in (0, 1)]


def follow(page: Page, selector: str) -> None:
    """Click a link, and wait until its page is there; it must not be wider than the screen."""
    address = page.url
    page.click(selector)
    page.wait_for_url(lambda url: url != address)
    page.wait_for_load_state()
    assert page.viewport_size
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url


def rows_of(download: Download, folder: Path) -> list[list[Any]]:
    """The rows of a workbook below its heading."""
    path = folder / download.suggested_filename
    download.save_as(path)
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[1:]


@SIZES
@LANGUAGES
def test_a_figure_opens_its_list_whose_file_sums_to_it(  # noqa: PLR0917  one for each fixture
    browser: Browser, server: str, release: Release, viewport: ViewportSize, language: str, tmp_path: Path
) -> None:
    page, complaints = shown(browser, server, viewport, language)
    card = page.locator(".card").nth(1)
    figure = [card.locator(".big a").inner_text(), card.locator(".amount a").inner_text()]

    follow(page, ".card >> nth=1 >> .big a")
    with page.expect_download() as begun:
        page.click(".files a >> nth=0")
    rows = rows_of(begun.value, tmp_path)

    invested = sum(int(amount) for *_before, amount, _output, _revenue, _cause, _recorded in rows)
    assert figure == ["3", "41.20"]
    assert sums(page) == figure
    assert page.locator("table.entries tbody tr").count() == 3
    assert [str(len(rows)), format_yi(invested)] == figure
    assert complaints == []


@SIZES
@LANGUAGES
def test_a_released_quarter_shows_its_mark_and_opens_what_was_released_and_why_it_changed(
    browser: Browser, server: str, release: Release, viewport: ViewportSize, language: str
) -> None:
    page, complaints = shown(browser, server, viewport, language)
    assert "2023-04-05 08:00" in page.inner_text(".release-mark")
    started = ".card >> nth=1 >> .since"
    assert page.inner_text(f"{started} >> .explained").split() == ["+1", "·", "+1.20"]

    follow(page, f"{started} >> a >> nth=0")
    assert sums(page) == ["2", "40.00"]
    assert "2023-04-05 08:00" in page.inner_text(".shown-as")
    assert "迟来" not in page.inner_text("table.entries")

    follow(page, ".since .explained")
    text = page.inner_text("main")
    assert f"from=release:{release.pk}&to=now" in page.url
    assert all(name in text for name in ("原有1", "迟来"))
    assert "原有0" not in text
    assert complaints == []


@SIZES
@LANGUAGES
def test_a_publisher_releases_a_revision_and_sees_what_it_changed(
    browser: Browser, server: str, release: Release, viewport: ViewportSize, language: str
) -> None:
    services.add_member(User.objects.get(username="officer"), release.district, "publisher")
    page, complaints = shown(browser, server, viewport, language)

    follow(page, "a[href^='/releases/new/']")
    page.fill("textarea[name=note]", "更正")
    follow(page, "main form[method=post] button")
    revision = Release.objects.get(revises=release)
    assert page.url.endswith(f"/releases/{revision.pk}/")
    assert "更正" in page.inner_text("main")

    follow(page, "main a[href^='/revisions/']")
    assert page.locator(f"a[href*='from=release:{release.pk}&to=release:{revision.pk}']").count()
    assert complaints == []


@LANGUAGES
def test_an_earlier_time_is_asked_for_by_typing_it(
    browser: Browser, server: str, release: Release, language: str
) -> None:
    page, complaints = shown(browser, server, TELEPHONE, language)

    page.click("details.past summary")
    page.fill("details.past input[name=as_of]", "2023-04-10 08:00")
    page.click("details.past button")
    page.wait_for_url("**as_of=**")

    assert "2023-04-10 08:00:00" in page.inner_text(".shown-as")
    assert page.inner_text(".card >> nth=1 >> .big a") == "2"
    follow(page, ".shown-as .to-now")
    assert page.inner_text(".card >> nth=1 >> .big a") == "3"
    assert complaints == []
