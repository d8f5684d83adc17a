"""The yardstick of a rebuild: plain SQL for the same cells into empty tables with the same keys and indexes.

Nothing here is used by the service, and nothing of the service's own sums is used here. The settings are those of the
service's rebuild, so that both sides sort and hash in memory.
"""

from __future__ import annotations

from django.db import connection, transaction

MEASURES = "count", "with_investment", "with_output", "with_revenue", "investment", "output", "revenue"
COLUMNS = [f"{half}_{measure}" for half in ("entered", "left") for measure in MEASURES]
MEASURED = (
    "count(*), count(investment), count(expected_output), count(expected_revenue), "
    "coalesce(sum(investment), 0), coalesce(sum(expected_output), 0), coalesce(sum(expected_revenue), 0)"
)
NOTHING = "0, 0, 0, 0, 0, 0, 0"
LEVELS = ("country", "province", "city", "district", "zone")
BIG = "('country', 'province')"
TABLES = {"bench_cells": "tracking_quarterlytotal", "bench_sector_cells": "tracking_sectortotal"}
KEYS = {
    "bench_cells": "district_id, quarter, kind",
    "bench_sector_cells": "district_id, quarter, kind, sector_id",
}


def make_tables() -> None:
    """Empty tables like those of the cells, with the same keys, foreign keys and indexes."""
    drop_tables()
    with connection.cursor() as cursor:
        for table, ours in TABLES.items():
            if connection.vendor == "postgresql":
                cursor.execute(f"CREATE TABLE {table} (LIKE {ours} INCLUDING ALL)")
                cursor.execute(
                    "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
                    "WHERE contype = 'f' AND conrelid = %s::regclass",
                    [ours],
                )
                for (key,) in cursor.fetchall():
                    cursor.execute(f"ALTER TABLE {table} ADD {key}")
                continue
            cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = %s AND sql <> ''", [ours])
            for (sql,) in cursor.fetchall():
                named = sql.replace(ours, table).replace('INDEX "', 'INDEX "bench_')
                cursor.execute(named)


def drop_tables() -> None:
    """Leave nothing behind."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")


def empty_tables() -> None:
    """Make them empty again: not part of what is measured."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"{'TRUNCATE' if connection.vendor == 'postgresql' else 'DELETE FROM'} {table}")


def own(key: str) -> str:
    """What was reached and left at every district itself, by its columns of the ledger."""
    left = key.replace("quarter", "left_quarter")
    return (
        f"SELECT {key}, {MEASURED}, {NOTHING} FROM projects_ledgerentry "
        f"WHERE superseded_at IS NULL AND quarter IS NOT NULL GROUP BY {key} "
        f"UNION ALL SELECT {left}, {NOTHING}, {MEASURED} FROM projects_ledgerentry "
        f"WHERE superseded_at IS NULL AND left_quarter IS NOT NULL GROUP BY {left}"
    )


ABOVE = (
    "SELECT id, id FROM projects_district "
    "UNION ALL SELECT a.id, a.parent_id FROM projects_district a WHERE a.parent_id IS NOT NULL "
    "UNION ALL SELECT a.id, b.parent_id FROM projects_district a "
    "JOIN projects_district b ON b.id = a.parent_id WHERE b.parent_id IS NOT NULL "
    "UNION ALL SELECT a.id, c.parent_id FROM projects_district a "
    "JOIN projects_district b ON b.id = a.parent_id JOIN projects_district c ON c.id = b.parent_id "
    "WHERE c.parent_id IS NOT NULL"
)
SUMS = ", ".join(f"sum({column})" for column in COLUMNS)


def fill(table: str, source: str, parts: str, sources: str = "", level: str = "") -> str:
    """The statement that fills one of the tables; `parts` are the columns by which cells differ below a district."""
    return (
        f"INSERT INTO {table} ({KEYS[table]}, {', '.join(COLUMNS)}) "
        f"{sources} SELECT above.ancestor, {parts}, {SUMS} FROM {source} own "
        f"JOIN above ON above.node = own.district_id {level} GROUP BY above.ancestor, {parts}"
    )


OF_LEVEL = "JOIN projects_district top ON top.id = above.ancestor AND top.level = '{}'"
OF_BIG = f"JOIN projects_district top ON top.id = above.ancestor AND top.level IN {BIG}"
PARTS = {"bench_cells": "quarter, kind", "bench_sector_cells": "quarter, kind, sector_id"}
OWN = {
    "bench_cells": own("district_id, quarter, kind"),
    "bench_sector_cells": own("district_id, quarter, kind, coalesce(sector_id, 0)"),
}


@transaction.atomic
def fill_level_by_level() -> None:
    """Every district's own sums once by sector, then one INSERT … SELECT … GROUP BY for each level of the tree."""
    _set_memory()
    bigint = ", ".join(f"{column} bigint" for column in COLUMNS)
    key = "district_id bigint, quarter varchar(6), kind varchar(20), sector_id bigint"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE own ({key}, {bigint})")
        cursor.execute(f"INSERT INTO own {OWN['bench_sector_cells']}")
        cursor.execute("CREATE TEMPORARY TABLE above (node bigint, ancestor bigint)")
        cursor.execute(f"INSERT INTO above {ABOVE}")
        for level in LEVELS:
            cursor.execute(fill("bench_cells", "own", PARTS["bench_cells"], level=OF_LEVEL.format(level)))
        cursor.execute(fill("bench_sector_cells", "own", PARTS["bench_sector_cells"], level=OF_BIG))
        cursor.execute("DROP TABLE own")
        cursor.execute("DROP TABLE above")


@transaction.atomic
def fill_at_once() -> None:
    """The same in one statement for each table."""
    _set_memory()
    with connection.cursor() as cursor:
        for table, level in (("bench_cells", ""), ("bench_sector_cells", OF_BIG)):
            columns = ", ".join((KEYS[table], *COLUMNS))
            sources = f"WITH sums ({columns}) AS ({OWN[table]}), above (node, ancestor) AS ({ABOVE})"
            cursor.execute(fill(table, "sums", PARTS[table], sources, level))


def _set_memory() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL work_mem = '256MB'; SET LOCAL temp_buffers = '256MB'; SET LOCAL statement_timeout = 0"
            )


def difference() -> int:
    """How many cells the service's tables and the plain SQL's do not have in common."""
    return sum(_difference(table, ours) for table, ours in TABLES.items())


def _difference(table: str, ours: str) -> int:
    columns = ", ".join((KEYS[table], *COLUMNS))
    a, b = (f"SELECT {columns} FROM {name}" for name in (ours, table))
    with connection.cursor() as cursor:
        only_ours = f"SELECT count(*) FROM ({a} EXCEPT {b}) a"
        only_theirs = f"SELECT count(*) FROM ({b} EXCEPT {a}) b"
        cursor.execute(f"SELECT ({only_ours}) + ({only_theirs})")
        return int(cursor.fetchone()[0])
