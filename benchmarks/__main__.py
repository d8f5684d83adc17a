"""Run the benchmarks and print both sides of each ratio, as tables for docs/performance.md.

`--only NAME` runs one; sizes by flags. SQLite by default, PostgreSQL with DATABASE_URL; each database is made for the
run and dropped afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.databases import ROOT, database_of
from tests.processes import REDIS_SERVER, RedisServer, start_worker

ALLOWED = {"rebuild": 1.5, "change": 1.3}


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock and of the processors."""

    wall: float
    cpu: float


class Measured:
    """A measured process; `ask` for what is not measured, `measure` for what is."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.measuring"],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _call(self, *line: Any) -> dict[str, Any]:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(line) + "\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise SystemExit("The measured process has died; its words are above.")
        found: dict[str, Any] = json.loads(answer)
        return found

    def ask(self, *line: Any) -> Any:
        return self._call(*line)["answer"]

    def measure(self, *line: Any) -> Cost:
        answer = self._call(*line)
        return Cost(answer["wall"], answer["cpu"])

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self.process.wait()


@contextmanager
def measured(environment: dict[str, str]) -> Iterator[Measured]:
    """A measured process on a database."""
    process = Measured(environment)
    try:
        yield process
    finally:
        process.close()


def median(costs: list[Cost]) -> Cost:
    """The median of each."""
    return Cost(statistics.median(c.wall for c in costs), statistics.median(c.cpu for c in costs))


def print_sizes(process: Measured) -> None:
    facts = process.ask("facts")
    print(
        f"{facts['database']}: {facts['projects']:,} projects, {facts['entries']:,} entries, "
        f"{facts['districts']:,} districts, {facts['cells']:,} cells\n"
    )


def print_ratio(name: str, rows: list[tuple[str, Cost]], limit: float | None) -> None:
    """All sides, and the ratio of the first to the second."""
    print("| | by the clock | processors |\n| --- | ---: | ---: |")
    for label, cost in rows:
        print(f"| {label} | {cost.wall * 1000:,.1f} ms | {cost.cpu * 1000:,.1f} ms |")
    (_, ours), (_, theirs) = rows[:2]
    wall, cpu = ours.wall / theirs.wall, ours.cpu / theirs.cpu if theirs.cpu else float("nan")
    wanted = f" (at most {limit})" if limit else ""
    print(f"| **{name}{wanted}** | **{wall:.2f}** | **{cpu:.2f}** |\n")


# --- the benchmarks -----------------------------------------------------------------------------------------------


def bench_rebuild(sizes: argparse.Namespace, many: dict[str, str]) -> None:
    """A full rebuild beside the plain SQL that computes and inserts the same cells."""
    with measured(many) as process:
        print(f"### Full rebuild, medians of {sizes.runs} alternating runs\n")
        print_sizes(process)
        process.ask("make_table")
        ours: list[Cost] = []
        plain: dict[str, list[Cost]] = {"level_by_level": [], "at_once": []}
        process.measure("rebuild")  # once for nothing: caches are warm for all
        for _ in range(sizes.runs):
            ours.append(process.measure("rebuild"))
            for way, costs in plain.items():
                process.ask("empty_table")
                costs.append(process.measure(way))
                if different := process.ask("difference"):
                    raise SystemExit(f"The service and the plain SQL differ in {different} cells.")
        rows = [("`rebuild_totals`", median(ours))]
        theirs = [(f"plain SQL, {way.replace('_', ' ')}", median(costs)) for way, costs in plain.items()]
        rows += sorted(theirs, key=lambda row: row[1].wall)
        print_ratio("ratio to the faster", rows, ALLOWED["rebuild"])


def bench_change(sizes: argparse.Namespace, many: dict[str, str]) -> None:
    """One change and its roll-up, with few and with many projects."""
    with database_of(sizes.few) as few, measured(few) as small, measured(many) as large:
        print(f"### One change (an amount) with its roll-up, medians of {sizes.changes} alternating ones\n")
        for process in (small, large):
            print_sizes(process)
            process.ask("counted_projects")
            process.measure("changes", min(10, sizes.changes))
        costs: tuple[list[Cost], list[Cost]] = ([], [])
        for _ in range(sizes.changes):
            costs[0].append(large.measure("changes", 1))
            costs[1].append(small.measure("changes", 1))
        rows = [
            (f"with {size:,} projects", mean_cpu(cost))
            for size, cost in zip((sizes.projects, sizes.few), costs, strict=True)
        ]
        print_ratio("ratio", rows, ALLOWED["change"])


def mean_cpu(costs: list[Cost]) -> Cost:
    """The median by the clock; of the processors the mean, for the system counts them in steps of 10 ms."""
    return Cost(statistics.median(c.wall for c in costs), statistics.mean(c.cpu for c in costs))


def bench_naive(sizes: argparse.Namespace, many: dict[str, str]) -> None:
    """The rebuild beside one ORM query for each district and quarter, on a sample."""
    with measured(many) as process:
        print(f"### The naive first version, on a sample of {sizes.sample} districts and quarters\n")
        print_sizes(process)
        places = process.ask("sample", sizes.sample)
        all_places = process.ask("places")
        naive = process.measure("naive", places)
        ours = median([process.measure("rebuild") for _ in range(3)])
        whole = Cost(naive.wall / sizes.sample * all_places, naive.cpu / sizes.sample * all_places)
        print(f"{all_places:,} districts and quarters have cells; the sample is scaled up to them.\n")
        print_ratio("ratio", [("one ORM query each", whole), ("`rebuild_totals`", ours)], None)


def bench_visible(sizes: argparse.Namespace, many: dict[str, str]) -> None:
    """From the beginning of a save until its amount stands in the top district's total, by a real worker."""
    print(f"### From save to total, {sizes.saves} saves each\n")
    print("| broker | median | slowest |\n| --- | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("files", "Redis"):
            if name == "Redis" and not REDIS_SERVER:
                print("| Redis | not installed here | |")
                continue
            server = RedisServer(Path(folder)) if name == "Redis" else None
            environment = {**many, "BROKER_URL": server.url if server else "filesystem://"}
            worker = start_worker(Path(folder), environment)
            try:
                with measured(environment) as process:
                    process.ask("counted_projects")
                    process.ask("see", 1)
                    seconds = process.ask("see", sizes.saves)
            finally:
                worker.stop()
                if server:
                    server.stop()
            print(f"| {name} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s |")
    print()


BENCHMARKS: dict[str, Callable[[argparse.Namespace, dict[str, str]], None]] = {
    "rebuild": bench_rebuild,
    "change": bench_change,
    "naive": bench_naive,
    "visible": bench_visible,
}


def main() -> None:
    """Fill the database once and run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=list(BENCHMARKS), help="run this one alone")
    parser.add_argument("--projects", type=int, default=100_000, help="how many projects")
    parser.add_argument("--few", type=int, default=10_000, help="how many to compare one change with")
    parser.add_argument("--runs", type=int, default=5, help="of the rebuild")
    parser.add_argument("--changes", type=int, default=200, help="how many single changes")
    parser.add_argument(
        "--sample", type=int, default=100, help="districts and quarters for the naive version"
    )
    parser.add_argument("--saves", type=int, default=20, help="how many saves to wait for")
    sizes = parser.parse_args()
    with database_of(sizes.projects) as many:
        for name in [sizes.only] if sizes.only else BENCHMARKS:
            BENCHMARKS[name](sizes, many)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main()
