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
    UNMOVED,
    Tables,
    rows_given,
    with_tables,
    write_differing,
)
from tracking.models import BY_SECTOR_LEVELS

Cell = tuple[int, str, int]  # district id, quarter and sector id, 0 where the record does not say
KEY = ("district_id", "quarter", "kind", "sector_id")
GIVEN: Tables = {
    "wanted": (("node", "bigint"), ("quarter", "text"), ("sector_id", "bigint")),
    "home": (("node", "bigint"), ("top", "bigint")),
    "below": (("node", "bigint"), ("top", "bigint")),
}


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
    if not wanted:
        return
    homes = homes_of({node for node, _quarter, _sector in wanted})
    with connection.cursor() as cursor:
        statement = f"{with_tables(GIVEN)}, {CELLS}" + write_differing("tracking_sectortotal", KEY)
        cursor.execute(
            statement, [*rows_given(wanted, 3), *rows_given(homes, 2), *rows_given(_below(homes), 2)]
        )


def homes_of(tops: Iterable[int]) -> list[tuple[int, int]]:
    """The nodes whose entries no other such node takes in, each with its own: down from each until the next one."""
    found = [(top, top) for top in sorted(tops)]
    layer = dict(found)
    while layer:
        rows = District.objects.filter(parent_id__in=layer).exclude(level__in=BY_SECTOR_LEVELS).order_by("pk")
        layer = {node: layer[parent or 0] for node, parent in rows.values_list("pk", "parent_id")}
        found += layer.items()
    return found


def _below(homes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The nodes with cells by sector next below each: they lie in its homes."""
    tops = dict(homes)
    rows = District.objects.filter(parent_id__in=tops, level__in=BY_SECTOR_LEVELS).order_by("pk")
    return [(node, tops[parent or 0]) for node, parent in rows.values_list("pk", "parent_id")]


CELLS = f"""
    source (district_id, quarter, kind, sector_id, {COLUMNS}) AS (
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
        SELECT wanted.node, wanted.quarter, waits.kind, wanted.sector_id, {UNMOVED}
        FROM wanted JOIN home ON home.top = wanted.node JOIN projects_touchedcell waits
            ON waits.district_id = home.node AND waits.quarter = wanted.quarter
            AND COALESCE(waits.sector_id, 0) = wanted.sector_id AND waits.kind <> ''
        GROUP BY wanted.node, wanted.quarter, waits.kind, wanted.sector_id
        UNION ALL
        SELECT wanted.node, stored.quarter, stored.kind, stored.sector_id, {COLUMNS}
        FROM wanted JOIN below ON below.top = wanted.node
        JOIN tracking_sectortotal stored ON stored.district_id = below.node
            AND stored.quarter = wanted.quarter AND stored.sector_id = wanted.sector_id
        UNION ALL
        SELECT wanted.node, stored.quarter, stored.kind, stored.sector_id, {NOTHING}, {NOTHING}
        FROM wanted JOIN tracking_sectortotal stored ON stored.district_id = wanted.node
            AND stored.quarter = wanted.quarter AND stored.sector_id = wanted.sector_id
    ), fresh AS (
        SELECT district_id, quarter, kind, sector_id, {SUMS} FROM source
        GROUP BY district_id, quarter, kind, sector_id
    )
"""
