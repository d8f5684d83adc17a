"""The audit: all totals recomputed from the milestones, by code that shares nothing with the ledger's.

It knows the definitions, not the ledger's engine: it reads projects and milestones, adds up by itself, and holds the
result beside what the ledger says and beside the stored cells. It lists what differs and repairs nothing. It goes node
by node above the cities and city by city below, each part by itself and of one moment, so that workers can share them
and no more is held in memory than one of them has.

Of a project whose last change waits for approval the milestones do not say what counts. Such projects, and those of
which they are phases, are left out on both sides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from config.api.transactions import snapshot
from projects.models import LedgerEntry, Milestone, Project, Sector, TouchedCell
from tracking.audit_tree import Tree
from tracking.models import QuarterlyTotal, SectorTotal

PATH = ("negotiating", "signed", "started", "completed", "in_production", "at_capacity", "terminated")
COLUMNS = ("count", "with_investment", "with_output", "with_revenue", "investment", "output", "revenue")
STORED = tuple(f"{half}_{column}" for half in ("entered", "left") for column in COLUMNS)
CHUNK = 10_000

Cell = tuple[int, str, str]  # district id (or sector id), quarter, kind
Figures = list[int]  # entered and then left, each in the order of COLUMNS
Book = dict[Cell, Figures]


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is not what the milestones say: in the `ledger` (own entries), a `cell` or a cell by `sector`."""

    where: str
    district: str
    quarter: str
    kind: str
    figure: str
    expected: int
    found: int
    sector: str = ""  # its code, in a stored cell by `sector`; empty where the record does not say


def find_differences() -> list[Difference]:
    """Every figure of ledger and cells that differs from what the milestones make; none is expected.

    Cells whose recomputation is still waiting are not judged.
    """
    return [difference for part in parts() for difference in find_differences_of(part)]


def parts() -> list[int]:
    """The districts by which an audit is cut up: every node with cells by sector, the highest first, then the cities.

    A city, or whatever else hangs directly under such a node, stands for everything in it.
    """
    tree = Tree()
    big = sorted((node for node in tree.parents if tree.is_big(node)), key=tree.depth)
    return [*big, *(node for node in tree.parents if tree.is_city(node))]


def find_differences_of(part: int) -> list[Difference]:
    """The same for one part."""
    with snapshot(patient=True):
        tree = Tree()
        if part not in tree.parents:
            return []  # it has been deleted since
        below = tree.below(part)
        return of_node(part, below, tree) if tree.is_big(part) else of_city(below, tree)


def of_city(nodes: set[int], tree: Tree) -> list[Difference]:
    """What differs in the own entries and in the cells of these nodes, which hold all that is below them."""
    unknown = left_out()
    recorded = recount(nodes, "project__district_id")
    touched = (
        TouchedCell.objects.filter(district_id__in=nodes).values_list("district_id", "quarter").distinct()
    )
    waiting = {(node, quarter) for district, quarter in touched for node in tree.upwards(district)}
    everywhere = raised(recorded, nodes, tree)
    merge(everywhere, raised(posted(nodes, "district_id", unknown), nodes, tree))
    return [
        *compare("ledger", recorded, ledger_book(nodes, unknown), tree.codes),
        *compare("cell", judged(everywhere, waiting), judged(cell_book(nodes), waiting), tree.codes),
    ]


def of_node(node: int, below: set[int], tree: Tree) -> list[Difference]:
    """What differs in the own entries, the cells and the cells by sector of one node."""
    touched = TouchedCell.objects.filter(district_id__in=below).values_list("quarter", flat=True).distinct()
    waiting = {(node, quarter) for quarter in touched}
    sectors = {0: "", **dict(Sector.objects.values_list("pk", "code"))}
    expected: dict[str, Book] = defaultdict(lambda: defaultdict(lambda: [0] * 14))
    total: Book = defaultdict(lambda: [0] * 14)
    unknown = left_out()
    by_sector = recount(below, "project__sector_id")
    merge(by_sector, posted(below, "sector_id", unknown))
    for (sector, reached, kind), figures in by_sector.items():
        expected[sectors[sector]][node, reached, kind] = figures
        add(total[node, reached, kind], figures, 0)
    stored = sector_books(node, sectors)
    found = [
        *compare("ledger", recount({node}, "project__district_id"), ledger_book({node}, unknown), tree.codes),
        *compare("cell", judged(total, waiting), judged(cell_book({node}), waiting), tree.codes),
    ]
    for code in sorted(expected.keys() | stored.keys()):
        books = judged(expected[code], waiting), judged(stored[code], waiting)
        found += [replace(one, sector=code) for one in compare("sector", *books, tree.codes)]
    return found


