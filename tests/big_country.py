"""A country large enough that a database has a choice of plans, made of copies of one recorded project."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import Max

from projects.models import District, LedgerEntry, Milestone, Sector, TouchedCell
from projects.quarters import first_day, quarters_between
from projects.rows import insert_records
from projects.services.searching import keep_found
from tests.makers import NOW, make_district, make_project, make_sector
from tracking.models import QuarterlyTotal, SectorTotal

PROJECTS = 12_000
PROVINCES, CITIES, DISTRICTS, SECTORS = 4, 20, 3, 30  # cities in each province, districts in each city
QUARTERS = quarters_between("2016Q1", "2025Q4")
STEPS = ("signed", "started", "completed")
REMARK = "用地已供，环评已批，施工图审查中。" * 6  # rows as wide as they are in life
YEARS = timedelta(days=3650)


def make_big_country() -> None:
    """Districts, projects with two milestones each, current and closed entries, cells, and a long queue."""
    country = make_district("100000", "全国", level="country")
    provinces = [
        make_district(f"{n}0000", f"省份{n}", level="province", parent=country)
        for n in range(44, 44 + PROVINCES)
    ]
    cities = [
        make_district(
            f"{province.code[:2]}{n:02}00", f"{province.name}城市{n}", level="city", parent=province
        )
        for province in provinces
        for n in range(1, CITIES + 1)
    ]
    leaves = [
        make_district(f"{city.code[:4]}{n}", f"{city.name}{n}区", parent=city)
        for city in cities
        for n in range(11, 11 + DISTRICTS)
    ]
    sectors = [make_sector(f"sector-{n}", f"产业{n}") for n in range(SECTORS)]
    _make_projects(leaves, sectors)
    _make_cells([country, *provinces, *cities, *leaves], [country, *provinces], sectors)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT gin_clean_pending_list('project_by_grams')")  # which a vacuum does in life
        cursor.execute("ANALYZE")


def _make_projects(leaves: list[District], sectors: list[Sector]) -> None:
    dates: dict[str, date | str] = {"signed": date(2016, 1, 5), "started": date(2016, 2, 5)}
    project = make_project("样板", district=leaves[0], total_investment=1, milestones=dates)
    step = Milestone.objects.filter(project=project).order_by("-pk")[0]
    entry = LedgerEntry.objects.filter(project=project).order_by("-pk")[0]
    places = [
        {"district_id": leaves[n % len(leaves)].pk, "sector_id": sectors[n * 7 % SECTORS].pk}
        for n in range(PROJECTS)
    ]
    _copies(project, (
        {"code": f"BIG-{n}", "name": f"项目{n}", "total_investment": 10**6 * (n % 9000), "stage": STEPS[n % 3],
         "remark": REMARK, **_plans(n),
         "approval_code": f"2301-440112-04-01-{n + 100_000}", "updated_at": NOW - YEARS * n / PROJECTS, **place}
        for n, place in enumerate(places)
    ))  # fmt: skip
    keep_found(list(range(project.pk + 1, project.pk + 1 + PROJECTS)))
    steps = [(n, project.pk + 1 + n, (n + number) % 3) for n in range(PROJECTS) for number in (0, 1)]
    days = [first_day(quarter) for quarter in QUARTERS]
    _copies(step, (
        {"project_id": of, "kind": STEPS[kind], "happened_on": days[(n * 7 + kind) % len(days)],
         "note": "已见报道" if n % 50 == 0 else ""}
        for n, of, kind in steps
    ))  # fmt: skip
    contents = [
        {"project_id": of, "milestone_id": step.pk + 1 + number, "kind": STEPS[kind], **places[n], "left_quarter": None,
         "quarter": QUARTERS[(n * 7 + kind) % len(QUARTERS)] if n % 20 else None, "investment": 10**6 * (n % 9000)}
        for number, (n, of, kind) in enumerate(steps)
    ]  # fmt: skip
    _copies(entry, _posted(contents))


def _plans(n: int) -> dict[str, Any]:
    """Half of them were planned and done, half neither; a few are late."""
    day = date(2016, 1, 5) + timedelta(days=n % 3000)
    planned = {"planned_start_on": day, "planned_completion_on": day}
    done = {"started_on": day, "completed_on": day} if n % 2 else {"started_on": None, "completed_on": None}
    return {**(planned if n % 2 or n % 99 == 0 else {}), **done}


def _posted(contents: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """In the order of their posting: first what has been closed since, of every third; then what holds."""
    closed = contents[::3]
    for number, content in enumerate(closed):
        at = NOW - YEARS + YEARS * number / len(closed) / 2
        yield content | {
            "recorded_at": at,
            "superseded_at": at + YEARS / 2,
            "closing_cause": "amount_corrected",
        }
    for number, content in enumerate(contents):
        yield content | {"recorded_at": NOW - YEARS / 2 + YEARS * number / len(contents) / 2}


def _make_cells(nodes: list[District], high: list[District], sectors: list[Sector]) -> None:
    cells = [
        {"district_id": node.pk, "quarter": quarter, "kind": kind}
        for node in nodes
        for quarter in QUARTERS
        for kind in STEPS
    ]
    _copies(QuarterlyTotal(pk=0, entered_count=1), cells)
    by_sector = [
        {**cell, "sector_id": sector.pk}
        for cell in cells[: len(high) * len(QUARTERS) * len(STEPS)]
        for sector in sectors
    ]
    _copies(SectorTotal(pk=0, entered_count=1), by_sector)
    last = TouchedCell.objects.aggregate(last=Max("id"))["last"] or 0  # those of the projects made before
    touched = ({"district_id": c["district_id"], "quarter": c["quarter"]} for c in cells[::9])
    _copies(TouchedCell(pk=last), touched)


def _copies(pattern: models.Model, changes: Iterable[dict[str, Any]]) -> None:
    """Rows like the pattern but for these changes, with the keys after its own."""

    def rows() -> Iterator[models.Model]:
        for number, change in enumerate(changes, start=1):
            row = copy.copy(pattern)
            row.__dict__.update(change, id=pattern.pk + number)
            yield row

    insert_records(type(pattern), rows(), with_ids=True)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [type(pattern)]):
            cursor.execute(statement)
