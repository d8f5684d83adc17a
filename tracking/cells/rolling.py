"""Rolling up: what moved is added to the cells of its place and of everything above it.

At any moment a stored cell is the ledger's sum without what still waits. `roll_up_batch` takes waiting rows for itself,
locks the nodes, adds what the rows say and deletes them, in one transaction: each is added once, whoever is killed
when. What is asked to be recomputed is read from the ledger after that, without what others have left waiting.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from projects.models import District, TouchedCell, ancestors_of
from projects.rows import uncollected
from projects.services.transactions import one_transaction
from tracking.cells.adding import add_moved
from tracking.cells.by_sector import recompute_by_sector
from tracking.cells.statements import Tables, recompute, rows_given, with_tables

BATCH = 40_000
NEWEST = 500
TAKEN: Tables = {"taken": (("id", "bigint"),)}


class Touched(NamedTuple):
    """A waiting row; without a kind it asks for its place to be recomputed."""

    id: int
    district_id: int
    quarter: str
    sector_id: int | None
    kind: str


def roll_up() -> int:
    """Bring every cell up to the ledger, batch by batch; how many waiting rows were taken."""
    taken = 0
    while batch := roll_up_batch():
        taken += batch
    return taken


@one_transaction
def roll_up_batch(limit: int = 0) -> int:
    """Take some waiting rows and bring their cells up to the top of the tree up to them; how many rows were taken.

    Workers side by side take different rows; nodes are locked from the top down, so they never wait in a circle.
    """
    be_patient()
    with uncollected():
        touched = take_touched(limit or BATCH)
        if touched:
            above = ancestors_of(row.district_id for row in touched)
            lock_nodes({node for branch in above.values() for node in branch})
            ids = [row.id for row in touched]
            add_moved(ids, above)
            delete_taken(ids)
            recompute_all_of([row for row in touched if not row.kind], above)
    return len(touched)


def recompute_all_of(touched: Sequence[Touched], above: dict[int, list[int]]) -> None:
    """Recompute the cells of these places and of all nodes above them."""
    if not touched:
        return
    places = {(node, row.quarter) for row in touched for node in above[row.district_id]}
    recompute(places, [above[district] for district in {row.district_id for row in touched}])
    recompute_by_sector({(row.district_id, row.quarter, row.sector_id or 0) for row in touched}, above)


def be_patient() -> None:
    """Wait and work for longer than a person would until the transaction ends: nobody waits for this one."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '20s'; SET LOCAL statement_timeout = 0")


def take_touched(limit: int) -> list[Touched]:
    """Lock the oldest waiting rows that nobody else is taking, and return them.

    Where very many wait (an import) the newest go with them: what somebody changes meanwhile is seen after one batch.
    """
    free = TouchedCell.objects.select_for_update(skip_locked=True)
    rows = _taken(free.order_by("id")[:limit])
    if len(rows) == limit:
        rows |= _taken(free.order_by("-id")[:NEWEST])
    return list(rows.values())


def _taken(rows: QuerySet[TouchedCell]) -> dict[int, Touched]:
    named = rows.values_list(*Touched._fields)
    return {row.id: row for row in map(Touched._make, named)}


def delete_taken(ids: Sequence[int]) -> None:
    """Delete the rows that were taken, and no others."""
    with connection.cursor() as cursor:
        sql = "DELETE FROM projects_touchedcell WHERE id IN (SELECT id FROM taken)"
        cursor.execute(f"{with_tables(TAKEN)} {sql}", rows_given([(pk,) for pk in ids], 1))


def lock_nodes(nodes: Iterable[int]) -> None:
    """Let nobody else recompute these nodes until the transaction ends; always locked from the top down."""
    rows = District.objects.select_for_update(no_key=True).filter(pk__in=nodes).order_by("path")
    list(rows.values_list("pk"))
