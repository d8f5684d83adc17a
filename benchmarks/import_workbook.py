"""A workbook imported as people do it, beside COPY of the same rows, and beside django-import-export row by row."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.db.models import Model
from django.utils import timezone, translation
from python_calamine import CalamineWorkbook

from benchmarks import workbook
from benchmarks.costs import Cost, median
from benchmarks.measuring import peak_megabytes
from benchmarks.process import Measured, measured
from benchmarks.run import Run
from projects import imports
from projects.models import (
    District,
    Door,
    Import,
    LedgerEntry,
    Milestone,
    Ownership,
    Project,
    ProjectSearch,
    ProjectType,
    Revision,
    Sector,
    User,
)

AT_ONCE = 50_000  # rows for which the limits are meant
CPU, MEMORY, FASTER = 6, 400, 0.1  # times COPY; megabytes; of the time of django-import-export


def bench_import_workbook(run: Run) -> None:
    """Each run has a workbook of its own: the same again would change nothing."""
    sizes, judged = run.sizes, run.sizes.rows >= AT_ONCE
    with tempfile.TemporaryDirectory(prefix="mingzhang-bench-") as folder:
        with measured(run.few) as process:
            run.title(f"A workbook of {sizes.rows:,} rows imported, medians of {sizes.runs}", process)
            costs: dict[str, list[Cost]] = {"check": [], "commit": [], "copied": []}
            for turn in range(sizes.runs + 1):
                process.ask("import_workbook.prepare", folder, sizes.rows, turn)
                for side, found in costs.items():
                    cost = process.measure(f"import_workbook.{side}")
                    if turn:  # the first is for nothing: caches are warm for both
                        found.append(cost)
            check, commit, copied = map(median, costs.values())
            stored = _stored(process, folder) if process.ask("import_workbook.is_postgresql") else None
        ours = Cost(check.wall + commit.wall, check.cpu + commit.cpu)
        rows = [("read, checked and committed", ours), ("COPY into a bare table, reading included", copied)]
        more = [("of it read, matched and checked", check), ("of it committed", commit)]
        more += [("what it stored, by COPY into empty tables with our indexes", stored)] if stored else []
        run.report.ratio("import / COPY", [*rows, *more], CPU if judged else None, by="cpu")
        _beside_row_by_row(run, folder, ours)
        with measured(run.few) as process:  # which has done nothing before
            process.ask("import_workbook.prepare", folder, sizes.rows, sizes.runs + 1)
            process.ask("import_workbook.check")
            process.ask("import_workbook.commit")
            held = process.ask("import_workbook.peak")
    print(f"Our process held {held} MB at most, with a process that only imported.\n")
    run.report.hold("memory of an import, MB", held, MEMORY if judged else None)


def _stored(process: Measured, folder: str) -> Cost:
    """What the database alone needs, told beside the ratio: the rows of the last import, without us and references."""
    process.ask("import_workbook.set_aside", folder)
    return median([process.measure("import_workbook.stored", folder) for _turn in range(3)])


def _beside_row_by_row(run: Run, folder: str, ours: Cost) -> None:
    """A part of the rows scaled up: each costs the same, and all of them would take a quarter of an hour."""
    rows, part = run.sizes.rows, min(run.sizes.rows, run.sizes.row_by_row)
    with measured(run.few) as process:
        costs = []
        for turn in range(run.sizes.runs):
            process.ask("import_workbook.lay_out", folder, part, 500 + turn)
            costs.append(process.measure("import_export_way.row_by_row", process.ask("import_workbook.path")))
    cost = median(costs)
    theirs = Cost(cost.wall * rows / part, cost.cpu * rows / part)
    sides = [
        ("read, checked and committed", ours),
        (f"django-import-export, {part:,} rows scaled up", theirs),
    ]
    run.report.ratio("import / django-import-export", sides, FASTER if rows >= AT_ONCE else None, by="cpu")


# --- in the measured process --------------------------------------------------------------------------------------

_paths: list[Path] = []
_runs: list[Import] = []


def prepare(folder: str, rows: int, seed: int) -> None:
    """A workbook of projects of one city, sent in and not looked at yet."""
    lay_out(folder, rows, seed)
    path, officer = _paths[0], User.objects.get_or_create(username="bench", is_superuser=True)[0]
    with path.open("rb") as file:
        sent = UploadedFile(File(file), path.name, size=path.stat().st_size)
        _runs[:] = [imports.take_in(sent, into=_city(), actor=officer, at=timezone.now(), door=Door.ADMIN)]


def lay_out(folder: str, rows: int, seed: int) -> None:
    """The workbook alone."""
    city = _city()
    with translation.override("zh-hans"):
        cells = workbook.rows_of(
            rows,
            seed,
            districts=list(District.objects.within(city).exclude(pk=city.pk).values_list("code", flat=True)),
            sectors=list(Sector.objects.order_by("pk").values_list("code", flat=True)),
            types=[str(label) for label in ProjectType.labels],
            ownerships=[str(label) for label in Ownership.labels],
        )
    _paths[:] = [Path(folder) / f"{rows}-{seed}.xlsx"]
    workbook.write(_paths[0], cells)


def _city() -> District:
    return District.objects.filter(level=District.Level.CITY).order_by("path")[0]


def path() -> str:
    """The workbook."""
    return str(_paths[0])


def check() -> None:
    """Read, matched, checked, and the preview kept."""
    _worked("ready")


def commit() -> None:
    """Committed as the preview shows it, ledger and history included."""
    _runs[:] = [imports.ask_to_commit(_runs[0], actor=_runs[0].asked_by, at=timezone.now())]  # type: ignore[arg-type]
    _worked("committed")


def _worked(status: str) -> None:
    imports.work_next(timezone.now())
    _runs[0].refresh_from_db()
    if _runs[0].status != status:
        raise SystemExit(f"The import is {_runs[0].status}, not {status}.")


def peak() -> int:
    """What this process has held at most, in megabytes."""
    return peak_megabytes()


def copied() -> None:
    """The same rows by the fastest reader into a table without keys or indexes; nothing is checked."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_bare")
        kinds = [
            "date" if name.endswith("_on") else "text" if name in workbook.TEXTS else "numeric"
            for name in workbook.FIELDS
        ]
        columns = ", ".join(f"{name} {kind}" for name, kind in zip(workbook.FIELDS, kinds, strict=True))
        cursor.execute(f"CREATE TABLE bench_bare ({columns})")
        with cursor.copy("COPY bench_bare FROM STDIN") as copy:
            for row in _cells(_paths[0]):
                copy.write_row(row)


