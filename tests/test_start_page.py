"""The start page: the figures of a district and quarter, whole and opened, for those who may see them."""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from projects import services
from projects.amounts import format_yi
from projects.models import District, User
from tests.makers import (
    NOW,
    YI,
    make_bands,
    make_district,
    make_huangpu,
    make_project,
    make_release,
    make_sector,
    make_user,
)
from tests.pages import read, signed_in
from tracking import totals
from tracking.cells import roll_up
from tracking.flows import flows
from tracking.models import ReportedTotal

pytestmark = pytest.mark.django_db

Places: TypeAlias = dict[str, District]

HUANGPU = "/?district=440112&quarter=2023Q1"


@pytest.fixture
def places() -> Places:
    """A branch of the tree with projects at several levels, in two quarters, one of them undated."""
    places = make_huangpu()
    make_bands()
    sector = make_sector()
    zone, huangpu, panyu = places["440112-GDD"], places["440112"], places["440113"]
    make_project(
        district=zone,
        sector=sector,
        total_investment=34 * YI,
        expected_output=50 * YI,
        project_type="manufacturing",
        milestones={"signed": date(2023, 1, 29), "started": date(2023, 3, 1)},
    )
    make_project(district=zone, total_investment=None, milestones={"signed": date(2023, 2, 1)})
    make_project(
        district=huangpu,
        sector=sector,
        total_investment=6 * YI,
        expected_revenue=7 * YI,
        project_type="industrial",
        milestones={"signed": date(2022, 2, 1), "started": date(2023, 2, 2), "completed": date(2023, 3, 30)},
    )
    make_project(district=huangpu, total_investment=2 * YI, milestones={"started": "unknown"})
    make_project(district=panyu, total_investment=99 * YI, milestones={"signed": date(2023, 1, 5)})
    roll_up()
    return places


@pytest.fixture
def officer(places: Places) -> User:
    """Somebody who works in Huangpu."""
    return make_user("officer", district=places["440112"], role="viewer")


def test_the_cards_show_what_the_totals_say(places: Places, officer: User) -> None:
    page = read(signed_in(officer), HUANGPU)

    [signed] = totals.totals(places["440112"], ["2023Q1"], ["signed"])
    assert (signed.entered.count, signed.entered.with_investment) == (2, 1)
    assert signed.yoy.count == 1.0
    assert "Projects signed 2 projects 34.00 × 100 million yuan 1 of 2 amounts known" in page.text
    assert "up 100.0%" in page.text
    assert "Huangpu 2023 Q1" in page.text


def test_every_figure_opens_the_list_whose_sum_it_is(officer: User) -> None:
    client = signed_in(officer)
    page = read(client, HUANGPU)

    links = page.opening("/figures/")
    assert len(links) > 30
    heads = {link.href: read(client, link.href).cells for link in links}
    for link in links:
        if "%" in link.text:
            continue
        shown = link.text or link.label
        assert any(value == shown or f" {value} " in f"{shown} " for value in heads[link.href]), (
            link,
            heads[link.href],
        )


@pytest.mark.parametrize("kind", ["signed", "started", "completed"])
@pytest.mark.parametrize("by", ["district", "sector", "size_band", "project_type", "ownership"])
def test_the_parts_of_a_breakdown_add_up_to_the_figure_behind_it(
    officer: User, places: Places, kind: str, by: str
) -> None:
    client = signed_in(officer)
    parts = totals.totals(places["440112"], ["2023Q1"], [kind], by=by)  # type: ignore[arg-type]

    listed = [
        read(
            client, f"/figures/?district=440112&quarter=2023Q1&kind={kind}&by={by}&member={part.member or ''}"
        ).cells
        for part in parts
    ]

    assert [cells[0] for cells in listed] == [str(part.entered.count) for part in parts]
    assert [cells[1] for cells in listed] == [format_yi(part.entered.investment) for part in parts]
    whole = read(client, f"/figures/?district=440112&quarter=2023Q1&kind={kind}")
    assert sum(int(cells[0]) for cells in listed) == int(whole.cells[0])


@pytest.mark.parametrize("code", ["440100", "440112", "440112-GDD"])
@pytest.mark.parametrize("by", totals.BREAKDOWNS)
def test_the_quick_reading_of_one_quarter_is_what_the_totals_say(
    places: Places, code: str, by: totals.By
) -> None:
    kinds = ["signed", "started", "completed"]

    quick = flows(places[code], "2023Q1", kinds, by=by)

    whole = totals.totals(places[code], ["2023Q1"], kinds, by=by)
    assert {(member, kind): sums for member, by_kind in quick.items() for kind, sums in by_kind.items()} == {
        (total.member, total.kind): total.entered for total in whole if total.entered.count
    }


