"""A full rebuild beside the plain SQL that computes and inserts the same cells, and with ten times as many projects."""

from __future__ import annotations

import math
import resource

from django.db import connection

from benchmarks.costs import Cost, median
from benchmarks.process import Measured, measured
from benchmarks.run import Run, facts_in_words
from tracking import cells

LIMIT = 1.2
TABLES = ("tracking_quarterlytotal", "tracking_sectortotal")


def bench_rebuild(run: Run) -> None:
    """Over an empty table and over right cells, which is what it finds in life."""
    with measured(run.many) as process:
        run.title(f"Full rebuild, medians of {run.sizes.runs} alternating runs", process)
        process.ask("plain_cells.make_tables")
        process.measure("rebuild.by_service")  # once for nothing: caches are warm for all
        costs: dict[str, list[Cost]] = {}
        for _ in range(run.sizes.runs):
            measure_all(process, costs)
        process.ask("plain_cells.drop_tables")
    plain = min(("level_by_level", "at_once"), key=lambda way: median(costs[way]).wall)
    yardstick = (f"plain SQL, {plain.replace('_', ' ')}", median(costs[plain]))
    for state in ("empty", "right"):
        ours = (f"`rebuild_totals` over {state} cells", median(costs[state]))
        run.report.ratio(f"rebuild over {state} cells / plain SQL", [ours, yardstick], LIMIT)


def measure_all(process: Measured, costs: dict[str, list[Cost]]) -> None:
    """Each way once."""
    for way in ("empty", "right", "level_by_level", "at_once"):
        process.ask("plain_cells.empty_tables")
        if way == "empty":
            process.ask("rebuild.forget")
        ours = way in ("empty", "right")
        cost = process.measure("rebuild.by_service" if ours else f"plain_cells.fill_{way}")
        costs.setdefault(way, []).append(cost)
        if not ours and (different := process.ask("plain_cells.difference")):
            raise SystemExit(f"The service and the plain SQL differ in {different} cells.")


def bench_growth(run: Run) -> None:
    """The same with more and more projects: no worse than n·log n, in the same memory."""
    found: list[tuple[int, Cost, int]] = []
    run.report.title(f"Full rebuild with more and more projects, medians of {run.sizes.runs}")
    for size in run.sizes.growth:
        with measured(run.databases.of(size)) as process:
            print(facts_in_words(process), end="\n\n")
            process.measure("rebuild.by_service")
            cost = median([process.measure("rebuild.by_service") for _ in range(run.sizes.runs)])
            found.append((size, cost, process.ask("rebuild.peak_memory")))
    print("| projects | by the clock | processors | n·log n allows | memory of our process |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    before: tuple[int, Cost, int] | None = None
    for size, cost, memory in found:
        allowed = before and before[1].wall * (size * math.log(size)) / (before[0] * math.log(before[0]))
        words = f"{allowed:,.1f} s" if allowed else ""
        print(f"| {size:,} | {cost.wall:,.2f} s | {cost.cpu:,.2f} s | {words} | {memory / 2**20:,.0f} MiB |")
        if before and allowed:
            run.report.hold(f"rebuild of {size:,} / n·log n", cost.wall / allowed, 1)
            run.report.hold(f"memory of a rebuild of {size:,}", memory / before[2], 1.05)
        before = size, cost, memory
    print(flush=True)


def by_service() -> None:
    """Every cell by the service."""
    cells.rebuild()


def forget() -> None:
    """No cell is stored any more: not part of what is measured."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"{'TRUNCATE' if connection.vendor == 'postgresql' else 'DELETE FROM'} {table}")


def peak_memory() -> int:
    """The most memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
