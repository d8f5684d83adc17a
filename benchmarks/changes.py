"""What one change costs until it is seen, with few and with many projects: in one process, and by a real worker."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks.costs import Cost, median
from benchmarks.facts import counted_project, dice
from benchmarks.measuring import cpu_seconds, seconds_of
from benchmarks.process import Measured, measured
from benchmarks.run import Run
from projects import services
from projects.models import District, LedgerEntry, Project
from tests.processes import REDIS_SERVER, RedisServer, start_worker
from tracking import cells
from tracking.models import QuarterlyTotal

LIMIT = 1.3
SECONDS = 0.1  # from a save until it is seen, by Redis
EMBEDDED_SECONDS = 2  # by files: the worker looks once a second


def bench_change(run: Run) -> None:
    """One change and its roll-up in one process, with few and with many projects."""
    sizes = run.sizes
    with measured(run.few) as small, measured(run.many) as large:
        run.title(f"One change with its roll-up, {sizes.changes} alternating ones", large, small)
        for process in (small, large):
            process.measure("changes.change_and_roll_up", times=10)
        costs: tuple[list[Cost], list[Cost]] = ([], [])
        for _ in range(sizes.changes):
            costs[0].append(large.measure("changes.change_and_roll_up"))
            costs[1].append(small.measure("changes.change_and_roll_up"))
    rows = [
        (f"with {size:,} projects", median(cost))
        for size, cost in zip((sizes.projects, sizes.few), costs, strict=True)
    ]
    run.report.ratio("one change, many / few projects", rows, LIMIT, by="cpu")


def change_and_roll_up() -> None:
    """Correct one project's amount through the service, and roll up what it touched."""
    project = counted_project()
    project.total_investment = dice.randint(1, 10**10)
    services.save_project(project, actor=None, at=timezone.now())
    cells.roll_up()


# --- by a real worker ---------------------------------------------------------------------------------------------


def bench_visible(run: Run) -> None:
    """From the beginning of a save until its amount stands in the top district's total; what all processes spend."""
    for broker in ("Redis", "files"):
        if broker == "Redis" and not REDIS_SERVER:
            raise SystemExit("This needs redis-server.")
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            sides = [
                stack.enter_context(_watched(Path(folder) / name, environment, broker))
                for name, environment in (("many", run.many), ("few", run.few))
            ]
            run.title(f"From save to total, broker: {broker}, {run.sizes.saves} alternating saves", *sides)
            costs: list[list[Cost]] = [[], []]
            for _ in range(run.sizes.saves):
                for process, found in zip(sides, costs, strict=True):
                    found.append(Cost(**process.ask("changes.see")))
        rows = [
            (f"with {size:,} projects", median(found))
            for size, found in zip((run.sizes.projects, run.sizes.few), costs, strict=True)
        ]
        limit = LIMIT if broker == "Redis" else None
        run.report.ratio(f"save to total by {broker}, many / few projects", rows, limit, by="cpu")
        slowest = max(cost.wall for cost in costs[0])
        print(f"The slowest of {run.sizes.projects:,} projects: {slowest * 1000:,.0f} ms\n")
        seconds = SECONDS if broker == "Redis" else EMBEDDED_SECONDS
        run.report.hold(f"seconds from save to total by {broker}", rows[0][1].wall, seconds)


@contextmanager
def _watched(folder: Path, environment: dict[str, str], broker: str) -> Iterator[Measured]:
    """A process that saves, beside a worker of its own, whose processes it knows."""
    folder.mkdir()
    server = RedisServer(folder) if broker == "Redis" else None
    url = server.url if server else "filesystem://"
    environment = {**environment, "BROKER_URL": url, "DATA_DIR": str(folder)}
    worker = start_worker(folder, environment)
    try:
        with measured(environment) as process:
            for _ in range(3):
                process.ask("changes.see")
            process.ask("changes.watch", worker.process.pid)
            yield process
    finally:
        worker.stop()
        if server:
            server.stop()


_watching: list[int] = []


def watch(worker: int) -> None:
    """From now on count what the worker, its children and their servers spend as well."""
    _watching[:] = [worker, *_children_of(worker)]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            _watching.extend(pid for (pid,) in cursor.fetchall() if Path(f"/proc/{pid}").exists())


def _children_of(pid: int) -> list[int]:
    found = [
        int(child)
        for task in Path(f"/proc/{pid}/task").glob("*/children")
        for child in task.read_text().split()
    ]
    return [*found, *(below for child in found for below in _children_of(child))]


def see() -> dict[str, Any]:
    """Seconds from the beginning of a save until its amount is seen in the top district's total.

    Of the processors what the save spends and what the worker does; looking whether it is there is not counted.
    """
    time.sleep(random.random() / 10)
    project = counted_project()
    cell = _top_cell(project)
    before = cell.values_list("entered_investment", flat=True).get()
    cpu, others, began = cpu_seconds(), _others(), time.monotonic()
    project.total_investment = (project.total_investment or 0) + 1
    services.save_project(project, actor=None, at=timezone.now())
    spent = cpu_seconds() - cpu
    while cell.values_list("entered_investment", flat=True).get() == before:
        if time.monotonic() > began + 20:
            raise SystemExit("The worker does not show what was saved.")
        time.sleep(0.002)
    seen = time.monotonic() - began
    time.sleep(0.05)  # the worker puts its tools away
    return {"wall": seen, "cpu": spent + _others() - others}


def _others() -> float:
    return sum(seconds_of(pid) for pid in _watching)


def _top_cell(project: Project) -> Any:
    entry = LedgerEntry.objects.current().filter(
        project=project, quarter__isnull=False, milestone__total_investment=None
    )[0]
    top = District.objects.get(code=project.district.ancestor_codes[0])
    return QuarterlyTotal.objects.filter(district=top, quarter=entry.quarter, kind=entry.kind)
