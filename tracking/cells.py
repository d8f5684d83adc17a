"""The stored cells: recomputed whole where the ledger moved, or all at once. A cache, never adjusted.

`roll_up_batch` first deletes touched rows, then locks, then reads, then writes: a change that commits meanwhile leaves
its own touched row behind, so nothing is lost whoever is killed when.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db import connection

from projects.models import District, LedgerEntry, TouchedCell, ancestors_of
from projects.services.transactions import one_transaction
from tracking.models import AMOUNT_COLUMNS, ENTERED, LEFT, QuarterlyTotal
from tracking.sums import aggregates

BATCH = 1000

Place = tuple[int, str]  # district id and quarter
Key = tuple[int, str, str]  # district id, quarter and kind
Amounts = tuple[int, ...]  # the values of AMOUNT_COLUMNS
ZERO: Amounts = (0,) * len(AMOUNT_COLUMNS)


def roll_up() -> int:
    """Recompute every cell that the ledger touched, batch by batch; how many touched rows were taken."""
    taken = 0
    while batch := roll_up_batch():
        taken += batch
    return taken


@one_transaction
def roll_up_batch(limit: int = BATCH) -> int:
    """Take some touched rows and recompute their cells up to the top of the tree; how many rows were taken.

    Workers side by side take different rows; nodes are locked from the top down, so they never wait in a circle.
    """
    be_patient()
    touched = take_touched(limit)
    if touched:
        above = ancestors_of(district for district, _quarter in touched)
        places = {(node, quarter) for district, quarter in touched for node in above[district]}
        lock_nodes({node for node, _quarter in places})
        store(recompute(places, above))
    return len(touched)


def be_patient() -> None:
    """Wait and work for longer than a person would until the transaction ends: nobody waits for this one."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '20s'")
            cursor.execute("SET LOCAL statement_timeout = 0")


def take_touched(limit: int) -> list[Place]:
    """Delete the oldest touched rows that nobody else is taking, and return the places that they name."""
    rows = list(
        TouchedCell.objects.select_for_update(skip_locked=True)
        .order_by("id")
        .values_list("id", "district_id", "quarter")[:limit]
    )
    TouchedCell.objects.filter(pk__in=[pk for pk, _district, _quarter in rows]).delete()
    return [(district, quarter) for _pk, district, quarter in rows]


def lock_nodes(nodes: Iterable[int]) -> None:
    """Let nobody else recompute these nodes until the transaction ends; always locked from the top down."""
    rows = District.objects.select_for_update(no_key=True).filter(pk__in=nodes).order_by("path")
    list(rows.values_list("pk"))


def recompute(places: set[Place], above: dict[int, list[int]]) -> dict[Key, Amounts]:
    """The cells of these places, which hold every ancestor of a place in them.

    A cell is the node's own entries and its children's cells; a child that is not among the places is read as stored,
    for nothing below it moved. Cells that were stored and have nothing in them any more come back as zeros.
    """
    branches = {
        branch[depth]: branch[: depth + 1] for branch in above.values() for depth in range(len(branch))
    }
    parents = parents_of_children(branches)
    cells: dict[Key, Amounts] = {}
    stored = stored_cells({*branches, *parents}, {quarter for _node, quarter in places})
    for key, amounts in own_sums(places).items():
        _add(cells, branches[key[0]], key, amounts)
    for key, amounts in stored.items():
        node, quarter, _kind = key
        parent = parents.get(node)
        if (node, quarter) in places:
            cells.setdefault(key, ZERO)
        elif parent is not None and (parent, quarter) in places:
            _add(cells, branches[parent], key, amounts)
    return {key: amounts for key, amounts in cells.items() if stored.get(key) != amounts}


def parents_of_children(nodes: Iterable[int]) -> dict[int, int]:
    """For every child of these nodes its parent."""
    rows = District.objects.filter(parent_id__in=set(nodes)).order_by()
    return dict(rows.values_list("pk", "parent_id"))