def test_a_publisher_is_led_to_releasing_the_quarter_and_others_are_not(
    places: Places, officer: User
) -> None:
    publisher = make_user(district=places["440112"], role="publisher")
    way = "/releases/new/?district=440112&quarter=2023Q1"

    offered = [link.label or link.text for link in read(signed_in(publisher), HUANGPU).opening(way)]
    release = make_release(places["440112"])

    assert [text.strip() for text in offered] == ["Release this quarter"]
    assert read(signed_in(publisher), HUANGPU).opening(way)[0].text.strip() == "Release this quarter again"
    assert read(signed_in(officer), HUANGPU).opening(way) == []
    assert read(signed_in(publisher), f"{HUANGPU}&release={release.pk}").opening(way) == []


def test_a_higher_district_holds_its_whole_subtree_and_names_its_children(places: Places) -> None:
    page = read(signed_in(make_user(superuser=True)), "/?district=440100&quarter=2023Q1")

    assert "Projects signed 3 projects 133.00" in page.text
    children = [link.href for link in page.links if link.text in ("Huangpu", "Panyu")]
    assert {"/?district=440112&quarter=2023Q1", "/?district=440113&quarter=2023Q1"} <= set(children)


def test_what_has_no_date_is_counted_beside_and_opens_the_list_to_chase(officer: User) -> None:
    client = signed_in(officer)
    page = read(client, HUANGPU)

    [link] = [link for link in page.opening("/undated/") if "without a date" in link.text]
    assert link.text == "1 milestone without a date"
    chased = read(client, link.href)
    assert chased.cells[:2] == ["1", "2.00"]
    assert "date unknown" in chased.text


def test_suspended_projects_stay_in_the_stock_and_are_shown_as_such(places: Places, officer: User) -> None:
    make_project(
        district=places["440112"], milestones={"started": date(2022, 5, 1), "suspended": date(2023, 1, 9)}
    )
    roll_up()

    page = read(signed_in(officer), HUANGPU)

    assert "Of the stock, suspended: 1" in page.text


def test_without_a_choice_the_page_opens_at_the_topmost_membership_and_the_last_quarter_with_something(
    places: Places, officer: User
) -> None:
    services.add_member(officer, places["440112-GDD"], "editor")

    page = read(signed_in(officer), "/")

    assert "Huangpu 2023 Q1" in page.text


def test_of_several_topmost_districts_the_page_opens_at_the_one_with_most_in_it(places: Places) -> None:
    make_district("150000", "内蒙古自治区", level="province")

    page = read(signed_in(make_user(superuser=True)), "/")

    assert "Guangdong 2023 Q1" in page.text


@pytest.mark.parametrize(
    "address",
    [
        "/?district=440113",
        "/?district=440100",
        "/?district=999999",
        "/?district=",
        "/figures/?district=440113&quarter=2023Q1&kind=signed",
        "/undated/?district=440113",
        "/figures/?district=440112&quarter=2023Q1&kind=signed&by=district&member=440113",
        "/figures/?district=440112&quarter=2023Q1&kind=signed&by=sector&member=x",
    ],
)
def test_a_district_that_one_may_not_see_does_not_exist(address: str) -> None:
    client = signed_in(make_user(district=make_huangpu()["440112"]))

    page = read(client, address, status=404)

    assert "There is nothing here" in page.text
    assert "Panyu" not in page.text
    assert page.opening("/")


@pytest.mark.parametrize(
    "query",
    [
        "quarter=2023Q5",
        "quarter=2023-Q1'--",
        "quarter=0000Q1",
        "quarter=",
        "quarter=2023Q1&quarter=2023Q2",
        "distrct=1",
        "quarter=%00",
        "quarter=%ff%fe",
        "district=%F0%9F%98%80%00",
        "district=" + "4" * 300,
    ],
)
def test_an_address_that_cannot_be_read_is_explained_with_a_way_back(query: str) -> None:
    page = read(signed_in(make_user(district=make_district())), f"/?{query}", status=400)

    assert "This address cannot be read" in page.text
    assert [link.text for link in page.links][-1] == "Back to the start page"


@pytest.mark.parametrize(
    "more",
    [
        "kind=signed&of=nonsense",
        "kind=nonsense",
        "kind=signed,signed",
        "kind=",
        "kind=signed&by=district__code",
        "of=stock",
        "kind=signed&member=440112",
        "kind=signed,started&by=sector",
        "kind=registered&of=stock",
        "kind=signed&cursor=forged",
        "kind=signed&category=nonsense",
        "kind=signed&category=ge_0bn",
    ],
)
def test_a_list_refuses_what_names_no_figure(more: str) -> None:
    client = signed_in(make_user(district=make_district()))

    page = read(client, f"/figures/?district=440112&quarter=2023Q1&{more}", status=400)

    assert "This address cannot be read" in page.text


def test_one_must_sign_in_to_see_anything(client: Client) -> None:
    response = client.get(HUANGPU)

    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/?next=/%3Fdistrict")


