"""The revision table of a quarter: each release and now, and between them the differences with their causes."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

import pytest
from django.test import Client
from hypothesis import given, settings
from pytest_django import DjangoAssertNumQueries

from config.api.outcomes import NothingNew
from projects import services
from projects.models import COUNTABLE_KINDS, Cause, District, Project
from tests.makers import NOW, YI, fresh, make_huangpu, make_project, make_release, make_user
from tests.pages import download, read, signed_in
from tests.test_identities import Bureau, bounded, histories, taken_back
from tracking.explain import explain
from tracking.models import Release
from tracking.revisions import MOST_RELEASES, RevisionTable, revision_table
from tracking.sums import NOTHING
from tracking.totals import ever_behind, totals

pytestmark = pytest.mark.django_db

Places: TypeAlias = dict[str, District]
SIGNED: dict[str, date | str] = {"signed": date(2023, 1, 29)}
PAGE = "/revisions/?district=440112&quarter=2023Q1"


@pytest.fixture
def places() -> Places:
    return make_huangpu()


@pytest.fixture
def officer(places: Places) -> Client:
    """Somebody who works in Huangpu."""
    return signed_in(make_user("officer", district=places["440112"], role="viewer"))


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def correct(project: Project, amount: int, hours: float) -> None:
    project = fresh(project)
    project.total_investment = amount
    services.save_project(project, actor=None, at=at(hours))


def table_of(district: District, quarter: str = "2023Q1") -> RevisionTable:
    table = revision_table(district, quarter)
    assert table
    return table


@pytest.fixture
def revised(places: Places) -> list[Release]:
    """First released with one project of 1 亿; its amount corrected to 3, released again; then one more reported."""
    project = make_project("超级工厂", district=places["440112"], total_investment=YI, milestones=SIGNED)
    li = make_user("li", district=places["440112"], role="publisher")
    first = make_release(places["440112"], at=at(1), provisional=True)
    correct(project, 3 * YI, 2)
    second = make_release(places["440112"], at=at(3), note="金额更正", actor=li)
    make_project("生物园", district=places["440112"], milestones=SIGNED, at=at(4))
    return [first, second]


# --- what the table holds -----------------------------------------------------------------------------------------


def test_each_release_and_now_stand_side_by_side_with_the_differences_by_cause(
    places: Places, revised: list[Release]
) -> None:
    table = table_of(places["440112"])

    assert [moment.release for moment in table.moments] == [*revised, None]
    course = table.courses["signed", "entered"]
    assert [(sums.count, sums.investment) for sums in course.figures] == [(1, YI), (1, 3 * YI), (2, 3 * YI)]
    assert [
        {cause: (sums.count, sums.known_investment) for cause, sums in gap.by_cause.items()}
        for gap in course.gaps
    ] == [{Cause.AMOUNT_CORRECTED: (0, 2 * YI)}, {Cause.REPORTED_LATE: (1, 0)}]
    assert table.courses["started", "entered"].figures == [NOTHING] * 3


def test_releases_of_higher_districts_hold_too_and_those_of_others_do_not(places: Places) -> None:
    make_project(district=places["440112"], milestones=SIGNED)
    releases = [make_release(places[code], at=at(n)) for n, code in enumerate(("440100", "440112"))]
    make_release(places["440113"], at=at(3))
    make_release(places["440112-GDD"], at=at(4))
    make_release(places["440112"], "2022Q4", at=at(5))

    table = table_of(places["440112"])

    assert [moment.release for moment in table.moments] == [*releases, None]


def test_of_many_releases_the_last_are_shown_and_the_others_counted(places: Places) -> None:
    project = make_project(district=places["440112"], total_investment=YI, milestones=SIGNED)
    for number in range(MOST_RELEASES + 2):
        correct(project, (number + 2) * YI, number)
        make_release(places["440112"], at=at(number + 0.5))

    table = table_of(places["440112"])

    assert (len(table.moments), table.left_out) == (MOST_RELEASES + 1, 2)
    figures = table.courses["signed", "entered"].figures
    assert [sums.investment for sums in figures[:2]] == [4 * YI, 5 * YI]
    assert figures[-1] == figures[-2]


@settings(bounded, max_examples=5)
@given(histories, histories, histories)
def test_every_column_is_what_the_totals_say_and_every_gap_what_explain_says(
    first: list[Any], second: list[Any], third: list[Any]
) -> None:
    with taken_back():
        bureau = Bureau()
        city = bureau.places["440100"]
        for part in (first, second, third):
            for edit in part:
                bureau.do(*edit)
            release_if_anything_changed(city)
        table = table_of(city)

        for number, moment in enumerate(table.moments):
            for total in totals(city, ["2023Q1"], COUNTABLE_KINDS, as_of=moment.at or at(24)):
                assert table.courses[total.kind, "entered"].figures[number] == total.entered
                if total.stock is not None:
                    assert table.courses[total.kind, "stock"].figures[number] == total.stock
        for kind, of in (("signed", "entered"), ("started", "stock")):
            for gap in table.courses[kind, of].gaps:  # type: ignore[index]
                assert gap.start.at
                told = explain(ever_behind(city, "2023Q1", kind, of=of), gap.start.at, gap.end.at)  # type: ignore[arg-type]
                by_cause = {cause: found.difference for cause, found in told.by_cause.items()}
                assert gap.by_cause == {cause: sums for cause, sums in by_cause.items() if sums != NOTHING}


def release_if_anything_changed(district: District) -> None:
    with suppress(NothingNew):
        make_release(district)


def test_however_many_releases_there_are_the_figures_take_four_queries(
    places: Places, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    project = make_project(district=places["440112"], milestones=SIGNED)
    for number in range(5):
        correct(project, (number + 2) * YI, number)
        make_release(places["440112"], at=at(number + 0.5))

    with django_assert_num_queries(5):  # and the releases once
        table_of(places["440112"])


# --- the page -----------------------------------------------------------------------------------------------------


def test_the_page_says_of_each_release_when_by_whom_and_why(officer: Client, revised: list[Release]) -> None:
    page = read(officer, PAGE)

    assert "first release provisional 2026-11-22 11:00" in page.text
    assert "revision 1 2026-11-22 13:00 li 金额更正" in page.text
    assert page.styled == []


def test_who_released_for_a_higher_district_is_shown_to_those_who_see_that_district(
    officer: Client, places: Places
) -> None:
    make_project(district=places["440112"], milestones=SIGNED)
    make_release(places["440100"], actor=make_user("zhao"), note="全市统一修订")
    of_city = signed_in(make_user(district=places["440100"], role="viewer"))

    page, theirs = read(officer, PAGE), read(of_city, PAGE)

    assert "Guangzhou 全市统一修订" in page.text
    assert "Guangzhou zhao 全市统一修订" in theirs.text


def test_each_figure_opens_its_projects_as_released_and_each_difference_its_explanation(
    officer: Client, revised: list[Release]
) -> None:
    page = read(officer, PAGE)

    first, second = (release.pk for release in revised)
    figure = "district=440112&quarter=2023Q1&kind=signed&of=entered"
    for asked in (f"&release={first}", f"&release={second}", ""):
        assert page.opening(f"/figures/?{figure}{asked}")
    for span in (f"from=release:{first}&to=release:{second}", f"from=release:{second}&to=now"):
        [link] = page.opening(f"/explain/?{figure}&{span}")
        assert read(officer, link.href).text
    assert "Amount corrected: investment +2.00" in page.text
    assert "Reported late: number +1" in page.text


def test_what_did_not_change_is_quiet_and_leads_nowhere(officer: Client, places: Places) -> None:
    make_project(district=places["440112"], milestones=SIGNED)
    make_release(places["440112"])

    page = read(officer, PAGE)

    assert "unchanged" in page.text
    assert page.opening("/explain/") == []


def test_changes_that_cancel_out_are_still_explained(officer: Client, places: Places) -> None:
    gone = make_project(district=places["440112"], milestones=SIGNED)
    make_release(places["440112"])
    services.void_project(gone, "重复登记", actor=None, at=at(1))
    make_project(district=places["440112"], milestones=SIGNED, at=at(2))

    page = read(officer, PAGE)

    assert "unchanged Reported late: number +1 Voided: number −1" in page.text
    assert page.opening("/explain/?district=440112&quarter=2023Q1&kind=signed&of=entered")


def test_the_table_comes_as_a_file(officer: Client, revised: list[Release]) -> None:
    text = download(officer, f"{PAGE}&format=csv").decode("utf-8-sig")
    workbook = download(officer, f"{PAGE}&format=xlsx")

    rows = [row for row in csv.reader(io.StringIO(text)) if row[:2] == ["Signed", "in the quarter"]]
    assert [(row[3], row[4], row[5], row[7]) for row in rows] == [
        ("first release 2026-11-22 11:00", "", "1", str(YI)),
        ("revision 1 2026-11-22 13:00", "Amount corrected", "0", str(2 * YI)),
        ("revision 1 2026-11-22 13:00", "", "1", str(3 * YI)),
        ("now", "Reported late", "1", "0"),
        ("now", "", "2", str(3 * YI)),
    ]
    assert workbook.startswith(b"PK")


def test_a_quarter_that_was_not_released_says_what_to_do_next(officer: Client, places: Places) -> None:
    publisher = signed_in(make_user(district=places["440112"], role="publisher"))

    page, theirs = read(officer, PAGE), read(publisher, PAGE)

    assert "This quarter has not been released yet." in page.text
    assert page.opening("/releases/new/") == []
    assert theirs.opening("/releases/new/?district=440112&quarter=2023Q1")
    assert (
        officer.get(f"{PAGE}&format=csv").status_code == 200
    )  # the same sentence; there is no table to send


# --- who may, and what is refused ---------------------------------------------------------------------------------


def test_others_find_no_such_page_and_strangers_are_asked_to_sign_in(
    places: Places, revised: list[Release]
) -> None:
    neighbour = signed_in(make_user(district=places["440113"]))

    assert neighbour.get(PAGE).status_code == 404
    assert Client().get(PAGE).status_code == 302


def test_no_page_names_a_project(officer: Client, revised: list[Release]) -> None:
    page = read(officer, PAGE)

    assert "超级工厂" not in page.text


@pytest.mark.parametrize(
    "query",
    [
        "/revisions/?district=440112",
        "/revisions/?quarter=2023Q1",
        "/revisions/?district=440112&quarter=2023Q5",
        f"{PAGE}&kind=signed",
        f"{PAGE}&format=pdf",
        f"{PAGE}&quarter=2023Q2",
    ],
)
def test_what_cannot_be_read_is_explained(officer: Client, query: str) -> None:
    page = read(officer, query, 400)

    assert "This address cannot be read" in page.text
