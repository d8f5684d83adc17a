"""Quarterly totals: flow, stock, year to date, 同比, 环比, known amounts, undated; cells beside the ledger."""

from datetime import date, timedelta

import pytest

from projects import services
from projects.models import COUNTABLE_KINDS, TouchedCell
from tests.makers import NOW, YI, fresh, make_bands, make_huangpu, make_project, make_sector, record
from tracking import cells
from tracking.models import QuarterlyTotal, SectorTotal
from tracking.totals import behind, held_now, sum_of, totals, undated

pytestmark = pytest.mark.django_db

Q1, Q2, Q3 = "2023Q1", "2023Q2", "2023Q3"


@pytest.fixture
def places():
    return make_huangpu()


def one(district, quarter, kind, **more):
    [total] = totals(district, [quarter], [kind], **more)
    return total


def test_a_signed_project_stands_in_the_totals_of_its_zone_and_of_everything_above(places):
    make_project(
        district=places["440112-GDD"], total_investment=34 * YI, milestones={"signed": date(2023, 1, 29)}
    )

    cells.roll_up()

    for code in ("440112-GDD", "440112", "440100", "440000"):
        total = one(places[code], Q1, "signed")
        assert (total.entered.count, total.entered.investment) == (1, 34 * YI)
    assert one(places["440113"], Q1, "signed").entered.count == 0


def test_stock_is_the_stock_before_plus_entered_minus_left(places):
    here = places["440112"]
    make_project(
        district=here,
        total_investment=YI,
        milestones={"signed": date(2023, 1, 1), "started": date(2023, 8, 1)},
    )
    make_project(district=here, total_investment=2 * YI, milestones={"signed": date(2023, 5, 1)})

    cells.roll_up()

    stock = [total.stock for total in totals(here, [Q1, Q2, Q3], ["signed"])]
    assert [(s.count, s.investment) for s in stock] == [(1, YI), (2, 3 * YI), (1, 2 * YI)]
    assert one(here, Q3, "started").stock.count == 1


def test_signed_and_started_in_one_quarter_enters_both_and_stays_only_in_the_later(places):
    make_project(
        district=places["440112"], milestones={"signed": date(2023, 1, 29), "started": date(2023, 1, 29)}
    )

    cells.roll_up()

    signed = one(places["440112"], Q1, "signed")
    assert (signed.entered.count, signed.left.count, signed.stock.count) == (1, 1, 0)


def test_a_batch_that_touches_one_place_in_one_quarter_and_another_in_another_counts_nothing_twice(places):
    for code in ("440112-GDD", "440113"):
        for day in (date(2023, 1, 1), date(2023, 5, 1)):
            make_project(district=places[code], milestones={"signed": day})
    cells.roll_up()

    make_project(district=places["440112-GDD"], milestones={"signed": date(2023, 1, 1)})
    make_project(district=places["440113"], milestones={"signed": date(2023, 5, 1)})
    cells.roll_up()

    first, second = totals(places["440000"], [Q1, Q2], ["signed"])
    assert (first.entered.count, second.entered.count) == (3, 3)


def test_unknown_amounts_are_null_and_the_known_ones_are_counted(places):
    make_project(district=places["440112"], milestones={"signed": date(2023, 1, 29)})
    unknown_only = (cells.roll_up(), one(places["440112"], Q1, "signed"))[1]

    make_project(district=places["440112"], total_investment=0, milestones={"signed": date(2023, 1, 29)})
    cells.roll_up()

    assert unknown_only.entered.investment is None
    total = one(places["440112"], Q1, "signed").entered
    assert (total.count, total.with_investment, total.investment) == (2, 1, 0)


def test_year_to_date_yoy_and_qoq(places):
    here = places["440112"]
    for day in (date(2022, 5, 1), date(2023, 2, 1), date(2023, 4, 1), date(2023, 5, 1)):
        make_project(district=here, total_investment=YI, milestones={"signed": day})

    cells.roll_up()

    total = one(here, Q2, "signed")
    assert total.ytd.count == 3
    assert (total.yoy.count, total.qoq.investment) == (1.0, 1.0)
    assert one(here, Q1, "signed").yoy.count is None


def test_registered_companies_have_a_flow_and_no_stock(places):
    make_project(district=places["440112"], milestones={"registered": date(2023, 2, 1)})

    cells.roll_up()

    total = one(places["440112"], Q1, "registered")
    assert (total.entered.count, total.stock) == (1, None)


def test_undated_milestones_stand_beside_the_totals_and_in_none(places):
    project = make_project(
        district=places["440112-GDD"], total_investment=YI, milestones={"started": "unknown"}
    )
    record(project, "completed", date(2022, 6, 1), precision="year")

    cells.roll_up()

    found = undated(places["440100"], ["started", "completed"])
    assert (found.count, found.investment) == (2, 2 * YI)
    assert not QuarterlyTotal.objects.filter(entered_count__gt=0).exists()


