"""The kept workbooks, as bureaus have them, sent and checked: what becomes of each, and of the wrong cells in it."""

from __future__ import annotations

import pytest

from projects.models import Import, Project
from tests.makers import make_district, make_huangpu, make_user
from tests.workbooks.build import FOLDER
from tests.workbooks_made import checked, committed, said

pytestmark = pytest.mark.django_db

# By name: how many rows would be new, the row and code of each error, the codes of what is told beside.
EXPECTED: dict[str, tuple[int, list[tuple[int | None, str]], set[str]]] = {
    "codes_as_numbers.xlsx": (2, [(4, "digits_lost")], set()),
    "dates_as_written.xlsx": (20, [], set()),
    "english.xlsx": (2, [], set()),
    "faulty_9393.xlsx": (4, [], {"written_twice"}),
    "faulty_cells.xlsx": (
        0,
        [
            (2, "no_such_day"), (3, "unknown_district"), (3, "ambiguous"), (4, "invalid"), (4, "dates_backwards"),
            (5, "negative"), (5, "not_a_choice"), (6, "out_of_range"),
        ],
        set(),
    ),
    "faulty_sum.xlsx": (3, [], {"sum_differs"}),
    "formulas.xlsx": (1, [(3, "formula_error")], {"formulas"}),
    "gb18030.csv": (2, [], set()),
    "header_on_every_page.xlsx": (3, [], {"header_again"}),
    "merged_amount.xlsx": (1, [(3, "merged_amount")], set()),
    "old_excel.xls": (2, [(6, "formula_error")], {"hidden_sheet", "hidden_row"}),
    "several_sheets.xlsx": (1, [(2, "unknown_sector"), (3, "unknown_sector")], {"sheet_passed", "hidden_sheet"}),
    "sums_above.xlsx": (3, [], set()),
    "sums_below.xlsx": (2, [], set()),
    "template_filled_in.xlsx": (2, [], set()),
    "two_row_header.xlsx": (3, [(13, "unknown_district")], {"heading", "note"}),
    "unknown_columns.xlsx": (2, [], {"unknown_column"}),
    "utf_16_unicode_text.txt": (2, [], set()),
    "utf_8_with_bom.csv": (2, [], set()),
    "year_in_a_column.xlsx": (2, [], set()),
}  # fmt: skip
ELSEWHERE = {"seeds.xlsx"}  # see test_imports_seeds


def test_every_kept_workbook_is_among_these() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*EXPECTED, *ELSEWHERE}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_kept_workbook_is_imported_or_its_wrong_cells_are_named(name: str) -> None:
    new, errors, warnings = EXPECTED[name]
    province = make_huangpu()["440000"]
    make_district("441303", "惠阳区", parent=make_district("441300", "惠州市", level="city", parent=province))
    officer = make_user("officer", district=province)

    run = checked((FOLDER / name).read_bytes(), into=province, actor=officer, name=name)

    assert sorted((line["row"], line["code"]) for line in said(run)) == sorted(errors)
    assert {line["code"] for line in said(run, "warnings")} == warnings
    assert run.created == new
    if not errors:
        assert committed(run, officer).status == Import.Status.COMMITTED
        assert Project.objects.count() == new
        again = checked((FOLDER / name).read_bytes(), into=province, actor=officer, name=name)
        assert (again.created, again.changed, again.unchanged) == (0, 0, new)
