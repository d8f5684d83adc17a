"""Importing in a real browser: a faulty workbook is sent, its errors seen, corrected, imported and taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect
from python_calamine import CalamineWorkbook

from projects import imports
from projects.models import Import, Project
from tests.makers import NOW, make_huangpu, make_user
from tests.test_browser import DESKTOP, TELEPHONE, opened
from tests.workbooks_made import HEAD, make_workbook

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

IMPORTS = "/admin/projects/import/"
Grid = list[list[Any]]


def wrong_cells() -> bytes:
    """A date that is none, an amount that cannot be read, a district of others."""
    rows: Grid = [
        ["生物岛研发中心", "黄埔区", 340000, "2023-01-29", None],
        ["智能装备基地", "番禺区", "三十几个亿", "2026-02-30", None],
    ]
    return make_workbook(rows)


def wrong_sum() -> bytes:
    """A sum at the foot that does not add up."""
    rows: Grid = [
        ["甲产业园", "黄埔区", 100, None, None],
        ["乙产业园", "黄埔区", 200, None, None],
        ["合计", None, 400, None, None],
    ]
    return make_workbook(rows)


def written_twice() -> bytes:
    """93 that was printed as 9393."""
    rows: Grid = [[f"科学城{number}", "黄埔区", 90 + number, None, None] for number in range(1, 6)]
    return make_workbook([*rows, ["知识城", "黄埔区", 9393, None, None]])


def correct_cells(grid: Grid) -> None:
    grid[2][1:4] = ["黄埔区", "约30亿", "2023-02-28"]


def correct_sum(grid: Grid) -> None:
    grid[3][2] = 300


def correct_amount(grid: Grid) -> None:
    grid[6][2] = 93


@pytest.fixture
def address(server: str) -> str:
    make_user("officer", name="王芳", district=make_huangpu()["440112"])
    return server


def send(page: Page, address: str, path: Path) -> None:
    """Choose a file on the page and send it; a worker then does what there is to do, and the page says so itself."""
    page.goto(f"{address}{IMPORTS}add/")
    page.set_input_files("input[type=file]", path)
    page.click("input[type=submit]")
    expect(page.locator(".state")).to_have_text("检查中")
    work()


def work() -> None:
    while imports.work_next(NOW):
        pass


class Case(NamedTuple):
    """A faulty workbook, what its findings say, and how it is corrected."""

    faulty: Callable[[], bytes]
    words: list[str]
    correct: Callable[[Grid], None]


CASES = [
    Case(wrong_cells, ["番禺区", "三十几个亿", "2026-02-30"], correct_cells),
    Case(wrong_sum, ["合计"], correct_sum),
    Case(written_twice, ["9393"], correct_amount),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.faulty.__name__)
def test_a_faulty_workbook_is_corrected_imported_and_taken_back(
    browser: Browser, address: str, tmp_path: Path, case: Case
) -> None:
    faulty, words, correct = case
    page, complaints = opened(browser, address, DESKTOP)
    book = tmp_path / "项目表.xlsx"
    book.write_bytes(faulty())
    send(page, address, book)
    is_wrong = faulty is wrong_cells
    expect(page.locator(".state")).to_have_text("待改正" if is_wrong else "可以导入")
    page.click(f"a[href='?show={'errors' if is_wrong else 'warnings'}'] >> nth=0")
    for word in words:
        expect(page.locator(".import-findings")).to_contain_text(word)
    assert not Project.objects.exists()

    with page.expect_download() as downloaded:
        page.click("text=下载标注了问题的表格")
    grid = CalamineWorkbook.from_path(str(downloaded.value.path())).get_sheet_by_index(0).to_python()
    correct(grid)
    again = tmp_path / "改正.xlsx"
    again.write_bytes(make_workbook(grid[1:], [str(words) for words in grid[0]]))
    send(page, address, again)
    expect(page.locator(".state")).to_have_text("可以导入")
    run = Import.objects.latest("pk")
    assert (run.error_count, run.warning_count) == (0, 0)

    page.click("button:has-text('确认导入')")
    expect(page.locator(".state")).to_have_text("导入中")
    work()
    expect(page.locator(".state")).to_have_text("已导入")
    assert Project.objects.kept().count() == run.created == len(grid) - 1 - (faulty is wrong_sum)

    page.click("text=撤回本次导入")
    work()
    expect(page.locator(".state")).to_have_text("已撤回")
    assert not Project.objects.kept().exists()
    assert complaints == []


@pytest.mark.parametrize("scripts", [True, False])
def test_the_pages_fit_a_telephone_and_need_no_script(
    browser: Browser, address: str, tmp_path: Path, scripts: bool
) -> None:
    page, complaints = opened(browser, address, TELEPHONE, scripts=scripts)
    book = tmp_path / "项目表.xlsx"
    book.write_bytes(make_workbook([["甲" * 60, "黄埔区", 100, None, None]], [*HEAD[:4], "没有人认识的列"]))
    send(page, address, book)

    expect(page.locator(".state")).to_have_text("可以导入")
    pk = Import.objects.get().pk
    for path in ("", "add/", f"{pk}/change/", f"{pk}/change/?show=created", f"{pk}/columns/"):
        page.goto(f"{address}{IMPORTS}{path}")
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"], path
    page.goto(f"{address}{IMPORTS}{pk}/change/")
    page.click("button:has-text('确认导入')")
    work()
    expect(page.locator(".state")).to_have_text("已导入")
    assert complaints == [] or not scripts
