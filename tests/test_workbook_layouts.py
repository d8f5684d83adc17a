"""Workbooks as bureaus have them: each kept one is read as it was agreed, and layouts are told apart."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import xlsxwriter

from projects.workbooks import Table, read_column, read_tables
from tests.workbooks.build import BUILDERS, EXPECTED, FOLDER
from tests.workbooks.outcome import outcome_of

KEPT = json.loads(EXPECTED.read_text("utf-8"))


def tables_of(tmp_path: Path, rows, *, merged=(), name: str = "项目") -> list[Table]:
    file = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(file)) as book:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if value is not None:
                    sheet.write(number, place, value)
        for cells, words in merged:
            sheet.merge_range(cells, words)
    return read_tables(file, "a.xlsx")


def codes(table: Table) -> list[tuple[str, int | None, str | None]]:
    return [(remark.code, remark.row, remark.column) for remark in table.remarks]


@pytest.mark.parametrize("name", sorted(KEPT))
def test_a_kept_workbook_is_read_as_agreed(name):
    assert outcome_of(FOLDER / name) == KEPT[name]


def test_every_kept_workbook_has_an_agreed_outcome_and_at_least_twelve_are_kept():
    assert {path.name for path in FOLDER.iterdir()} == set(KEPT)
    assert len(KEPT) >= 12


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_a_workbook_built_anew_is_read_like_the_kept_one(name, tmp_path):
    BUILDERS[name](tmp_path / name)

    assert outcome_of(tmp_path / name) == KEPT[name]


HEADER = ("项目名称", "区划", "总投资（万元）")


@pytest.mark.parametrize(
    ("rows", "printed", "is_told"),
    [
        ((10, 20), 30, False),
        ((10, 20), 31, True),
        ((10.4, 20.3), 31, False),  # rounded to whole ones
        ((10.4, 20.3), 32, True),
        ((0.1, 0.2), 0.3, False),
        ((10, None), 10, False),
        ((10, "很多"), 12, False),  # the cell is an error of its own
        ((10, "20万元"), 30, False),
    ],
)
def test_a_sum_that_does_not_add_up_is_told(rows, printed, is_told, tmp_path):
    body = [(f"项目{n}", "440112", value) for n, value in enumerate(rows)]

    (table,) = tables_of(tmp_path, [HEADER, *body, ("合计", None, printed)])

    assert [code for code, _row, _column in codes(table)] == (["sum_differs"] if is_told else [])
    assert len(table.rows) == len(rows)


@pytest.mark.parametrize(
    "word", ["合计", "合 计", "总计", "共计：", "小计", "Total", "全市合计", "合计（2个）"]
)
def test_a_row_of_sums_is_no_project(word, tmp_path):
    (table,) = tables_of(tmp_path, [HEADER, ("甲", "440112", 1), (word, None, 1)])

    assert [row.values[0] for row in table.rows] == ["甲"]
    assert [row.number for row in table.sums] == [3]


@pytest.mark.parametrize(
    "name", ["统计局信息中心项目", "合计算力中心", "计量检测基地", "设计小镇", "共计划项目"]
)
def test_a_project_with_such_characters_in_its_name_is_a_project(name, tmp_path):
    (table,) = tables_of(tmp_path, [HEADER, (name, "440112", 1)])

    assert [row.values[0] for row in table.rows] == [name]
    assert table.sums == []


def test_the_units_of_the_heading_go_before_the_title(tmp_path):
    rows = [
        ("单位：万元",),
        ("项目名称", "区划", "总投资", "固定资产投资（亿元）", "年产值"),
        ("甲", "440112", 1, 1, 1),
    ]

    (table,) = tables_of(tmp_path, rows)

    assert [column.unit for column in table.columns] == [None, None, 10_000, 100_000_000, 10_000]


def test_without_a_unit_anywhere_a_bare_amount_is_refused_and_can_be_read_once_a_unit_is_chosen(tmp_path):
    (table,) = tables_of(tmp_path, [("项目名称", "区划", "总投资"), ("甲", "440112", 34000)])

    column = table.columns[2]

    assert read_column(table, column)[0].code == "no_unit"
    assert read_column(table, column, unit=10_000)[0].yuan == 340_000_000


def test_two_columns_that_mean_the_same_are_told_and_the_first_is_taken(tmp_path):
    (table,) = tables_of(
        tmp_path, [("项目名称", "区划", "总投资（万元）", "总投资额（万元）"), ("甲", "440112", 1, 2)]
    )

    assert [column.field for column in table.columns] == ["name", "district", "total_investment", None]
    assert ("column_twice", None, "D") in codes(table)


def test_two_tables_on_one_sheet_are_two(tmp_path):
    rows = [
        HEADER, ("甲", "440112", 1), ("合计", None, 1), (),
        ("区划", "项目名称", "总投资（亿元）", "签约时间"), ("440113", "乙", 2, "2023年"),
    ]  # fmt: skip

    first, second = tables_of(tmp_path, rows)

    assert [row.values[:3] for row in first.rows] == [("甲", "440112", 1.0)]
    assert [(row.number, row.values) for row in second.rows] == [(6, ("440113", "乙", 2.0, "2023年"))]
    assert second.columns[2].unit == 100_000_000


def test_a_header_of_which_nothing_is_known_is_found_so_that_its_columns_can_be_named_by_hand(tmp_path):
    (table,) = tables_of(tmp_path, [("诉求", "企业", "件数"), ("用地", "甲公司", 3), ("用电", "乙公司", 4)])

    assert [(column.words, column.field) for column in table.columns] == [
        ("诉求", None),
        ("企业", None),
        ("件数", None),
    ]
    assert [row.number for row in table.rows] == [2, 3]


def test_data_below_one_heading_row_is_not_taken_for_a_second_one(tmp_path):
    rows = [
        ("项目名称", "区划", "产业", "投资方", "备注"),
        ("甲", "黄埔区", "汽车", None, None),
        ("乙", "番禺区", "芯片", "丙", "x"),
    ]

    (table,) = tables_of(tmp_path, rows)

    assert table.header == (1,)
    assert [row.number for row in table.rows] == [2, 3]


def test_groups_above_the_header_without_merged_cells_as_in_csv_are_understood(tmp_path):
    path = tmp_path / "a.csv"
    lines = (
        "项目名称,区划,投资额（万元）,,开工时间,",
        ",,计划总投资,固定资产投资,计划,实际",
        "甲,440112,100,50,2023年1月,2023-01-29",
    )
    path.write_text("\n".join(lines), "utf-8")

    (table,) = read_tables(path, "a.csv")

    assert [column.field for column in table.columns[2:]] == [
        "total_investment", "fixed_asset_investment", "planned_start_on", "started_on",
    ]  # fmt: skip
    assert [column.unit for column in table.columns[2:4]] == [10_000, 10_000]


def test_names_merged_downwards_hold_for_each_row_and_amounts_do_not(tmp_path):
    rows = [
        ("区划", "项目名称", "总投资（万元）"),
        (None, "甲", None),
        (None, "乙", None),
        ("440113", "丙", 3),
    ]

    (table,) = tables_of(tmp_path, rows, merged=[("A2:A3", "440112"), ("C2:C3", 7)])

    assert [row.values[0] for row in table.rows] == ["440112", "440112", "440113"]
    assert [getattr(v, "code", v.__class__.__name__) for v in read_column(table, table.columns[2])] == [
        "Amount", "merged_amount", "Amount",
    ]  # fmt: skip


def test_the_year_of_a_sheets_name_serves_where_the_title_names_none(tmp_path):
    (table,) = tables_of(
        tmp_path, [("项目名称", "区划", "开工时间"), ("甲", "440112", "3月")], name="2024年开工"
    )

    assert str(read_column(table, table.columns[2])[0][0]) == "2024-03-01"


def test_an_empty_list_is_a_table_without_rows(tmp_path):
    (table,) = tables_of(tmp_path, [HEADER])

    assert table.rows == []


def test_a_table_that_begins_in_another_column_is_read_from_there(tmp_path):
    rows = [(), (None, None, *HEADER), (None, None, "甲", "440112", 5)]

    (table,) = tables_of(tmp_path, rows)

    assert [(c.letter, c.field) for c in table.columns if c.field] == [
        ("C", "name"), ("D", "district"), ("E", "total_investment"),
    ]  # fmt: skip
    assert [row.number for row in table.rows] == [3]


def test_rows_are_numbered_as_the_workbook_numbers_them_where_empty_ones_stand_above(tmp_path):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(6, 0, HEADER)
        sheet.write_row(9, 0, ("甲", "440112", 5))
    path = tmp_path / "a.xlsx"
    path.write_bytes(file.getvalue())

    (table,) = read_tables(path, "a.xlsx")

    assert table.header == (7,)
    assert [row.number for row in table.rows] == [10]
