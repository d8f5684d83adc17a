"""The pages in a real browser: signing in, choosing, switching the language, on a desktop and on a telephone."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize

from tests.makers import YI, make_bands, make_huangpu, make_project, make_sector, make_user
from tracking.cells import roll_up

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
TELEPHONE: ViewportSize = {"width": 390, "height": 844}
ANSWERED = (
    "Failed to load resource: the server responded with a status of"  # how the console notes a 404 itself
)
EVERY_PAGE = {
    "/": 200,
    "/?district=440112&quarter=2023Q1": 200,
    "/figures/?district=440112&quarter=2023Q1&kind=signed": 200,
    "/explain/?district=440112&quarter=2023Q1&kind=signed&from=2026-11-22T10:00:00%2B08:00": 200,
    "/revisions/?district=440112&quarter=2023Q1": 200,
    "/undated/?district=440112": 200,
    "/cohorts/?district=440112&quarter=2023Q1": 200,
    "/cohorts/projects/?district=440112&quarter=2023Q1&column=start": 200,
    "/districts/?q=4": 200,
    "/releases/": 200,
    "/releases/new/?district=440112&quarter=2023Q1": 403,
    "/password/": 200,
    "/second-step/": 200,
    "/sign-ins/": 200,
    "/?quarter=2023Q5": 400,
    "/nowhere/": 404,
    "/admin/": 200,
    "/api/docs/": 200,
}


@pytest.fixture
def address(server: str) -> str:
    """The address of the service, with an officer of Huangpu and some projects."""
    places = make_huangpu()
    make_bands()
    make_user("officer", district=places["440112"], role="editor")
    for day in (date(2022, 2, 1), date(2023, 2, 1), date(2023, 3, 1)):
        steps: dict[str, date | str] = {"signed": day, "started": day}
        make_project(
            district=places["440112-GDD"], sector=make_sector(), total_investment=34 * YI, milestones=steps
        )
    make_project(district=places["440112"], milestones={"started": "unknown"})
    roll_up()
    return server


def opened(
    browser: Browser, address: str, viewport: ViewportSize, *, scripts: bool = True, name: str = "officer"
) -> tuple[Page, list[str]]:
    """A page of somebody signed in, and what the console complains of."""
    context = browser.new_context(viewport=viewport, locale="en-US", java_script_enabled=scripts)
    context.set_default_timeout(20_000)
    page = context.new_page()
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(ANSWERED):
            complaints.append(f"{page.url}: {message.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.goto(f"{address}/sign-in/")
    page.fill("#id_username", name)
    page.fill("#id_password", "a-long-password-1")
    page.click("main button")
    page.wait_for_selector("h1")
    return page, complaints


def test_an_officer_signs_in_chooses_and_switches_the_language_in_one_click(
    browser: Browser, address: str
) -> None:
    page, complaints = opened(browser, address, DESKTOP)
    assert page.get_attribute("html", "lang") == "zh-Hans"
    assert "黄埔区" in page.inner_text("h1")

    page.click("button[name=language]")
    assert page.get_attribute("html", "lang") == "en"
    page.select_option("select[name=district]", "440112-GDD")
    page.select_option("select[name=quarter]", "2022Q1")
    page.click("text=Show")
    assert page.inner_text("h1").split() == ["Guangzhou", "Development", "District", "2022", "Q1"]
    page.click("a[rel=next]")
    assert page.inner_text("h1").endswith("2022 Q2")

    page.click("nav.crumbs a")
    assert page.inner_text("h1").startswith("Huangpu")
    page.click("text=Sign out")
    assert page.url.endswith("/sign-in/")
    assert complaints == []


def test_it_all_works_without_javascript(browser: Browser, address: str) -> None:
    page, _complaints = opened(browser, address, TELEPHONE, scripts=False)

    page.click("button[name=language]")
    page.select_option("select[name=quarter]", "2023Q1")
    page.click("text=Show")
    page.click(".card .big a >> nth=0")

    assert page.inner_text("dl.sums dd >> nth=0") == "2"
    assert page.locator("table.entries tbody tr").count() == 2


@pytest.mark.parametrize("viewport", [DESKTOP, TELEPHONE], ids=["desktop", "telephone"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_page_complains_or_is_wider_than_the_screen(
    browser: Browser, address: str, viewport: ViewportSize, language: str
) -> None:
    page, complaints = opened(browser, address, viewport)
    page.context.add_cookies([{"name": "language", "value": language, "url": address}])

    for path, status in EVERY_PAGE.items():
        # Only the documentation of the API goes on loading by script.
        answer = page.goto(address + path, wait_until="networkidle" if "/docs/" in path else "load")
        assert answer
        assert answer.status == status, path
        if not path.startswith(("/admin/", "/api/")):
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path

    assert complaints == []


def test_the_keyboard_reaches_content_and_charts_first_by_a_skip_link(browser: Browser, address: str) -> None:
    page, _complaints = opened(browser, address, DESKTOP)
    page.goto(f"{address}/?district=440112&quarter=2023Q1")

    page.keyboard.press("Tab")
    skip = page.evaluate("document.activeElement.className")
    page.keyboard.press("Enter")
    page.focus("svg a >> nth=-1")

    assert skip == "skip"
    assert "#content" in page.url
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("2023Q1")
