"""Invented provinces, cities, districts and zones, so that a large generated set spreads over a country."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from projects.models import District

# First two digits that GB/T 2260 gives to nobody.
FREE = (*range(90, 100), *range(83, 90), *range(72, 81), *range(66, 70), *range(55, 61), *range(24, 31))
CITIES, DISTRICTS = 8, 9  # of a province, of a city; every third district has a zone

FEWEST, MOST, PROJECTS_EACH = 56, 3_000, 333


def districts_for(projects: int) -> int:
    """How many nodes of the tree a set of this size spreads over."""
    return max(FEWEST, min(MOST, projects // PROJECTS_EACH))


def invented_districts(count: int) -> list[District]:
    """So many invented districts, each after its parent, not saved; always the same ones."""
    return list(islice(_nodes(), count))


def _nodes() -> Iterator[District]:
    level = District.Level
    for number, head in enumerate(FREE, 1):
        province = _node(
            f"{head}0000", f"样例{number:02}省", f"Sample Province {number}", level.PROVINCE, None
        )
        yield province
        for c in range(1, CITIES + 1):
            city = _node(
                f"{head}{c:02}00",
                f"样例{number:02}{c:02}市",
                f"Sample City {number}-{c}",
                level.CITY,
                province,
            )
            yield city
            for d in range(1, DISTRICTS + 1):
                code, tag = f"{head}{c:02}{d:02}", f"{number:02}{c:02}{d:02}"
                place = f"{number}-{c}-{d}"
                district = _node(code, f"样例{tag}区", f"Sample District {place}", level.DISTRICT, city)
                yield district
                if d % 3 == 0:
                    yield _node(
                        f"{code}-KFQ", f"样例{tag}开发区", f"Sample Zone {place}", level.ZONE, district
                    )


def _node(code: str, name: str, name_en: str, level: District.Level, parent: District | None) -> District:
    return District(code=code, name=name, name_en=name_en, level=level.value, parent=parent)
