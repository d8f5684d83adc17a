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
    """An empty table like that of the cells, with the same keys and indexes."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"CREATE TABLE {TABLE} (LIKE tracking_quarterlytotal INCLUDING ALL)")
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


@transaction.atomic
def fill_table() -> None:
    """The plain SQL: every district's own sums once, then one INSERT … SELECT … GROUP BY for each level of the tree."""
    columns = ", ".join(COLUMNS)
    sums = ", ".join(f"sum({column})" for column in COLUMNS)
    names = ", ".join(
        f"{name} AS {column}" for name, column in zip(_split(MEASURED), COLUMNS[:7], strict=True)
    )
    rest = ", ".join(f"0 AS {column}" for column in COLUMNS[7:])
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE own AS SELECT district_id, quarter, kind, {names}, {rest} "
            "FROM projects_ledgerentry WHERE superseded_at IS NULL AND quarter IS NOT NULL "
            "GROUP BY district_id, quarter, kind"
        )
        cursor.execute(
            f"INSERT INTO own SELECT district_id, left_quarter, kind, {NOTHING}, {MEASURED} "
            "FROM projects_ledgerentry WHERE superseded_at IS NULL AND left_quarter IS NOT NULL "
            "GROUP BY district_id, left_quarter, kind"
        )
        cursor.execute(
            "CREATE TEMPORARY TABLE above AS SELECT id AS node, id AS ancestor FROM projects_district "
            "UNION ALL SELECT a.id, a.parent_id FROM projects_district a WHERE a.parent_id IS NOT NULL "
            "UNION ALL SELECT a.id, b.parent_id FROM projects_district a "
            "JOIN projects_district b ON b.id = a.parent_id WHERE b.parent_id IS NOT NULL "
            "UNION ALL SELECT a.id, c.parent_id FROM projects_district a "
            "JOIN projects_district b ON b.id = a.parent_id JOIN projects_district c ON c.id = b.parent_id "
            "WHERE c.parent_id IS NOT NULL"
        )
        for level in LEVELS:
            cursor.execute(
                f"INSERT INTO {TABLE} (district_id, quarter, kind, {columns}) "
                f"SELECT above.ancestor, quarter, kind, {sums} FROM own "
                "JOIN above ON above.node = own.district_id "
                "JOIN projects_district top ON top.id = above.ancestor AND top.level = %s "
                "GROUP BY above.ancestor, quarter, kind",
                [level],
            )
        cursor.execute("DROP TABLE own")
        cursor.execute("DROP TABLE above")


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


def _split(expressions: str) -> list[str]:
    """The expressions of a list, whose own commas stand in parentheses."""
    return expressions.replace(", 0)", "|0)").replace(", ", "\n").replace("|0)", ", 0)").split("\n")
