"""Pages at a moment: as recorded at a time, as released, and how far that is from now; lists as files."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias
from zipfile import ZipFile

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from projects import services
from projects.amounts import format_yi
from projects.models import District, LedgerEntry, Project, SizeBand, User
from tests.makers import (
    SHANGHAI,
    WAN,
    YI,
    fresh,
    make_bands,
    make_huangpu,
    make_project,
    make_release,
    make_sector,
    make_user,
)
from tests.pages import Page, read, signed_in
from tracking.cells import roll_up
from tracking.models import Release
from tracking.released import released_flows
from tracking.templatetags.mingzhang import happened

pytestmark = pytest.mark.django_db

Places: TypeAlias = dict[str, District]

HUANGPU = "/?district=440112&quarter=2023Q1"
STARTED = "/figures/?district=440112&quarter=2023Q1&kind=started"
RECORDED = datetime(2023, 4, 3, 9, tzinfo=SHANGHAI)
RELEASED = datetime(2023, 4, 5, 8, tzinfo=SHANGHAI)
CORRECTED = datetime(2023, 4, 20, 15, tzinfo=SHANGHAI)
BETWEEN = "2023-04-10T08:00:00%2B08:00"


@pytest.fixture
def places() -> Places:
    """Two projects started in the quarter, one undated, recorded before anything was released."""
    places = make_huangpu()
    make_bands()
    zone, huangpu = places["440112-GDD"], places["440112"]
    steps: dict[str, date | str] = {"signed": date(2022, 2, 1), "started": date(2023, 2, 1)}
    make_project(
        "一期", district=zone, total_investment=100 * YI, milestones=steps, at=RECORDED, sector=make_sector()
    )
    make_project("二期", district=huangpu, total_investment=None, milestones=steps, at=RECORDED)
    make_project(
        "无日期", district=huangpu, total_investment=2 * YI, milestones={"started": "unknown"}, at=RECORDED
    )
    make_project("番禺", district=places["440113"], total_investment=7 * YI, milestones=steps, at=RECORDED)
    roll_up()
    return places


@pytest.fixture
def release(places: Places) -> Release:
    """Huangpu's first quarter as it was released."""
    return make_release(places["440112"], at=RELEASED)


@pytest.fixture
def corrected(places: Places, release: Release) -> Release:
    """The release, after which an amount was corrected and a project reported late."""
    project = Project.objects.get(name="一期")
    project.total_investment = 101 * YI
    services.save_project(project, actor=None, at=CORRECTED)
    make_project(
        "补报", district=places["440112"], total_investment=2000 * WAN, at=CORRECTED,
        milestones={"started": date(2023, 3, 1)},
    )  # fmt: skip
    roll_up()
    return release


@pytest.fixture
def officer(places: Places) -> User:
    """Somebody who works in Huangpu."""
    return make_user("officer", district=places["440112"], role="viewer")


def explained(page: Page) -> list[str]:
    """What the links to explanations say."""
    return [link.text for link in page.opening("/explain/")]


# --- what is shown as of a moment -----------------------------------------------------------------------------------


def test_the_start_page_shows_what_was_recorded_at_a_past_time(corrected: Release, officer: User) -> None:
    page = read(signed_in(officer), f"{HUANGPU}&as_of={BETWEEN}")

    assert "Projects started 2 projects 100.00" in page.text
    assert "Shown as it was recorded on 2023-04-10 08:00:00" in page.text
    assert "now 3 · 101.20 difference to now +1 · +1.20" in page.text
    [now] = [link.href for link in page.links if link.text == "Show what is recorded now"][:1]
    assert now == HUANGPU


def test_the_start_page_shows_a_quarter_as_it_was_released(corrected: Release, officer: User) -> None:
    page = read(signed_in(officer), f"{HUANGPU}&release={corrected.pk}")

    assert "Projects started 2 projects 100.00" in page.text
    assert "Shown as it was released 2023-04-05 08:00 · first release" in page.text
    assert "difference to now +1 · +1.20" in page.text


