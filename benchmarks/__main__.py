"""Run the benchmarks and print both sides of each ratio, as tables for docs/performance.md; 1 if a limit is missed.

`--only NAME` runs one; sizes by flags. SQLite by default, PostgreSQL with DATABASE_URL. Databases are made for the run
and dropped afterwards, unless `--keep PREFIX` names them for the next run.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import django

os.environ.setdefault("MODE", "test")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DATA_DIR", tempfile.gettempdir())
django.setup()

from benchmarks.changes import bench_change, bench_visible  # noqa: E402
from benchmarks.costs import Report  # noqa: E402
from benchmarks.databases import Databases  # noqa: E402
from benchmarks.desk import bench_desk  # noqa: E402
from benchmarks.duplicates import bench_duplicates  # noqa: E402
from benchmarks.explaining import bench_explain  # noqa: E402
from benchmarks.exporting import bench_export  # noqa: E402
from benchmarks.import_workbook import bench_import_workbook  # noqa: E402
from benchmarks.ledger_size import bench_ledger_size  # noqa: E402
from benchmarks.many_changes import bench_many_changes  # noqa: E402
from benchmarks.naive import bench_naive  # noqa: E402
from benchmarks.posting import bench_posting  # noqa: E402
from benchmarks.reading import bench_as_of, bench_totals  # noqa: E402
from benchmarks.reading_workbooks import bench_reading_workbooks  # noqa: E402
from benchmarks.rebuild import bench_growth, bench_rebuild  # noqa: E402
from benchmarks.run import Run  # noqa: E402
from benchmarks.workers import bench_workers  # noqa: E402

BENCHMARKS: dict[str, Callable[[Run], None]] = {
    "rebuild": bench_rebuild,
    "naive": bench_naive,
    "growth": bench_growth,
    "posting": bench_posting,
    "many_changes": bench_many_changes,
    "change": bench_change,
    "visible": bench_visible,
    "totals": bench_totals,
    "as_of": bench_as_of,
    "explain": bench_explain,
    "desk": bench_desk,
    "export": bench_export,
    "duplicates": bench_duplicates,
    "workers": bench_workers,
    "ledger_size": bench_ledger_size,
    "reading_workbooks": bench_reading_workbooks,
    "import_workbook": bench_import_workbook,
}
POSTGRESQL_ALONE = (
    "many_changes",
    "totals",
    "as_of",
    "explain",
    "desk",
    "duplicates",
    "workers",
    "ledger_size",
    "import_workbook",
)  # at sizes that SQLite is not for


def sizes_given() -> argparse.Namespace:
    """The sizes from the command line."""
    server = os.environ.get("DATABASE_URL", "").startswith("postgres")
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=str(__doc__).splitlines()[0])
    parser.add_argument("--only", choices=BENCHMARKS, action="append")
    parser.add_argument(
        "--projects", type=int, default=1_000_000 if server else 100_000, help="the large number"
    )
    parser.add_argument("--few", type=int, default=10_000, help="the small number")
    parser.add_argument("--growth", type=int, nargs="+", help="numbers of projects for rebuilds, rising")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--saves", type=int, default=100, help="until they are seen, by a real worker")
    parser.add_argument("--batch", type=int, default=50, help="saves in one run of posting")
    parser.add_argument("--sample", type=int, default=100, help="places of the naive first version")
    parser.add_argument("--at-once", type=int, default=10_000, help="changes in one transaction")
    parser.add_argument("--rows", type=int, default=50_000, help="of a workbook")
    parser.add_argument("--explained", type=int, default=1_000, help="changes between two releases")
    parser.add_argument(
        "--row-by-row", type=int, default=2_000, help="of them imported row by row, scaled up"
    )
    parser.add_argument("--shared", type=int, help="the number of projects for several workers")
    parser.add_argument("--keep", default="", help="name the databases by this prefix, and keep them")
    parser.add_argument(
        "--templates", default="", help="copy databases with this prefix instead of filling them"
    )
    sizes = parser.parse_args()
    sizes.growth = sizes.growth or [sizes.projects // 10, sizes.projects]
    sizes.shared = sizes.shared or sizes.projects // 10
    return sizes


def main() -> int:
    """Run what is asked for, or all; how many limits were missed decides the exit code."""
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(1)
    )  # workers, servers and databases are taken away all the same
    sizes, report = sizes_given(), Report()
    server = os.environ.get("DATABASE_URL", "")
    with tempfile.TemporaryDirectory(prefix="mingzhang-bench-") as folder, ExitStack() as stack:
        databases = Databases(server, Path(folder), stack, sizes.keep, sizes.templates)
        for name in sizes.only or BENCHMARKS:
            if databases.on_postgresql or name not in POSTGRESQL_ALONE:
                BENCHMARKS[name](Run(sizes, databases, report))
            elif sizes.only:
                raise SystemExit(f"{name} is measured on PostgreSQL: set DATABASE_URL.")
    for words in report.missed:
        print(f"Missed: {words}")
    return bool(report.missed)


if __name__ == "__main__":
    sys.exit(main())