def test_somebody_without_a_membership_is_told_whom_to_ask() -> None:
    page = read(signed_in(make_user("newcomer")), "/")

    assert "You are not a member of any district yet" in page.text
    assert "newcomer" in page.text


def test_an_empty_installation_says_what_to_do_next() -> None:
    page = read(signed_in(make_user(superuser=True)), "/")

    assert "There are no districts yet" in page.text
    assert page.opening("/admin/")


def test_a_district_without_anything_shows_zeros_and_the_present_quarter() -> None:
    huangpu = make_district()

    page = read(signed_in(make_user(district=huangpu)), "/")

    assert "Projects signed 0 projects 0.00" in page.text
    assert "Every milestone has its date." in page.text
    assert "No claim about this district and quarter is recorded." in page.text


@pytest.mark.parametrize("quarter", ["1949Q1", "2100Q4"])
def test_the_first_and_the_last_quarter_have_no_neighbour_beyond(quarter: str) -> None:
    client = signed_in(make_user(district=make_district()))

    page = read(client, f"/?quarter={quarter}")

    assert len([link for link in page.links if "←" in link.text or "→" in link.text]) == 1


def test_the_page_is_chinese_unless_english_is_chosen_whatever_the_browser_says(officer: User) -> None:
    client = signed_in(officer, language="nonsense")

    chinese = client.get(HUANGPU, headers={"accept-language": "en"})
    client.post("/i18n/setlang/", {"language": "en", "next": HUANGPU})
    english = client.get(HUANGPU, headers={"accept-language": "zh"})

    assert 'lang="zh-Hans"' in chinese.content.decode()
    assert "黄埔区" in chinese.content.decode()
    assert 'lang="en"' in english.content.decode()
    assert "Huangpu" in english.content.decode()


def test_pages_carry_no_inline_style_or_script_and_escape_names(places: Places, officer: User) -> None:
    make_project(
        "<script>alert(1)</script>",
        district=places["440112"],
        total_investment=YI,
        milestones={"signed": date(2023, 1, 2)},
    )
    roll_up()
    client = signed_in(officer)

    pages = [
        read(client, address)
        for address in (
            HUANGPU,
            "/figures/?district=440112&quarter=2023Q1&kind=signed",
            "/undated/?district=440112",
            "/districts/",
            "/password/",
        )
    ]

    assert [page.styled for page in pages] == [[]] * len(pages)
    assert "<script>alert(1)</script>" in pages[1].text


def test_the_page_costs_as_many_queries_with_many_projects_as_with_few(
    places: Places, officer: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        make_project(
            district=places["440112-GDD"],
            sector=make_sector(f"s{number}", f"产业{number}"),
            total_investment=YI,
            milestones={"signed": date(2022 + number % 2, 1, 2)},
        )
        make_district(f"440112-Z{number}", f"园{number}", level="zone", parent=places["440112"])
        facts = {"period": "2023Q1", "measure": "signed_count", "unit": "projects", "value": number}
        claim = ReportedTotal(district=places["440112"], **facts)
        services.save_versioned(claim, at=NOW)
    roll_up()
    client = signed_in(officer)

    with django_assert_max_num_queries(27):
        read(client, HUANGPU)
    with django_assert_max_num_queries(12):
        read(client, "/figures/?district=440112&quarter=2022Q1&kind=signed&by=sector&member=s1")


def test_a_long_list_is_read_page_by_page_without_missing_anything(places: Places, officer: User) -> None:
    for number in range(60):
        make_project(
            f"第{number:02}项",
            district=places["440112"],
            total_investment=None if number % 3 else number * YI,
            milestones={"signed": date(2021, 1, 2)},
        )
    client = signed_in(officer)

    first = read(client, "/figures/?district=440112&quarter=2021Q1&kind=signed")
    [after] = [link for link in first.links if "Next page" in link.text]
    second = read(client, after.href)

    assert first.cells[0] == second.cells[0] == "60"
    assert sum(page.text.count("第") for page in (first, second)) == 60
    assert [link.text for link in second.links if link.text.endswith(" page")] == [
        "Start page",
        "←Previous page",
    ]


def test_a_district_is_found_by_part_of_its_name_or_code(places: Places) -> None:
    client = signed_in(make_user(superuser=True))

    several = read(client, "/districts/?q=44011&quarter=2023Q1")
    one = client.get("/districts/?q=panyu&quarter=2023Q1")

    assert [link.text for link in several.opening("/?district=")] == [
        "Huangpu",
        "Guangzhou Development District",
        "Panyu",
    ]
    assert one["Location"] == "/?district=440113&quarter=2023Q1"
    assert "No district of yours" in read(client, "/districts/?q=%25").text


def test_where_there_are_very_many_districts_only_those_around_are_offered(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.pages.places.MOST_CHOICES", 4)

    page = signed_in(make_user(superuser=True)).get("/?district=440113").content.decode()

    assert 'value="440112"' in page
    assert 'value="440112-GDD"' not in page
