"""A small country with projects in every district, for what is shared city by city."""

from __future__ import annotations

from datetime import date
from itertools import chain
from typing import Any

from projects.models import District
from tests.makers import YI, make_project, make_sector
from tracking import cells
from tracking.models import QuarterlyTotal, SectorTotal

CITIES = 20


def make_country() -> District:
    """A country of two provinces with cities, a district without a city, and projects everywhere."""
    sector = make_sector("chips")
    top = _node("000000", None, "country")
    places = [top]
    for province in (_node("440000", top, "province"), _node("450000", top, "province")):
        prefix = province.code[:2]
        places += [province, _node(f"{prefix}9001", province, "district")]
        for number in range(CITIES // 2):
            city = _node(f"{prefix}{number + 1:02}00", province, "city")
            places += [city, _node(f"{prefix}{number + 1:02}01", city, "district")]
    for number, place in enumerate(places):
        make_project(
            district=place,
            sector=sector if number % 2 else None,
            total_investment=(number + 1) * YI,
            milestones={"signed": date(2022, 8, 1), "started": date(2023, 1, 29)},
        )
    cells.roll_up()
    return top


def _node(code: str, parent: District | None, level: str) -> District:
    return District.objects.create(
        code=code, name=code, level=level, parent=parent, path=f"{parent.path if parent else ''}{code}/"
    )


def spoil_cells() -> None:
    """Cells everywhere are wrong: some say too much, some are missing, some stand where nothing is."""
    QuarterlyTotal.objects.filter(quarter="2023Q1").update(entered_count=7)
    QuarterlyTotal.objects.filter(district__level="city", quarter="2022Q3").delete()
    SectorTotal.objects.update(left_investment=1)
    lost = District.objects.get(code="440100")
    QuarterlyTotal.objects.create(district=lost, quarter="2020Q1", kind="signed", entered_count=3)


def all_cells() -> list[tuple[Any, ...]]:
    """Every cell that says anything."""
    columns = [field.attname for field in QuarterlyTotal._meta.fields if field.attname != "id"]
    rows = QuarterlyTotal.objects.exclude(entered_count=0, left_count=0).values_list(*columns)
    return sorted(
        chain(rows, SectorTotal.objects.exclude(entered_count=0, left_count=0).values_list(*columns))
    )
