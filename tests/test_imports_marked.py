"""The workbook back with its errors marked: the sender's own file, with nothing lost of it."""

from __future__ import annotations

import warnings
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
import pytest
import xlsxwriter
from django.utils import translation
from python_calamine import CalamineWorkbook

from config.xlsx import Look, Sheet, workbook
from projects import imports
from projects.models import Import, Project
from projects.workbooks import (
    Mark,
    Unmarkable,
    marked_sheets,
    outlines,
    problems,
    read_tables,
    write_with_marks,
)
from projects.workbooks.marked import IN_STYLES
from tests.makers import YI, make_huangpu, make_project, make_user
from tests.workbooks import bad
from tests.workbooks.build import FOLDER
from tests.workbooks_made import checked, committed, make_workbook, said

pytestmark = pytest.mark.django_db

PROBLEMS = "导入问题"
KEPT = sorted(path.name for path in FOLDER.glob("*.xlsx"))
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def places():
    return make_huangpu()


@pytest.fixture
def officer(places):
    return make_user("officer", name="王芳", district=places["440112"])


def marked(run: Import, reader: Any) -> bytes:
    file = BytesIO()
    with translation.override("zh-hans"):
        imports.write_marked(run, file, reader)
    return file.getvalue()


def opened(data: bytes) -> Any:
    with warnings.catch_warnings():  # openpyxl drops what Excel has added since 2007, and says so
        warnings.simplefilter("ignore", UserWarning)
        return openpyxl.load_workbook(BytesIO(data))


def coloured(sheet: Any) -> dict[str, str]:
    """The colour that each marked cell has by a rule, the first rule first."""
    found: dict[str, str] = {}
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            if any(PROBLEMS in formula for formula in rule.formula):
                for cells in area.sqref.ranges:
                    for row, column in cells.cells:
                        found[sheet.cell(row, column).coordinate] = rule.dxf.fill.bgColor.rgb
    return found


def comments(sheet: Any) -> dict[str, str]:
    return {cell.coordinate: cell.comment.text for row in sheet for cell in row if cell.comment}


def as_officials_keep_them() -> bytes:
    """A workbook with all that is lost where it is written anew."""
    file = BytesIO()
    with xlsxwriter.Workbook(file) as book:
        title = book.add_format({"bold": True, "bg_color": "#DDEBF7", "align": "center"})
        yellow = book.add_format({"bg_color": "#FFFF00", "num_format": "#,##0"})
        sheet = book.add_worksheet("项目")
        sheet.merge_range("A1:E1", "2023年项目表（单位：万元）", title)
        sheet.write_row("A2", ["项目名称", "所属区", "总投资（万元）", "固定资产投资（万元）", "签约日期"])
        sheet.write_row("A3", ["生物岛研发中心", "火星区"])
        sheet.write_number("C3", 340000, yellow)
        sheet.write_formula("D3", "=C3*0.5", yellow, 170000)
        sheet.write("E3", "2023.2.30")
        sheet.write_row("A4", ["智能装备基地", "黄埔区", 1000])
        sheet.write_formula("D4", "=C4/2", None, 500)
        sheet.set_column("A:A", 33)
        sheet.set_row(2, 40)
        sheet.freeze_panes(2, 1)
        sheet.autofilter("A2:E4")
        sheet.data_validation("B3:B99", {"validate": "list", "source": ["黄埔区", "番禺区"]})
        sheet.conditional_format("C3:C4", {"type": "data_bar", "data_bar_2010": True})
        sheet.conditional_format("C3:C4", {"type": "cell", "criteria": ">", "value": 9, "format": yellow})
        sheet.write_comment("B3", "请王科长确认")
        sheet.write_comment("A4", "已核对")
        book.add_worksheet("底稿").hide()
        book.worksheets()[1].write("A1", "未公开")
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=项目!$C$3:$C$4"})
        sheet.insert_chart("G2", chart)
        book.define_name("表头", "=项目!$A$2:$E$2")
    return file.getvalue()


