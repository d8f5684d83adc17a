"""A bureau's workbook of so many projects, as a clerk keeps it: the template's columns, amounts in 万元, real days."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter

# The fields, the words that head their columns, and the yuan that a number there stands for.
COLUMNS: tuple[tuple[str, str, int | None], ...] = (
    ("code", "项目编号", None),
    ("name", "项目名称", None),
    ("district", "所在区", None),
    ("sector", "所属产业", None),
    ("project_type", "项目类型", None),
    ("ownership", "企业性质", None),
    ("total_investment", "计划总投资（万元）", 10_000),
    ("fixed_asset_investment", "固定资产投资（万元）", 10_000),
    ("expected_output", "预计达产年产值（万元）", 10_000),
    ("expected_revenue", "预计年营业收入（万元）", 10_000),
    ("expected_tax", "预计年税收（万元）", 10_000),
    ("expected_jobs", "预计就业人数", None),
    ("land_area_mu", "用地面积（亩）", None),
    ("signed_on", "签约时间", None),
    ("planned_start_on", "计划开工时间", None),
    ("started_on", "开工时间", None),
    ("completed_on", "竣工时间", None),
    ("in_production_on", "投产时间", None),
    ("remark", "备注", None),
)
FIELDS = [name for name, _words, _unit in COLUMNS]
TEXTS = ("code", "name", "district", "sector", "project_type", "ownership", "remark")
WORDS = (
    "广州", "科学城", "生物医药", "智能制造", "新能源", "汽车", "零部件", "研发", "生产", "基地", "总部", "产业园",
    "数字", "高端", "装备", "创新", "中心", "集成电路", "新材料", "检测",
)  # fmt: skip
FIRST, LAST = date(2016, 1, 1), date(2025, 12, 31)


def rows_of(
    count: int,
    seed: int,
    *,
    districts: Sequence[str],
    sectors: Sequence[str],
    types: Sequence[str],
    ownerships: Sequence[str],
) -> Iterator[list[Any]]:
    """The cells of so many rows, the same for the same seed; no code or name stands in those of two seeds."""
    dice = random.Random(seed)
    for number in range(count):
        signed = FIRST + timedelta(dice.randrange(3_600))
        planned = signed + timedelta(dice.randrange(30, 400))
        steps = [planned + timedelta(dice.randrange(-20, 200))]
        steps += [steps[0] + timedelta(dice.randrange(200, 800))]
        steps += [steps[1] + timedelta(dice.randrange(10, 200))]
        amounts = [dice.randrange(500, 900_000) for _ in range(5)]
        yield [
            f"ZS{seed:03}-{number:06}",
            f"{''.join(dice.sample(WORDS, 4))}项目{seed}-{number}",
            dice.choice(districts),
            dice.choice(sectors),
            dice.choice(types),
            dice.choice(ownerships),
            *amounts,
            dice.randrange(10, 3_000),
            dice.randrange(100, 90_000) / 100,
            signed,
            planned,
            *(step if step <= LAST else None for step in steps),
            "已签订投资协议，正在办理用地手续。" if dice.random() < 0.3 else "",
        ]


def write(path: Path, rows: Iterator[list[Any]]) -> None:
    """Write them as an xlsx below their heading."""
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("项目")
    sheet.write_row(0, 0, [words for _name, words, _unit in COLUMNS])
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(number, place, value, day)
            elif value not in (None, ""):
                sheet.write(number, place, value)
    book.close()