TABLES = {Project: "id", Milestone: "project_id", LedgerEntry: "project_id", Revision: "project_id",
          ProjectSearch: "project_id"}  # fmt: skip


def _columns(model: type[Model]) -> str:
    """What is written; the others are generated."""
    return ", ".join(
        connection.ops.quote_name(field.column or field.name) for field in model._meta.concrete_fields
    )


def is_postgresql() -> bool:
    """Whether there is a COPY."""
    return connection.vendor == "postgresql"


def set_aside(folder: str) -> None:
    """The rows that the last import has stored, table by table, in files."""
    with connection.cursor() as cursor:
        for model, key in TABLES.items():
            table = model._meta.db_table
            mine = f"SELECT project_id FROM projects_revision WHERE bulk_id = {_runs[0].bulk_id}"
            rows = f"COPY (SELECT {_columns(model)} FROM {table} WHERE {key} IN ({mine})) TO STDOUT (FORMAT binary)"
            with (Path(folder) / table).open("wb") as file, cursor.copy(rows) as copy:
                for block in copy:
                    file.write(block)


def stored(folder: str) -> None:
    """Those rows into empty tables with the same columns, checks and indexes, but without references."""
    with connection.cursor() as cursor:
        for model in TABLES:
            table = model._meta.db_table
            cursor.execute(f"DROP TABLE IF EXISTS bench_{table}")
            cursor.execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
            into = f"COPY bench_{table} ({_columns(model)}) FROM STDIN (FORMAT binary)"
            with (Path(folder) / table).open("rb") as file, cursor.copy(into) as copy:
                while block := file.read(2**20):
                    copy.write(block)


def _cells(path: Path) -> Iterator[list[Any]]:
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows()
    next(rows)
    for row in rows:
        yield [None if cell == "" else cell for cell in row]
