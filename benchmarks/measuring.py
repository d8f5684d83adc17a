"""The measured process: does on its database what it is told to, line by line, and answers with what that cost."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import yardstick  # noqa: E402
from projects import services  # noqa: E402
from projects.models import District, LedgerEntry, Project  # noqa: E402
from tracking import cells  # noqa: E402
from tracking.models import QuarterlyTotal  # noqa: E402

dice = random.Random(1)
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds() -> float:
    """Processor seconds of this process and, where it runs on this machine, of its database's process."""
    return time.process_time() + _server_seconds()


def _server_seconds() -> float:
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rebuild() -> None:
    """Every cell by the service."""
    cells.rebuild()


def changes(count: int) -> None:
    """So many changes, each of one project's amount, and the roll-up after each."""
    for pk in dice.sample(counted_projects(), count):
        project = Project.objects.get(pk=pk)
        project.total_investment = dice.randint(1, 10**10)
        services.save_project(project, actor=None, at=timezone.now())
        cells.roll_up()


def naive(places: list[tuple[int, str]]) -> None:
    """These districts and quarters by one ORM query each."""
    districts = District.objects.in_bulk([pk for pk, _quarter in places])
    for pk, quarter in places:
        yardstick.naive_totals(districts[pk], quarter)


def see(count: int) -> list[float]:
    """Seconds from the beginning of a save until its amount stands in the total of the top district."""
    found = []
    for pk in dice.sample(counted_projects(), count):
        time.sleep(dice.random())
        project = Project.objects.select_related("district").get(pk=pk)
        entry = LedgerEntry.objects.current().filter(project=project, quarter__isnull=False).first()
        assert entry is not None
        top = District.objects.get(code=project.district.ancestor_codes[0])
        cell = QuarterlyTotal.objects.filter(district=top, quarter=entry.quarter, kind=entry.kind)
        before = cell.values_list("entered_investment", flat=True).get()
        began = time.monotonic()
        project.total_investment = (project.total_investment or 0) + 1
        services.save_project(project, actor=None, at=timezone.now())
        while cell.values_list("entered_investment", flat=True).get() == before:
            if time.monotonic() > began + 20:
                raise SystemExit("The worker does not show what was saved.")
            time.sleep(0.01)
        found.append(time.monotonic() - began)
    return found


_counted: list[int] = []


def counted_projects() -> list[int]:
    """Projects whose amount counts in some quarter; read once."""
    if not _counted:
        entries = LedgerEntry.objects.current().filter(
            quarter__isnull=False, milestone__total_investment=None
        )
        _counted.extend(entries.order_by("project_id").values_list("project_id", flat=True).distinct())
    return _counted


def facts() -> dict[str, Any]:
    """How large everything is, and on which database."""
    with connection.cursor() as cursor:
        postgresql = connection.vendor == "postgresql"
        cursor.execute("SHOW server_version" if postgresql else "SELECT sqlite_version()")
        version = str(cursor.fetchone()[0]).split()[0]
    return {
        "database": f"{'PostgreSQL' if postgresql else 'SQLite'} {version}",
        "projects": Project.objects.count(),
        "districts": District.objects.count(),
        "entries": LedgerEntry.objects.current().count(),
        "cells": QuarterlyTotal.objects.count(),
    }


def sample(count: int) -> list[tuple[int, str]]:
    """So many places that have cells."""
    return dice.sample(places(), count)


def places() -> list[tuple[int, str]]:
    """Every district and quarter that has cells."""
    cells_of_all = QuarterlyTotal.objects.order_by("district_id", "quarter")
    return list(cells_of_all.values_list("district_id", "quarter").distinct())


MEASURED: dict[str, Callable[..., Any]] = {
    "rebuild": rebuild,
    "level_by_level": yardstick.fill_level_by_level,
    "at_once": yardstick.fill_at_once,
    "changes": changes,
    "naive": naive,
    "see": see,
}
ASKED: dict[str, Callable[..., Any]] = {
    "facts": facts,
    "sample": sample,
    "places": lambda: len(places()),
    "make_table": yardstick.make_table,
    "empty_table": yardstick.empty_table,
    "difference": yardstick.difference,
    "counted_projects": lambda: len(counted_projects()),
}


def main() -> None:
    """Each line is a list: a name and its arguments."""
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        if name in ASKED:
            answer = {"answer": ASKED[name](*arguments)}
        else:
            cpu, wall = cpu_seconds(), time.perf_counter()
            result = MEASURED[name](*arguments)
            answer = {"wall": time.perf_counter() - wall, "cpu": cpu_seconds() - cpu, "answer": result}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
