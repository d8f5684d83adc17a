"""What the service is measured against: plain SQL for the same cells, and the naive first version with the ORM.

Nothing here is used by the service, and nothing of the service's own sums is used here.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Sum

from projects.models import District, Milestone
from projects.quarters import first_day, last_day

MEASURES = "count", "with_investment", "with_output", "with_revenue", "investment", "output", "revenue"
COLUMNS = [f"{half}_{measure}" for half in ("entered", "left") for measure in MEASURES]
MEASURED = (
    "count(*), count(investment), count(expected_output), count(expected_revenue), "
    "coalesce(sum(investment), 0), coalesce(sum(expected_output), 0), coalesce(sum(expected_revenue), 0)"
)
NOTHING = "0, 0, 0, 0, 0, 0, 0"
LEVELS = ("country", "province", "city", "district", "zone")
TABLE = "bench_cells"


def make_table() -> None:
    """An empty table like that of the cells, with the same keys, foreign keys and indexes."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"CREATE TABLE {TABLE} (LIKE tracking_quarterlytotal INCLUDING ALL)")
            key = "FOREIGN KEY (district_id) REFERENCES projects_district (id) DEFERRABLE INITIALLY DEFERRED"
            cursor.execute(f"ALTER TABLE {TABLE} ADD {key}")
            return
        cursor.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'tracking_quarterlytotal' AND sql <> ''"
        )
        for (sql,) in cursor.fetchall():
            cursor.execute(
                sql.replace("tracking_quarterlytotal", TABLE).replace(
                    "total_once_per_cell", "bench_once_per_cell"
                )
            )


def empty_table() -> None:
    """Make it empty again: not part of what is measured."""
    with connection.cursor() as cursor:
        cursor.execute(f"{'TRUNCATE' if connection.vendor == 'postgresql' else 'DELETE FROM'} {TABLE}")


OWN = (
    f"SELECT district_id, quarter, kind, {MEASURED}, {NOTHING} FROM projects_ledgerentry "
    "WHERE superseded_at IS NULL AND quarter IS NOT NULL GROUP BY district_id, quarter, kind "
    f"UNION ALL SELECT district_id, left_quarter, kind, {NOTHING}, {MEASURED} FROM projects_ledgerentry "
    "WHERE superseded_at IS NULL AND left_quarter IS NOT NULL GROUP BY district_id, left_quarter, kind"
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
KEY = ("district_id", "quarter", "kind")
FILL = (
    f"INSERT INTO {TABLE} ({', '.join((*KEY, *COLUMNS))}) "
    f"{{sources}} SELECT above.ancestor, quarter, kind, {', '.join(f'sum({c})' for c in COLUMNS)} FROM own "
    "JOIN above ON above.node = own.district_id {level} GROUP BY above.ancestor, quarter, kind"
)


@transaction.atomic
def fill_level_by_level() -> None:
    """Plain SQL: every district's own sums once, then one INSERT … SELECT … GROUP BY for each level of the tree."""
    bigint = ", ".join(f"{column} bigint" for column in COLUMNS)
    of_level = "JOIN projects_district top ON top.id = above.ancestor AND top.level = %s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE own (district_id bigint, quarter varchar(6), kind varchar(20), {bigint})"
        )
        cursor.execute(f"INSERT INTO own {OWN}")
        cursor.execute("CREATE TEMPORARY TABLE above (node bigint, ancestor bigint)")
        cursor.execute(f"INSERT INTO above {ABOVE}")
        for level in LEVELS:
            cursor.execute(FILL.format(sources="", level=of_level), [level])
        cursor.execute("DROP TABLE own")
        cursor.execute("DROP TABLE above")


@transaction.atomic
def fill_at_once() -> None:
    """Plain SQL: the same in one statement."""
    sources = f"WITH own ({', '.join((*KEY, *COLUMNS))}) AS ({OWN}), above (node, ancestor) AS ({ABOVE})"
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(sources=sources, level=""))


def difference() -> int:
    """How many cells the service's table and the plain SQL's do not have in common."""
    columns = ", ".join(["district_id", "quarter", "kind", *COLUMNS])
    ours, theirs = (f"SELECT {columns} FROM {table}" for table in ("tracking_quarterlytotal", TABLE))
    with connection.cursor() as cursor:
        only_ours = f"SELECT count(*) FROM ({ours} EXCEPT {theirs}) a"
        only_theirs = f"SELECT count(*) FROM ({theirs} EXCEPT {ours}) b"
        cursor.execute(f"SELECT ({only_ours}) + ({only_theirs})")
        return int(cursor.fetchone()[0])


def naive_totals(district: District, quarter: str) -> list[Any]:
    """The naive first version: one ORM query over projects and milestones for a district and a quarter."""
    return list(
        Milestone.objects.filter(
            project__district__path__startswith=district.path,
            project__voided_at=None,
            project__exclusion_reason="",
            happened_on__range=(first_day(quarter), last_day(quarter)),
        )
        .exclude(kind="framework_signed")
        .order_by()
        .values("kind")
        .annotate(Count("id"), Sum("project__total_investment"), Sum("project__expected_output"))
    )
