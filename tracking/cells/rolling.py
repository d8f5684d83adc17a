"""Rolling up: the cells of the places that the ledger touched, and of everything above them.

`roll_up_batch` first deletes touched rows, then locks, then reads and writes: a change that commits meanwhile leaves
its own touched row behind, so nothing is lost whoever is killed when.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import QuerySet

from projects.models import District, TouchedCell, ancestors_of
from projects.services.transactions import one_transaction
from tracking.cells.by_sector import recompute_by_sector
from tracking.cells.statements import Place, recompute

BATCH = 5000
NEWEST = 500

Touched = tuple[int, str, int]  # district id, quarter, and sector id, 0 where the record does not say


def roll_up() -> int:
    """Recompute every cell that the ledger touched, batch by batch; how many touched rows were taken."""
    taken = 0
    while batch := roll_up_batch():
        taken += batch
    return taken


@one_transaction
def roll_up_batch(limit: int = 0) -> int:
    """Take some touched rows and recompute their cells up to the top of the tree; how many rows were taken.

    Workers side by side take different rows; nodes are locked from the top down, so they never wait in a circle.
    """
    be_patient()
    touched = take_touched(limit or BATCH)
    if touched:
        above = ancestors_of(district for district, _quarter, _sector in touched)
        lock_nodes({node for branch in above.values() for node in branch})
        recompute(places_above(touched, above), above.values())
        recompute_by_sector(touched, above)
    return len(touched)


def be_patient() -> None:
    """Wait and work for longer than a person would until the transaction ends: nobody waits for this one."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '20s'; SET LOCAL statement_timeout = 0")


def take_touched(limit: int) -> list[Touched]:
    """Delete the oldest touched rows that nobody else is taking, and return what they name.

    Where very many wait (an import) the newest go with them: what somebody changes meanwhile is seen after one batch.
    """
    free = TouchedCell.objects.select_for_update(skip_locked=True)
    rows = _taken(free.order_by("id")[:limit])
    if len(rows) == limit:
        rows |= _taken(free.order_by("-id")[:NEWEST])
    TouchedCell.objects.filter(pk__in=rows)._raw_delete(using=connection.alias)
    return list(rows.values())


def _taken(rows: QuerySet[TouchedCell]) -> dict[int, Touched]:
    named = rows.values_list("id", "district_id", "quarter", "sector_id")
    return {pk: (district, quarter, sector or 0) for pk, district, quarter, sector in named}


def lock_nodes(nodes: Iterable[int]) -> None:
    """Let nobody else recompute these nodes until the transaction ends; always locked from the top down."""
    rows = District.objects.select_for_update(no_key=True).filter(pk__in=nodes).order_by("path")
    list(rows.values_list("pk"))


def places_above(touched: Iterable[Touched], above: dict[int, list[int]]) -> set[Place]:
    """The touched places and the same quarters of every node above them."""
    return {(node, quarter) for district, quarter, _sector in touched for node in above[district]}