def own_sums(places: set[Place]) -> dict[Key, Amounts]:
    """What the ledger holds now for these places themselves, without what lies below them."""
    sums: dict[Key, list[int]] = defaultdict(lambda: [0] * len(AMOUNT_COLUMNS))
    nodes, quarters = {node for node, _quarter in places}, {quarter for _node, quarter in places}
    for column, names in (("quarter", ENTERED), ("left_quarter", LEFT)):
        here = LedgerEntry.objects.current().filter(**{"district_id__in": nodes, f"{column}__in": quarters})
        prefix = names[0].removesuffix("count")
        offset = AMOUNT_COLUMNS.index(names[0])
        for row in here.order_by().values("district_id", column, "kind").annotate(**aggregates(prefix)):
            amounts = sums[row["district_id"], row[column], row["kind"]]
            amounts[offset : offset + len(names)] = [row[name] or 0 for name in names]
    return {key: tuple(amounts) for key, amounts in sums.items() if key[:2] in places}


def stored_cells(nodes: set[int], quarters: set[str]) -> dict[Key, Amounts]:
    """The stored cells of these nodes in these quarters."""
    rows = QuarterlyTotal.objects.filter(district_id__in=nodes, quarter__in=quarters).order_by()
    return {
        (node, quarter, kind): tuple(amounts)
        for node, quarter, kind, *amounts in rows.values_list(
            "district_id", "quarter", "kind", *AMOUNT_COLUMNS
        )
    }


def store(cells: dict[Key, Amounts]) -> None:
    """Write these cells in one sorted upsert."""
    QuarterlyTotal.objects.bulk_create(
        (
            QuarterlyTotal(
                district_id=node,
                quarter=quarter,
                kind=kind,
                **dict(zip(AMOUNT_COLUMNS, amounts, strict=True)),
            )
            for (node, quarter, kind), amounts in sorted(cells.items())
        ),
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["district", "quarter", "kind"],
        update_fields=AMOUNT_COLUMNS,
    )


def _add(cells: dict[Key, Amounts], nodes: Iterable[int], key: Key, amounts: Amounts) -> None:
    _node, quarter, kind = key
    for node in nodes:
        before = cells.get((node, quarter, kind), ZERO)
        cells[node, quarter, kind] = tuple(map(sum, zip(before, amounts, strict=True)))


# --- all at once --------------------------------------------------------------------------------------------------


@one_transaction
def rebuild() -> int:
    """Recompute every cell from the ledger in one statement; how many cells there are.

    Readers see the old cells until it commits. The whole tree is locked, so no roll-up runs at the same time; touched
    rows that one has taken already are left to it, or each would wait for the other.
    """
    be_patient()
    lock_nodes(District.objects.values_list("pk", flat=True))
    free = TouchedCell.objects.select_for_update(skip_locked=True).order_by().values("pk")
    TouchedCell.objects.filter(pk__in=free).delete()
    QuarterlyTotal.objects.all()._raw_delete(using=connection.alias)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL work_mem = '64MB'")  # sums in memory
        cursor.execute(rebuild_sql())
        return int(cursor.rowcount)


def rebuild_sql() -> str:
    """The statement that fills the empty table of cells from the current entries, for every level of the tree."""
    measured = "COUNT(*), COUNT(investment), COUNT(expected_output), COUNT(expected_revenue), "
    measured += "SUM(investment), SUM(expected_output), SUM(expected_revenue)"
    nothing = ", ".join("0" for _ in ENTERED)
    columns = ", ".join(AMOUNT_COLUMNS)
    sums = ", ".join(f"COALESCE(SUM({column}), 0)" for column in AMOUNT_COLUMNS)
    return f"""
        INSERT INTO tracking_quarterlytotal (district_id, quarter, kind, {columns})
        WITH RECURSIVE above (node, ancestor) AS (
            SELECT id, id FROM projects_district
            UNION ALL
            SELECT above.node, district.parent_id
            FROM above JOIN projects_district district ON district.id = above.ancestor
            WHERE district.parent_id IS NOT NULL
        ), own (district_id, quarter, kind, {columns}) AS (
            SELECT district_id, quarter, kind, {measured}, {nothing}
            FROM projects_ledgerentry WHERE superseded_at IS NULL AND quarter IS NOT NULL
            GROUP BY district_id, quarter, kind
            UNION ALL
            SELECT district_id, left_quarter, kind, {nothing}, {measured}
            FROM projects_ledgerentry WHERE superseded_at IS NULL AND left_quarter IS NOT NULL
            GROUP BY district_id, left_quarter, kind
        )
        SELECT above.ancestor, quarter, kind, {sums}
        FROM own JOIN above ON above.node = own.district_id
        GROUP BY above.ancestor, quarter, kind
    """  # noqa: S608  (names of our own columns only)
