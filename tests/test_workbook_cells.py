"""Cells as people write them: what is read, and what is refused with a remedy."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from projects.amounts import MAX_AMOUNT, WAN, YI
from projects.models import Ownership, ProjectType
from projects.workbooks import CellError, Fault
from projects.workbooks.cells import (
    Amount,
    read_amount,
    read_approval_code,
    read_choice,
    read_code,
    read_count,
    read_date,
    read_day,
    read_decimal,
    read_flag,
    read_names,
    read_text,
)
from projects.workbooks.columns import reader_of
from projects.workbooks.fields import FIELDS, Read, meaning_of, words_of_choices
from projects.workbooks.units import unit_of_heading, unit_of_title

ANY_CELL = st.one_of(
    st.none(),
    st.text(max_size=60),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.just(Fault("formula_error", "#REF!", "")),
)


def refused(read, *values, **more) -> str:
    with pytest.raises(CellError) as error:
        read(*values, **more)
    assert str(error.value)
    return error.value.code


@pytest.mark.parametrize(
    ("written", "day", "precision"),
    [
        (date(2023, 1, 29), date(2023, 1, 29), "day"),
        (
            datetime(2023, 1, 29, 12, 30),  # noqa: DTZ001  (as a spreadsheet has it)
            date(2023, 1, 29),
            "day",
        ),
        (44955, date(2023, 1, 29), "day"),
        (44955.0, date(2023, 1, 29), "day"),
        (20230129.0, date(2023, 1, 29), "day"),
        ("20230129", date(2023, 1, 29), "day"),
        ("2023.1.29", date(2023, 1, 29), "day"),
        ("2023-01-29", date(2023, 1, 29), "day"),
        ("2023/1/29 00:00:00", date(2023, 1, 29), "day"),
        ("2023-01-29T08:30:00+08:00", date(2023, 1, 29), "day"),
        ("２０２３．１．２９", date(2023, 1, 29), "day"),
        ("2023年1月29日", date(2023, 1, 29), "day"),
        (" 2023 年 1 月 29 号 ", date(2023, 1, 29), "day"),
        ("二〇二三年一月二十九日", date(2023, 1, 29), "day"),
        ("二○二三年十二月".replace("○", "〇"), date(2023, 12, 1), "month"),
        ("31.12.2026", date(2026, 12, 31), "day"),
        ("12/31/2026", date(2026, 12, 31), "day"),
        ("5/5/2026", date(2026, 5, 5), "day"),
        ("29 Jan 2023", date(2023, 1, 29), "day"),
        ("January 29, 2023", date(2023, 1, 29), "day"),
        ("Jan 2023", date(2023, 1, 1), "month"),
        ("2023.1", date(2023, 1, 1), "month"),
        ("2023年1月", date(2023, 1, 1), "month"),
        ("2023年1月底", date(2023, 1, 1), "month"),
        ("2023年10月中旬", date(2023, 10, 1), "month"),
        ("202301", date(2023, 1, 1), "month"),
        (202310.0, date(2023, 10, 1), "month"),
        ("2023年一季度", date(2023, 1, 1), "quarter"),
        ("2023年第三季度", date(2023, 7, 1), "quarter"),
        ("2023年4季度", date(2023, 10, 1), "quarter"),
        ("2023Q2", date(2023, 4, 1), "quarter"),
        ("2023年", date(2023, 1, 1), "year"),
        ("2023年底", date(2023, 1, 1), "year"),
        (2023.0, date(2023, 1, 1), "year"),
        ("日期不详", None, "unknown"),
    ],
)
def test_a_date_is_read_as_people_write_it_with_how_exactly_it_is_known(written, day, precision):
    assert read_date(written) == (day, precision)


@pytest.mark.parametrize("nothing", [None, "", "  ", "-", "—", "/", "无", "待定", "N/A"])
def test_a_dash_or_a_word_for_nothing_is_nothing(nothing):
    assert read_date(nothing) is None
    assert read_amount(nothing, WAN) is None
    assert read_code(nothing) == ""
    assert read_count(nothing) is None
    assert read_decimal(nothing) is None
    assert read_names(nothing) == ()


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("1月底", date(2023, 1, 1)),
        ("1月29日", date(2023, 1, 29)),
        ("一季度", date(2023, 1, 1)),
        ("十二月", date(2023, 12, 1)),
    ],
)
def test_a_date_without_a_year_is_of_the_titles_year_and_refused_without_one(written, day):
    found = read_date(written, year=2023)

    assert found is not None
    assert found[0] == day
    assert refused(read_date, written) == "no_year"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("01/02/2026", "ambiguous"),
        ("3-4-2026", "ambiguous"),
        ("1900-02-29", "no_such_day"),
        ("2023-02-30", "no_such_day"),
        ("31/13/2026", "no_such_day"),
        ("1899-12-31", "out_of_range"),
        (date(1900, 2, 28), "out_of_range"),
        (date(9999, 12, 31), "out_of_range"),
        ("9999年", "out_of_range"),
        (60.0, "out_of_range"),
        (2958465.0, "out_of_range"),
        (-5.0, "out_of_range"),
        (float("inf"), "out_of_range"),
        (float("nan"), "out_of_range"),
        ("23年1月", "two_digit_year"),
        ("23.1.29", "two_digit_year"),
        ("2023年上半年", "half_year"),
        ("已开工", "not_a_date"),
        (True, "not_a_date"),
        (time(12, 0), "not_a_date"),
        ("2023年13月", "not_a_date"),
        ("x" * 50, "not_a_date"),
    ],
)
def test_a_date_that_cannot_be_read_in_one_way_is_refused_with_a_remedy(written, code):
    assert refused(read_date, written) == code


def test_a_count_of_days_is_refused_where_the_workbook_counts_from_1904():
    assert refused(read_date, 43493.0, epoch=1904) == "epoch"
    assert read_date(date(2023, 1, 29), epoch=1904) == (date(2023, 1, 29), "day")


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2023年2月", date(2023, 2, 28)),
        ("2023年一季度", date(2023, 3, 31)),
        ("2023年12月底", date(2023, 12, 31)),
        ("2023年", date(2023, 12, 31)),
        ("2023.6.1", date(2023, 6, 1)),
    ],
)
def test_a_plan_for_a_period_is_its_last_day(written, day):
    assert read_day(written) == day


@pytest.mark.parametrize(
    ("written", "unit", "yuan"),
    [
        (34000.0, WAN, 340_000_000),
        (3.4, YI, 340_000_000),
        (0.1 + 0.2, YI, 30_000_000),
        (12345.670000000002, WAN, 123_456_700),
        (340000000, 1, 340_000_000),
        ("3.4亿元", WAN, 340_000_000),
        ("34000万元", YI, 340_000_000),
        ("34,000", WAN, 340_000_000),
        ("１，０２６亿", WAN, 102_600_000_000),
        ("2亿", None, 200_000_000),
        (0.0, WAN, 0),
    ],
)
def test_an_amount_is_whole_yuan_in_the_columns_unit_or_its_own(written, unit, yuan):
    assert read_amount(written, unit) == Amount(yuan)


def test_about_makes_an_amount_an_estimate():
    assert read_amount("约20亿", WAN) == Amount(20 * YI, estimated=True)


@pytest.mark.parametrize(
    ("written", "unit", "code"),
    [
        (34000.0, None, "no_unit"),
        ("34000", None, "no_unit"),
        (-3.0, WAN, "negative"),
        (-3.5, WAN, "negative"),
        (0.12345, 1, "fractional"),
        (1.23456, WAN, "fractional"),
        (1e30, WAN, "too_large"),
        (float("inf"), WAN, "too_large"),
        (float("nan"), WAN, "too_large"),
        ("40-50亿", WAN, "invalid"),
        ("很多", WAN, "invalid"),
        (True, WAN, "invalid"),
        (date(2023, 1, 1), WAN, "invalid"),
        ("9" * 50, WAN, "too_large"),
    ],
)
def test_an_amount_that_cannot_be_read_is_refused(written, unit, code):
    assert refused(read_amount, written, unit) == code


@given(st.integers(0, MAX_AMOUNT // WAN))
def test_whole_amounts_are_exact_whatever_number_a_spreadsheet_makes_of_them(wan):
    assert read_amount(float(wan), WAN) == Amount(wan * WAN)
    assert read_amount(f"{wan:,}", WAN) == Amount(wan * WAN)


@given(st.integers(0, 10**10))
def test_amounts_with_four_decimals_are_exact(yuan):
    assert read_amount(yuan / WAN, WAN) == Amount(yuan)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (440112.0, "440112"),
        ("440112.0", "440112"),
        (" 440112 ", "440112"),
        ("４４０１１２", "440112"),
        ('="0012"', "0012"),
    ],
)
def test_a_code_that_a_spreadsheet_took_for_a_number_is_a_code_again(written, code):
    assert read_code(written) == code


@pytest.mark.parametrize("written", [2.301440112e19, 914401010000000000.0, "9.1440101E+17"])
def test_a_code_that_has_lost_digits_is_refused_with_a_remedy(written):
    assert refused(read_code, written) == "digits_lost"


def test_an_approval_code_gets_its_hyphens_and_keeps_its_shape():
    assert read_approval_code("23014401120401123456") == "2301-440112-04-01-123456"
    assert read_approval_code("2301—440112—04—01—123456") == "2301-440112-04-01-123456"
    assert refused(read_approval_code, "2301-4401") == "approval_code"


def test_a_count_is_a_whole_number():
    assert read_count(1200.0) == 1200
    assert read_count("1,200人") == 1200
    assert [refused(read_count, wrong) for wrong in (1.5, -1, "many", float("nan"), True)] == [
        "not_a_count"
    ] * 5


def test_an_area_is_rounded_to_the_hundredths_that_are_kept():
    assert read_decimal(133.326667) == Decimal("133.33")
    assert read_decimal("120.5亩") == Decimal("120.50")
    assert [refused(read_decimal, wrong) for wrong in (-1, "wide", float("inf"))] == ["not_a_number"] * 3


@pytest.mark.parametrize("written", ["manufacturing", "制造业", "Manufacturing", " 制造业 ", "制造业项目"])
def test_a_choice_is_read_by_code_or_by_its_label_in_either_language(written):
    assert read_choice(written, words_of_choices(ProjectType)) == "manufacturing"


def test_an_unknown_choice_is_refused_and_the_choices_are_named():
    with pytest.raises(CellError) as error:
        read_choice("国营", words_of_choices(Ownership))

    assert "state" in str(error.value)


def test_yes_and_no_in_both_languages():
    assert [read_flag(v) for v in ("是", "√", 1.0, True, "yes")] == [True] * 5
    assert [read_flag(v) for v in ("否", 0.0, False, "no")] == [False] * 4
    assert refused(read_flag, "maybe") == "not_a_flag"


def test_several_names_stand_between_semicolons_or_lines_each_once():
    assert read_names("广州港集团；广州富凌食品有限公司\n广州港集团") == (
        "广州港集团",
        "广州富凌食品有限公司",
    )


def test_text_is_cleaned_and_kept_from_being_a_formula_only_outside():
    assert read_text("甲\n项目", longest=200) == "甲 项目"
    assert read_text("'=cmd|' /C calc'!A0", longest=200) == "=cmd|' /C calc'!A0"
    assert read_text(2023.0, longest=200) == "2023"
    assert refused(read_text, "a\u202eb", longest=200) == "direction_override"
    assert refused(read_text, "甲" * 201, longest=200) == "too_long"


@given(ANY_CELL)
def test_whatever_stands_in_a_cell_is_read_or_refused_in_words(value):
    for field in FIELDS.values():
        if field.read in {Read.DATE, Read.DAY}:
            reader = read_date if field.read == Read.DATE else read_day
        else:
            reader = reader_of(field, WAN)
        try:
            reader(value)
        except CellError as error:
            said = str(error)
        else:
            said = "read"
        assert said


def test_what_is_refused_is_said_in_the_readers_language():
    with pytest.raises(CellError) as error:
        read_date("1月底")

    with override("zh-hans"):
        assert "没有写明年份" in str(error.value)
    with override("en"):
        assert "does not say of which year" in str(error.value)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("项目名称", "name"),
        ("* 项目 名称", "name"),
        ("计划总投资（万元）", "total_investment"),
        ("总投资额\n(亿元)", "total_investment"),
        ("投资额/其中：固定资产投资", "fixed_asset_investment"),
        ("开工时间/计划", "planned_start_on"),
        ("开工时间/实际", "started_on"),
        ("所在区（县）", "district"),
        ("total_investment", "total_investment"),
        ("Total investment (10,000 yuan)", "total_investment"),
        ("land area (mu)", "land_area_mu"),
        ("项目代码", "approval_code"),
        ("项目编号", "code"),
        ("签约说明", "signed_note"),
        ("开工/备注", "started_note"),
        ("入库（纳统）说明", "enrolled_note"),
        ("Completion note", "completed_note"),
        ("基本情况/备注", "remark"),
        ("今年完成投资", None),
        ("用地面积（公顷）", None),
        ("总建筑面积（万平方米）", None),
        ("总投资（亿美元）", None),
        ("计划", None),
    ],
)
def test_a_heading_means_a_field_in_either_language(words, field):
    assert meaning_of(words).field == field


def test_every_field_is_known_by_its_name_and_by_its_label_in_both_languages():
    for field in FIELDS.values():
        for language in ("en", "zh-hans"):
            with override(language):
                assert meaning_of(str(field.label)).field == field.name
        assert meaning_of(field.name).field == field.name


@pytest.mark.parametrize(
    ("words", "unit"),
    [
        ("计划总投资（万元）", WAN),
        ("计划总投资(亿元)", YI),
        ("总投资[元]", 1),
        ("总投资（单位：万元）", WAN),
        ("总投资万元", WAN),
        ("Total investment (10,000 yuan)", WAN),
        ("总投资（亿美元）", None),
        ("总投资", None),
    ],
)
def test_a_heading_states_its_unit(words, unit):
    assert unit_of_heading(words) == unit


def test_a_title_states_the_unit_of_all_unless_it_states_several():
    assert unit_of_title(("某区项目表", "单位：万元")) == WAN
    assert unit_of_title(("金额单位：亿元、亩",)) == YI
    assert unit_of_title(("单位：万元", "单位：亿元")) is None
