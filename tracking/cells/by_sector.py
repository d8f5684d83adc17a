"""The cells by sector at the top of the tree: a province's from the ledger, the country's from its provinces' cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection

from projects.models import District
from tracking.cells.statements import (
    COLUMNS,
    MEASURED,
    NOTHING,
    SUMS,
    Tables,
    rows_given,
    with_tables,
    write_differing,
)
from tracking.models import BY_SECTOR_LEVELS

Cell = tuple[int, str, int]  # district id, quarter and sector id, 0 where the record does not say
KEY = ("district_id", "quarter", "kind", "sector_id")
WANTED: Tables = {"wanted": (("node", "bigint"), ("quarter", "text"), ("sector_id", "bigint"))}
LEVELS = ", ".join(f"'{level.value}'" for level in BY_SECTOR_LEVELS)


def recompute_by_sector(touched: Iterable[Cell], above: dict[int, list[int]]) -> None:
    """Recompute what the touched places change: the same quarter and sector of the nodes above that have such cells."""
    nodes = {node for branch in above.values() for node in branch}
    levels = dict(
        District.objects.filter(pk__in=nodes, level__in=BY_SECTOR_LEVELS).values_list("pk", "level")
    )
    wanted = {
        (node, quarter, sector)
        for district, quarter, sector in touched
        for node in above[district]
        if node in levels
    }
    for level in reversed(BY_SECTOR_LEVELS):  # provinces first: the country is made of them
        recompute_level(sorted(cell for cell in wanted if levels[cell[0]] == level))


def recompute_level(wanted: Sequence[Cell]) -> None:
    """Recompute the cells of these nodes of one level; those of the levels below are right already."""
    if wanted:
        with connection.cursor() as cursor:
            statement = with_tables(WANTED) + CELLS + write_differing("tracking_sectortotal", KEY)
            cursor.execute(statement, rows_given(wanted, 3))


# `home` are the nodes whose entries no other such node takes in: down from each until the next one.
CELLS = f"""
    home (node, top) AS (
        SELECT DISTINCT node, node FROM wanted
        UNION ALL
        SELECT child.id, home.top FROM home JOIN projects_district child ON child.parent_id = home.node
        WHERE child.level NOT IN ({LEVELS})
    ), source (district_id, quarter, kind, sector_id, {COLUMNS}) AS (
        SELECT wanted.node, wanted.quarter, kind, wanted.sector_id, {MEASURED}, {NOTHING}
        FROM wanted JOIN home ON home.top = wanted.node JOIN projects_ledgerentry entry
            ON entry.district_id = home.node AND entry.quarter = wanted.quarter
            AND COALESCE(entry.sector_id, 0) = wanted.sector_id AND entry.superseded_at IS NULL
        GROUP BY wanted.node, wanted.quarter, kind, wanted.sector_id
        UNION ALL
        SELECT wanted.node, wanted.quarter, kind, wanted.sector_id, {NOTHING}, {MEASURED}
        FROM wanted JOIN home ON home.top = wanted.node JOIN projects_ledgerentry entry
            ON entry.district_id = home.node AND entry.left_quarter = wanted.quarter
            AND COALESCE(entry.sector_id, 0) = wanted.sector_id AND entry.superseded_at IS NULL
        GROUP BY wanted.node, wanted.quarter, kind, wanted.sector_id
        UNION ALL
        SELECT wanted.node, below.quarter, below.kind, below.sector_id, {COLUMNS}
        FROM wanted JOIN home ON home.top = wanted.node
        JOIN projects_district child ON child.parent_id = home.node AND child.level IN ({LEVELS})
        JOIN tracking_sectortotal below ON below.district_id = child.id
            AND below.quarter = wanted.quarter AND below.sector_id = wanted.sector_id
        UNION ALL
        SELECT wanted.node, stored.quarter, stored.kind, stored.sector_id, {NOTHING}, {NOTHING}
        FROM wanted JOIN tracking_sectortotal stored ON stored.district_id = wanted.node
            AND stored.quarter = wanted.quarter AND stored.sector_id = wanted.sector_id
    ), fresh AS (
        SELECT district_id, quarter, kind, sector_id, {SUMS} FROM source
        GROUP BY district_id, quarter, kind, sector_id
    )
"""
