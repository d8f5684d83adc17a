"""The page of a changed figure: before and after, sums by cause that leave nothing over, every change."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from html import escape
from typing import Any, TypeAlias
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from python_calamine import CalamineWorkbook

from projects import services
from projects.models import District, Project
from tests.makers import (
    NOW,
    YI,
    fresh,
    make_bands,
    make_district,
    make_huangpu,
    make_project,
    make_release,
    make_user,
)
from tests.pages import download, read, signed_in
from tracking.figures import Figure
from tracking.models import Release
from tracking.moments import Moment

pytestmark = pytest.mark.django_db

Places: TypeAlias = dict[str, District]
SIGNED: dict[str, date | str] = {"signed": date(2023, 1, 29)}
LATER = NOW + timedelta(hours=1)
FIGURE = Figure("440112", "2023Q1", ("signed",))
CELL = "/explain/?district=440112&quarter=2023Q1&kind=signed"


@pytest.fixture
def places() -> Places:
    return make_huangpu()


@pytest.fixture
def release(places: Places) -> Release:
    """Released with one project of 1 亿; since then it was corrected to 3 亿, and another was reported late."""
    wang = make_user("wang", district=places["440112"])
    project = make_project("超级工厂", district=places["440112"], total_investment=YI, milestones=SIGNED)
    release = make_release(places["440112"])
    correct(project, actor=wang, total_investment=3 * YI)
    make_project("生物园", district=places["440112-GDD"], milestones=SIGNED, at=LATER)
    return release


def correct(project: Project, actor: Any = None, **new: Any) -> None:
    project = fresh(project)
    for name, value in new.items():
        setattr(project, name, value)
    services.save_project(project, actor=actor, at=LATER)


@pytest.fixture
def officer(places: Places) -> Client:
    """Somebody who works in Huangpu."""
    return signed_in(make_user("officer", district=places["440112"], role="viewer"))


def since(release: Release, **more: Any) -> str:
    """The page that explains a figure since a release."""
    return replace(FIGURE, moment=Moment.of(release), **more).explained()


def test_before_and_after_stand_beside_each_other_and_the_causes_add_up_to_the_difference(
    officer: Client, release: Release
) -> None:
    page = read(officer, since(release))

    assert "number 1 2 +1 investment 1.00 1/1 3.00 1/2 +2.00" in page.text
    assert "Amount corrected 1 1 0 +2.00 0.00 0.00 Reported late 1 1 +1 0.00 0.00 0.00" in page.text
    assert "after − before 2 +1 +2.00 0.00 0.00 unexplained 0 0.00 0.00 0.00" in page.text


def test_each_change_has_project_cause_person_time_before_after_and_difference(
    officer: Client, release: Release
) -> None:
    page = read(officer, since(release))

    assert "2 changes" in page.text
    assert "Amount corrected wang 2026-11-22 11:00 1.00 3.00 investment +2.00" in page.text
    assert "Reported late the service 2026-11-22 11:00 not counted — number +1" in page.text
    project = Project.objects.get(name="超级工厂")
    assert [
        link.text for link in page.opening(reverse("admin:projects_project_change", args=[project.pk]))
    ] == ["超级工厂"]
    assert page.styled == []


def test_both_figures_open_their_projects_as_of_their_moments(officer: Client, release: Release) -> None:
    page = read(officer, since(release))

    then, now = replace(FIGURE, moment=Moment.of(release)).url, FIGURE.url
    shown = [link.href for link in page.opening("/figures/")]
    assert {then, now} == set(shown)
    assert "超级工厂" in read(officer, then).text
    assert "生物园" not in read(officer, then).text
    assert "生物园" in read(officer, now).text


def test_the_page_leads_to_the_revisions_of_the_quarter(officer: Client, release: Release) -> None:
    page = read(officer, since(release))

    assert page.opening("/revisions/?district=440112&quarter=2023Q1")


def test_several_kinds_and_a_category_are_explained_together(officer: Client, places: Places) -> None:
    large = make_project("大项目", district=places["440112"], total_investment=12 * YI,
                         milestones={**SIGNED, "started": date(2023, 2, 1)})  # fmt: skip
    release = make_release(places["440112"])
    make_project("小项目", district=places["440112"], total_investment=YI, milestones=SIGNED, at=LATER)
    correct(large, total_investment=15 * YI)

    page = read(officer, since(release, kinds=("signed", "started"), category="ge_1bn"))

    assert "number 2 2 0 investment 24.00 2/2 30.00 2/2 +6.00" in page.text
    assert "Signed Amount corrected" in page.text
    assert "Started Amount corrected" in page.text
    assert "小项目" not in page.text


def test_size_bands_are_those_of_the_later_moment_and_the_page_says_so(
    officer: Client, places: Places
) -> None:
    make_bands()
    project = make_project(district=places["440112"], total_investment=9 * YI, milestones=SIGNED)
    release = make_release(places["440112"])
    correct(project, total_investment=12 * YI)

    page = read(officer, since(release, by="size_band", member="1bn-5bn"))

    assert "number 0 1 +1" in page.text
    assert "Both sides use the size bands of the later moment." in page.text
    assert "size bands" not in read(officer, since(release)).text


def test_a_project_that_has_moved_to_others_is_told_without_its_name(officer: Client, places: Places) -> None:
    project = make_project("原名", district=places["440112"], milestones=SIGNED)
    release = make_release(places["440112"])
    neighbour = make_user("zhao", district=places["440113"])
    correct(project, actor=neighbour, district=places["440113"], name="新名")

    page = read(officer, since(release))
    file = download(officer, f"{since(release)}&format=csv").decode()

    assert "a project that now lies in a district of others" in page.text
    assert project.code in page.text
    for told in (page.text, file):
        assert "原名" not in told
        assert "新名" not in told
        assert "zhao" not in told


def test_a_name_with_markup_is_only_text(officer: Client, places: Places, release: Release) -> None:
    name = "<b>粗</b>"
    make_project(name, district=places["440112"], milestones=SIGNED, at=LATER)

    html = officer.get(since(release)).content.decode()

    assert escape(name) in html
    assert name not in html


def test_only_the_largest_are_shown_and_the_files_hold_all(
    officer: Client, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.explain.MOST_STEPS", 1)
    monkeypatch.setattr("tracking.pages.explain.MOST_STEPS", 1)

    page = read(officer, since(release))
    files = {link.href[-4:]: link.href for link in page.links if "format=" in link.href}

    assert "Shown here are the 1 largest." in page.text
    assert "生物园" not in page.text
    text = download(officer, files["=csv"]).decode("utf-8-sig")
    heading, *rows = csv.reader(io.StringIO(text))
    assert heading[:4] == ["project", "code", "milestone", "cause"]
    assert {(row[0], row[3], row[9]) for row in rows} == {
        ("超级工厂", "Amount corrected", str(2 * YI)),
        ("生物园", "Reported late", "0"),
    }
    book = CalamineWorkbook.from_filelike(io.BytesIO(download(officer, files["xlsx"])))
    assert len(book.get_sheet_by_index(0).to_python()) == 3


def test_the_files_speak_the_readers_language(release: Release, places: Places) -> None:
    client = signed_in(make_user(district=places["440112"]), "zh-hans")

    text = download(client, f"{since(release)}&format=csv").decode("utf-8-sig")

    assert ",金额更正," in text


def test_where_nothing_changed_the_page_says_so(officer: Client, release: Release) -> None:
    moment = f"release:{release.pk}"

    page = read(officer, f"{CELL}&from={moment}&to={moment}")

    assert "Nothing in this figure changed between these two moments." in page.text


def test_a_difference_that_two_decimals_do_not_show_is_shown_in_full(officer: Client, places: Places) -> None:
    project = make_project(district=places["440112"], total_investment=YI, milestones=SIGNED)
    release = make_release(places["440112"])
    correct(project, total_investment=YI - 1)

    page = read(officer, since(release))

    assert "investment 1.00 1/1 1.00 1/1 −0.00000001" in page.text


def test_the_number_of_queries_does_not_grow_with_the_changes(
    officer: Client, places: Places, release: Release, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        make_project(district=places["440112-GDD"], milestones=SIGNED, at=LATER)

    with django_assert_max_num_queries(14):
        read(officer, since(release))


# --- who may, and what is refused ---------------------------------------------------------------------------------


def test_others_find_no_such_page_and_strangers_are_asked_to_sign_in(
    places: Places, release: Release
) -> None:
    neighbour = signed_in(make_user(district=places["440113"]))

    assert neighbour.get(since(release)).status_code == 404
    assert Client().get(since(release)).status_code == 302
    assert signed_in(make_user(district=make_district("440112"))).post(since(release)).status_code == 405


def test_a_release_that_is_not_there_or_of_others_is_not_found(
    officer: Client, places: Places, release: Release
) -> None:
    foreign = make_release(places["440113"])

    assert officer.get(f"{CELL}&from=release:999").status_code == 404
    assert officer.get(f"{CELL}&from=release:{foreign.pk}").status_code == 404
    assert officer.get(f"{since(release)}x").status_code == 400


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "This parameter is needed."),
        ("&from=2023", "Write a time as"),
        ("&from=2099-01-01T00:00:00Z", "still to come"),
        ("&from=2019-01-01T00:00:00Z", "Nothing was recorded before"),
        (f"&from={quote(LATER.isoformat())}&to={quote(NOW.isoformat())}", "the wrong way round"),
        (f"&from={quote(NOW.isoformat())}&of=carried_over", "Only what has started"),
        (f"&from={quote(NOW.isoformat())}&member=x", "which breakdown"),
        (f"&from={quote(NOW.isoformat())}&format=pdf", "Write one of"),
        (f"&from={quote(NOW.isoformat())}&category=huge", "category"),
    ],
)
def test_what_cannot_be_explained_is_answered_with_a_sentence(
    officer: Client, release: Release, query: str, said: str
) -> None:
    page = read(officer, f"{CELL}{query}", 400)

    assert said in page.text


def test_a_release_of_an_earlier_quarter_says_nothing_about_a_later_one(
    officer: Client, places: Places
) -> None:
    make_project(district=places["440112"], milestones=SIGNED)
    earlier = make_release(places["440112"], "2022Q4")

    page = read(officer, f"{CELL}&from=release:{earlier.pk}", 400)

    assert "later quarters were not released with it" in page.text
