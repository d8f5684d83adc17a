"""Files that are sent as workbooks: what is refused as a whole, quickly and in little memory, and what is reported."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path

import pytest
import xlsxwriter
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from projects.workbooks import Unreadable, read_column, read_tables, write_template
from projects.workbooks.archive import LARGEST_ALL
from tests.workbooks.bad import (
    EXAMPLE,
    HEADING,
    MAIN,
    SHEET,
    Part,
    heading,
    parts_of,
    sheet_of,
    swelling,
    texts,
    with_part,
    with_parts,
    workbook,
    zipped,
)

LOCAL_SECONDS, LOCAL_MEGABYTES = 2, 200  # of the processor; above what the process needs to start
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def in_a_process(read) -> tuple[str, float, int]:
    """How a file is answered, by a process of its own: the code, seconds of the processor, MB more than before."""
    receive, answer = os.pipe()
    child = os.fork()
    if not child:
        try:
            Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
            before, start, code = peak(), time.process_time(), "read"
            try:
                read()
            except Unreadable as error:
                code = error.code
            os.write(answer, json.dumps([code, time.process_time() - start, peak() - before]).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(answer)
    with os.fdopen(receive) as answered:
        code, seconds, megabytes = json.load(answered)
    return code, seconds, megabytes


def peak() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def send(tmp_path: Path, data: bytes, name: str = "项目.xlsx"):
    path = tmp_path / "sent"
    path.write_bytes(data)
    return read_tables(path, name)


def refused(tmp_path: Path, data: bytes, name: str = "项目.xlsx") -> str:
    with pytest.raises(Unreadable) as error:
        send(tmp_path, data, name)
    with override("en"):
        english = str(error.value)
    with override("zh-hans"):
        chinese = str(error.value)
    assert english != chinese
    assert english.isascii() or "项目名称" in english
    return error.value.code


def codes(tables) -> set[str]:
    return {remark.code for table in tables for remark in table.remarks}


PREFIXED = f'<x:row {MAIN.replace("xmlns", "xmlns:x")}><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>'


def many_parts() -> bytes:
    return with_part(workbook(), *(Part.of(f"xl/media/{number}.png", b"") for number in range(10_000)))


def bomb(megabytes: int, size: int) -> bytes:
    begin = sheet_of(heading() + '<row r="2"><c r="A2" t="inlineStr"><is><t>')[
        : -len("</sheetData></worksheet>")
    ]
    packed = swelling(megabytes, begin, b"</t></is></c></row></sheetData></worksheet>")
    return with_part(workbook(), Part(SHEET, packed, size))


def million_rows(row: str) -> bytes:
    rows = (row.replace("#", str(number)) for number in range(2, 1_048_577))
    return with_parts(workbook(), sheet=sheet_of(heading() + "".join(rows)))


def one_text_a_million_times() -> bytes:
    shared = f"<sst {MAIN}><si><t>{'A' * 30_000}</t></si></sst>"
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(2, 100_000))
    return with_parts(
        workbook(), sheet=sheet_of(heading() + rows), **{"xl/sharedStrings.xml": shared.encode()}
    )


SWELLING = {
    "600 MB in one cell": lambda: bomb(600, 600 * 1024 * 1024),
    "600 MB in one cell that says it is small": lambda: bomb(600, 1_000),
    "many parts that are each allowed": lambda: with_part(
        workbook(), *(Part(f"xl/media/{n}.bin", swelling(90, b"", b""), 1_000) for n in range(20))
    ),
    "a million rows": lambda: million_rows('<row r="#"><c r="A#"><v>1</v></c></row>'),
    "a million rows without a place": lambda: million_rows("<row><c><v>1</v></c></row>"),
    "a cell at XFD1048576": lambda: with_parts(
        workbook(), sheet=sheet_of(heading() + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    ),
    "a cell far away in another writing": lambda: with_parts(
        workbook(), sheet=sheet_of(heading() + "<row r='7'><c s='1' r='XFD1048576' ><v>1</v></c></row>")
    ),
    "a cell far away with prefixes": lambda: with_parts(
        workbook(),
        sheet=sheet_of(heading() + PREFIXED),
    ),
    "one text shown a million times": one_text_a_million_times,
    "ten thousand parts": many_parts,
}


@pytest.mark.parametrize("what", SWELLING)
def test_what_swells_is_refused_in_two_seconds_and_little_memory(what, tmp_path):
    path = tmp_path / "sent"
    path.write_bytes(SWELLING[what]())

    answers = [in_a_process(lambda: read_tables(path, "项目.xlsx"))]
    while (
        answers[-1][1] >= LOCAL_SECONDS and len(answers) < 3
    ):  # others may have kept the processor's caches busy
        answers.append(in_a_process(lambda: read_tables(path, "项目.xlsx")))
    code, seconds, megabytes = answers[-1]

    assert code != "read"
    assert seconds < LOCAL_SECONDS
    assert megabytes < LOCAL_MEGABYTES


def test_a_million_empty_rows_are_passed_over(tmp_path):
    rows = "".join(f'<row r="{n}" ht="15"/>' for n in range(3, 1_048_577))
    cells = texts("A2", "甲项目") + texts("B2", "440112") + '<c r="C2"><v>34000</v></c>'
    data = with_parts(workbook(), sheet=sheet_of(f'{heading()}<row r="2">{cells}</row>{rows}'))

    (table,) = send(tmp_path, data)

    assert [row.number for row in table.rows] == [2]
    assert in_a_process(lambda: send(tmp_path, data))[1] < LOCAL_SECONDS


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "a.xlsx", "empty"),
        (b"", "a.csv", "empty"),
        (b"name,district\n", "a.xlsx", "name"),
        (workbook(), "a.csv", "name"),
        (workbook(), "a.xlsm", "macros"),
        (workbook(), "a.docx", "name"),
        (b"<html><table><tr><td>1</td></tr></table>", "a.xls", "web_page"),
        (b'<?xml version="1.0"?><Workbook/>', "a.xls", "web_page"),
        (b"%PDF-1.7 ...", "a.xlsx", "type"),
        (b"\x89PNG\r\n\x1a\n....", "a.xlsx", "type"),
        (b"Rar!\x1a\x07\x00...", "a.xlsx", "type"),
        (workbook()[:-30], "a.xlsx", "damaged"),
        (workbook()[:200], "a.xlsx", "damaged"),
        (workbook() + b"more", "a.xlsx", "damaged"),
        (zipped([Part.of("a.txt", b"text")]), "a.xlsx", "not_a_workbook"),
        (zipped([Part.of("word/document.xml", b"<a/>")]), "a.docx", "not_a_workbook"),
        (OLE + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 600, "a.xlsx", "password"),
        (OLE + "_VBA_PROJECT_CUR".encode("utf-16-le") + b"\x00" * 600, "a.xls", "macros"),
        (OLE + b"\x00" * 600, "a.xls", "damaged"),
        (OLE + "Workbook\0".encode("utf-16-le") + b"\x00" * 600, "a.xls", "damaged"),
        (bytes(range(256)) * 40, "a.csv", "not_text"),
        (b"just some words", "a.csv", "no_table"),
        ("甲,乙\n1,2\n".encode(), "a.csv", "no_table"),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_refused_in_words_of_both_languages(data, name, code, tmp_path):
    assert refused(tmp_path, data, name) == code


def changed(**parts: bytes) -> bytes:
    return with_parts(workbook(), **parts)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (changed(**{"xl/vbaProject.bin": b"1"}), "macros"),
        (changed(**{"xl/macrosheets/sheet1.xml": b"<a/>"}), "macros"),
        (changed(**{"../../etc/cron.d/x": b"1"}), "damaged"),
        (changed(**{"/etc/passwd": b"1"}), "damaged"),
        (changed(**{"XL/workbook.xml": b"<a/>"}), "damaged"),
        (changed(sheet=sheet_of(heading(), '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>')), "entities"),
        (changed(sheet=sheet_of(heading()).decode().encode("utf-16")), "damaged"),
        (changed(sheet=b"<worksheet><sheetData><row"), "damaged"),
        (with_part(workbook(), Part(SHEET, b"not deflated", 100)), "damaged"),
        (with_part(workbook(), Part(SHEET, b"\x03\x00", 0, flags=1)), "password"),
        (with_part(workbook(), Part(SHEET, b"", 0, method=12)), "damaged"),
        (with_part(workbook(), Part("xl/media/a.bin", swelling(1, b"", b""), 5)), "damaged"),
        (zipped([Part.of(*part) for part in parts_of(workbook()).items()], b"PK\x05\x06" + b"\0" * 18), "damaged"),
    ],
)  # fmt: skip
def test_a_workbook_with_more_in_it_than_cells_is_refused(data, code, tmp_path):
    assert refused(tmp_path, data) == code


def test_macros_are_refused_by_the_list_of_contents_too(tmp_path):
    listed = parts_of(workbook())["[Content_Types].xml"].replace(b"sheet.main", b"sheet.macroEnabled.main")

    assert refused(tmp_path, changed(**{"[Content_Types].xml": listed})) == "macros"


def test_a_workbook_in_a_workbook_links_comments_and_connections_are_reported_and_not_read(tmp_path):
    more = {
        "xl/embeddings/inner.xlsx": workbook(),
        "xl/externalLinks/externalLink1.xml": b"<a/>",
        "xl/comments1.xml": b"<a/>",
        "xl/connections.xml": b"<a/>",
    }

    tables = send(tmp_path, changed(**more))

    assert {"embedded", "links", "comments", "connections"} <= codes(tables)
    assert [row.values for row in tables[0].rows] == [EXAMPLE]


def test_a_formula_is_read_as_it_was_shown_and_one_without_a_result_or_with_an_error_is_told_at_its_cell(
    tmp_path,
):
    cells = (
        texts("A2", "甲") + texts("B2", "440112") + '<c r="C2"><f>1+1</f><v>2</v></c>',
        texts("A3", "乙") + texts("B3", "440112") + '<c r="C3"><f>SUM(C2)</f></c>',
        texts("A4", "丙") + texts("B4", "440112") + '<c r="C4" t="e"><f>A1/0</f><v>#DIV/0!</v></c>',
        texts("A5", "丁") + '<c r="B5" t="e"><v>#REF!</v></c><c r="C5"><f>1</f><v></v></c>',
        texts("A6", "戊") + texts("B6", "440112") + "<c r='C6'><f>C2</f><v/></c>",
    )
    rows = "".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(cells, 2))

    (table,) = send(tmp_path, changed(sheet=sheet_of(heading() + rows)))

    found = [getattr(cell, "code", cell) for cell in read_column(table, table.columns[2])]
    assert found[1:] == ["no_result", "formula_error", "no_result", "no_result"]
    assert found[0].yuan == 20_000
    assert read_column(table, table.columns[1])[3].code == "formula_error"
    assert "formulas" in codes([table])


def test_what_looks_like_a_formula_in_a_name_is_text(tmp_path):
    (table,) = send(
        tmp_path, workbook(HEADING, ("=cmd|' /C calc'!A0", "440112", 1), strings_to_formulas=False)
    )

    assert read_column(table, table.columns[0]) == ["=cmd|' /C calc'!A0"]


def test_hidden_rows_and_columns_are_read_and_told_hidden_sheets_told_and_not_read(tmp_path):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name in ("项目", "旧表"):
            sheet = book.add_worksheet(name)
            for number, row in enumerate((HEADING, EXAMPLE, EXAMPLE)):
                sheet.write_row(number, 0, row)
            sheet.set_row(2, None, None, {"hidden": True})
            sheet.set_column(1, 1, None, None, {"hidden": True})
        sheet.hide()

    (table,) = send(tmp_path, file.getvalue())

    found = {(remark.code, remark.row, remark.column) for remark in table.remarks}
    assert {("hidden_row", 3, None), ("hidden_column", None, "B"), ("hidden_sheet", None, None)} <= found
    assert len(table.rows) == 2


def test_days_counted_from_1904_are_read_so_where_they_are_formatted_and_told(tmp_path):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("项目名称", "区划", "签约时间"))
        sheet.write_row(1, 0, ("甲", "440112", 43493), None)
        sheet.write_row(2, 0, ("乙", "440112"))
        sheet.write(2, 2, 43493, book.add_format({"num_format": "yyyy-mm-dd"}))

    (table,) = send(tmp_path, file.getvalue())

    bare, formatted = read_column(table, table.columns[2])
    assert bare.code == "epoch"
    assert str(formatted[0]) == "2023-01-29"
    assert "epoch" in codes([table])


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_template_filled_in_is_read_without_a_question(language, tmp_path):
    file = io.BytesIO()
    with override(language):
        write_template(file, districts=["440112 黄埔区"], sectors=["汽车"])

    tables = send(tmp_path, file.getvalue())

    assert len(tables) == 1
    assert all(column.field for column in tables[0].columns)
    assert {column.unit for column in tables[0].columns} == {None, 10_000}
    assert codes(tables) == {"sheet_passed"}  # of the sheet that explains


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_in_every_encoding_with_every_delimiter(encoding, delimiter, tmp_path):
    text = "\r\n".join(delimiter.join(row) for row in (HEADING, ("生产“基地”，一期", "440112", "3.4亿")))

    (table,) = send(tmp_path, text.encode(encoding), "项目.csv")

    assert [column.field for column in table.columns] == ["name", "district", "total_investment"]
    assert [row.values for row in table.rows] == [("生产“基地”，一期", "440112", "3.4亿")]


def test_quoted_cells_may_hold_delimiters_and_line_ends_and_rows_are_numbered_as_a_spreadsheet_does(tmp_path):
    text = '项目名称,区划,备注\n甲,440112,"一,\n二"\n\n乙,440112,\n'

    (table,) = send(tmp_path, text.encode(), "a.csv")

    assert [(row.number, row.values[2]) for row in table.rows] == [(2, "一,\n二"), (4, None)]


def test_ragged_rows_are_read_and_what_lies_beside_the_table_is_told(tmp_path):
    (table,) = send(tmp_path, "项目名称,区划,备注\n甲,440112\n乙,440112,a,b\n".encode(), "a.csv")

    assert [row.values for row in table.rows] == [("甲", "440112", None), ("乙", "440112", "a")]
    assert [(remark.code, remark.row, remark.column) for remark in table.remarks] == [("beside", 3, "D")]


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        ('项目名称,区划\n甲,"440112\n乙,440112\n'.encode(), "quotes", "2"),
        ('项目名称,区划\n甲,"4"40112\n'.encode(), "quotes", "2"),
        (f"项目名称,区划\n甲,440112\n乙,{'x' * 10_001}\n".encode(), "quotes", "3"),
        ("项目名称,区划\n".encode() + "甲,番禺区\n".encode("gb18030"), "mixed_encodings", "2"),
        (b"name,district\n\xff\xff\xff,440112\n", "encoding", "2"),
    ],
)
def test_csv_that_cannot_be_read_is_refused_with_its_line(data, code, line, tmp_path):
    with pytest.raises(Unreadable) as error:
        send(tmp_path, data, "a.csv")

    assert error.value.code == code
    assert line in str(error.value)


TOKENS = (
    b"<", b">", b'"', b'r="XFD1"', b't="s"', b't="e"', b"<f>", b"<v>99999999999</v>", b"\xff", b"&lt;", b"1e400",
    b'r="0"', b'<row r="0">', b' encoding="UF-8"', b"9" * 30,
)  # fmt: skip


OTHER_PARTS = ("xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels")


@given(
    part=st.sampled_from((SHEET, *OTHER_PARTS)),
    place=st.floats(0, 1),
    length=st.integers(0, 20),
    put=st.sampled_from(TOKENS) | st.binary(max_size=4),
)  # fmt: skip
def test_whatever_stands_in_a_part_the_workbook_is_read_or_refused(
    part, place, length, put, tmp_path_factory
):
    whole = parts_of(workbook())[part]
    start = int(place * len(whole))
    changed_part = whole[:start] + put + whole[start + length :]
    path = tmp_path_factory.getbasetemp() / "changed.xlsx"
    path.write_bytes(with_part(workbook(), Part.of(part, changed_part)))

    try:
        answer = [
            str(value) for table in read_tables(path, "a.xlsx") for row in table.rows for value in row.values
        ]
    except Unreadable as error:
        answer = [str(error)]

    assert all(isinstance(text, str) for text in answer)


@given(data=st.binary(max_size=200), name=st.sampled_from(["a.csv", "a.xlsx", "a.xls", "a"]))
def test_whatever_bytes_are_sent_they_are_read_or_refused(data, name, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "bytes"
    path.write_bytes(data)

    try:
        read_tables(path, name)
    except Unreadable as error:
        assert str(error)  # noqa: PT017


def test_the_limits_leave_room_for_what_bureaus_send():
    assert LARGEST_ALL > 5 * 40_000_000  # a sheet of 50,000 rows and 22 columns has 37 MB
