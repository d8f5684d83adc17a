"""Rebuilding every cell from the ledger: all at once in one transaction, or part by part, so that workers share it.

What is stored is compared with what the ledger says, and only what differs is written. A part is a city with everything
in it: it is locked from its top down, as a roll-up does, so the two never wait in a circle; what lies above follows by
the roll-up, and once at the end by `rebuild_above`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from projects.models import District, LedgerEntry, Sector, TouchedCell
from projects.services.transactions import one_transaction
from tracking.cells.by_sector import KEY as SECTOR_KEY
from tracking.cells.by_sector import LEVELS, recompute_level
from tracking.cells.rolling import be_patient, lock_nodes
from tracking.cells.statements import COLUMNS, KEY, MEASURED, NOTHING, SUMS, Place, recompute
from tracking.models import AMOUNT_COLUMNS, BY_SECTOR_LEVELS, QuarterlyTotal, SectorTotal


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many cells there are, and how many of them were not right before."""

    cells: int
    corrected: int


@one_transaction
def rebuild() -> Rebuilt:
    """Recompute every cell. Readers see the old ones until it commits.

    The whole tree is locked, so no roll-up runs at the same time; touched rows that one has taken already are left to
    it, or each would wait for the other.
    """
    be_patient()
    lock_nodes(District.objects.values_list("pk", flat=True))
    free = TouchedCell.objects.select_for_update(skip_locked=True).order_by().values("pk")
    TouchedCell.objects.filter(pk__in=free)._raw_delete(using=connection.alias)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL temp_buffers = '256MB'")  # sums in memory
    plain = _replace("tracking_quarterlytotal", KEY, ALL_CELLS)
    by_sector = _replace("tracking_sectortotal", SECTOR_KEY, ALL_BY_SECTOR)
    return Rebuilt(plain.cells + by_sector.cells, plain.corrected + by_sector.corrected)


def _replace(table: str, key: Sequence[str], fresh: str) -> Rebuilt:
    """Make the table hold what the query `fresh` says; rows that do so already stay as they are."""
    same = " AND ".join(f"stored.{column} = fresh.{column}" for column in key)
    now, before = (", ".join(f"{side}.{column}" for column in AMOUNT_COLUMNS) for side in ("fresh", "stored"))
    columns = ", ".join((*key, COLUMNS))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE fresh AS {fresh}")
        cursor.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT stored.id FROM {table} stored LEFT JOIN fresh ON {same} "
            f"WHERE fresh.district_id IS NULL OR ({now}) <> ({before}))"
        )
        gone = cursor.rowcount
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {', '.join(f'fresh.{c}' for c in key)}, {now} "
            f"FROM fresh LEFT JOIN {table} stored ON {same} WHERE stored.id IS NULL"
        )
        come = cursor.rowcount
        cursor.execute("SELECT COUNT(*) FROM fresh")
        (count,) = cursor.fetchone()
        cursor.execute("DROP TABLE fresh")
    return Rebuilt(count, max(gone, come))


ABOVE = """
    WITH RECURSIVE above (node, ancestor, distance) AS (
        SELECT id, id, 0 FROM projects_district
        UNION ALL
        SELECT above.node, district.parent_id, distance + 1
        FROM above JOIN projects_district district ON district.id = above.ancestor
        WHERE district.parent_id IS NOT NULL
    )
"""
ALL_CELLS = f"""{ABOVE}, own (district_id, quarter, kind, {COLUMNS}) AS (
        SELECT district_id, quarter, kind, {MEASURED}, {NOTHING}
        FROM projects_ledgerentry WHERE superseded_at IS NULL AND quarter IS NOT NULL
        GROUP BY district_id, quarter, kind
        UNION ALL
        SELECT district_id, left_quarter, kind, {NOTHING}, {MEASURED}
        FROM projects_ledgerentry WHERE superseded_at IS NULL AND left_quarter IS NOT NULL
        GROUP BY district_id, left_quarter, kind
    )
    SELECT above.ancestor AS district_id, quarter, kind, {SUMS}
    FROM own JOIN above ON above.node = own.district_id
    GROUP BY above.ancestor, quarter, kind
"""
# First by the nearest node that has such cells, then by each of those above it.
ALL_BY_SECTOR = f"""{ABOVE}, big (node, ancestor, place) AS (
        SELECT node, ancestor, ROW_NUMBER() OVER (PARTITION BY node ORDER BY distance)
        FROM above JOIN projects_district district ON district.id = above.ancestor AND level IN ({LEVELS})
    ), own (district_id, quarter, kind, sector_id, {COLUMNS}) AS (
        SELECT big.ancestor, quarter, kind, COALESCE(sector_id, 0), {MEASURED}, {NOTHING}
        FROM projects_ledgerentry entry JOIN big ON big.node = entry.district_id AND place = 1
        WHERE superseded_at IS NULL AND quarter IS NOT NULL GROUP BY big.ancestor, quarter, kind, COALESCE(sector_id, 0)
        UNION ALL
        SELECT big.ancestor, left_quarter, kind, COALESCE(sector_id, 0), {NOTHING}, {MEASURED}
        FROM projects_ledgerentry entry JOIN big ON big.node = entry.district_id AND place = 1
        WHERE superseded_at IS NULL AND left_quarter IS NOT NULL
        GROUP BY big.ancestor, left_quarter, kind, COALESCE(sector_id, 0)
    )
    SELECT big.ancestor AS district_id, quarter, kind, sector_id, {SUMS}
    FROM own JOIN big ON big.node = own.district_id
    GROUP BY big.ancestor, quarter, kind, sector_id
"""


