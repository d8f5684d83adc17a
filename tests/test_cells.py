"""The stored cells: by sector at the top of the tree; rebuilt whole or in parts without touching what is right."""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

import pytest
from django.db import connection

from projects import services
from projects.models import District
from tests.makers import NOW, YI, fresh, make_district, make_project, make_sector
from tests.roll_ups import settle
from tracking import cells
from tracking.models import QuarterlyTotal, SectorTotal

pytestmark = pytest.mark.django_db

Places: TypeAlias = dict[str, District]
SIGNED: dict[str, date | str] = {"signed": date(2023, 1, 29)}


@pytest.fixture
def country() -> Places:
    """A country with two provinces; one city has a district, one district stands directly below its province."""
    top = make_district("100000", "全国", level="country")
    guangdong = make_district("440000", "广东省", level="province", parent=top)
    hubei = make_district("420000", "湖北省", level="province", parent=top)
    guangzhou = make_district("440100", "广州市", level="city", parent=guangdong)
    huangpu = make_district("440112", "黄埔区", parent=guangzhou)
    xiantao = make_district("429004", "仙桃市", parent=hubei)
    return {d.code: d for d in (top, guangdong, hubei, guangzhou, huangpu, xiantao)}


def by_sector(district: District) -> dict[int, tuple[int, int]]:
    """Number and investment of what was signed in the quarter, by sector id; only what holds anything."""
    rows = SectorTotal.objects.filter(district=district, quarter="2023Q1", kind="signed").order_by(
        "sector_id"
    )
    found = {row.sector_id: (row.entered_count, row.entered_investment) for row in rows}
    return {sector: figures for sector, figures in found.items() if any(figures)}


def test_a_province_and_the_country_have_cells_by_sector_and_lower_districts_have_none(country):
    chips = make_sector("chips", "芯片")
    make_project(district=country["440112"], sector=chips, total_investment=3 * YI, milestones=SIGNED)
    make_project(district=country["429004"], sector=chips, total_investment=YI, milestones=SIGNED)
    make_project(district=country["100000"], total_investment=5 * YI, milestones=SIGNED)
    settle()

    assert by_sector(country["440000"]) == {chips.pk: (1, 3 * YI)}
    assert by_sector(country["420000"]) == {chips.pk: (1, YI)}
    assert by_sector(country["100000"]) == {0: (1, 5 * YI), chips.pk: (2, 4 * YI)}
    assert not SectorTotal.objects.filter(district__level__in=["city", "district"]).exists()


def test_a_project_that_changes_its_sector_leaves_one_cell_and_enters_the_other(country):
    chips, medicine = make_sector("chips"), make_sector("biomedicine")
    project = make_project(district=country["440112"], sector=chips, total_investment=YI, milestones=SIGNED)
    settle()
    project = fresh(project)
    project.sector = medicine
    services.save_project(project, actor=None, at=NOW)
    settle()

    assert by_sector(country["440000"]) == by_sector(country["100000"]) == {medicine.pk: (1, YI)}


def test_a_project_that_moves_to_another_province_moves_in_the_cells_of_both(country):
    project = make_project(district=country["440112"], total_investment=YI, milestones=SIGNED)
    settle()
    project = fresh(project)
    project.district = country["429004"]
    services.save_project(project, actor=None, at=NOW)
    settle()

    assert by_sector(country["440000"]) == {}
    assert by_sector(country["420000"]) == by_sector(country["100000"]) == {0: (1, YI)}


def test_a_city_that_becomes_a_province_gets_cells_by_sector_and_the_country_keeps_its_own(country):
    chips, medicine = make_sector("chips"), make_sector("biomedicine")
    chongqing = make_district("500000", "重庆市", level="city", parent=country["100000"])
    make_project(district=chongqing, sector=chips, total_investment=YI, milestones=SIGNED)
    moving = make_project(district=chongqing, sector=medicine, total_investment=3 * YI, milestones=SIGNED)
    settle()
    before = by_sector(country["100000"])

    raise_to(chongqing, "province")
    as_province = by_sector(chongqing)
    raise_to(chongqing, "city")
    moving = fresh(moving)
    moving.district = country["429004"]
    services.save_project(moving, actor=None, at=NOW)
    settle()
    raise_to(chongqing, "province")

    assert before == as_province == {chips.pk: (1, YI), medicine.pk: (1, 3 * YI)}
    assert by_sector(chongqing) == {chips.pk: (1, YI)}
    assert by_sector(country["100000"]) == before
    assert cells.rebuild().corrected == 0