def test_the_senders_own_workbook_comes_back_with_all_that_it_had(places, officer):
    original = as_officials_keep_them()
    run = checked(original, into=places["440112"], actor=officer)
    assert {(line["row"], line["letter"]) for line in said(run)} == {(3, "B"), (3, "E")}

    data = marked(run, officer)

    before, after = bad.parts_of(original), bad.parts_of(data)
    head, tail = (part[SHEET].split(b"</sheetData>") for part in (before, after))
    assert head[0] == tail[0]
    for name in (
        "xl/sharedStrings.xml",
        "xl/charts/chart1.xml",
        "xl/worksheets/sheet2.xml",
        "xl/theme/theme1.xml",
    ):
        assert after[name] == before[name]
    sheet = opened(data)["项目"]
    assert sheet["D3"].value == "=C3*0.5"
    assert sheet["C3"].fill.fgColor.rgb == "FFFFFF00"
    assert sheet.column_dimensions["A"].width == pytest.approx(33, abs=1)
    assert sheet.row_dimensions[3].height == pytest.approx(40, abs=1)
    assert [str(area) for area in sheet.merged_cells.ranges] == ["A1:E1"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B3", "A2:E4")
    assert sheet.data_validations.dataValidation[0].formula1 == '"黄埔区,番禺区"'
    assert len(sheet._charts) == 1


def test_wrong_cells_are_coloured_and_say_what_to_do_in_comments(places, officer):
    run = checked(as_officials_keep_them(), into=places["440112"], actor=officer)

    sheet = opened(marked(run, officer))["项目"]

    assert coloured(sheet) == {"B3": "FFF8C9C4", "E3": "FFF8C9C4"} | {
        place: "FFFFF1C2" for place in coloured(sheet) if place not in {"B3", "E3"}
    }
    found = comments(sheet)
    assert found["B3"] == "请王科长确认"  # somebody's own stays, and ours is on the sheet of errors
    assert found["A4"] == "已核对"
    with translation.override("zh-hans"):
        (sentence,) = [line["detail"]["zh-hans"] for line in said(run) if line["letter"] == "E"]
    assert found["E3"] == sentence
    rules = [rule.priority for area in sheet.conditional_formatting for rule in area.rules]
    assert len(set(rules)) == len(rules)


def test_the_sheet_of_errors_lists_them_with_links_to_their_cells(places, officer):
    run = checked(as_officials_keep_them(), into=places["440112"], actor=officer)

    book = opened(marked(run, officer))

    assert book.sheetnames == ["项目", "底稿", PROBLEMS]
    rows = {row[1].value: [cell.value for cell in row] for row in book[PROBLEMS].iter_rows(min_row=3)}
    assert rows["B3"][:5] == ["项目", "B3", "所属区", "火星区", "错误"]
    assert rows["B3"][5] == next(line["detail"]["zh-hans"] for line in said(run) if line["letter"] == "B")
    links = {cell.value: cell.hyperlink.location for row in book[PROBLEMS] for cell in row if cell.hyperlink}
    assert links["E3"] == "'项目'!E3"


def test_corrected_and_sent_again_it_is_imported_without_a_word_about_the_marks(places, officer):
    run = checked(as_officials_keep_them(), into=places["440112"], actor=officer)
    book = opened(marked(run, officer))
    book["项目"]["B3"], book["项目"]["E3"] = "黄埔区", "2023.2.28"
    book["项目"]["D3"], book["项目"]["D4"] = 170000, 500  # this library keeps no results of formulas
    file = BytesIO()
    book.save(file)

    again = checked(file.getvalue(), into=places["440112"], actor=officer)

    assert (again.status, again.created) == ("ready", 2)
    assert {line["code"] for line in said(again, "warnings")} <= {"comments", "hidden_sheet"}
    committed(again, officer)
    assert Project.objects.get(name="生物岛研发中心").total_investment == 34 * YI


def test_marks_of_an_earlier_time_are_gone_from_what_is_marked_again(places, officer):
    run = checked(
        make_workbook([["丙", "火星区", 100], ["丁", "黄埔区", -5]]), into=places["440112"], actor=officer
    )
    first = marked(run, officer)
    assert {"B2", "C3"} <= set(comments(opened(first)["项目"]))
    book = opened(first)
    book["项目"]["B2"] = "黄埔区"
    file = BytesIO()
    book.save(file)

    second = marked(checked(file.getvalue(), into=places["440112"], actor=officer), officer)

    book = opened(second)
    assert book.sheetnames == ["项目", PROBLEMS]
    assert set(comments(book["项目"])) == {"C3"}
    assert set(coloured(book["项目"])) == {"C3"}
    assert [row[1].value for row in book[PROBLEMS].iter_rows(min_row=3)] == ["C3"]
    assert not checked(first, into=places["440112"], actor=officer).warning_count


def test_elements_stand_in_the_order_that_the_format_asks_for(places, officer):
    own = b"".join(workbook([Sheet("项目", [("项目名称", "所属区"), ("丙", "火星区")], [Look.PLAIN] * 2)]))
    for content in (as_officials_keep_them(), own):
        run = checked(content, into=places["440112"], actor=officer)

        parts = bad.parts_of(marked(run, officer))

        for part, order in ((SHEET, marked_sheets.AFTER_CELLS), ("xl/styles.xml", IN_STYLES)):
            names = [child.tag.rpartition("}")[2] for child in ET.fromstring(parts[part])]
            places_of = [order.index(name) for name in names if name in order]
            assert places_of == sorted(places_of)
            assert {"conditionalFormatting", "legacyDrawing"} <= set(names) or {"dxfs"} <= set(names)
        for name, data in parts.items():
            if name.endswith((".xml", ".rels", ".vml")):
                ET.fromstring(data)
        rules = ET.fromstring(parts["xl/styles.xml"]).findall("{*}dxfs")
        assert [int(each.get("count", "0")) for each in rules] == [len(each) for each in rules]


@pytest.mark.parametrize("name", KEPT)
def test_every_kept_workbook_is_marked_and_read_as_before(name: str, tmp_path: Path):
    path = FOLDER / name
    before = read_tables(path, name)
    marks = [
        Mark(
            table.sheet,
            row.number,
            column.letter,
            column.words,
            str(row.values[column.place]),
            "=1+1 有错",
            bool(odd),
        )
        for table in before
        for row in table.rows
        for odd, column in enumerate(table.columns[:2])
    ]

    with (tmp_path / name).open("wb") as to:
        write_with_marks(path, to, marks)

    after = read_tables(tmp_path / name, name)
    assert [_shown(table) for table in after] == [_shown(table) for table in before]
    old, new = bad.parts_of(path.read_bytes()), bad.parts_of((tmp_path / name).read_bytes())
    cells = [part.split(b"</sheetData>")[0] for part in (old[SHEET], new[SHEET])]
    assert cells[0] == cells[1]
    book = openpyxl.load_workbook(tmp_path / name)
    seen = {(mark.sheet, f"{mark.letter}{mark.row}") for mark in marks}
    found = {(sheet.title, place) for sheet in book for place in comments(sheet)}
    assert found <= seen
    assert found == {(sheet.title, place) for sheet in book for place in coloured(sheet)}
    assert len(found) == len(seen) or name in {
        "merged_amount.xlsx",
        "sums_above.xlsx",
    }  # some lie below merged cells
    assert "=1+1 有错" in {cell.value for cell in book[PROBLEMS]["F"] if cell.data_type == "s"}
    assert CalamineWorkbook.from_path(str(tmp_path / name)).sheet_names[-1] == PROBLEMS


def _shown(table: Any) -> list[Any]:
    return [
        table.header,
        *(c.words for c in table.columns),
        *(list(map(str, row.values)) for row in table.rows),
    ]


def test_whoever_has_not_sent_it_gets_what_was_read_and_nothing_else(places, officer):
    run = checked(as_officials_keep_them(), into=places["440112"], actor=officer)
    colleague = make_user("colleague", district=places["440112"])

    data = marked(run, colleague)

    assert "底稿" not in opened(data).sheetnames
    assert "未公开".encode() not in b"".join(bad.parts_of(data).values())
    assert "未公开".encode() in b"".join(bad.parts_of(marked(run, officer)).values())


def test_nothing_of_a_project_that_the_sender_may_not_see_is_in_it(places, officer):
    code = "2301-440112-04-01-123456"
    make_project("别区的项目", district=places["440113"], approval_code=code)
    book = make_workbook([["甲", "火星区", 100, code]], ("项目名称", "所属区", "总投资（万元）", "项目代码"))

    data = marked(checked(book, into=places["440112"], actor=officer), officer)

    assert "别区的项目".encode() not in b"".join(bad.parts_of(data).values())


def test_files_of_other_forms_are_written_anew_as_ever(places, officer):
    text = "项目名称,所属区,总投资（万元）\n丙,火星区,100\n".encode()
    prefixed = bad.workbook(("项目名称", "区划", "计划总投资（万元）"), ("丙", "火星区", 100))
    sheet = bad.parts_of(prefixed)[SHEET].decode()
    named = (
        sheet.replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?").replace("xmlns=", "xmlns:x=")
    )
    for content, name in ((text, "a.csv"), (bad.with_parts(prefixed, sheet=named.encode()), "b.xlsx")):
        run = checked(content, into=places["440112"], actor=officer, name=name)
        grid = CalamineWorkbook.from_filelike(BytesIO(marked(run, officer))).get_sheet_by_index(0).to_python()
        assert (grid[0][-1], grid[1][:2]) == (PROBLEMS, ["丙", "火星区"])


def test_a_sheet_of_somebodys_own_that_is_called_like_ours_is_not_touched(tmp_path: Path):
    path = tmp_path / "own.xlsx"
    path.write_bytes(make_workbook([["丙", "火星区", 100]], sheet=PROBLEMS))

    assert len(read_tables(path, path.name)[0].rows) == 1
    with pytest.raises(Unmarkable):
        write_with_marks(path, BytesIO(), [])


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("xl/styles.xml", b"<styleSheet>"),
        ("xl/styles.xml", b'<styleSheet xmlns="urn:other"><dxfs/><dxfs/></styleSheet>'),
        ("sheet", bad.sheet_of("", after="<mergeCells>")),
        ("sheet", bad.sheet_of("", after="<!-- </sheetData> -->") + b"<!-- </sheetData> -->"),
        ("xl/_rels/workbook.xml.rels", b"<Relationships"),
    ],
)
def test_what_is_not_whole_is_not_marked(part: str, content: bytes, tmp_path: Path):
    path = tmp_path / "odd.xlsx"
    path.write_bytes(bad.with_parts(bad.workbook(), **{part: content}))

    with pytest.raises(Unmarkable):
        write_with_marks(path, BytesIO(), [Mark("项目", 2, "A", "", "", "错", True)])


