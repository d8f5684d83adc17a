"""Rows of one workbook that may be one project: said in the preview, unless the rows themselves say otherwise."""

from __future__ import annotations

from time import process_time
from types import SimpleNamespace
from typing import Any

import pytest

from projects.amounts import Amount
from projects.imports import duplicates
from projects.imports.matching import Match
from projects.imports.naming import Investors
from projects.imports.rows import Line
from projects.models import Import, User
from projects.services.plans import PROJECT
from tests.makers import YI, make_huangpu, make_organization, make_project, make_uscc, make_user
from tests.workbooks_made import checked, make_workbook, said

pytestmark = pytest.mark.django_db

HEAD = ("项目名称", "所属区", "总投资（万元）", "项目代码", "投资方", "所属项目", "期次")
CODE = "2301-440112-04-01-123456"
ROW_2 = "可能与本工作簿第 2 行是同一项目："


@pytest.fixture
def officer() -> User:
    return make_user("officer", district=make_huangpu()["440100"])


def run_of(officer: User, *rows: tuple[Any, ...]) -> Import:
    book = make_workbook([[*row, *[None] * (len(HEAD) - len(row))] for row in rows], HEAD)
    return checked(book, into=make_huangpu()["440100"], actor=officer)


def told(run: Import) -> list[tuple[int, str]]:
    found = [line for line in said(run, "warnings") if line["code"] == "rows_alike"]
    return [(line["row"], line["detail"]["zh-hans"]) for line in found]


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (("生物岛中心", "黄埔区", 1, CODE), ("另一名称", "黄埔区", 9_000, CODE), "项目代码相同"),
        (
            ("生物岛研发中心", "黄埔区", 10_000),
            ("生物岛研发中心（一期）项目", "黄埔区", 10_500),
            "名称、金额相近",
        ),
        (("生物岛研发中心", "黄埔区", 10_000), ("生物岛研发中心项目", "番禺区", 10_500), "名称、金额相近"),
        (
            ("甲", "黄埔区", 1, None, "国资控股"),
            ("乙", "黄埔区", 2, None, "国资控股"),
            "同一区划内投资方相同",
        ),
        (("生物岛研发中心", "黄埔区"), ("生物岛研发中心项目", "黄埔区", 10_500), "名称相近，有一方金额未知"),
    ],
)
def test_two_rows_that_may_be_one_project_are_told_with_the_reason(officer, one, other, why):
    make_organization("国资控股", uscc=make_uscc(1))

    run = run_of(officer, one, other)

    assert run.status == "ready"
    ((row, sentence),) = told(run)
    assert row == 3
    assert sentence.startswith(ROW_2)
    assert why in sentence


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("生物岛研发中心", "黄埔区", 10_000), ("生物岛研发中心项目", "黄埔区", 90_000)),  # another amount
        (("甲", "黄埔区", 1, None, "国资控股"), ("乙", "番禺区", 2, None, "国资控股")),  # another district
        (("甲", "黄埔区", 1, None, "新公司"), ("乙", "黄埔区", 2, None, "新公司")),  # without a credit code
        (
            ("生物岛基地", "黄埔区", 100, None, None, None, "一期"),
            ("生物岛基地", "黄埔区", 100, None, None, None, "二期"),
        ),
        (("生物岛基地", "黄埔区", 100), ("生物岛基地二期", "黄埔区", 100, None, None, "生物岛基地")),
    ],
)
def test_rows_that_are_not_alike_or_say_that_they_are_phases_are_not_told(officer, one, other):
    make_organization("国资控股", uscc=make_uscc(1))

    run = run_of(officer, one, other)

    assert (run.status, told(run)) == ("ready", [])


def test_phases_of_one_project_of_the_record_or_of_another_row_are_not_told(officer):
    make_project("大湾区基地", district=make_huangpu()["440112"], total_investment=YI)

    run = run_of(
        officer,
        ("数控园", "黄埔区", 900),
        ("数控园一期", "黄埔区", 500, None, None, "数控园"),
        ("数控园二期", "黄埔区", 500, None, None, "数控园"),
        ("新一期", "黄埔区", 500, CODE, None, "大湾区基地"),
        ("新二期", "黄埔区", 500, CODE, None, "大湾区基地"),
    )

    assert (run.status, told(run)) == ("ready", [])


def test_rows_that_are_refused_as_repeated_are_not_told_again(officer):
    run = run_of(officer, ("生物岛基地", "黄埔区", 100), ("生物岛基地", "黄埔区", 100))

    assert {line["code"] for line in said(run)} == {"project_twice"}
    assert told(run) == []


def test_rows_of_recorded_projects_are_left_to_the_queue_of_pairs(officer):
    rows = (("生物岛研发中心", "黄埔区", 10_000), ("生物岛研发中心项目", "番禺区", 10_000))
    for name, district, _amount in rows:
        places = {place.name: place for place in make_huangpu().values()}
        make_project(name, district=places[district], total_investment=YI)

    run = run_of(officer, *rows)

    assert (run.unchanged, told(run)) == (2, [])


def test_a_row_on_another_sheet_is_named_with_its_sheet(officer):
    def line(sheet: str, number: int) -> Line:
        values = {"name": "生物岛研发中心", "total_investment": Amount(YI)}
        return Line(sheet, number, {}, (), values, {(PROJECT, "district"): 1})

    rows = [line("签约", 7), line("开工", 9)]

    duplicates.warn_of_rows_alike(rows, Investors(()))

    (warning,) = rows[1].warnings
    assert "“签约”第 7 行" in warning.detail["zh-hans"]
    assert rows[0].warnings == []


def test_fifty_thousand_rows_alike_cost_a_moment_and_a_bounded_number_of_words():
    backers = SimpleNamespace(find=lambda text: SimpleNamespace(pk=1, uscc=text))
    lines = [
        Line(
            "项目",
            number,
            {},
            (),
            {"name": f"某某{number // 5}基地", "total_investment": Amount(YI + number), "investors": ("X",)},
            {(PROJECT, "district"): 1},
            match=Match(),
        )
        for number in range(50_000)
    ]

    begun = process_time()
    duplicates.warn_of_rows_alike(lines, backers)
    spent = process_time() - begun

    words = [warning for line in lines for warning in line.warnings]
    assert len(words) == duplicates.MOST_PAIRS + 1
    assert [word.code for word in words].count("more_rows_alike") == 1
    assert spent < 5  # half a second on a machine that does nothing else
