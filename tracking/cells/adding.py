"""Adding what moved to the cells, from the district of an entry up to the top of the tree: one statement for a table.

On PostgreSQL and SQLite alike. Each movement is taken once, in the transaction that adds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import connection

from projects.models import District
from tracking.cells.by_sector import KEY as SECTOR_KEY
from tracking.cells.statements import COLUMNS, KEY, MOVED, Tables, rows_given, with_tables
from tracking.models import AMOUNT_COLUMNS, BY_SECTOR_LEVELS

GIVEN: Tables = {
    "taken": (("id", "bigint"),),
    "closure": (("node", "bigint"), ("above", "bigint")),
}


def add_moved(taken: Sequence[int], above: Mapping[int, Sequence[int]]) -> None:
    """Add these movements, given by their ids, to the cells of their districts and of all nodes above them."""
    big = set(District.objects.filter(level__in=BY_SECTOR_LEVELS).order_by().values_list("pk", flat=True))
    closure = [(node, each) for node, branch in above.items() for each in branch]
    tables = (
        (_addition("tracking_quarterlytotal", KEY), closure),
        (_addition("tracking_sectortotal", SECTOR_KEY), [pair for pair in closure if pair[1] in big]),
    )
    ids = [(pk,) for pk in taken]
    with connection.cursor() as cursor:
        for statement, nodes in tables:
            cursor.execute(statement, [*rows_given(ids, 1), *rows_given(nodes, 2)])


def _addition(table: str, key: Sequence[str]) -> str:
    places = {"district_id": "closure.above", "sector_id": "COALESCE(waits.sector_id, 0)"}
    by, columns = ", ".join(places.get(name, f"waits.{name}") for name in key), ", ".join(key)
    sums = ", ".join(f"{column} = {table}.{column} + excluded.{column}" for column in AMOUNT_COLUMNS)
    return f"""{with_tables(GIVEN)}, moved ({columns}, {COLUMNS}) AS (
            SELECT {by}, {MOVED}
            FROM taken JOIN projects_touchedcell waits ON waits.id = taken.id
            JOIN closure ON closure.node = waits.district_id
            WHERE waits.kind <> ''
            GROUP BY {by}
        )
        INSERT INTO {table} ({columns}, {COLUMNS})
        SELECT {columns}, {COLUMNS} FROM moved
        WHERE ({COLUMNS}) <> ({", ".join("0" for _ in AMOUNT_COLUMNS)})
        ORDER BY {columns}
        ON CONFLICT ({columns}) DO UPDATE SET {sums}
    """
