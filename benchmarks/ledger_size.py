"""How large the ledger is: for a million projects, and for each year of changes."""

from __future__ import annotations

from typing import Any

from django.db import connection

from benchmarks.process import measured
from benchmarks.run import Run

TABLES = (
    "projects_project",
    "projects_milestone",
    "projects_ledgerentry",
    "tracking_quarterlytotal",
    "tracking_sectortotal",
)
CHANGED_YEARLY = 0.3  # of the projects, once a year: every entry of theirs is closed and posted anew
NEW_STEPS_YEARLY = 0.25  # milestones a project reaches in a year


def bench_ledger_size(run: Run) -> None:
    """Bytes of tables and indexes; what a year adds is reckoned from the bytes of an entry."""
    with measured(run.many) as process:
        run.title("How large the ledger is", process)
        facts: dict[str, Any] = process.ask("ledger_size.sizes")
    million = 1_000_000 / facts["projects"]
    print("| for a million projects | tables | indexes |\n| --- | ---: | ---: |")
    for table, (heap, indexes) in facts["tables"].items():
        print(f"| {table} | {_mib(heap * million)} | {_mib(indexes * million)} |")
    heap, indexes = facts["tables"]["projects_ledgerentry"]
    entry = (heap + indexes) / facts["entries"]
    moved = 1_000_000 * (CHANGED_YEARLY * facts["entries"] / facts["projects"] + NEW_STEPS_YEARLY)
    year = f"{CHANGED_YEARLY:.0%} of a million projects are corrected and {NEW_STEPS_YEARLY:.0%} reach another step"
    print(f"\nAn entry takes {entry:,.0f} bytes with its share of the indexes.")
    print(f"In a year in which {year}, {moved:,.0f} entries are added: {_mib(moved * entry)}.\n", flush=True)


def sizes() -> dict[str, Any]:
    """Bytes of each table and of its indexes, and how many projects and entries there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM projects_project), (SELECT count(*) FROM projects_ledgerentry)"
        )
        projects, entries = cursor.fetchone()
        tables = {}
        for table in TABLES:
            cursor.execute("SELECT pg_table_size(%s), pg_indexes_size(%s)", [table, table])
            tables[table] = cursor.fetchone()
    return {"projects": projects, "entries": entries, "tables": tables}


def _mib(size: float) -> str:
    return f"{size / 2**20:,.0f} MiB"