def raise_to(district: District, level: str) -> None:
    """Record another level, and let a worker recompute what that changes."""
    district.level = level
    services.save_district(district)
    settle()


def test_cells_by_sector_of_a_lower_district_are_taken_away_by_rebuilding_above_the_parts(country):
    wrong = {"quarter": "2020Q1", "kind": "signed", "entered_count": 9, "sector_id": 0}
    SectorTotal.objects.create(district=country["440100"], **wrong)

    assert cells.rebuild_above() == 1
    assert not SectorTotal.objects.exists()


def test_the_parts_are_the_provinces_and_the_cities_with_what_stands_beside_them(country):
    codes = [District.objects.get(pk=pk).code for pk in cells.parts()]

    assert codes == ["420000", "429004", "440000", "440100"]


def test_a_tree_whose_top_is_a_city_is_one_part():
    city = make_district("440100", "广州市", level="city")
    make_district("440112", "黄埔区", parent=city)

    assert cells.parts() == [city.pk]


def test_a_rebuild_corrects_what_is_wrong_and_leaves_alone_what_is_right(country):
    make_project(district=country["440112"], total_investment=YI, milestones=SIGNED)
    settle()
    before = set(QuarterlyTotal.objects.values_list("pk", flat=True))
    QuarterlyTotal.objects.filter(district=country["440100"]).update(entered_investment=7)
    SectorTotal.objects.filter(district=country["100000"]).update(entered_investment=7)

    done = cells.rebuild()

    assert (done.cells, done.corrected) == (6, 2)
    after = set(QuarterlyTotal.objects.values_list("pk", flat=True))
    assert len(before & after) == 3
    assert QuarterlyTotal.objects.get(district=country["440100"]).entered_investment == YI
    assert by_sector(country["100000"]) == {0: (1, YI)}


@pytest.mark.django_db(transaction=True)
def test_one_session_of_the_database_may_rebuild_a_part_and_then_everything(country):
    make_project(district=country["440112"], total_investment=YI, milestones=SIGNED)
    settle()
    connection.close()  # what a session once said of its temporary tables it keeps

    cells.rebuild_part(country["440100"].pk)

    assert cells.rebuild().corrected == 0


def test_a_part_that_was_wrong_has_what_lies_above_it_rolled_up(country):
    make_project(district=country["440112"], total_investment=YI, milestones=SIGNED)
    settle()
    QuarterlyTotal.objects.exclude(district=country["440112"]).update(entered_investment=7)

    changed = cells.rebuild_part(country["440100"].pk)
    settle()

    assert changed == 1
    assert set(QuarterlyTotal.objects.values_list("entered_investment", flat=True)) == {YI}


def test_sectors_of_a_province_that_were_wrong_have_the_country_rolled_up(country):
    make_project(district=country["440112"], total_investment=YI, milestones=SIGNED)
    settle()
    SectorTotal.objects.update(entered_investment=7)

    cells.rebuild_above()
    cells.rebuild_part(country["440000"].pk)
    settle()

    assert by_sector(country["440000"]) == by_sector(country["100000"]) == {0: (1, YI)}


def test_a_part_that_is_right_touches_nothing(country):
    make_project(district=country["440112"], total_investment=YI, milestones=SIGNED)
    settle()

    assert [cells.rebuild_part(part) for part in cells.parts()] == [0, 0, 0, 0]
    assert cells.rebuild_above() == 0
    assert cells.roll_up() == 0


def test_a_stored_cell_without_any_entry_goes_or_becomes_zeros(country):
    wrong = {"quarter": "2020Q1", "kind": "signed", "entered_count": 9}
    QuarterlyTotal.objects.create(district=country["440112"], **wrong)
    SectorTotal.objects.create(district=country["440000"], sector_id=0, **wrong)

    for part in cells.parts():
        cells.rebuild_part(part)
    settle()
    cells.rebuild_above()

    assert not QuarterlyTotal.objects.exclude(entered_count=0).exists()
    assert not SectorTotal.objects.exclude(entered_count=0).exists()
    assert cells.rebuild().cells == 0
    assert not QuarterlyTotal.objects.exists()
