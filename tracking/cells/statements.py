"""The statement that recomputes cells: one INSERT … SELECT that reads the ledger and writes only what differs.

On PostgreSQL and SQLite alike. Where nothing is left in a stored cell it becomes zeros.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from projects.models import District
from tracking.models import AMOUNT_COLUMNS, ENTERED, MEASURES

Place = tuple[int, str]  # district id and quarter
Branch = Sequence[int]  # the ids of a node and of all above it, from the top down

Tables = dict[str, tuple[tuple[str, str], ...]]  # by name its columns and their types

KEY = ("district_id", "quarter", "kind")
GIVEN: Tables = {
    "places": (("node", "bigint"), ("quarter", "text")),
    "closure": (("node", "bigint"), ("above", "bigint")),
    "beside": (("child", "bigint"), ("node", "bigint"), ("quarter", "text")),
}
COLUMNS = ", ".join(AMOUNT_COLUMNS)
MEASURED = (
    "COUNT(*), COUNT(investment), COUNT(expected_output), COUNT(expected_revenue), "
    "SUM(investment), SUM(expected_output), SUM(expected_revenue)"
)
NOTHING = ", ".join("0" for _ in ENTERED)
# What waits to be added, entered and then left; `UNMOVED` takes it away again.
MOVED, UNMOVED = (
    ", ".join(
        f"SUM(CASE WHEN {'' if leaving else 'NOT '}leaving THEN {sign}{measure} ELSE 0 END)"
        for leaving in (False, True)
        for measure in MEASURES
    )
    for sign in ("", "-")
)
SUMS = ", ".join(f"CAST(COALESCE(SUM({column}), 0) AS bigint) AS {column}" for column in AMOUNT_COLUMNS)


def recompute(places: set[Place], branches: Iterable[Branch]) -> list[Place]:
    """Recompute the cells of these places, which hold each place's ancestors on its branch; the places that changed.

    A cell is the node's own entries without what still waits, and its children's cells; a child that is not among the
    places is read as stored, for nothing below it moved.
    """
    closure = {(node, above) for branch in branches for node, above in _pairs(branch)}
    given = [
        *rows_given(sorted(places), 2),
        *rows_given(sorted(closure), 2),
        *rows_given(sorted(_beside(places)), 3),
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"{with_tables(GIVEN)}, {CELLS}" + write_differing("tracking_quarterlytotal", KEY), given
        )
        return [(node, quarter) for node, quarter in cursor.fetchall()]


def _beside(places: set[Place]) -> list[tuple[int, int, str]]:
    """The children that are not among the places, each with its place; given, for no planner guesses their number."""
    children: dict[int, list[int]] = defaultdict(list)
    nodes = {node for node, _quarter in places}
    rows = District.objects.filter(parent_id__in=nodes).order_by().values_list("pk", "parent_id")
    for child, parent in rows:
        children[parent or 0].append(child)
    return [
        (child, node, quarter)
        for node, quarter in places
        for child in children[node]
        if (child, quarter) not in places
    ]


CELLS = f"""
    source (node, quarter, kind, {COLUMNS}) AS (
        SELECT places.node, places.quarter, kind, {MEASURED}, {NOTHING}
        FROM places JOIN projects_ledgerentry entry
            ON entry.district_id = places.node AND entry.quarter = places.quarter AND entry.superseded_at IS NULL
        GROUP BY places.node, places.quarter, kind
        UNION ALL
        SELECT places.node, places.quarter, kind, {NOTHING}, {MEASURED}
        FROM places JOIN projects_ledgerentry entry
            ON entry.district_id = places.node AND entry.left_quarter = places.quarter AND entry.superseded_at IS NULL
        GROUP BY places.node, places.quarter, kind
        UNION ALL
        SELECT places.node, places.quarter, waits.kind, {UNMOVED}
        FROM places JOIN projects_touchedcell waits
            ON waits.district_id = places.node AND waits.quarter = places.quarter AND waits.kind <> ''
        GROUP BY places.node, places.quarter, waits.kind
        UNION ALL
        SELECT beside.node, stored.quarter, stored.kind, {COLUMNS}
        FROM beside
        JOIN tracking_quarterlytotal stored ON stored.district_id = beside.child AND stored.quarter = beside.quarter
        UNION ALL
        SELECT places.node, stored.quarter, stored.kind, {NOTHING}, {NOTHING}
        FROM places
        JOIN tracking_quarterlytotal stored ON stored.district_id = places.node AND stored.quarter = places.quarter
    ), fresh AS (
        SELECT closure.above AS district_id, source.quarter, source.kind, {SUMS}
        FROM source JOIN closure ON closure.node = source.node
        GROUP BY closure.above, source.quarter, source.kind
    )
"""


def write_differing(table: str, key: Sequence[str]) -> str:
    """Write the rows of `fresh` that are not stored like this; returns district and quarter of each."""
    same = " AND ".join(f"stored.{column} = fresh.{column}" for column in key)
    fresh, stored = (
        ", ".join(f"{side}.{column}" for column in AMOUNT_COLUMNS) for side in ("fresh", "stored")
    )
    columns = ", ".join(key)
    return f"""
        INSERT INTO {table} ({columns}, {COLUMNS})
        SELECT {", ".join(f"fresh.{column}" for column in key)}, {fresh}
        FROM fresh LEFT JOIN {table} stored ON {same}
        WHERE stored.id IS NULL OR ({fresh}) <> ({stored})
        ORDER BY {", ".join(f"fresh.{column}" for column in key)}
        ON CONFLICT ({columns}) DO UPDATE SET {", ".join(f"{c} = excluded.{c}" for c in AMOUNT_COLUMNS)}
        RETURNING district_id, quarter
    """


def _pairs(branch: Branch) -> Iterable[tuple[int, int]]:
    return ((node, above) for depth, node in enumerate(branch) for above in branch[: depth + 1])


# --- tables that are given as parameters --------------------------------------------------------------------------


def with_tables(tables: Tables) -> str:
    """The beginning of a statement that reads these tables, whose rows are parameters."""
    return "WITH RECURSIVE " + ", ".join(f"{name} AS ({_given(columns)})" for name, columns in tables.items())


def _given(columns: Sequence[tuple[str, str]]) -> str:
    names = ", ".join(name for name, _type in columns)
    if connection.vendor == "postgresql":
        return (
            f"SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for _name, kind in columns)}) given ({names})"
        )
    parts = (f"json_extract(value, '$[{place}]') AS {name}" for place, (name, _type) in enumerate(columns))
    return f"SELECT {', '.join(parts)} FROM json_each(%s)"


def rows_given(rows: Sequence[Sequence[Any]], width: int) -> list[Any]:
    """The parameters for one given table: a list for each column, or the rows as JSON."""
    if connection.vendor == "postgresql":
        return [[row[place] for row in rows] for place in range(width)]
    return [json.dumps(rows)]
