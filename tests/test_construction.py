"""续建 and 开复工 of quarter and year, and size thresholds beside size bands: in totals, traces and on pages."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from projects import services
from projects.amounts import format_yi
from projects.models import District, SizeBand
from tests.api import Api, assert_problem
from tests.makers import LONG_AGO, NOW, YI, fresh, make_bands, make_huangpu, make_project, make_user, record
from tests.pages import read, signed_in
from tracking import cells
from tracking.thresholds import bound_of, name_of
from tracking.totals import FIGURES, UNDER_CONSTRUCTION, behind, sum_of, totals

pytestmark = pytest.mark.django_db

CELL = "district=440112&quarter=2023Q2&kind=started"


@pytest.fixture
def places() -> dict[str, District]:
    """One project under construction since 2021, one finished in 2023Q1, one in 2022; two starts of 2023."""
    made = make_huangpu()
    here, zone = made["440112"], made["440112-GDD"]
    make_bands()
    building(here, 1 * YI, date(2021, 5, 1))
    building(zone, 10 * YI, date(2022, 5, 1), date(2023, 2, 1))
    building(here, 20 * YI, date(2021, 5, 1), date(2022, 12, 31))
    building(here, None, date(2023, 1, 15))
    building(zone, 100 * YI, date(2023, 4, 1), date(2023, 6, 1))
    make_project(district=here, total_investment=400 * YI, milestones={"started": "unknown"})
    make_project(district=made["440113"], total_investment=YI, milestones={"started": date(2023, 5, 1)})
    cells.roll_up()
    return made


def building(place: District, investment: int | None, started: date, completed: date | None = None) -> None:
    dates: dict[str, date | str] = {"started": started}
    if completed:
        dates["completed"] = completed
    make_project(district=place, total_investment=investment, milestones=dates)


@pytest.fixture
def api(places: dict[str, District]) -> Api:
    return Api(make_user(district=places["440112"]))


# --- carried over, started or carried on --------------------------------------------------------------------------


def test_what_was_under_construction_when_a_period_began_is_carried_over_into_it(api: Api) -> None:
    [first, second] = api.get("totals/?district=440112&from=2023Q1&to=2023Q2&kind=started").json()["results"]

    assert shown(first) == {
        "carried_over": (2, 11 * YI),
        "carried_over_year": (2, 11 * YI),
        "start_or_resume": (3, 11 * YI),
        "start_or_resume_year": (3, 11 * YI),
    }
    assert shown(second) == {
        "carried_over": (2, YI),
        "carried_over_year": (2, 11 * YI),
        "start_or_resume": (3, 101 * YI),
        "start_or_resume_year": (4, 111 * YI),
    }


def shown(total: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {of: (total[of]["count"], total[of]["investment"]) for of in UNDER_CONSTRUCTION}


@pytest.mark.parametrize("quarter", ["2021Q1", "2022Q4", "2023Q1", "2023Q2", "2023Q3", "2024Q1"])
def test_new_starts_and_what_was_carried_over_are_what_was_under_construction(
    places: dict[str, District], quarter: str
) -> None:
    [total] = totals(places["440100"], [quarter], ["started"])

    assert total.carried_over is not None
    assert total.carried_over_year is not None
    assert total.start_or_resume == total.entered + total.carried_over
    assert total.start_or_resume_year == total.ytd + total.carried_over_year


@pytest.mark.parametrize("of", UNDER_CONSTRUCTION)
@pytest.mark.parametrize("by", ["", "&by=size_band&member=ge-10bn", "&by=size_threshold&member=ge-1bn"])
def test_each_of_them_opens_to_the_projects_that_make_it_up(api: Api, of: str, by: str) -> None:
    trace = api.get(f"totals/trace/?{CELL}&of={of}{by}").json()

    rows = api.get(f"totals/?{CELL}{by.partition('&member')[0]}").json()["results"]
    [total] = [row for row in rows if (row["member"] or "") == by.partition("member=")[2]]
    assert trace["sum"] == total[of]
    assert len(trace["results"]) == total[of]["count"]


def test_as_of_a_past_moment_what_was_finished_later_was_still_under_construction(
    places: dict[str, District],
) -> None:
    project = make_project(
        district=places["440112"], at=LONG_AGO, total_investment=YI, milestones={"started": date(2019, 5, 1)}
    )
    record(fresh(project), "completed", date(2019, 11, 1), at=NOW)

    [then] = totals(places["440112"], ["2020Q1"], ["started"], as_of=LONG_AGO)
    [now] = totals(places["440112"], ["2020Q1"], ["started"], as_of=NOW)

    assert (then.carried_over and then.carried_over.count, now.carried_over and now.carried_over.count) == (
        1,
        0,
    )


@pytest.mark.parametrize("kind", ["signed", "completed", "registered"])
def test_other_kinds_have_no_such_figures(api: Api, kind: str) -> None:
    [total] = api.get(f"totals/?district=440112&quarter=2023Q2&kind={kind}").json()["results"]
    refused = api.get(f"totals/trace/?district=440112&quarter=2023Q2&kind={kind}&of=carried_over")

    assert {total[of] for of in UNDER_CONSTRUCTION} == {None}
    problem = assert_problem(refused, 400, "validation", "of")
    assert "started" in problem["errors"][0]["detail"]


def test_tables_have_a_column_for_each_of_them(api: Api) -> None:
    answer = api.get(f"totals/?{CELL}&format=csv")

    [head, row] = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    table = dict(zip(head.split(","), row.split(","), strict=True))
    assert table["start_or_resume_year_count"] == "4"
    assert table["carried_over_investment"] == str(YI)


def test_the_start_page_shows_them_for_what_started_and_opens_their_lists(
    places: dict[str, District],
) -> None:
    client = signed_in(make_user(district=places["440112"], role="viewer"))
    page = read(client, "/?district=440112&quarter=2023Q2")

    links = [
        link for link in page.opening("/figures/") if "carried_over" in link.href or "resume" in link.href
    ]
    heads = [read(client, link.href).cells for link in links]

    assert [link.text for link in links] == ["2", "1.00", "2", "11.00", "3", "101.00", "4", "111.00"]
    assert [head[place % 2] for place, head in enumerate(heads)] == [link.text for link in links]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("kind=signed&of=start_or_resume", "Only what has started is carried over"),
        ("kind=signed,started&of=carried_over", "Only what has started is carried over"),
        ("kind=registered&of=stock", "A project passes this kind"),
        ("kind=started&of=carried", "of"),
    ],
)
def test_a_list_that_there_is_not_is_refused_with_a_sentence(
    places: dict[str, District], query: str, sentence: str
) -> None:
    client = signed_in(make_user(district=places["440112"], role="viewer"))

    page = read(client, f"/figures/?district=440112&quarter=2023Q2&{query}", 400)

    assert sentence in page.text


# --- size thresholds ----------------------------------------------------------------------------------------------


def test_a_threshold_holds_the_larger_ones_and_no_unknown_amount(api: Api) -> None:
    rows = api.get("totals/?district=440112&quarter=2023Q2&kind=started&by=size_threshold").json()["results"]

    assert {row["member"]: row["start_or_resume_year"]["count"] for row in rows} == {
        "ge-100m": 3,
        "ge-1bn": 2,
        "ge-5bn": 1,
        "ge-10bn": 1,
    }
    assert {row["member"]: row["entered"]["investment"] for row in rows} == dict.fromkeys(
        ("ge-100m", "ge-1bn", "ge-5bn", "ge-10bn"), 100 * YI
    )


def test_every_figure_of_a_threshold_is_the_sum_of_its_list(places: dict[str, District]) -> None:
    rows = totals(places["440100"], ["2023Q1", "2023Q2"], ["started", "completed"], by="size_threshold")

    assert len(rows) > 8
    for row in rows:
        for of in (of for of in FIGURES if getattr(row, of) is not None):
            found = behind(
                places["440100"], row.quarter, row.kind, of=of, by="size_threshold", member=row.member
            )
            assert sum_of(found) == getattr(row, of)


def test_a_threshold_also_holds_what_lies_in_a_gap_between_the_bands_or_above_them(
    places: dict[str, District],
) -> None:
    for code in ("5bn-10bn", "ge-10bn"):
        services.delete_band(SizeBand.objects.get(code=code), at=NOW)

    rows = totals(places["440112"], ["2023Q2"], ["started"], by="size_threshold")

    assert {row.member: row.entered.count for row in rows} == {"ge-100m": 1, "ge-1bn": 1}


def test_thresholds_of_a_past_moment_are_those_of_its_bands(places: dict[str, District], api: Api) -> None:
    cell = "district=440112&quarter=2023Q2&kind=started&by=size_threshold"
    as_of = "2026-11-22T03:00:00Z"
    before = api.get(f"totals/?{cell}&as_of={as_of}").json()["results"]

    services.delete_band(SizeBand.objects.get(code="1bn-5bn"), at=NOW.replace(hour=12))

    assert api.get(f"totals/?{cell}&as_of={as_of}").json()["results"] == before
    assert "ge-1bn" not in {row["member"] for row in api.get(f"totals/?{cell}").json()["results"]}
    assert api.get(f"totals/trace/?{cell}&member=ge-1bn&as_of={as_of}").json()["sum"]["count"] == 1
    assert_problem(api.get(f"totals/trace/?{cell}&member=ge-1bn"), 400, "validation", "member")


@pytest.mark.parametrize("member", ["", "ge-2bn", "1bn-5bn", "ge_1bn", "ge-1000m", "ge-0", "ge--1bn", "%00"])
def test_a_threshold_that_there_is_not_is_refused(api: Api, places: dict[str, District], member: str) -> None:
    refused = api.get(f"totals/trace/?{CELL}&by=size_threshold&member={member}")

    assert_problem(refused, 400, "validation", "member")


@pytest.mark.parametrize(
    "member", ["", "1bn-5bn", "ge_1bn", "ge-1000m", "ge-0", "ge-9999999999999999999999bn"]
)
def test_a_page_of_a_threshold_that_cannot_be_is_not_found(places: dict[str, District], member: str) -> None:
    client = signed_in(make_user(district=places["440112"], role="viewer"))

    read(client, f"/figures/?{CELL}&by=size_threshold&member={member}", 404)


@pytest.mark.parametrize(
    ("yuan", "name"),
    [(10**9, "ge-1bn"), (5 * 10**9, "ge-5bn"), (10**8, "ge-100m"), (15 * 10**8, "ge-1500m"), (123, "ge-123")],
)
def test_a_threshold_is_named_after_its_bound_and_read_back(yuan: int, name: str) -> None:
    assert name_of(yuan) == name
    assert bound_of(name) == yuan


def test_the_start_page_tells_bands_from_thresholds_and_opens_both(places: dict[str, District]) -> None:
    client = signed_in(make_user(district=places["440112"], role="viewer"))
    page = read(client, "/?district=440112&quarter=2023Q2")

    links = page.opening("/figures/?district=440112&quarter=2023Q2&kind=started&of=entered&by=size_threshold")

    assert "thresholds, the larger included" in page.text
    assert "bands, each on its own" in page.text
    assert [link.text for link in links] == ["1", "100.00"] * 4
    opened = read(client, links[2].href)
    assert "10.00 × 100 million yuan and more" in opened.text
    assert opened.cells[:2] == ["1", format_yi(100 * YI)]
