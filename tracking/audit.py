"""The audit: all totals recomputed from the milestones, by code that shares nothing with the ledger's.

It knows the definitions, not the ledger's engine: it reads projects and milestones, adds up by itself, and holds the
result beside what the ledger says and beside the stored cells. It lists what differs and repairs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Exists, OuterRef

from config.api.transactions import snapshot
from projects.models import District, LedgerEntry, Milestone, Project, TouchedCell
from tracking.models import QuarterlyTotal

PATH = ("negotiating", "signed", "started", "completed", "in_production", "at_capacity", "terminated")
COLUMNS = ("count", "with_investment", "with_output", "with_revenue", "investment", "output", "revenue")
CHUNK = 10_000

Cell = tuple[int, str, str]  # district id, quarter, kind
Figures = list[int]  # entered and then left, each in the order of COLUMNS
Book = dict[Cell, Figures]


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is not what the milestones say: in the `ledger` (own entries) or in a stored `cell`."""

    where: str
    district: str
    quarter: str
    kind: str
    figure: str
    expected: int
    found: int


def find_differences() -> list[Difference]:
    """Every figure of ledger and cells that differs from what the milestones make; none is expected.

    Cells whose recomputation is still waiting are not judged.
    """
    with snapshot(patient=True):
        parents = dict(District.objects.values_list("pk", "parent_id"))
        codes = dict(District.objects.values_list("pk", "code"))
        from_record = recount()
        waiting = {
            (node, quarter)
            for district, quarter in TouchedCell.objects.values_list("district_id", "quarter").distinct()
            for node in upwards(district, parents)
        }
        in_ledger = ledger_book()
        in_cells = {cell: figures for cell, figures in cell_book() if cell[:2] not in waiting}
    everywhere = {cell: f for cell, f in raised(from_record, parents).items() if cell[:2] not in waiting}
    return [
        *compare("ledger", from_record, in_ledger, codes),
        *compare("cell", everywhere, in_cells, codes),
    ]


def recount() -> Book:
    """What the milestones make, by the district in which a project is recorded."""
    phases = Project.objects.filter(parent=OuterRef("project_id"), voided_at__isnull=True)
    rows = (
        Milestone.objects.filter(project__voided_at__isnull=True, project__exclusion_reason="")
        .exclude(precision="")
        .exclude(kind="framework_signed")
        .exclude(Exists(phases))
        .order_by("project_id")
        .values_list(
            "project_id", "project__district_id", "kind", "precision", "happened_on",
            "total_investment", "expected_output", "expected_revenue",
            "project__total_investment", "project__expected_output", "project__expected_revenue",
        )
    )  # fmt: skip
    book: Book = defaultdict(lambda: [0] * 14)
    for _project, steps in groupby(rows.iterator(chunk_size=CHUNK), key=itemgetter(0)):
        enter(book, list(steps))
    return book


def enter(book: Book, steps: list[tuple[Any, ...]]) -> None:
    """Add one project's milestones to the book."""
    when = {step[2]: quarter(step[3], step[4]) for step in steps}
    for step in steps:
        _project, district, kind, *_dates = step
        reached = when[kind]
        if reached is None:
            continue
        amounts = [
            own if own is not None else projects for own, projects in zip(step[5:8], step[8:11], strict=True)
        ]
        figures = [1, *(int(a is not None) for a in amounts), *(a or 0 for a in amounts)]
        add(book[district, reached, kind], figures, 0)
        gone = left(kind, when)
        if gone is not None:
            add(book[district, gone, kind], figures, 7)


def left(kind: str, when: dict[str, str | None]) -> str | None:
    """The quarter in which a project left this kind, if it is one that a project is in for a time."""
    if kind == "suspended":
        ends = [q for q in (when.get("resumed"), when.get("terminated")) if q]
        return min(ends, default=None)
    if kind not in PATH:
        return None
    later = (when.get(step) for step in PATH[PATH.index(kind) + 1 :])
    return next((q for q in later if q), None)


def quarter(precision: str, day: date | None) -> str | None:
    """The quarter of a date that is known to the quarter or better."""
    if day is None or precision not in ("day", "month", "quarter"):
        return None
    return f"{day.year}Q{(day.month + 2) // 3}"


def add(figures: Figures, more: Iterable[int], offset: int) -> None:
    """Add seven figures to the entered (offset 0) or left (offset 7) half of a cell."""
    for place, value in enumerate(more, start=offset):
        figures[place] += value


def raised(book: Book, parents: Mapping[int, int | None]) -> Book:
    """The same figures for every district and everything below it."""
    total: Book = defaultdict(lambda: [0] * 14)
    for (district, reached, kind), figures in book.items():
        for node in upwards(district, parents):
            add(total[node, reached, kind], figures, 0)
    return total


def upwards(district: int, parents: Mapping[int, int | None]) -> Iterator[int]:
    """The district and everything above it."""
    node: int | None = district
    while node is not None:
        yield node
        node = parents[node]


def ledger_book() -> Book:
    """What the current entries of the ledger add up to, by district of record."""
    book: Book = defaultdict(lambda: [0] * 14)
    rows = LedgerEntry.objects.filter(superseded_at=None, quarter__isnull=False).values_list(
        "district_id", "quarter", "left_quarter", "kind", "investment", "expected_output", "expected_revenue"
    )
    for district, reached, gone, kind, *amounts in rows.iterator(chunk_size=CHUNK):
        assert reached is not None
        figures = [1, *(int(a is not None) for a in amounts), *(a or 0 for a in amounts)]
        add(book[district, reached, kind], figures, 0)
        if gone:
            add(book[district, gone, kind], figures, 7)
    return book


def cell_book() -> Iterator[tuple[Cell, Figures]]:
    """The stored cells."""
    columns = [f"{half}_{column}" for half in ("entered", "left") for column in COLUMNS]
    rows = QuarterlyTotal.objects.order_by().values_list("district_id", "quarter", "kind", *columns)
    for district, reached, kind, *figures in rows.iterator(chunk_size=CHUNK):
        yield (district, reached, kind), figures


def compare(where: str, expected: Book, found: Book, codes: dict[int, str]) -> Iterator[Difference]:
    """Every figure that differs between two books; a cell that one does not have is all zeros."""
    names = [f"{half} {column}" for half in ("entered", "left") for column in COLUMNS]
    nothing = [0] * 14
    for cell in sorted(expected.keys() | found.keys(), key=lambda c: (codes[c[0]], c[1], c[2])):
        pairs = zip(names, expected.get(cell, nothing), found.get(cell, nothing), strict=True)
        for name, right, there in pairs:
            if right != there:
                yield Difference(where, codes[cell[0]], cell[1], cell[2], name, right, there)