def test_a_released_quarter_shows_its_mark_and_the_difference_to_now(
    corrected: Release, officer: User
) -> None:
    page = read(signed_in(officer), HUANGPU)

    assert "Projects started 3 projects 101.20" in page.text
    assert "released 2023-04-05 08:00 · first release" in page.text
    assert "released 2 · 100.00 since then +1 · +1.20" in page.text
    assert explained(page) == ["unchanged", "+1·+1.20", "unchanged", "unchanged"]
    [revisions] = page.opening("/revisions/")
    assert revisions.href == "/revisions/?district=440112&quarter=2023Q1"


def test_a_quarter_that_was_not_released_shows_no_mark(corrected: Release, officer: User) -> None:
    page = read(signed_in(officer), "/?district=440112&quarter=2022Q4")

    assert explained(page) == []
    assert "since then" not in page.text


def test_a_part_of_the_released_district_shows_its_own_figures_of_then(
    corrected: Release, officer: User
) -> None:
    page = read(signed_in(officer), "/?district=440112-GDD&quarter=2023Q1")

    assert "Projects started 1 projects 101.00" in page.text
    assert "released 1 · 100.00 since then 0 · +1.00" in page.text


def test_those_of_a_part_alone_read_what_was_released_of_their_part(
    corrected: Release, places: Places
) -> None:
    client = signed_in(make_user("zone", district=places["440112-GDD"], role="viewer"))

    page = read(client, f"/?release={corrected.pk}")

    assert "Guangzhou Development District 2023 Q1" in page.text
    assert "Projects started 1 projects 100.00" in page.text
    read(client, f"{HUANGPU}&release={corrected.pk}", status=404)


@pytest.mark.parametrize("moment", ["", f"&as_of={BETWEEN}", "&release={release}"])
def test_every_figure_opens_the_list_whose_sum_it_is_at_any_moment(
    corrected: Release, officer: User, moment: str
) -> None:
    client = signed_in(officer)
    page = read(client, HUANGPU + moment.format(release=corrected.pk))

    links = [link for link in page.opening("/figures/") + page.opening("/undated/") if "%" not in link.text]
    assert len(links) > 30
    for link in links:
        cells = read(client, link.href).cells
        shown = (link.text or link.label).split(" milestone")[0]
        assert any(value == shown or f" {value} " in f"{shown} " for value in cells), (link, cells)


def test_a_list_as_released_holds_what_was_released_with_its_own_amounts(
    corrected: Release, officer: User
) -> None:
    page = read(signed_in(officer), f"{STARTED}&release={corrected.pk}")

    assert page.cells[:2] == ["2", "100.00"]
    assert "补报" not in page.text
    assert "now 3 · 101.20 difference to now +1 · +1.20" in page.text


def test_a_list_of_a_released_quarter_says_what_was_released(corrected: Release, officer: User) -> None:
    client = signed_in(officer)

    page = read(client, STARTED)

    assert page.cells[:2] == ["3", "101.20"]
    assert "released 2 · 100.00 since then +1 · +1.20" in page.text
    [then] = {link.href for link in page.opening(STARTED) if link.text in ("2", "100.00")}
    assert read(client, then).cells[:2] == ["2", "100.00"]


def test_the_explanation_of_a_difference_opens(corrected: Release, officer: User) -> None:
    client = signed_in(officer)
    [link] = read(client, STARTED).opening("/explain/")

    page = read(client, link.href)

    assert f"from=release:{corrected.pk}&to=now" in link.href
    assert "一期" in page.text
    assert "补报" in page.text


def test_a_past_list_shows_the_date_as_it_was_recorded_then(places: Places, officer: User) -> None:
    milestone = Project.objects.get(name="二期").milestones.get(kind="started")
    milestone.happened_on = date(2023, 3, 31)
    services.save_milestone(milestone, actor=None, at=CORRECTED)
    client = signed_in(officer)

    now, then = read(client, STARTED), read(client, f"{STARTED}&as_of={BETWEEN}")

    assert ("2023-03-31" in now.text, "2023-03-31" in then.text) == (True, False)
    assert then.text.count("2023-02-01") == 2