def recount(nodes: Collection[int], by: str) -> Book:
    """What the milestones of projects recorded in these districts make, by a column: the project's district or sector.

    A cell is then (its value, quarter, kind); 0 stands for a sector that is not known.
    """
    unsettled = Q(voided_at__isnull=True) | ~Q(review="approved")
    phases = Project.objects.filter(unsettled, parent=OuterRef("project_id"))
    rows = (
        Milestone.objects.filter(
            project__district__in=nodes,
            project__voided_at__isnull=True,
            project__exclusion_reason="",
            project__review="approved",
        )
        .exclude(precision="")
        .exclude(kind="framework_signed")
        .exclude(Exists(phases))
        .order_by("project_id")
        .values_list(
            "project_id", by, "kind", "precision", "happened_on",
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
        _project, member, kind, *_dates = step
        reached = when[kind]
        if reached is None:
            continue
        amounts = [
            own if own is not None else projects for own, projects in zip(step[5:8], step[8:11], strict=True)
        ]
        figures = [1, *(int(a is not None) for a in amounts), *(a or 0 for a in amounts)]
        add(book[member or 0, reached, kind], figures, 0)
        gone = left(kind, when)
        if gone is not None:
            add(book[member or 0, gone, kind], figures, 7)


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


def raised(book: Book, nodes: Container[int], tree: Tree) -> Book:
    """The same figures for each of these nodes and everything below it."""
    total: Book = defaultdict(lambda: [0] * 14)
    for (district, reached, kind), figures in book.items():
        for node in tree.upwards(district):
            if node in nodes:
                add(total[node, reached, kind], figures, 0)
    return total


def judged(book: Mapping[Cell, Figures], waiting: Container[tuple[int, str]]) -> Book:
    """Without the places whose recomputation is waiting."""
    return {cell: figures for cell, figures in book.items() if cell[:2] not in waiting}


def left_out() -> set[int]:
    """The projects, by id, of which the milestones do not say what counts: what they say waits for approval."""
    waiting = Project.objects.exclude(review="approved").order_by().values_list("pk", "parent_id")
    ids = {pk for pair in waiting for pk in pair}
    return {pk for pk in ids if pk}


def ledger_book(nodes: Collection[int], unknown: Container[int]) -> Book:
    """What the current entries of the ledger in these districts add up to, by district of record."""
    return added(LedgerEntry.objects.filter(district__in=nodes), "district_id", lambda pk: pk not in unknown)


def posted(nodes: Collection[int], by: str, unknown: Collection[int]) -> Book:
    """What the current entries of projects that are left out add up to in these districts, by a column."""
    if not unknown:
        return {}
    entries = LedgerEntry.objects.filter(district__in=nodes, project_id__among=unknown)
    return added(entries, by, lambda _pk: True)


def added(entries: QuerySet[LedgerEntry], by: str, judges: Callable[[int], bool]) -> Book:
    """What the current ones of these entries add up to, by a column; only those whose project is judged."""
    book: Book = defaultdict(lambda: [0] * 14)
    rows = entries.filter(superseded_at=None, quarter__isnull=False).order_by()
    columns = rows.values_list(
        "project_id",
        by,
        "quarter",
        "left_quarter",
        "kind",
        "investment",
        "expected_output",
        "expected_revenue",
    )
    for project, member, reached, gone, kind, *amounts in columns.iterator(chunk_size=CHUNK):
        if not judges(project):
            continue
        figures = [1, *(int(a is not None) for a in amounts), *(a or 0 for a in amounts)]
        add(book[member or 0, reached, kind], figures, 0)
        if gone:
            add(book[member or 0, gone, kind], figures, 7)
    return book


def merge(book: Book, more: Book) -> None:
    """Add one book to another."""
    for cell, figures in more.items():
        add(book[cell], figures, 0)


def cell_book(nodes: Collection[int]) -> Book:
    """The stored cells of these districts."""
    rows = QuarterlyTotal.objects.filter(district__in=nodes).order_by()
    return {
        (district, reached, kind): figures
        for district, reached, kind, *figures in rows.values_list("district_id", "quarter", "kind", *STORED)
    }


def sector_books(node: int, sectors: Mapping[int, str]) -> dict[str, Book]:
    """The stored cells by sector of one district, by the sector's code; its number where it is gone."""
    books: dict[str, Book] = defaultdict(dict)
    rows = SectorTotal.objects.filter(district_id=node).order_by()
    for sector, reached, kind, *figures in rows.values_list("sector_id", "quarter", "kind", *STORED):
        books[sectors.get(sector or 0, str(sector))][node, reached, kind] = figures
    return books


def compare(where: str, expected: Book, found: Book, codes: dict[int, str]) -> Iterator[Difference]:
    """Every figure that differs between two books; a cell that one does not have is all zeros."""
    names = [column.replace("_", " ", 1) for column in STORED]
    nothing = [0] * 14
    for cell in sorted(expected.keys() | found.keys(), key=lambda c: (codes[c[0]], c[1], c[2])):
        pairs = zip(names, expected.get(cell, nothing), found.get(cell, nothing), strict=True)
        for name, right, there in pairs:
            if right != there:
                yield Difference(where, codes[cell[0]], cell[1], cell[2], name, right, there)
