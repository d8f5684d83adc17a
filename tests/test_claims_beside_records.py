"""What bulletins claimed beside what the records hold; and the charts of the start page."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import call_command

from projects import services
from projects.amounts import format_yi
from projects.models import District, User
from tests.makers import NOW, YI, make_huangpu, make_project, make_user
from tests.pages import Page, read, signed_in
from tracking import charts
from tracking.cells import roll_up
from tracking.measures import Measure
from tracking.models import ReportedTotal

pytestmark = pytest.mark.django_db

HUANGPU = "/?district=440112&quarter=2023Q1"


@pytest.fixture
def huangpu() -> District:
    """Four projects of Huangpu and its zone, and nine claims about them."""
    places = make_huangpu()
    zone, huangpu = places["440112-GDD"], places["440112"]
    make_project(
        district=zone,
        total_investment=34 * YI,
        expected_output=50 * YI,
        project_type="manufacturing",
        milestones={"signed": date(2023, 1, 29), "started": date(2023, 3, 1)},
    )
    make_project(district=zone, total_investment=None, milestones={"signed": date(2023, 2, 1)})
    make_project(
        district=huangpu,
        total_investment=6 * YI,
        expected_revenue=7 * YI,
        project_type="industrial",
        milestones={"signed": date(2022, 2, 1), "started": date(2023, 2, 2)},
    )
    make_project(district=huangpu, total_investment=2 * YI, milestones={"started": "unknown"})
    claim(huangpu, "started_count", 100)
    claim(huangpu, "started_investment", 1026 * YI, unit="CNY", approximate=True)
    claim(huangpu, "started_expected_output_and_revenue", 57 * YI, unit="CNY", note="合为一数")
    claim(huangpu, "started_or_signed_count", 4, category="industrial")
    claim(huangpu, "signed_count_yoy", 100, unit="percent")
    claim(huangpu, "signed_count", 9, category="ge_1bn", period="2023")
    claim(huangpu, "fdi_utilised", 29, unit="USD", period="2023")
    claim(huangpu, "completed_investment", 5 * YI, unit="CNY")
    claim(huangpu, "carried_over_count", 0, category="续建")
    roll_up()
    return huangpu


def claim(district: District, measure: str, value: int, **more: object) -> ReportedTotal:
    """A claim of a bulletin about 2023Q1."""
    facts = {"period": "2023Q1", "unit": "projects", **more}
    return services.save_versioned(
        ReportedTotal(district=district, measure=measure, value=value, **facts), at=NOW
    )


@pytest.fixture
def officer(huangpu: District) -> User:
    """Somebody who works in Huangpu."""
    return make_user("officer", district=huangpu, role="viewer")


def claims_of(page: Page) -> str:
    """The text of the section of claims."""
    return page.text.partition("What bulletins claimed")[2]


def test_a_claim_stands_beside_what_the_records_hold(officer: User) -> None:
    expected = [
        "Started · number 2023Q1 all projects 100 2 −98 projects",
        "Started · investment 2023Q1 all projects about 1,026.00 40.00 −986.00 100 million yuan",
        "Started · expected output and revenue 2023Q1 all projects 57.00 57.00 agrees 100 million yuan",
        "Started or signed · number 2023Q1 industrial, manufacturing included 4 3 −1 projects",
        "Signed · number · change on a year before 2023Q1 all projects 100% 100% agrees",
        "Signed · number 2023 10.00 × 100 million yuan and more 9 1 −8 projects",
        "Carried over · number 2023Q1 续建 0 0 agrees projects",
        "Foreign investment utilised 2023 all projects 29 not recorded yet US dollars",
        "Completed · investment 2023Q1 all projects 5.00 not recorded yet 100 million yuan",
    ]

    shown = claims_of(read(signed_in(officer), HUANGPU))

    assert [line for line in expected if line not in shown] == []


def test_claims_of_other_districts_and_quarters_are_not_shown(huangpu: District, officer: User) -> None:
    assert huangpu.parent
    claim(huangpu.parent, "started_count", 4711)
    claim(huangpu, "started_count", 4712, period="2023Q2")
    claim(huangpu, "started_count", 4713, period="2022")
    claim(huangpu, "started_count", 4714, period="2023-02")

    shown = claims_of(read(signed_in(officer), HUANGPU))

    assert "4,714" in shown
    assert not any(other in shown for other in ("4,711", "4,712", "4,713"))


def test_a_change_without_a_base_is_left_open(huangpu: District, officer: User) -> None:
    claim(huangpu, "completed_count_yoy", 12, unit="percent")

    assert "Completed · number · change on a year before 2023Q1 all projects 12% — —" in claims_of(
        read(signed_in(officer), HUANGPU)
    )


def test_every_claim_of_the_seeds_has_words(officer: User) -> None:
    call_command("load_seeds", verbosity=0)
    measures = {Measure.read(written) for written in ReportedTotal.objects.values_list("measure", flat=True)}

    assert [measure.written for measure in measures if not measure.subject] == []


def test_what_the_records_hold_opens_the_list_whose_sum_it_is(officer: User) -> None:
    client = signed_in(officer)
    page = read(client, HUANGPU)

    recorded = [link for link in page.opening("/figures/") if "category" in link.href or "," in link.href]

    assert [link.text for link in recorded] == ["3", "1"]
    assert [read(client, link.href).cells[0] for link in recorded] == ["3", "1"]
    joined = read(client, "/figures/?district=440112&quarter=2023Q1&kind=started").cells
    assert joined[-1] == format_yi(57 * YI)


# --- charts -----------------------------------------------------------------------------------------------------------


def test_every_mark_of_a_chart_says_what_it_shows_and_opens_it(officer: User) -> None:
    client = signed_in(officer)
    page = read(client, HUANGPU)

    marks = [link for link in page.links if link.label.startswith("2023Q1:")]
    assert {mark.label for mark in marks} >= {"2023Q1: 2 projects, 34.00 × 100 million yuan"}
    assert all(mark.href.startswith("/figures/") for mark in marks)


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (7, [0, 2, 4, 6, 8]),
        (50, [0, 20, 40, 60]),
        (1441, [0, 500, 1000, 1500]),
        (0.4, [0, 1]),
    ],
)
def test_an_axis_has_a_few_round_numbers(highest: float, expected: list[int]) -> None:
    assert charts.ticks(highest) == expected


def test_a_chart_is_drawn_once_for_the_same_figures() -> None:
    points = (charts.Point("2023Q1", 3.0, "three", "/a"), charts.Point("2023Q2", None, "not known", "/b"))

    assert charts.bars("once", points) is charts.bars("once", points)
    assert "style" not in charts.line("once", points)