def test_what_had_no_date_then_is_listed_as_it_was_then(places: Places, officer: User) -> None:
    milestone = Project.objects.get(name="无日期").milestones.get()
    milestone.happened_on, milestone.precision = date(2023, 3, 3), "day"
    services.save_milestone(milestone, actor=None, at=CORRECTED)
    client = signed_in(officer)

    now, then = (
        read(client, "/undated/?district=440112"),
        read(client, f"/undated/?district=440112&as_of={BETWEEN}"),
    )

    assert (now.cells[0], then.cells[0]) == ("0", "1")
    assert "date unknown" in then.text


def test_a_project_that_lies_elsewhere_now_is_in_the_past_list_without_its_name(
    places: Places, release: Release, officer: User
) -> None:
    project = fresh(Project.objects.get(name="一期"))
    project.district = places["440113"]
    services.save_project(project, actor=None, at=CORRECTED)
    client = signed_in(officer)

    page = read(client, f"{STARTED}&release={release.pk}")
    file = client.get(f"{STARTED}&release={release.pk}&format=csv")

    assert page.cells[:2] == ["2", "100.00"]
    assert "a project that now lies in a district of others" in page.text
    assert "一期" not in page.text
    assert "一期" not in b"".join(file.streaming_content).decode()  # type: ignore[attr-defined]


def test_bands_that_are_no_more_still_name_their_past_lists(places: Places, officer: User) -> None:
    services.delete_band(SizeBand.objects.get(code="ge-10bn"), at=CORRECTED)
    client = signed_in(officer)

    page = read(client, f"{STARTED}&by=size_band&member=ge-10bn&as_of={BETWEEN}")

    assert page.cells[:2] == ["1", "100.00"]
    assert "ge-10bn" in read(client, f"{HUANGPU}&as_of={BETWEEN}").text
    read(client, f"{STARTED}&by=size_band&member=ge-10bn", status=404)


# --- ways to other places and times ---------------------------------------------------------------------------------


def test_the_ways_from_a_page_keep_its_moment(corrected: Release, places: Places) -> None:
    page = read(signed_in(make_user(superuser=True)), f"{HUANGPU}&release={corrected.pk}")

    above, before = (
        next(link for link in page.links if name in link.text) for name in ("Guangzhou", "2022 Q4")
    )
    assert above.href == "/?district=440100&quarter=2023Q1&as_of=2023-04-05T08%3A00%3A00%2B08%3A00"
    assert before.href == f"/?district=440112&quarter=2022Q4&release={corrected.pk}"
    assert not [link for link in page.links if "2023 Q2" in link.text]
    assert '<input type="hidden" name="as_of" value="2023-04-05T08:00:00+08:00">' in page.html


def test_finding_a_district_keeps_the_moment(places: Places) -> None:
    found = signed_in(make_user(superuser=True)).get(f"/districts/?q=panyu&quarter=2023Q1&as_of={BETWEEN}")

    assert found["Location"] == "/?district=440113&quarter=2023Q1&as_of=2023-04-10T08%3A00%3A00%2B08%3A00"


def test_a_release_alone_opens_its_district_and_quarter(release: Release) -> None:
    page = read(signed_in(make_user(superuser=True)), f"/?release={release.pk}")

    assert "Huangpu 2023 Q1" in page.text


def test_without_a_quarter_a_past_moment_shows_none_after_it(places: Places, officer: User) -> None:
    summer = datetime(2023, 8, 1, tzinfo=SHANGHAI)
    make_project(district=places["440112"], at=summer, milestones={"signed": date(2023, 7, 19)})
    roll_up()

    page = read(signed_in(officer), f"/?as_of={BETWEEN}")

    assert "Huangpu 2023 Q2" in page.text