@pytest.mark.parametrize(
    ("by", "members"),
    [
        ("sector", {"biomedicine", None}),
        ("size_band", {"1bn-5bn", None}),
        ("project_type", {"manufacturing", "other"}),
        ("ownership", {"state", None}),
        ("district", {"440112", "440113", "440100"}),
    ],
)
def test_every_breakdown_adds_up_to_the_total_and_each_member_opens_to_its_entries(places, by, members):
    make_bands()
    make_project(
        district=places["440112-GDD"],
        total_investment=10 * YI,
        sector=make_sector(),
        ownership="state",
        project_type="manufacturing",
        milestones={"signed": date(2023, 1, 29)},
    )
    make_project(
        district=places["440113"], milestones={"signed": date(2023, 2, 1), "started": date(2023, 2, 2)}
    )
    make_project(district=places["440100"], milestones={"signed": date(2023, 2, 1)})
    cells.roll_up()
    city = places["440100"]

    rows = totals(city, [Q1], ["signed"], by=by)

    assert {row.member for row in rows} == members
    assert sum(row.entered.count for row in rows) == one(city, Q1, "signed").entered.count == 3
    for row in rows:
        assert sum_of(behind(city, Q1, "signed", by=by, member=row.member)) == row.entered
        assert sum_of(behind(city, Q1, "signed", by=by, member=row.member, of="stock")) == row.stock


def test_a_province_by_sector_reads_the_same_from_its_cells_as_from_the_ledger(places):
    sectors = [make_sector(), make_sector("another"), None]
    for number, code in enumerate(("440112", "440112-GDD", "440113", "440000")):
        make_project(
            district=places[code],
            sector=sectors[number % 3],
            total_investment=(number + 1) * YI,
            milestones={"signed": date(2022, 11, 1), "started": date(2023, 2 + number, 1)},
        )
    cells.roll_up()
    asked = (places["440000"], [Q1, Q2, Q3], list(COUNTABLE_KINDS))

    assert SectorTotal.objects.filter(district=places["440000"]).count() > 3
    assert totals(*asked, by="sector") == totals(*asked, by="sector", as_of=NOW + timedelta(days=1))


def test_what_waits_to_be_rolled_up_is_not_read_from_the_cells_as_what_holds_now(places):
    here, asked = places["440112"], {"of": "stock"}
    make_project(district=here, total_investment=YI, milestones={"signed": date(2023, 1, 29)})

    assert held_now(here, Q1, "signed", **asked) is None
    cells.roll_up()

    assert held_now(here, Q1, "signed", **asked).investment == YI
    assert held_now(here, Q1, "signed", by="project_type", member="services", **asked) is None


def test_totals_as_of_a_moment_are_what_was_recorded_by_then(places):
    here = places["440112"]
    project = make_project(district=here, total_investment=YI, milestones={"signed": date(2023, 1, 29)})
    project = fresh(project)
    project.total_investment = 5 * YI

    services.save_project(project, actor=None, at=NOW + timedelta(days=1))
    cells.roll_up()

    assert one(here, Q1, "signed", as_of=NOW).entered.investment == YI
    assert one(here, Q1, "signed", as_of=NOW - timedelta(seconds=1)).entered.count == 0
    assert one(here, Q1, "signed", as_of=NOW + timedelta(days=2)) == one(here, Q1, "signed")


def test_a_change_moves_the_totals_of_both_districts_and_leaves_no_touched_row(places):
    project = make_project(
        district=places["440112"], total_investment=YI, milestones={"signed": date(2023, 1, 29)}
    )
    cells.roll_up()
    project = fresh(project)
    project.district = places["440113"]

    services.save_project(project, actor=None, at=NOW)
    cells.roll_up()

    assert one(places["440112"], Q1, "signed").entered.count == 0
    assert one(places["440113"], Q1, "signed").entered.investment == YI
    assert one(places["440100"], Q1, "signed").entered.count == 1
    assert not TouchedCell.objects.exists()


def test_a_rebuild_makes_the_same_cells_as_the_roll_up(places):
    for code, day in (
        ("440112-GDD", date(2022, 1, 5)),
        ("440112", date(2022, 8, 1)),
        ("440113", date(2023, 1, 1)),
    ):
        make_project(
            district=places[code],
            total_investment=YI,
            expected_output=2 * YI,
            milestones={"signed": day, "started": date(2023, 2, 1), "suspended": date(2023, 4, 1)},
        )
    cells.roll_up()
    rolled = list(QuarterlyTotal.objects.order_by("district", "quarter", "kind").values())

    cells.rebuild()

    rebuilt = list(QuarterlyTotal.objects.order_by("district", "quarter", "kind").values())
    assert [{**row, "id": 0} for row in rebuilt] == [{**row, "id": 0} for row in rolled]
    assert len(rebuilt) > 0


def test_every_countable_kind_has_its_row_even_when_nothing_happened(places):
    rows = totals(places["440112"], [Q1, Q2], list(COUNTABLE_KINDS))

    assert len(rows) == 2 * len(COUNTABLE_KINDS)
