"""A workbook of 50,000 rows read, its columns known and every cell validated, beside calamine validating nothing."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook

from benchmarks.costs import in_turn
from benchmarks.process import measured
from benchmarks.run import Run
from projects.workbooks import CellError, read_column, read_tables

LIMIT = 3
SEED = 1
HEADINGS = (
    "序号", "项目编号", "项目代码", "项目名称", "所在区", "所属产业", "项目类型", "所有制", "投资方", "期次",
    "计划总投资（万元）", "固定资产投资（万元）", "预计达产年产值（万元）", "预计年营业收入（万元）",
    "预计年税收（万元）",
    "预计就业（人）", "用地面积（亩）", "计划开工时间", "计划竣工时间", "签约时间", "开工时间", "备注",
)  # fmt: skip
DISTRICTS = [f"44{city:02}{place:02}" for city in range(1, 21) for place in range(1, 9)]
SECTORS = [f"产业{number}" for number in range(60)]
TYPES = ("制造业", "服务业", "基础设施", "产业载体")
OWNERSHIPS = ("国有", "民营", "外资", "")


def bench_reading_workbooks(run: Run) -> None:
    """Processors of both; what the readers' process held at most is told beside."""
    rows = run.sizes.rows
    path = Path(run.databases.folder) / f"{rows}.xlsx"
    write(path, rows)
    words = f"{rows:,} rows of {len(HEADINGS)} columns ({path.stat().st_size:,} bytes), medians of {run.sizes.runs}"
    run.report.title(f"Reading a workbook: {words}")
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    with measured(environment) as ours, measured(environment) as theirs:
        read, wrong = ours.ask("reading_workbooks.by_us", str(path))
        if (read, wrong) != (rows, 0):
            raise SystemExit(f"{read:,} rows were read, {wrong:,} cells refused.")
        costs = in_turn(
            run.sizes.runs,
            lambda: ours.measure("reading_workbooks.by_us", str(path)),
            lambda: theirs.measure("reading_workbooks.by_calamine", str(path)),
        )
        resident = [process.ask("reading_workbooks.resident") for process in (ours, theirs)]
    sides = ("read, recognised, validated", "calamine, validating nothing")
    run.report.ratio("validated / only read", list(zip(sides, costs, strict=True)), LIMIT, by="cpu")
    print("Resident at most: {:,} MB beside {:,} MB.\n".format(*resident))


def write(path: Path, rows: int) -> None:
    """A workbook as Excel saves it: texts shared, dates as formatted days."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("项目")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write(0, 0, "重点项目汇总表")
        sheet.write_row(1, 0, HEADINGS)
        for number, values in enumerate(_rows(rows), start=2):
            for column, value in enumerate(values):
                if isinstance(value, date):
                    sheet.write_datetime(number, column, value, day)
                elif value != "":
                    sheet.write(number, column, value)


def _rows(count: int) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(SEED)
    for number in range(1, count + 1):
        wan = chance.randrange(500, 2_000_000)
        signed = date(2018, 1, 1) + timedelta(days=chance.randrange(2_500))
        district = chance.choice(DISTRICTS)
        yield (
            number, f"P{number:06}", f"2301-{district}-04-01-{number:06}", f"第{number}号智能装备生产基地",
            int(district), chance.choice(SECTORS), chance.choice(TYPES), chance.choice(OWNERSHIPS),
            f"投资公司{chance.randrange(8_000)}", chance.choice(("一期", "二期", "")), wan, wan * 3 // 5, wan * 2,
            wan * 1.5, wan / 20, chance.randrange(20, 5_000), chance.randrange(100, 90_000) / 100,
            signed + timedelta(days=200), signed + timedelta(days=900), signed,
            signed + timedelta(days=240), f"第{number}号项目的进展情况说明",
        )  # fmt: skip


# --- in the measured processes ------------------------------------------------------------------------------------


def by_us(path: str) -> tuple[int, int]:
    """Read, recognise, validate: how many rows, and how many cells were refused."""
    rows = wrong = 0
    for table in read_tables(Path(path), path):
        rows += len(table.rows)
        for column in table.columns:
            if column.field:
                wrong += sum(value.__class__ is CellError for value in read_column(table, column))
    return rows, wrong


def by_calamine(path: str) -> int:
    """The same cells as Python's values."""
    with CalamineWorkbook.from_path(path) as book:
        return len(book.get_sheet_by_index(0).to_python())


def resident() -> int:
    """MB that this process held at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024
