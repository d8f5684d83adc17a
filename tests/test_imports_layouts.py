"""Tables that were exported by a layout and come back: their columns are known as far as they mean fields."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from projects import services
from projects.models import ExportLayout, Import, Kind, Project, User
from tests.makers import NOW, YI, make_huangpu, make_project, make_sector, make_user, record
from tests.pages import signed_in
from tests.workbooks_made import checked, codes, committed, make_workbook, said

pytestmark = pytest.mark.django_db

EXPORT = "/admin/projects/project/export/"


@pytest.fixture
def officer() -> User:
    """Of Guangzhou, with three projects in three districts."""
    places = make_huangpu()
    sector = make_sector()
    first = make_project(
        "甲生产基地", district=places["440112"], total_investment=34 * YI, ownership="private", sector=sector
    )
    record(first, Kind.SIGNED, date(2023, 1, 29))
    make_project("乙研发中心", district=places["440112-GDD"], total_investment=YI, ownership="foreign")
    make_project("丙", district=places["440113"], ownership="state")
    return make_user("officer", district=places["440100"])


def exported(officer: User, layout: str) -> bytes:
    answer: Any = signed_in(officer, "zh-hans").post(
        f"{EXPORT}?stage=",
        {"columns": f"layout:{layout}", "unit": "wan", "file_format": "xlsx", "month": "2026-10"},
    )
    return bytes(answer.getvalue())


def kept_layout(officer: User, *columns: tuple[str, str, str]) -> str:
    listed = [{"what": what, "of": "", "upper": upper, "lower": lower} for what, upper, lower in columns]
    made = ExportLayout(owner=officer, columns=listed, title="表", detailed=True, unit="wan")
    return str(services.save_layout(made, at=NOW).pk)


def sent_back(officer: User, data: bytes) -> Import:
    return checked(data, into=make_huangpu()["440100"], actor=officer)


def test_the_monthly_table_imported_again_changes_nothing(officer):
    run = sent_back(officer, exported(officer, "monthly"))

    assert (run.status, run.created, run.changed, run.unchanged) == ("ready", 0, 0, 3), codes(run)


def test_what_the_monthly_table_shows_beside_fields_is_offered_as_not_used(officer):
    run = sent_back(officer, exported(officer, "monthly"))

    known = {column["words"]: column["field"] for column in run.columns if column["field"]}
    assert known == {
        "项目名称": "name",
        "落户地": "district",
        "产业": "sector",
        "投资方": "investors",
        "签约日期": "signed_on",
        "协议投资额/总额": "total_investment",
    }
    assert {"协议投资额/内资", "累计到位资金/总额", "进展阶段"} <= {column["words"] for column in run.columns}
    assert {code for _row, _words, code in codes(run, "warnings")} == {"unknown_column"}


@pytest.mark.filterwarnings("ignore:Workbook contains no default style")
def test_what_was_corrected_in_the_monthly_table_is_imported(officer):
    book = openpyxl.load_workbook(BytesIO(exported(officer, "monthly")))
    (sheet,) = book
    (place,) = [row[0].row for row in sheet.iter_rows() if row[1].value == "甲生产基地"]
    assert sheet[f"G{place}"].value == 340_000
    sheet[f"G{place}"] = 350_000
    file = BytesIO()
    book.save(file)

    run = committed(sent_back(officer, file.getvalue()), officer)

    assert (run.status, run.changed) == ("committed", 1)
    assert Project.objects.get(name="甲生产基地").total_investment == 35 * YI
    assert {line["code"] for line in said(run, "warnings")} == {"unknown_column", "sum_differs"}


@pytest.mark.parametrize(
    "columns",
    [
        (("name", "", "项目名称"), ("district", "", "区划"), ("sum:total_investment", "金额", "投资")),
        (
            ("name", "基本情况", "项目名称"),
            ("district", "基本情况", "区划"),
            ("sum:total_investment", "投资", "总额"),
        ),
        (
            ("name", "", ""),
            ("district", "", ""),
            ("sum:total_investment", "金额", ""),
            ("sum:count", "金额", ""),
        ),
        (("name", "", "项目名称"), ("district", "", "区划"), ("sum:total_investment", "", "总投资")),
    ],
)
def test_a_layout_of_ones_own_is_known_again_with_one_row_of_headings_or_two(officer, columns):
    run = sent_back(officer, exported(officer, kept_layout(officer, *columns)))

    assert (run.status, run.unchanged) == ("ready", 3), codes(run)
    assert {column["field"] for column in run.columns} >= {"name", "district", "total_investment"}


def test_a_table_of_sums_holds_no_projects(officer):
    run = sent_back(officer, exported(officer, "summary"))

    assert run.status == "invalid"
    assert "no_names" in {code for _row, _words, code in codes(run)}


def test_headings_over_several_columns_are_known_without_merged_cells_too(officer):
    head = ["项目名称", "区划", "协议投资额（万元）", None, "到位资金", None]
    below = [None, None, "总额", "其中：省外", "总额", "其中：省外"]

    run = sent_back(officer, make_workbook([below, ["甲生产基地", "黄埔区", 340_000, 1, 2, 3]], head))

    assert (run.status, run.unchanged) == ("ready", 1), codes(run)


def test_a_row_of_words_below_headings_of_two_columns_each_is_a_project(officer):
    head = ["项目名称", None, "区划", None, "总投资（万元）", None]

    run = sent_back(officer, make_workbook([["甲生产基地", None, "黄埔区", None, "34亿", None]], head))

    assert (run.status, run.unchanged) == ("ready", 1), codes(run)