@pytest.mark.parametrize(
    "text",
    [
        "2023-04-10T08:00",
        "2023-04-10 08:00",
        "2023-04-10+08:00:00",
        " 2023-04-10 08：00 ",
        "２０２３-04-10 08:00",
        "2023-04-10T08:00:00%2B08:00",
        "2023-04-10T00:00:00Z",
    ],
)
def test_a_time_is_asked_for_as_people_type_it(corrected: Release, officer: User, text: str) -> None:
    page = read(signed_in(officer), f"{HUANGPU}&as_of={text}")

    assert "Shown as it was recorded on 2023-04-10 08:00:00" in page.text


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [HUANGPU, STARTED, "/undated/?district=440112"])
@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("as_of=2999-01-01T08:00", "This time is still to come."),
        ("as_of=1999-01-01T08:00", "Nothing was recorded before 2023-04-03 09:00; ask for a later time."),
        ("as_of=yesterday", "Write a date and a time, as 2023-04-05 08:00."),
        ("as_of=2023-04-05", "Write a date and a time, as 2023-04-05 08:00."),
        ("as_of=2023-02-30T08:00", "Write a date and a time, as 2023-04-05 08:00."),
        ("as_of=", "Write a date and a time, as 2023-04-05 08:00."),
        ("as_of=25:99", "Write a time as 2023-04-05T08:00:00+08:00."),
        ("release=x", "Write a whole number"),
        ("release=-1", "Write a whole number"),
        ("release={release}&as_of=2023-04-10T08:00", "Give either as_of or release."),
        ("release={release}&release={release}", "Give this parameter once."),
    ],
)
def test_a_moment_that_cannot_be_asked_for_is_refused_with_a_sentence(
    release: Release, officer: User, page: str, asked: str, sentence: str
) -> None:
    shown = read(signed_in(officer), f"{page}&{asked.format(release=release.pk)}", status=400)

    assert "This address cannot be read" in shown.text
    assert sentence in shown.text


def test_a_release_says_nothing_about_later_quarters(release: Release, officer: User) -> None:
    client = signed_in(officer)

    for address in (HUANGPU, STARTED):
        later = address.replace("2023Q1", "2023Q2")
        assert "This release is of 2023Q1" in read(client, f"{later}&release={release.pk}", status=400).text
    assert read(client, f"{STARTED.replace('2023Q1', '2022Q4')}&release={release.pk}").cells[0] == "0"


@pytest.mark.parametrize("page", [HUANGPU, STARTED, "/undated/?district=440112"])
def test_a_release_that_is_not_there_or_of_another_district_is_not_found(
    places: Places, officer: User, page: str
) -> None:
    foreign = make_release(places["440113"], at=RELEASED)
    client = signed_in(officer)

    assert "Panyu" not in read(client, f"{page}&release={foreign.pk}", status=404).text
    read(client, f"{page}&release=4711", status=404)
    read(signed_in(make_user(superuser=True)), f"{page}&release={foreign.pk}", status=404)


# --- files ------------------------------------------------------------------------------------------------------------


def rows_of(client: Client, address: str) -> list[list[str]]:
    """The rows of a CSV file, which begins with the mark that Excel needs."""
    response: Any = client.get(address)
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("moment", ["", f"&as_of={BETWEEN}", "&release={release}"])
def test_a_list_as_a_file_sums_to_the_figure(corrected: Release, officer: User, moment: str) -> None:
    client = signed_in(officer)
    address = STARTED + moment.format(release=corrected.pk)
    page = read(client, address)

    heading, *rows = rows_of(client, f"{address}&format=csv")

    place = heading.index("investment, yuan")
    assert [str(len(rows)), format_yi(sum(int(row[place] or 0) for row in rows))] == page.cells[:2]


def test_a_file_says_what_the_page_says_of_each_project(places: Places, officer: User) -> None:
    [heading, first, *_rest] = rows_of(signed_in(officer), f"{STARTED}&format=csv")

    assert dict(zip(heading, first, strict=True)) == {
        "project code": Project.objects.get(name="一期").code,
        "project name": "一期",
        "district": "Guangzhou Development District",
        "milestone": "Started",
        "happened": "2023-02-01",
        "known to the": "Day",
        "quarter": "2023Q1",
        "left in": "",
        "investment, yuan": "10000000000",
        "expected output, yuan": "",
        "expected revenue, yuan": "",
        "cause": "Reported late",
        "recorded at": "2023-04-03 09:00:00",
    }


