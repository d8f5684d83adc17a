"""Rebuilding every cell from the ledger: all at once in one transaction, or part by part, so that workers share it.

What is stored is compared with what the ledger says, and only what differs is written. A part is a city with everything
in it, or what a province has by sector. It is locked from its top down, as a roll-up does, so the two never wait in a
circle; what lies above follows by the roll-up, so the parts and `rebuild_above` may be done in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from projects.models import District, LedgerEntry, Sector, TouchedCell
from projects.services.transactions import one_transaction
from tracking.cells.by_sector import KEY as SECTOR_KEY
from tracking.cells.by_sector import homes_of, recompute_level
from tracking.cells.rolling import be_patient, lock_nodes
from tracking.cells.statements import COLUMNS, KEY, MEASURED, NOTHING, SUMS, UNMOVED, recompute
from tracking.models import AMOUNT_COLUMNS, BY_SECTOR_LEVELS, QuarterlyTotal, SectorTotal

EMPTY = " AND ".join(f"{column} = 0" for column in AMOUNT_COLUMNS)


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
    plain = _replace("tracking_quarterlytotal", KEY, all_cells())
    by_sector = _replace("tracking_sectortotal", SECTOR_KEY, all_by_sector())
    return Rebuilt(plain.cells + by_sector.cells, plain.corrected + by_sector.corrected)


def _replace(table: str, key: Sequence[str], fresh: str, nodes: Iterable[int] | None = None) -> Rebuilt:
    """Make the table hold what the query `fresh` says, of these nodes or of all; what does so already stays.

    Zeros where nothing is left are right, and go all the same.
    """
    same = " AND ".join(f"stored.{column} = fresh.{column}" for column in key)
    now, before = (", ".join(f"{side}.{column}" for column in AMOUNT_COLUMNS) for side in ("fresh", "stored"))
    columns = ", ".join((*key, COLUMNS))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Sums in memory. What a session once said of temp_buffers it may repeat, but not change.
            cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL temp_buffers = '256MB'")
        cursor.execute(f"CREATE TEMPORARY TABLE fresh AS {fresh}")
        cursor.execute(f"DELETE FROM fresh WHERE {EMPTY}")  # all of it waits
        cursor.execute(f"DELETE FROM {table} WHERE {EMPTY} {_only('district_id', nodes)}")
        cursor.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT stored.id FROM {table} stored LEFT JOIN fresh ON {same} "
            f"WHERE (fresh.district_id IS NULL OR ({now}) <> ({before})) {_only('stored.district_id', nodes)})"
        )
        gone = cursor.rowcount
        cursor.execute(
            f"SELECT (SELECT COUNT(*) FROM fresh), COUNT(*) FROM {table} WHERE true {_only('district_id', nodes)}"
        )
        count, kept = cursor.fetchone()
        if kept < count:  # what is left stands in `fresh` like this
            cursor.execute(
                f"INSERT INTO {table} ({columns}) SELECT {', '.join(f'fresh.{c}' for c in key)}, {now} "
                f"FROM fresh LEFT JOIN {table} stored ON {same} WHERE stored.id IS NULL"
            )
        cursor.execute("DROP TABLE fresh")
    return Rebuilt(count, max(gone, count - kept))


def _only(column: str, nodes: Iterable[int] | None) -> str:
    """A rule for ids, which are numbers of our own; none for all of them."""
    return "" if nodes is None else f"AND {column} IN ({', '.join(map(str, nodes))})"


def above(nodes: Iterable[int] | None = None) -> str:
    """The beginning of a statement that knows the ancestors of every node, or of these among themselves."""
    return f"""
        WITH RECURSIVE above (node, ancestor, distance) AS (
            SELECT id, id, 0 FROM projects_district WHERE true {_only("id", nodes)}
            UNION ALL
            SELECT above.node, district.parent_id, distance + 1
            FROM above JOIN projects_district district ON district.id = above.ancestor
            WHERE district.parent_id IS NOT NULL {_only("district.parent_id", nodes)}
        )
    """


def all_cells(nodes: Iterable[int] | None = None) -> str:
    """Every cell from the ledger; of these nodes, in which everything below them is, where they are given."""
    here = _only("district_id", nodes)
    return f"""{above(nodes)}, own (district_id, quarter, kind, {COLUMNS}) AS (
            SELECT district_id, quarter, kind, {MEASURED}, {NOTHING}
            FROM projects_ledgerentry WHERE superseded_at IS NULL AND quarter IS NOT NULL {here}
            GROUP BY district_id, quarter, kind
            UNION ALL
            SELECT district_id, left_quarter, kind, {NOTHING}, {MEASURED}
            FROM projects_ledgerentry WHERE superseded_at IS NULL AND left_quarter IS NOT NULL {here}
            GROUP BY district_id, left_quarter, kind
            UNION ALL
            SELECT district_id, quarter, kind, {UNMOVED}
            FROM projects_touchedcell WHERE kind <> '' {here}
            GROUP BY district_id, quarter, kind
        )
        SELECT above.ancestor AS district_id, quarter, kind, {SUMS}
        FROM own JOIN above ON above.node = own.district_id
        GROUP BY above.ancestor, quarter, kind
    """


def all_by_sector() -> str:
    """Every cell by sector from the ledger: by the nearest node that has such cells, then by each of those above it."""
    levels = ", ".join(f"'{level.value}'" for level in BY_SECTOR_LEVELS)
    return f"""{above()}, big (node, ancestor, place) AS (
            SELECT node, ancestor, ROW_NUMBER() OVER (PARTITION BY node ORDER BY distance)
            FROM above JOIN projects_district district ON district.id = above.ancestor AND level IN ({levels})
        ), own (district_id, quarter, kind, sector_id, {COLUMNS}) AS (
            SELECT big.ancestor, quarter, kind, COALESCE(sector_id, 0), {MEASURED}, {NOTHING}
            FROM projects_ledgerentry entry JOIN big ON big.node = entry.district_id AND place = 1
            WHERE superseded_at IS NULL AND quarter IS NOT NULL
            GROUP BY big.ancestor, quarter, kind, COALESCE(sector_id, 0)
            UNION ALL
            SELECT big.ancestor, left_quarter, kind, COALESCE(sector_id, 0), {NOTHING}, {MEASURED}
            FROM projects_ledgerentry entry JOIN big ON big.node = entry.district_id AND place = 1
            WHERE superseded_at IS NULL AND left_quarter IS NOT NULL
            GROUP BY big.ancestor, left_quarter, kind, COALESCE(sector_id, 0)
            UNION ALL
            SELECT big.ancestor, quarter, kind, COALESCE(sector_id, 0), {UNMOVED}
            FROM projects_touchedcell waits JOIN big ON big.node = waits.district_id AND place = 1
            WHERE kind <> ''
            GROUP BY big.ancestor, quarter, kind, COALESCE(sector_id, 0)
        )
        SELECT big.ancestor AS district_id, quarter, kind, sector_id, {SUMS}
        FROM own JOIN big ON big.node = own.district_id
        GROUP BY big.ancestor, quarter, kind, sector_id
    """


# --- in parts -----------------------------------------------------------------------------------------------------


def parts() -> list[int]:
    """The ids of the parts: cities and what stands beside them in the tree, each with everything below it.

    And provinces: nodes with cells by sector that have no other such node below them, for these cells alone.
    """
    has_cells = Q(level__in=BY_SECTOR_LEVELS)
    higher = District.objects.filter(has_cells, children__level__in=BY_SECTOR_LEVELS).values("pk")
    beside = Q(parent=None) | Q(parent__level__in=BY_SECTOR_LEVELS)
    found = District.objects.filter((~has_cells & beside) | (has_cells & ~Q(pk__in=higher)))
    return list(found.order_by("path").values_list("pk", flat=True))


@one_transaction
def rebuild_part(top: int) -> int:
    """Recompute the cells of a part; how many were not right. What lies above it is touched and rolled up."""
    be_patient()
    node = District.objects.get(pk=top)
    if node.level in BY_SECTOR_LEVELS:
        return _rebuild_by_sector(node)
    nodes = list(District.objects.within(node).order_by("path").values_list("pk", flat=True))
    lock_nodes(nodes)
    mine = QuarterlyTotal.objects.filter(district=node).order_by()
    before = set(mine.values_list("quarter", "kind", *AMOUNT_COLUMNS))
    done = _replace("tracking_quarterlytotal", KEY, all_cells(nodes), nodes)
    if done.corrected:
        after = set(mine.values_list("quarter", "kind", *AMOUNT_COLUMNS))
        changed = sorted({quarter for quarter, *_amounts in before ^ after})
        TouchedCell.objects.bulk_create(TouchedCell(district=node, quarter=quarter) for quarter in changed)
    return done.corrected


def _rebuild_by_sector(node: District) -> int:
    lock_nodes([node.pk])
    here = _only("district_id", [home for home, _top in homes_of([node.pk])])
    by = "COALESCE(sector_id, 0)"
    fresh = f"""
        WITH own (quarter, kind, sector_id, {COLUMNS}) AS (
            SELECT quarter, kind, {by}, {MEASURED}, {NOTHING} FROM projects_ledgerentry
            WHERE superseded_at IS NULL AND quarter IS NOT NULL {here} GROUP BY quarter, kind, {by}
            UNION ALL
            SELECT left_quarter, kind, {by}, {NOTHING}, {MEASURED} FROM projects_ledgerentry
            WHERE superseded_at IS NULL AND left_quarter IS NOT NULL {here} GROUP BY left_quarter, kind, {by}
            UNION ALL
            SELECT quarter, kind, {by}, {UNMOVED} FROM projects_touchedcell
            WHERE kind <> '' {here} GROUP BY quarter, kind, {by}
        )
        SELECT {node.pk} AS district_id, quarter, kind, sector_id, {SUMS} FROM own GROUP BY quarter, kind, sector_id
    """
    mine = SectorTotal.objects.filter(district=node).order_by()
    before = set(mine.values_list("quarter", "sector_id", "kind", *AMOUNT_COLUMNS))
    done = _replace("tracking_sectortotal", SECTOR_KEY, fresh, [node.pk])
    if done.corrected:
        after = set(mine.values_list("quarter", "sector_id", "kind", *AMOUNT_COLUMNS))
        changed = sorted({(quarter, sector) for quarter, sector, *_amounts in before ^ after})
        TouchedCell.objects.bulk_create(
            TouchedCell(district=node, quarter=quarter, sector_id=sector or None)
            for quarter, sector in changed
        )
    return done.corrected


@one_transaction
def rebuild_above() -> int:
    """Recompute the cells of the nodes above the parts from what these have by now; how many places were not right."""
    be_patient()
    nodes = dict(
        District.objects.filter(level__in=BY_SECTOR_LEVELS).order_by("path").values_list("pk", "parent_id")
    )
    lock_nodes(nodes)
    branches: dict[int, list[int]] = {}
    for node, parent in nodes.items():  # higher ones come first
        branches[node] = [*branches.get(parent or 0, []), node]
    quarters = _quarters(nodes)
    changed = recompute({(node, quarter) for node in nodes for quarter in quarters}, branches.values())
    sectors = [0, *Sector.objects.order_by("pk").values_list("pk", flat=True)]
    higher = sorted(nodes.keys() - set(parts()))
    recompute_level(
        [(node, quarter, sector) for node in higher for quarter in quarters for sector in sectors]
    )
    below = District.objects.exclude(pk__in=nodes)
    gone, _by_model = SectorTotal.objects.filter(district__in=below).delete()  # of another level since
    return len(changed) + gone


def _quarters(nodes: Iterable[int]) -> list[str]:
    """The quarters in which these nodes, or those next below them, have cells or entries."""
    here = District.objects.filter(Q(pk__in=nodes) | Q(parent__in=nodes)).values("pk")
    stored = QuarterlyTotal.objects.filter(district__in=here).order_by().values_list("quarter", flat=True)
    by_sector = SectorTotal.objects.filter(district__in=nodes).order_by().values_list("quarter", flat=True)
    entries = LedgerEntry.objects.current().filter(district__in=nodes, quarter__isnull=False).order_by()
    recorded = entries.values_list("quarter", "left_quarter").distinct()
    found = {
        *stored.distinct(),
        *by_sector.distinct(),
        *(quarter for pair in recorded for quarter in pair if quarter),
    }
    return sorted(found)