def test_what_is_marked_is_bounded_and_the_file_still_opens(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(marked_sheets, "MOST_COMMENTS", 30)
    monkeypatch.setattr(marked_sheets, "MOST_AREAS", 250)
    monkeypatch.setattr(problems, "MOST", 290)
    path = tmp_path / "many.xlsx"
    path.write_bytes(make_workbook([["甲", "区", 1]] * 300))
    marks = [Mark("项目", n, "AC"[n % 2], "列", "值", f"第{n}行", True) for n in range(2, 302)]

    with (tmp_path / "out.xlsx").open("wb") as to:
        write_with_marks(path, to, marks)

    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert (len(comments(book["项目"])), len(coloured(book["项目"]))) == (30, 250)
    assert [cell.value for cell in book[PROBLEMS]["F"]][-2:] == ["第291行", "另有 10 条未列出。"]
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        assert archive.testzip() is None


def test_long_parts_are_not_looked_through(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(outlines, "LARGEST", 5_000)
    path = tmp_path / "large.xlsx"
    path.write_bytes(bad.with_parts(bad.workbook(), sheet=bad.sheet_of("", after="<a/>" * 2_000)))

    with pytest.raises(Unmarkable):
        write_with_marks(path, BytesIO(), [Mark("项目", 2, "A", "", "", "错", True)])