def test_a_workbook_holds_numbers_and_is_named_after_its_figure(places: Places, officer: User) -> None:
    response: Any = signed_in(officer).get(f"{STARTED}&format=xlsx")

    book = ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert response["Content-Disposition"] == 'attachment; filename="figures-440112-2023Q1-started.xlsx"'
    assert "<v>10000000000</v>" in sheet
    assert 't="s"><v>10000000000</v>' not in sheet


def test_the_undated_are_a_file_too(places: Places, officer: User) -> None:
    rows = rows_of(signed_in(officer), "/undated/?district=440112&format=csv")

    assert [row[1] for row in rows] == ["project name", "无日期"]


def test_a_name_in_a_file_is_never_a_formula(places: Places, officer: User) -> None:
    make_project(
        '=HYPERLINK("http://evil.example")', district=places["440112"], at=RECORDED,
        milestones={"started": date(2023, 1, 5)},
    )  # fmt: skip

    rows = rows_of(signed_in(officer), f"{STARTED}&format=csv")

    assert '\'=HYPERLINK("http://evil.example")' in [row[1] for row in rows]


def test_a_file_is_for_those_who_may_see_the_page(places: Places, officer: User) -> None:
    client = signed_in(officer)

    assert client.get(f"{STARTED.replace('440112', '440113')}&format=csv").status_code == 404
    assert Client().get(f"{STARTED}&format=csv").status_code == 302
    read(client, f"{STARTED}&format=pdf", status=400)


# --- cost -------------------------------------------------------------------------------------------------------------


def test_what_was_released_is_read_once_and_never_for_another_district(
    corrected: Release, places: Places, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = released_flows(corrected, places["440112"], "2023Q1")

    with django_assert_num_queries(0):
        assert released_flows(corrected, places["440112"], "2023Q1") == first
    zone = released_flows(corrected, places["440112-GDD"], "2023Q1")

    assert (first["started"].count, zone["started"].count) == (2, 1)
    assert first["started"].known_investment == 100 * YI


def test_a_new_version_of_a_definition_is_asked_anew(
    corrected: Release, places: Places, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    released_flows(corrected, places["440112"], "2023Q1")
    monkeypatch.setattr("tracking.definitions.versions", lambda: {"entered": 99})

    with django_assert_num_queries(1):
        released_flows(corrected, places["440112"], "2023Q1")


def test_without_its_cache_the_page_is_shown_all_the_same(
    corrected: Release, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object, **_more: object) -> None:
        raise ConnectionError("the cache is away")

    monkeypatch.setattr(cache, "get", away)
    monkeypatch.setattr(cache, "set", away)

    assert "released 2 · 100.00 since then +1 · +1.20" in read(signed_in(officer), HUANGPU).text


@pytest.mark.parametrize("moment", ["", f"&as_of={BETWEEN}", "&release={release}"])
def test_a_moment_costs_a_few_queries_however_many_projects(
    corrected: Release,
    places: Places,
    officer: User,
    moment: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(30):
        make_project(
            district=places["440112-GDD"],
            sector=make_sector(f"s{number}", f"产业{number}"),
            at=RECORDED - timedelta(days=1),
            total_investment=YI,
            milestones={"started": date(2023, 1, 2)},
        )
    roll_up()
    client, moment = signed_in(officer), moment.format(release=corrected.pk)

    with django_assert_max_num_queries(36):
        read(client, HUANGPU + moment)
    with django_assert_max_num_queries(14):
        read(client, STARTED + moment)
    with django_assert_max_num_queries(9):
        client.get(f"{STARTED}{moment}&format=xlsx").close()


def test_an_entry_of_before_entries_had_days_shows_its_quarter() -> None:
    with translation.override("en"):
        assert happened(LedgerEntry(quarter="2023Q1", precision="")) == "2023 Q1"
