"""Our own workbooks: what is written is read back by calamine, and shows in Excel as what it is."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from config import xlsx
from config.xlsx import Block, Line, Look, Sheet, TooManyRows, letters, sheet_name, workbook

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def written(*sheets: Sheet) -> bytes:
    return b"".join(workbook(sheets))


def one(rows: Sequence[Any], looks: Sequence[Look] = (), **more: Any) -> bytes:
    width = max(len(row.values if isinstance(row, Line) else row) for row in rows)
    return written(Sheet("表", rows, looks or [Look.PLAIN] * width, **more))


def in_a_block(rows: Sequence[Sequence[Any]], looks: Sequence[Look] = ()) -> bytes:
    """The same, given as columns."""
    columns = [list(values) for values in zip(*rows, strict=True)]
    return written(Sheet("表", [Block(columns)], looks or [Look.PLAIN] * len(columns)))


def read_back(content: bytes, sheet: int = 0) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(sheet).to_python()


def part(content: bytes, name: str) -> str:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return archive.read(name).decode()


def test_texts_numbers_and_dates_come_back_as_what_they_are() -> None:
    moment = datetime(2023, 1, 29, 10, 30)  # noqa: DTZ001  workbooks know no zones
    row = [
        "甲 & <乙>",
        12345.6789,
        10**13,
        Decimal("12.50"),
        date(2023, 1, 29),
        moment,
        None,
        "",
    ]

    found = read_back(one([row, [None, 0]]))

    assert found[0][:6] == [
        "甲 & <乙>",
        12345.6789,
        10**13,
        12.5,
        date(2023, 1, 29),
        moment,
    ]
    assert found[1][:2] == ["", 0]


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_any_text_comes_back_but_for_what_xml_cannot_hold(texts: list[str]) -> None:
    content = one([["x", *texts]])

    ET.fromstring(part(content, "xl/worksheets/sheet1.xml"))
    expected = [re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text) for text in texts]
    found = read_back(content)[0][1:] + [""] * len(texts)
    assert found[: len(texts)] == expected


ODDITIES = [
    "",
    "甲",
    "a&b",
    "<",
    "=1",
    "+1",
    " x",
    "x ",
    "一行\n又一行",
    "_x0041_",
    "\ufffe",
    "\x01",
    "\u3000",
]
CELLS = st.one_of(
    st.none(), st.sampled_from(ODDITIES), TEXTS, st.integers(0, 10**13),
    st.integers(0, 10**9).map(lambda n: n / 10_000), st.decimals(0, 10**6, places=2), st.dates(date(1899, 1, 1)),
)  # fmt: skip
KINDS = [
    CELLS,
    TEXTS,
    st.sampled_from(ODDITIES),
    st.sampled_from(["甲", "乙", "", None]),
    st.one_of(st.none(), st.dates()),
]


@settings(deadline=None)
@given(st.data())
def test_a_block_of_columns_is_written_as_its_rows_are(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    rows = data.draw(st.lists(st.tuples(*kinds), min_size=1, max_size=5)) * data.draw(
        st.sampled_from([1, 40])
    )
    looks = [Look.AMOUNT] * len(kinds)

    quick, slow = (
        re.sub(r'<c r="[A-Z]+\d+"/>', "", part(content, "xl/worksheets/sheet1.xml"))
        for content in (in_a_block(rows, looks), one(rows, looks))
    )

    assert quick == slow


def test_an_empty_block_and_empty_columns_are_nothing() -> None:
    assert read_back(in_a_block([["x", None, ""], ["y", None, ""]])) == [["x"], ["y"]]
    assert read_back(written(Sheet("表", [Block([[], []]), ["x"]], [Look.PLAIN] * 2))) == [["x"]]


def test_a_text_that_excel_would_read_as_a_numbered_character_is_kept() -> None:
    content = one([["_x0041_ _x000d_ _xyz_"]])

    assert "_x005F_x0041_ _x005F_x000d_ _xyz_" in part(content, "xl/worksheets/sheet1.xml")
    assert read_back(content) == [["_x0041_ _x000d_ _xyz_"]]


@pytest.mark.parametrize("text", ["=1+1", "+8613800000000", "-", "@SUM(A1)", "\tx", "=cmd|' /C calc'!A0"])
def test_what_looks_like_a_formula_is_a_text_that_excel_leaves_alone(text: str) -> None:
    content = one([[text]])

    sheet, styles = part(content, "xl/worksheets/sheet1.xml"), part(content, "xl/styles.xml")
    assert "<f" not in sheet
    assert f's="{Look.QUOTED:d}" t="inlineStr"' in sheet
    assert 'quotePrefix="1"' in re.findall(r"<xf [^>]*/?>", styles.partition("<cellXfs")[2])[Look.QUOTED]
    assert read_back(content) == [[text]]


def test_a_day_before_excels_calendar_is_right_is_a_text() -> None:
    assert read_back(one([[date(1900, 2, 28), date(1900, 3, 1)]])) == [["1900-02-28", date(1900, 3, 1)]]


def test_the_header_is_frozen_merged_and_as_wide_as_was_said() -> None:
    head = Line(["组", "", "乙"], Look.HEAD)
    content = one(
        [head, ["a", 1, 2]], widths=[10, 20.5, 8], frozen_rows=1, frozen_columns=1, merged=["A1:B1"]
    )

    sheet = part(content, "xl/worksheets/sheet1.xml")
    assert '<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/>' in sheet
    assert '<col min="2" max="2" width="20.5" customWidth="1"/>' in sheet
    assert '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>' in sheet


def test_sheets_have_names_that_excel_allows_each_its_own() -> None:
    names = ["黄埔区/开发区", "黄埔区 开发区", "", "a" * 40, "A" * 40]

    content = written(*(Sheet(name, [[number]], [Look.PLAIN]) for number, name in enumerate(names)))

    book = CalamineWorkbook.from_filelike(BytesIO(content))
    assert book.sheet_names == ["黄埔区 开发区", "黄埔区 开发区 (2)", "Sheet", "a" * 31, "A" * 27 + " (2)"]
    assert [read_back(content, place) for place in range(5)] == [[[float(n)]] for n in range(5)]
    assert sheet_name("'x'", []) == "x"


def test_rows_are_asked_for_while_the_file_is_taken_and_none_are_kept() -> None:
    asked: list[int] = []

    def rows() -> Iterator[list[int]]:
        for number in range(2_000):
            asked.append(number)
            yield [number]

    stream = workbook([Sheet("表", rows(), [Look.WHOLE])])
    for _ in range(3):
        next(stream)

    assert 0 < len(asked) <= 2 * xlsx.AT_ONCE


def test_a_sheet_holds_no_more_rows_than_excel_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "XLSX_ROWS", 3)

    assert len(read_back(one([["x"]] * 3))) == 3
    with pytest.raises(TooManyRows):
        one([["x"]] * 4)


def test_columns_go_on_after_z() -> None:
    assert [letters(n) for n in (0, 25, 26, 51, 52, 701, 702, 16383)] == [
        "A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD",
    ]  # fmt: skip
