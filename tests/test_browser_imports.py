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
from tests.workbooks.build import FOLDER
from tests.workbooks_made import HEAD, make_workbook

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

IMPORTS = "/admin/projects/import/"
Grid = list[list[Any]]


def correct_cells(grid: Grid) -> None:
    """Each wrong cell, as the page says."""
    for row, column, value in (
        (1, 3, "2023.2.27"), (2, 1, "黄埔区"), (2, 3, "2023-02-01"), (3, 2, "约35亿"), (3, 4, "2023年9月"),
        (4, 2, 500), (4, 5, "其他"), (5, 3, "2023年9月"),
    ):  # fmt: skip
        grid[row][column] = value


def correct_sum(grid: Grid) -> None:
    """The sum of 10.5, 6.2 and 3.3."""
    grid[4][3] = 20


def correct_amount(grid: Grid) -> None:
    """93 as it was meant."""
    grid[2][2] = 93


@pytest.fixture
def address(server: str) -> str:
    make_user("officer", name="王芳", district=make_huangpu()["440100"])
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
    """A faulty workbook of those that are kept, what its findings say, how it is corrected, and its projects."""

    name: str
    words: list[str]
    correct: Callable[[Grid], None]
    projects: int

    @property
    def is_refused(self) -> bool:
        """Whether it is more than odd."""
        return self.name == "faulty_cells"


CASES = [
    Case("faulty_cells", ["黄浦区", "30-40亿", "2023.2.30", "9999-12-31"], correct_cells, 5),
    Case("faulty_sum", ["21"], correct_sum, 3),
    Case("faulty_9393", ["9393"], correct_amount, 4),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_faulty_workbook_is_corrected_imported_and_taken_back(
    browser: Browser, address: str, tmp_path: Path, case: Case
) -> None:
    page, complaints = opened(browser, address, DESKTOP)
    send(page, address, FOLDER / f"{case.name}.xlsx")
    expect(page.locator(".state")).to_have_text("待改正" if case.is_refused else "可以导入")
    page.click(f"a[href='?show={'errors' if case.is_refused else 'warnings'}'] >> nth=0")
    for word in case.words:
        expect(page.locator(".import-findings")).to_contain_text(word)
    assert not Project.objects.exists()

    with page.expect_download() as downloaded:
        page.click("text=下载标注了问题的表格")
    grid = CalamineWorkbook.from_path(str(downloaded.value.path())).get_sheet_by_index(0).to_python()
    case.correct(grid)
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
    assert Project.objects.kept().count() == run.created == case.projects

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