# --- in parts -----------------------------------------------------------------------------------------------------


def parts() -> list[int]:
    """The ids of the nodes whose subtrees are the parts: cities, and what stands beside them in the tree.

    With the nodes above them, which have cells by sector, they are the whole tree. None lies in another.
    """
    tops = District.objects.exclude(level__in=BY_SECTOR_LEVELS)
    beside = tops.filter(parent=None) | tops.filter(parent__level__in=BY_SECTOR_LEVELS)
    return list(beside.order_by("path").values_list("pk", flat=True))


@one_transaction
def rebuild_part(top: int) -> int:
    """Recompute the cells of a part; how many places were not right. What lies above it is touched and rolled up."""
    be_patient()
    node = District.objects.get(pk=top)
    nodes = dict(District.objects.within(node).order_by("path").values_list("pk", "parent_id"))
    lock_nodes(nodes)
    changed = _recompute_all(nodes)
    touched = sorted({quarter for place, quarter in changed if place == top})
    TouchedCell.objects.bulk_create(TouchedCell(district_id=top, quarter=quarter) for quarter in touched)
    return len(changed)


@one_transaction
def rebuild_above() -> int:
    """Recompute the cells of the nodes above the parts, by sector, too; how many places were not right."""
    be_patient()
    above = District.objects.filter(level__in=BY_SECTOR_LEVELS).order_by("path")
    nodes = dict(above.values_list("pk", "parent_id"))
    lock_nodes(nodes)
    changed = _recompute_all(nodes)
    sectors = [0, *Sector.objects.order_by("pk").values_list("pk", flat=True)]
    quarters = _quarters(SectorTotal, nodes) | _quarters(QuarterlyTotal, nodes)
    for level in reversed(BY_SECTOR_LEVELS):
        here = above.filter(level=level).values_list("pk", flat=True)
        recompute_level(
            [(node, quarter, sector) for node in here for quarter in sorted(quarters) for sector in sectors]
        )
    return len(changed)


def _recompute_all(nodes: Mapping[int, int | None]) -> list[Place]:
    """Recompute every quarter of these nodes, given with their parents, higher ones first; the places that changed."""
    if not nodes:
        return []
    branches: dict[int, list[int]] = {}
    for node, parent in nodes.items():  # parents come before their children
        branches[node] = [*branches.get(parent or 0, []), node]
    below = District.objects.filter(parent__in=nodes).values_list("pk", flat=True)
    quarters = _recorded_quarters(nodes) | _quarters(QuarterlyTotal, {*nodes, *below})
    return recompute({(node, quarter) for node in nodes for quarter in quarters}, branches.values())


def _quarters(model: type[QuarterlyTotal | SectorTotal], nodes: Iterable[int]) -> set[str]:
    """The quarters in which these nodes have cells."""
    rows = model.objects.filter(district__in=set(nodes)).order_by()
    return set(rows.values_list("quarter", flat=True).distinct())


def _recorded_quarters(nodes: Iterable[int]) -> set[str]:
    """The quarters in which the ledger says that something was reached or left in these nodes."""
    here = LedgerEntry.objects.current().filter(district__in=set(nodes), quarter__isnull=False).order_by()
    pairs = here.values_list("quarter", "left_quarter").distinct()
    return {quarter for pair in pairs for quarter in pair if quarter}
