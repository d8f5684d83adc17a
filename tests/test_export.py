"""The list as a file: in its filters, order and columns, for those who may see it, and nothing of others."""

from __future__ import annotations

import csv
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from python_calamine import CalamineWorkbook

from projects import services
from projects.admin.project_list.columns import COLUMNS
from projects.exporting import EXPORTED, Frame, fields_of_list, importable
from projects.exporting import files as files_module
from projects.models import AmountUnit, ExportUnit, Kind, Milestone, Precision, Project, Tag, User
from projects.workbooks import Amount, CellError, read_column, read_tables
from projects.workbooks.fields import meaning_of
from tests.makers import (
    NOW,
    YI,
    make_district,
    make_huangpu,
    make_organization,
    make_project,
    make_sector,
    make_user,
)
from tests.pages import read, signed_in
from tests.workbooks_made import checked, said

pytestmark = pytest.mark.django_db

LIST = "/admin/projects/project/"
EXPORT = f"{LIST}export/"


@pytest.fixture
def officer() -> User:
    """Of Huangpu, where there are three projects; a fourth lies next door."""
    places = make_huangpu()
    huangpu = places["440112"]
    make_project(
        "甲", code="J-1", district=huangpu, total_investment=34 * YI, milestones={"signed": date(2023, 1, 29)}
    )
    make_project(
        "乙", code="Y-1", district=places["440112-GDD"], total_investment=123_456_789, phase="二期",
        investment_estimated=True, milestones={"signed": date(2023, 2, 1), "started": date(2023, 3, 1)},
    )  # fmt: skip
    make_project("丙", code="B-1", district=huangpu, project_type="services")
    make_project("邻", district=places["440113"], total_investment=900 * YI)
    return make_user("officer", district=huangpu)


@pytest.fixture
def browser(officer: User) -> Client:
    """Of the officer, in Chinese."""
    return signed_in(officer, "zh-hans")


def downloaded(client: Client, query: str = "", **asked: str) -> Any:
    """The answer to the form."""
    facts = {"columns": "list", "unit": "yi", "file_format": "xlsx", **asked}
    return client.post(EXPORT + query, facts)


def table(answer: Any) -> list[list[Any]]:
    """The rows of the workbook."""
    assert answer.status_code == 200
    return CalamineWorkbook.from_filelike(BytesIO(answer.getvalue())).get_sheet_by_index(0).to_python()


def lines(answer: Any) -> list[list[str]]:
    """The rows of the text."""
    text = answer.getvalue().decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"))))


