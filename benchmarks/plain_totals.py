"""The yardstick of reading: bare SQL on what is stored that gives the same figures, fetched by a bare cursor.

Entered, left, stock, year to date, the bases of 同比 and 环比, and carried over (quarter and year), each with all its
measures, for every quarter, kind and member. Nothing of the service's own sums is used here.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from projects.models import District

MEASURES = "count", "with_investment", "with_output", "with_revenue", "investment", "output", "revenue"
ENTERED = [f"entered_{measure}" for measure in MEASURES]
LEFT = [f"left_{measure}" for measure in MEASURES]
COLUMNS = ", ".join((*ENTERED, *LEFT))
MEASURED = (
    "count(*), count(investment), count(expected_output), count(expected_revenue), coalesce(sum(investment), 0), "
    "coalesce(sum(expected_output), 0), coalesce(sum(expected_revenue), 0)"
)
NOTHING = ", ".join("0" for _ in MEASURES)

CELLS = (
    f"SELECT kind, 0 AS member, quarter, {COLUMNS} FROM tracking_quarterlytotal "
    "WHERE district_id = {node} AND quarter <= '{last}'"
)
SECTOR_CELLS = (
    f"SELECT kind, sector_id AS member, quarter, {COLUMNS} FROM tracking_sectortotal "
    "WHERE district_id = {node} AND quarter <= '{last}'"
)
SUBTREE = "district_id IN (SELECT id FROM projects_district WHERE path >= '{path}' AND path < '{after}')"
LEDGER = (
    "SELECT kind, {member}, quarter, {measured}, {nothing} FROM projects_ledgerentry "
    "WHERE {holding} AND quarter <= '{last}' AND {subtree} GROUP BY 1, 2, 3 "
    "UNION ALL SELECT kind, {member}, left_quarter, {nothing}, {measured} FROM projects_ledgerentry "
    "WHERE {holding} AND left_quarter <= '{last}' AND {subtree} GROUP BY 1, 2, 3"
)
CURRENT = "superseded_at IS NULL"


def ledger_source(district: District, last: str, *, member: str, holding: str = CURRENT) -> str:
    """The movements in a district and everything below it, aggregated from the ledger."""
    subtree = SUBTREE.format(path=district.path, after=district.path[:-1] + chr(ord("/") + 1))
    moved = LEDGER.format(
        member=member, measured=MEASURED, nothing=NOTHING, holding=holding, last=last, subtree=subtree
    )
    sums = ", ".join(f"sum({column})" for column in (*ENTERED, *LEFT))
    moved = f"({moved}) moved (kind, member, quarter, {COLUMNS})"
    return f"SELECT kind, member, quarter, {sums} FROM {moved} GROUP BY 1, 2, 3"


def source(district: District, last: str, *, by_sector: bool) -> str:
    """Where the figures of now are read: the cells, by sector those of the big nodes, else the ledger."""
    if not by_sector:
        return CELLS.format(node=district.pk, last=last)
    if district.level in {"country", "province"}:
        return SECTOR_CELLS.format(node=district.pk, last=last)
    return ledger_source(district, last, member="coalesce(sector_id, 0)")


def figures(source: str, quarters: list[str], kinds: list[str]) -> str:
    """The statement for all figures of these quarters, from movements of all quarters until the last."""
    filled = ", ".join(f"coalesce({column}, 0)::bigint AS {column}" for column in (*ENTERED, *LEFT))
    stock = [f"sum(entered_{m} - left_{m}) OVER history" for m in MEASURES]
    year = [f"sum(entered_{m} - left_{m}) OVER year" for m in MEASURES]
    shown = [
        *ENTERED,
        *LEFT,
        *(f"({each})::bigint" for each in stock),
        *(f"(sum({column}) OVER year)::bigint" for column in ENTERED),
        *(f"lag({column}, {by}) OVER history" for by in (4, 1) for column in ENTERED),
        *(f"({all_} - entered_{m} + left_{m})::bigint" for all_, m in zip(stock, MEASURES, strict=True)),
        *(f"({all_} - {of_year})::bigint" for all_, of_year in zip(stock, year, strict=True)),
    ]
    return (
        f"WITH source (kind, member, quarter, {COLUMNS}) AS MATERIALIZED ({source}), "
        f"quarter (quarter) AS (SELECT unnest(ARRAY{quarters!r}) UNION SELECT quarter FROM source), "
        f"grid AS (SELECT kind, member, quarter FROM unnest(ARRAY{kinds!r}) kind (kind), quarter, "
        "(SELECT DISTINCT member FROM source) members) "
        f"SELECT * FROM (SELECT quarter, kind, member, {', '.join(shown)} FROM "
        f"(SELECT kind, member, quarter, {filled} FROM grid LEFT JOIN source USING (kind, member, quarter)) filled "
        "WINDOW history AS (PARTITION BY kind, member ORDER BY quarter), "
        "year AS (PARTITION BY kind, member, substr(quarter, 1, 4) ORDER BY quarter)) shown "
        f"WHERE quarter >= '{quarters[0]}' ORDER BY quarter, kind, member"
    )


def fetch(statement: str) -> list[tuple[Any, ...]]:
    """The rows, by a bare cursor."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


BARE_AGGREGATE = f"""
    SELECT quarter, kind, sector_id, {MEASURED} FROM projects_ledgerentry
    WHERE superseded_at IS NULL AND quarter IS NOT NULL GROUP BY quarter, kind, sector_id
"""
