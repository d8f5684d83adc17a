"""Many changes in one transaction until they are visible, beside the bare write of the same rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.costs import Cost, median
from benchmarks.facts import dice
from benchmarks.process import measured
from benchmarks.run import Run
from projects import services
from projects.models import LedgerEntry, Project
from projects.services import Change
from tracking import cells

LIMIT = 3
CONTENT = (
    "project_id", "milestone_id", "kind", "quarter", "left_quarter", "district_id", "sector_id", "project_type",
    "ownership", "happened_on", "precision", "planned_first_on", "investment", "expected_output", "expected_revenue",
)  # fmt: skip


def bench_many_changes(run: Run) -> None:
    """Amounts are corrected; what is written is known before the clock starts, on both sides."""
    sizes = run.sizes
    costs: dict[str, list[Cost]] = {"by_service": [], "bare": []}
    with measured(run.many) as process:
        run.title(f"{sizes.at_once:,} changes in one transaction, medians of {sizes.runs}", process)
        for turn in range(sizes.runs + 1):
            for way, found in costs.items():
                process.ask(f"many_changes.prepare_{way}", sizes.at_once)
                cost = process.measure(f"many_changes.{way}")
                process.ask("many_changes.settle")
                if turn:  # the first is for nothing: caches are warm for both
                    found.append(cost)
    sides = ("`save_projects` and the roll-up", "the bare write of the same rows")
    rows = list(zip(sides, map(median, costs.values()), strict=True))
    run.report.ratio("many changes / bare write", rows, LIMIT if sizes.at_once >= 10_000 else None)


def chosen(count: int) -> list[Project]:
    """So many projects with a current entry and an amount, in any order."""
    last = Project.objects.order_by("-pk").values_list("pk", flat=True)[0]
    ids = dice.sample(range(1, last + 1), min(last, 2 * count))
    counted = LedgerEntry.objects.current().filter(quarter__isnull=False, project_id__in=ids)
    return list(
        Project.objects.filter(pk__in=counted.values("project"), total_investment__isnull=False)[:count]
    )


# --- by the service -----------------------------------------------------------------------------------------------

_changes: list[Change] = []


def prepare_by_service(count: int) -> None:
    """The changes, as an import would have them."""
    projects = chosen(count)
    for project in projects:
        project.total_investment = (project.total_investment or 0) + 1
    _changes[:] = map(Change, projects)


def by_service() -> None:
    """Check, write and post them all, and recompute what they touched."""
    services.save_projects(_changes, actor=None, at=timezone.now())
    cells.roll_up()


# --- the bare write -----------------------------------------------------------------------------------------------


@dataclass
class Rows:
    """What the bare write writes."""

    amounts: list[tuple[int, int]]
    closed: list[int]
    entries: list[tuple[Any, ...]]
    touched: list[tuple[Any, ...]]


_rows = Rows([], [], [], [])


def prepare_bare(count: int) -> None:
    """The rows that the service would write for such changes."""
    amounts = {project.pk: (project.total_investment or 0) + 1 for project in chosen(count)}
    current = LedgerEntry.objects.current().filter(project__in=amounts, milestone__total_investment=None)
    entries = list(current.values("id", *CONTENT))
    for entry in entries:
        entry["investment"] = amounts[entry["project_id"]]
    _rows.amounts = sorted(amounts.items())
    _rows.closed = [entry["id"] for entry in entries]
    _rows.entries = [tuple(entry[name] for name in CONTENT) for entry in entries]
    moved = Counter(
        (entry["district_id"], entry[quarter], entry["sector_id"], entry["kind"], quarter == "left_quarter")
        for entry in entries
        for quarter in ("quarter", "left_quarter")
        if entry[quarter]
    )
    _rows.touched = [(*place, yuan) for place, yuan in moved.items()]  # one more of each


@transaction.atomic
def bare() -> None:
    """Plain set-based SQL and COPY: no check but the database's own."""
    at = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE projects_project p SET total_investment = given.amount, version = p.version + 1, updated_at = %s "
            "FROM unnest(%s::bigint[], %s::bigint[]) given (id, amount) WHERE p.id = given.id",
            [at, [pk for pk, _amount in _rows.amounts], [amount for _pk, amount in _rows.amounts]],
        )
        cursor.execute(
            "UPDATE projects_ledgerentry entry SET superseded_at = %s, closing_cause = 'amount_corrected' "
            "FROM unnest(%s::bigint[]) given (id) WHERE entry.id = given.id",
            [at, _rows.closed],
        )
        columns = ", ".join((*CONTENT, "recorded_at", "cause", "closing_cause"))
        with cursor.copy(f"COPY projects_ledgerentry ({columns}) FROM STDIN") as copy:
            for row in _rows.entries:
                copy.write_row((*row, at, "amount_corrected", ""))
        moved = "district_id, quarter, sector_id, kind, leaving, investment"
        with cursor.copy(f"COPY projects_touchedcell ({moved}) FROM STDIN") as copy:
            for row in _rows.touched:
                copy.write_row(row)


def settle() -> None:
    """Add what the bare write moved, and leave no dead rows to the next: not part of what is measured."""
    cells.roll_up()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM projects_project, projects_ledgerentry, projects_touchedcell")