def by_header(rows: list[list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_the_file_holds_what_is_listed_in_its_order_and_nothing_else(browser: Client) -> None:
    page = read(browser, f"{LIST}?o=2")
    found = by_header(table(downloaded(browser, "?o=2")))
    narrowed = by_header(table(downloaded(browser, "?stage=started")))

    listed = [link.text for link in page.opening(LIST) if link.text in {"甲", "乙 二期", "丙"}]
    assert [f"{row['名称']} {row['期次']}".strip() for row in found] == listed
    assert [row["名称"] for row in narrowed] == ["乙"]
    assert all("邻" not in row.values() for row in found)


def test_cells_are_typed_amounts_say_their_unit_and_unknown_is_empty(browser: Client) -> None:
    rows = {row["项目编号"]: row for row in by_header(table(downloaded(browser)))}
    in_wan = {row["项目编号"]: row for row in by_header(table(downloaded(browser, unit="wan")))}
    in_yuan = {row["项目编号"]: row for row in by_header(table(downloaded(browser, unit="yuan")))}

    assert rows["J-1"]["计划总投资（亿元）"] == 34.0
    assert rows["J-1"]["签约日期"] == date(2023, 1, 29)
    assert rows["B-1"]["计划总投资（亿元）"] == ""
    assert rows["Y-1"]["估计数"] == "是"
    assert in_wan["Y-1"]["计划总投资（万元）"] == 12345.6789
    assert in_yuan["Y-1"]["计划总投资（元）"] == 123456789.0


def test_what_is_known_to_the_month_quarter_or_year_says_so(browser: Client) -> None:
    for name, precision in (("月", "month"), ("季", "quarter"), ("年", "year"), ("否", "unknown")):
        project = make_project(name, district=make_district("440112"))
        day = None if precision == "unknown" else date(2022, 5, 1)
        step = Milestone(project=project, kind=Kind.SIGNED, happened_on=day, precision=Precision(precision))
        services.save_milestone(step, actor=None, at=NOW)

    make_project(
        "终",
        district=make_district("440112"),
        milestones={"signed": "unknown", "terminated": date(2023, 1, 2)},
    )

    found = {row["名称"]: row["签约日期"] for row in by_header(table(downloaded(browser)))}

    assert (found["月"], found["季"], found["年"]) == ("2022-05", "2022Q2", "2022")
    assert found["否"] == "已发生，日期未知" == found["终"]


def test_csv_begins_with_its_mark_and_carries_nothing_out(browser: Client) -> None:
    huangpu = make_district("440112")
    make_project("=cmd|' /C calc'!A0", district=huangpu, code="X-1")

    found = {row["项目编号"]: row for row in by_header(lines(downloaded(browser, file_format="csv")))}
    typed = {row["项目编号"]: row for row in by_header(table(downloaded(browser)))}

    assert found["X-1"]["名称"] == "'=cmd|' /C calc'!A0"
    assert found["J-1"]["签约日期"] == "2023-01-29"
    assert found["J-1"]["计划总投资（亿元）"] == "34"
    assert found["B-1"]["计划总投资（亿元）"] == ""
    assert typed["X-1"]["名称"] == "=cmd|' /C calc'!A0"  # a text by its type


def test_columns_are_those_that_somebody_chose_with_the_code_first(browser: Client, officer: User) -> None:
    services.choose_columns(officer, ["total_investment", "label", "city"])
    services.choose_unit(officer, AmountUnit.WAN)

    page = read(browser, EXPORT)
    header = table(downloaded(browser))[0]

    assert header == ["项目编号", "计划总投资（亿元）", "估计数", "名称", "期次", "上级区划"]
    assert "计划总投资" in page.text
    assert 'value="wan" selected' in page.html


def test_every_column_of_the_list_has_a_field_in_files() -> None:
    assert {field.name for field in fields_of_list(column.name for column in COLUMNS)} <= set(EXPORTED)


def test_everything_that_can_be_imported_is_there(browser: Client) -> None:
    project = Project.objects.get(code="J-1")
    services.save_reference(Tag(code="lead", name="链主"))
    services.save_project(
        project,
        actor=None,
        at=NOW,
        investors=[make_organization("甲公司"), make_organization("乙公司")],
        tags=list(Tag.objects.all()),
    )

    header, *rows = table(downloaded(browser, columns="all"))

    assert len(header) == len(importable())
    row = next(dict(zip(header, row, strict=True)) for row in rows if row[0] == "J-1")
    assert (row["投资方"], row["标签"]) == ("甲公司；乙公司", "链主")


def test_districts_and_sectors_of_the_same_name_are_told_apart() -> None:
    places = make_huangpu()
    other = make_district("320000", "江苏省", level="province")
    nanjing = make_district("320100", "南京市", level="city", parent=other)
    make_district("440114", "鼓楼区", parent=places["440100"])
    make_district("320106", "鼓楼区", parent=nanjing)
    make_sector("a", "新材料"), make_sector("b", "新材料")

    frame = Frame(make_user(superuser=True), ExportUnit.WAN, date(2026, 11, 26))

    assert {"广州市鼓楼区", "南京市鼓楼区", "黄埔区"} <= set(frame.districts.values())
    assert {"a", "b"} <= set(frame.sectors.values())


def test_a_larger_project_elsewhere_is_not_named(officer: User, browser: Client) -> None:
    whole = make_project("整体", code="Z-1", district=make_district("440113"))
    make_project("部分", code="T-1", parent=whole, district=make_district("440112"))
    services.choose_columns(officer, ["parent"])
    everybody = signed_in(make_user(superuser=True), "zh-hans")
    services.choose_columns(User.objects.get(is_superuser=True), ["parent"])

    assert dict(table(downloaded(browser))[1:])["T-1"] == ""
    assert dict(table(downloaded(everybody))[1:])["T-1"] == "Z-1"


def test_what_is_confidential_stands_under_its_mask(browser: Client) -> None:
    project = make_project("机密项目", code="S-1", district=make_district("440112"), confidential=True)

    text = str(table(downloaded(browser, columns="all")))

    assert "机密项目" not in text
    assert f"P{project.pk:08d}" in text


def test_a_stranger_gets_no_file(client: Client) -> None:
    make_project("甲", district=make_district())

    assert client.get(EXPORT).status_code == 302
    assert downloaded(client).status_code == 302
    assert downloaded(signed_in(make_user())).status_code == 302  # no role: no admin


def test_a_tampered_form_is_refused(browser: Client) -> None:
    assert downloaded(browser, district="1").status_code == 400
    answer = downloaded(browser, unit="dollar", columns="secret", file_format="exe")
    assert answer.status_code == 200
    assert "Content-Disposition" not in answer.headers
    assert answer.content.decode().count('class="errorlist"') == 3
    with pytest.MonkeyPatch.context():
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = browser.cookies
        assert downloaded(strict).status_code == 403


def test_a_list_longer_than_a_sheet_is_asked_to_be_narrowed_and_comes_as_csv(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "XLSX_ROWS", 3)

    refused = downloaded(browser)

    assert "一张工作表放不下" in refused.content.decode()
    assert len(lines(downloaded(browser, file_format="csv"))) == 4


def test_a_file_costs_the_same_queries_for_one_project_as_for_many(browser: Client, officer: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            downloaded(browser, columns="all").getvalue()
        return len(queries)

    few = cost()
    for _ in range(40):
        make_project(district=make_district("440112"), milestones={"signed": date(2023, 1, 1)})

    assert cost() == few
    assert few <= 40


def test_a_change_in_the_middle_of_a_file_breaks_nothing(browser: Client) -> None:
    answer = downloaded(browser, columns="all")
    Milestone.objects.all().delete()

    assert len(table(answer)) == 4


def test_the_name_of_the_file_says_what_and_when(browser: Client) -> None:
    header = downloaded(browser).headers["Content-Disposition"]

    assert header.startswith("attachment; filename*=utf-8''%E9%A1%B9%E7%9B%AE%20")
    assert header.endswith(".xlsx")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_words_of_each_header_are_those_that_an_import_knows(language: str) -> None:
    frame = Frame(make_user(superuser=True), ExportUnit.WAN, date(2026, 11, 26))

    with translation.override(language):
        meanings = {field.name: meaning_of(field.words(frame)).field for field in importable()}

    assert meanings == {name: name for name in meanings}


@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
@pytest.mark.parametrize("unit", ["wan", "yi", "yuan"])
def test_what_was_exported_is_read_back_as_the_same_values(
    browser: Client, tmp_path: Path, file_format: str, unit: str
) -> None:
    huangpu = make_district("440112")
    make_project(
        "=cmd|' /C calc'!A0", code="E-1", district=huangpu, sector=make_sector(), ownership="foreign",
        total_investment=1, expected_tax=9_999_999_999_999, expected_jobs=12, land_area_mu="12.50",
        remark="一行\n又一行", investment_estimated=True, exclusion_reason="relocation",
        milestones={"started": "unknown"},
    )  # fmt: skip
    step = Milestone(
        project=Project.objects.get(code="E-1"),
        kind=Kind.SIGNED,
        happened_on=date(2022, 5, 1),
        precision="quarter",
        note="=集中签约\n第二批",
    )
    services.save_milestone(step, actor=None, at=NOW)
    answer = downloaded(browser, columns="all", unit=unit, file_format=file_format)
    file = tmp_path / f"x.{file_format}"
    file.write_bytes(answer.getvalue())

    (found,) = read_tables(file, file.name)

    assert [column.field for column in found.columns] == [field.name for field in importable()]
    values = {str(column.field): read_column(found, column) for column in found.columns}
    place = values["code"].index("E-1")
    read_back = {name: column[place] for name, column in values.items()}
    project = Project.objects.get(code="E-1")
    for name, value in read_back.items():
        expected: Any = {
            "district": "黄埔区", "sector": "生物医药", "investors": (), "tags": (), "parent": "",
            "signed_on": (date(2022, 4, 1), "quarter"), "started_on": (None, "unknown"),
            "signed_note": "=集中签约\n第二批", "started_note": "", "completed_note": "", "in_production_note": "",
        }.get(name, getattr(project, name, None))  # fmt: skip
        if name in AMOUNTS and expected is not None:
            expected = Amount(expected, estimated=False)
        assert value == expected, name
    assert [column for column in values.values() if any(isinstance(each, CellError) for each in column)] == []


AMOUNTS = [field.name for field in EXPORTED.values() if field.is_amount]


@pytest.mark.parametrize(("file_format", "unit"), [("xlsx", "wan"), ("xlsx", "yi"), ("csv", "yuan")])
@pytest.mark.parametrize("columns", ["all", "list"])
def test_what_was_exported_and_is_imported_again_changes_nothing(
    browser: Client, officer: User, file_format: str, unit: str, columns: str
) -> None:
    huangpu = make_district("440112")
    services.save_reference(Tag(code="lead", name="链主"))
    lead = Tag.objects.get()
    for number, text in enumerate(["=cmd|' /C calc'!A0", "一行\n又一行", "x"]):
        project = make_project(
            f"=1+{number}", code=f"R-{number}", district=huangpu, sector=make_sector(), ownership="foreign",
            total_investment=123_456_789 + number, expected_tax=1, land_area_mu="12.50", remark=text,
            exclusion_reason="relocation", milestones={"signed": date(2023, 1, 2 + number), "started": "unknown"},
        )  # fmt: skip
        services.save_project(project, actor=None, at=NOW, investors=[make_organization()], tags=[lead])
    step = Milestone(
        project=project,
        kind=Kind.COMPLETED,
        happened_on=date(2024, 4, 1),
        precision="quarter",
        note="分期验收",
    )
    services.save_milestone(step, actor=None, at=NOW)
    make_project("密", code="S-1", district=huangpu, confidential=True)
    make_project(
        "部分一期", code="T-1", parent=make_project("整体", code="Z-1", district=huangpu), district=huangpu
    )

    content = downloaded(browser, columns=columns, unit=unit, file_format=file_format).getvalue()
    run = checked(content, into=huangpu, actor=officer, name=f"导出.{file_format}")

    assert said(run) == []
    assert (run.status, run.rows, run.created, run.changed, run.unchanged) == ("ready", 9, 0, 0, 9), said(
        run, "changed"
    )
