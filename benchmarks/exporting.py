"""A list of fifty thousand projects as a workbook, beside writers that are handed the same cells."""

from __future__ import annotations

import gc
import resource
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import xlsxwriter
from django.db import connection

from benchmarks.costs import in_turn
from benchmarks.process import measured
from benchmarks.run import Run
from projects.exporting import Frame, blocks_of, importable, listed_ids, xlsx_response
from projects.models import ExportUnit, Project, User

LIMIT = 2
GROWTH = 1.1  # of memory, five times as many rows
ROWS, FEWER = 50_000, 10_000
OURS = "the export, from the query to the last byte"
FASTEST = "rustpy-xlsxwriter (Rust), the cells given"


def bench_export(run: Run) -> None:
    """Both sides in one process, in turn; memory in processes of its own, one for each size."""
    rows = min(ROWS, run.sizes.projects)
    environment = run.databases.of(rows)
    with measured(environment) as process:
        process.ask("exporting.enrich")
        run.title(f"A workbook of {rows:,} projects, medians of {run.sizes.runs}", process)
        facts = process.ask("exporting.facts")
        print(
            f"{facts['rows']:,} rows, {facts['columns']} columns, {facts['cells']:,} cells that are not empty\n"
        )
        sides = {
            OURS: "ours",
            FASTEST: "rust",
            "XlsxWriter, constant memory": "plain",
            "PyExcelerate": "pyexcelerate",
        }
        costs = in_turn(
            run.sizes.runs,
            *(lambda name=name: process.measure(f"exporting.{name}") for name in sides.values()),
        )
        run.report.ratio(
            "export over the fastest writer", list(zip(sides, costs, strict=True)), LIMIT, by="cpu"
        )
        sizes = {name: process.ask("exporting.size", name) for name in sides.values()}
        print("Bytes: " + ", ".join(f"{name} {size:,}" for name, size in sizes.items()) + "\n")
    peaks = [_peak(environment, size) for size in (min(rows, FEWER), rows)]
    print(
        f"Largest resident memory: {peaks[0]:,} KB for {min(rows, FEWER):,} rows, {peaks[1]:,} KB for {rows:,}\n"
    )
    run.report.hold("memory of five times as many rows", peaks[1] / peaks[0], GROWTH)


def _peak(environment: dict[str, str], rows: int) -> int:
    with measured(environment) as process:
        return int(process.ask("exporting.peak", rows))


# --- in the measured process ------------------------------------------------------------------------------------------


def enrich() -> None:
    """What projects have in life: codes, an investor, the other amounts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE projects_project SET"
            " approval_code = '2301-440112-04-01-' || substr('000000' || id, length('' || id) + 1),"
            " remark = 'A reference line of the bureau, number ' || id, fixed_asset_investment = total_investment,"
            " expected_tax = total_investment / 100, expected_jobs = 1 + id % 900 WHERE approval_code = ''"
        )
        cursor.execute(
            "INSERT INTO projects_organization (name, name_en, ownership, version, created_at, updated_at)"
            " SELECT 'Investor ' || id, '', '', 1, created_at, updated_at FROM projects_project WHERE id <= 5000"
            " AND NOT EXISTS (SELECT 1 FROM projects_organization WHERE name LIKE 'Investor %')"
        )
        cursor.execute(
            "INSERT INTO projects_project_investors (project_id, organization_id)"
            " SELECT p.id, o.id FROM projects_project p"
            " JOIN projects_organization o ON o.name = 'Investor ' || (1 + p.id % 5000)"
            " WHERE NOT EXISTS (SELECT 1 FROM projects_project_investors)"
        )


def frame() -> Frame:
    """For somebody who sees everything."""
    user, _is_new = User.objects.get_or_create(username="bench", defaults={"is_superuser": True})
    return Frame(user, ExportUnit.WAN, date(2026, 11, 26))


def target(name: str) -> Path:
    """Where a side writes."""
    return Path(gettempdir()) / f"mingzhang-export-{name}.xlsx"


def ours() -> None:
    """The whole way of a download, of everything that can be imported again."""
    _write(list(listed_ids(Project.objects.order_by("-id"))))


def _write(ids: Sequence[int]) -> None:
    response: Any = xlsx_response(frame(), ids, importable(), "projects")
    with target("ours").open("wb") as file:
        file.writelines(response.streaming_content)


@cache
def table() -> tuple[list[str], list[tuple[Any, ...]]]:
    """The header and the cells that ours writes."""
    fields, about = importable(), frame()
    ids = listed_ids(Project.objects.order_by("-id"))
    return [field.words(about) for field in fields], [
        row for block in blocks_of(about, ids, fields) for row in zip(*block.columns, strict=True)
    ]


@cache
def records() -> list[dict[str, Any]]:
    """The same as one writer wants it."""
    header, rows = table()
    found = [dict(zip(header, row, strict=True)) for row in rows]
    gc.collect()
    gc.freeze()  # what the others are handed costs ours no looking through it
    return found


def rust() -> None:
    """By a writer in Rust."""
    import rustpy_xlsxwriter

    rustpy_xlsxwriter.write_worksheet(
        records(), str(target("rust")), sheet_name="projects", freeze_row=1, datetime_format="yyyy-mm-dd"
    )


def plain() -> None:
    """By the writer that most use."""
    header, rows = table()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target("plain"), options) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("projects")
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, header)
        for number, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                if value is None or value == "":
                    continue
                if type(value) is str:
                    sheet.write_string(number, place, value)
                elif type(value) is date:
                    sheet.write_datetime(number, place, value, day)
                else:
                    sheet.write_number(number, place, value)


def pyexcelerate() -> None:
    """By a writer in Python made for speed."""
    from pyexcelerate import Workbook

    header, rows = table()
    book = Workbook()
    book.new_sheet("projects", data=[header, *rows])
    book.save(str(target("pyexcelerate")))


def size(name: str) -> int:
    """How large a side's file is."""
    return target(name).stat().st_size


def facts() -> dict[str, int]:
    """How much is written."""
    header, rows = table()
    filled = sum(1 for row in rows for value in row if value not in (None, ""))
    return {"rows": len(rows), "columns": len(header), "cells": filled}


def peak(rows: int) -> int:
    """The largest resident memory of this process, in KB, after it has written so many rows."""
    _write(list(listed_ids(Project.objects.order_by("-id")[:rows])))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
