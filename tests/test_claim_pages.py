"""The pages of a claim and of a ceremony: what was claimed, what the records hold, the gap, and the way to the list."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from projects import services
from projects.models import Ceremony, District, User
from tests.makers import NOW, YI, fresh, make_huangpu, make_project, make_user, record
from tests.pages import Page, read, signed_in
from tracking.models import ReportedTotal
from tracking.reported import Verdict

pytestmark = pytest.mark.django_db

DAY = date(2023, 1, 29)


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def huangpu(places: dict[str, District]) -> District:
    return places["440112"]


@pytest.fixture
def officer(huangpu: District) -> User:
    return make_user("officer", district=huangpu, role="viewer")


@pytest.fixture
def client(officer: User) -> Client:
    return signed_in(officer)


@pytest.fixture
def ceremony(huangpu: District) -> Ceremony:
    made = Ceremony(district=huangpu, name="集中签约活动", held_on=DAY, note="首季<b>活动</b>")
    return services.save_versioned(made, at=NOW)


def claim(district: District, measure: str, value: float, **more: Any) -> ReportedTotal:
    facts = {"period": "2023Q1", "unit": "projects", "source": "公报", **more}
    made = ReportedTotal(district=district, measure=measure, value=value, **facts)
    return services.save_versioned(made, at=NOW)


def page_of(client: Client, made: ReportedTotal) -> Page:
    return read(client, f"/claims/{made.pk}/")


# --- a claim ------------------------------------------------------------------------------------------------------


def test_a_claim_stands_beside_every_sum_of_the_records_and_leads_to_their_list(
    client: Client, places: dict[str, District]
) -> None:
    make_project(
        district=places["440112-GDD"],
        total_investment=34 * YI,
        expected_output=50 * YI,
        milestones={"started": DAY},
    )
    make_project(district=places["440112"], expected_revenue=7 * YI, milestones={"started": DAY})
    made = claim(places["440112"], "started_investment", 1026 * YI, unit="CNY", approximate=True, note="约")

    page = page_of(client, made)

    assert page.cells[:3] == ["about1,026.00", "34.00", "−992.00"]
    [behind, *_rest] = page.opening("/figures/")
    assert read(client, behind.href).cells == page.cells[-5:]
    assert page.cells[-5:] == ["2", "34.00", "50.00", "7.00", "57.00"]
    assert "The records hold less than was claimed. Of 1 milestone the amount is not known" in page.text
    assert not page.styled


@pytest.mark.parametrize(
    ("value", "more", "words"),
    [
        (2, {}, Verdict.MET),
        (1, {}, Verdict.OVER),
        (3, {}, Verdict.SHORT),
        (
            20 * YI,
            {"measure": "started_investment", "unit": "CNY", "approximate": True},
            Verdict.WITHIN_ROUNDING,
        ),
        (20, {"measure": "started_expected_output", "unit": "CNY"}, Verdict.UNKNOWN_AMOUNTS),
        (20, {"measure": "fdi_utilised", "unit": "USD"}, Verdict.NOT_COMPARABLE),
    ],
)
def test_the_verdict_is_said_in_words(
    client: Client, huangpu: District, value: int, more: dict[str, Any], words: Verdict
) -> None:
    for amount in (15 * YI, 4 * YI + 60_000_000):
        make_project(district=huangpu, total_investment=amount, milestones={"started": DAY})
    measure = more.pop("measure", "started_count")

    page = page_of(client, claim(huangpu, measure, value, **more))

    with translation.override("en"):
        said = {verdict for verdict in Verdict if str(verdict.label) in page.text}
    assert said == {words}


@pytest.mark.parametrize(
    ("measure", "more", "sentence"),
    [
        ("signed_count_share", {"unit": "percent"}, "A share does not say of what it is a share"),
        ("introduced_count", {}, "The records do not hold what this measure counts."),
        ("signed_count", {"category": "世界500强"}, "The records do not say which projects belong"),
        ("signed_count", {"unit": "CNY"}, "The unit of this claim does not fit its measure."),
        ("signed_count", {"period": "2023-02"}, "The records are counted by quarter"),
        ("signed_count_yoy", {"unit": "percent"}, "There is nothing a year before to compare with."),
    ],
)
def test_what_cannot_be_compared_says_why(
    client: Client, huangpu: District, measure: str, more: dict[str, Any], sentence: str
) -> None:
    assert sentence in page_of(client, claim(huangpu, measure, 5, **more)).text


def test_a_change_leads_to_its_list_and_to_that_of_a_year_before(client: Client, huangpu: District) -> None:
    for day in (date(2022, 1, 5), date(2022, 2, 5), date(2023, 1, 5)):
        make_project(district=huangpu, milestones={"signed": day})

    page = page_of(client, claim(huangpu, "signed_count_yoy", -50, unit="percent"))

    assert page.cells[:3] == ["-50%", "-50%", "agrees"]
    links = list(dict.fromkeys(link.href for link in page.opening("/figures/")))
    assert [read(client, href).cells[0] for href in links] == ["1", "2"]


def test_contradictions_are_told_and_lead_to_the_claims_they_were_found_by(
    client: Client, huangpu: District
) -> None:
    count = claim(huangpu, "signed_count", 93)
    change = claim(huangpu, "signed_count_yoy", 56, unit="percent")

    page = page_of(client, change)

    assert "60 gives +55.0%, 59 gives +57.6%" in page.text
    [other] = page.opening("/claims/")
    assert other.href == f"/claims/{count.pk}/"
    assert "What speaks against" not in page_of(client, count).text


def test_the_start_page_leads_to_each_claim_and_tells_what_speaks_against_it(
    client: Client, huangpu: District
) -> None:
    made = claim(huangpu, "signed_count", 93, note="标题印成9393")
    claim(huangpu, "signed_investment", 0, unit="CNY", period="2023")

    page = read(client, "/?district=440112&quarter=2023Q1")

    assert "9393 is 93 with its digits written twice." in page.text
    assert f"/claims/{made.pk}/" in [link.href for link in page.opening("/claims/")]
    assert len(page.opening("/claims/")) == 2


@pytest.mark.parametrize("period", ["2023", "2023Q1", "2023-02"])
def test_a_claim_leads_back_to_a_start_page_on_which_it_stands(
    client: Client, huangpu: District, period: str
) -> None:
    made = claim(huangpu, "signed_count", 4711, period=period)

    [back] = page_of(client, made).opening("/?district=440112&quarter=2023")

    assert "4,711" in read(client, back.href).text


def test_a_claim_says_what_is_attached_to_its_ceremony(
    client: Client, huangpu: District, ceremony: Ceremony
) -> None:
    record(make_project(district=huangpu, total_investment=9 * YI), "signed", DAY, ceremony=ceremony)
    make_project(district=huangpu, total_investment=YI, milestones={"signed": DAY})

    page = page_of(client, claim(huangpu, "signed_investment", 10 * YI, unit="CNY", ceremony=ceremony))

    assert page.cells[1:3] == ["10.00", "agrees"]
    assert "The records hold less than was claimed. attached − claimed: −1.00" in page.text
    assert page.opening(f"/ceremonies/{ceremony.pk}/")


# --- a ceremony ---------------------------------------------------------------------------------------------------


def test_a_ceremony_shows_its_projects_its_sums_by_step_and_what_was_claimed_of_it(
    client: Client, places: dict[str, District], ceremony: Ceremony
) -> None:
    both = make_project(
        "甲项目", district=places["440112-GDD"], total_investment=30 * YI, expected_output=2 * YI
    )
    record(both, "signed", DAY, ceremony=ceremony)
    record(both, "started", DAY, ceremony=ceremony)
    late = make_project("乙项目", district=places["440112"], expected_revenue=YI)
    record(late, "signed", None, precision="unknown", ceremony=ceremony)
    make_project("丙项目", district=places["440112"], milestones={"signed": DAY})
    made = claim(places["440112"], "signed_count", 3, ceremony=ceremony)

    page = read(client, f"/ceremonies/{ceremony.pk}/")
    signed = read(client, f"/ceremonies/{ceremony.pk}/?kind=signed")

    links = [
        (link.href.rpartition("=")[2], link.text)
        for link in page.opening(f"/ceremonies/{ceremony.pk}/?kind=")
    ]
    assert links == [
        *(("signed", text) for text in ("2", "30.00", "2.00", "1.00", "3.00")),
        *(("started", text) for text in ("1", "30.00", "2.00", "—", "2.00")),
    ]
    assert page.text.count("甲项目") == 2
    assert signed.text.count("甲项目") == signed.text.count("乙项目") == 1
    assert "丙项目" not in page.text
    assert "Signed · number all projects 3 2 −1 projects The records hold less than was claimed." in page.text
    assert f"/claims/{made.pk}/" in [link.href for link in page.links]
    assert "首季<b>活动</b>" in page.text
    assert not page.styled


def test_what_is_attached_and_does_not_count_is_told_without_a_name(
    client: Client, places: dict[str, District], ceremony: Ceremony
) -> None:
    planned, excluded = (make_project(district=places["440112"]) for _number in range(2))
    record(planned, "signed", None, planned_on=DAY, ceremony=ceremony)
    record(excluded, "signed", DAY, ceremony=ceremony)
    services.exclude_project(fresh(excluded), "relocation", actor=None, at=NOW)
    record(make_project("邻区项目", district=places["440113"]), "signed", DAY, ceremony=ceremony)

    page = read(client, f"/ceremonies/{ceremony.pk}/")

    assert "2 attached milestones do not count" in page.text
    assert "1 attached milestone is of a project of another district" in page.text
    assert "Nothing is attached to this ceremony yet." in page.text
    assert "邻区项目" not in page.text


def test_a_ceremony_of_which_nothing_is_known_says_what_to_do(client: Client, ceremony: Ceremony) -> None:
    page = read(client, f"/ceremonies/{ceremony.pk}/")

    assert "choose the ceremony in its milestone" in page.text
    assert "No claim of this ceremony is recorded." in page.text


def test_a_large_ceremony_is_read_page_by_page(client: Client, huangpu: District, ceremony: Ceremony) -> None:
    for number in range(101):
        project = make_project(f"第{number:03}项", district=huangpu, total_investment=number * YI or None)
        record(project, "signed", DAY, ceremony=ceremony)

    first = read(client, f"/ceremonies/{ceremony.pk}/?kind=signed")
    [onward] = [link for link in first.links if "cursor=" in link.href]
    second = read(client, onward.href)

    assert "第100项" in first.text
    assert "第000项" not in first.text
    assert "第000项" in second.text
    read(client, onward.href.replace("kind=signed", "kind=started"), 400)


# --- who may, and what is asked wrongly -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["440100", "440113"])
def test_claims_and_ceremonies_of_others_do_not_exist(
    client: Client, places: dict[str, District], code: str
) -> None:
    event = services.save_versioned(Ceremony(district=places[code], name="秘密活动", held_on=DAY), at=NOW)
    made = claim(places[code], "signed_count", 5)

    for address in (f"/claims/{made.pk}/", f"/ceremonies/{event.pk}/"):
        assert "秘密活动" not in read(client, address, 404).text


def test_a_claim_does_not_name_a_ceremony_of_others(client: Client, places: dict[str, District]) -> None:
    event = services.save_versioned(Ceremony(district=places["440100"], name="秘密活动", held_on=DAY), at=NOW)
    made = claim(places["440112"], "signed_count", 5, ceremony=event)

    page = page_of(client, made)

    assert "秘密活动" not in page.text
    assert not page.opening("/ceremonies/")


def test_whoever_has_not_signed_in_is_asked_to(huangpu: District, ceremony: Ceremony) -> None:
    made = claim(huangpu, "signed_count", 5)

    for address in (f"/claims/{made.pk}/", f"/ceremonies/{ceremony.pk}/"):
        answer = Client().get(address)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in/?next={address}")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/claims/0/", 404),
        ("/claims/999999999999999999999999999999/", 404),
        ("/claims/-1/", 404),
        ("/claims/abc/", 404),
        ("/ceremonies/999999999999999999999999999999/", 404),
        ("/ceremonies/x/", 404),
        ("/ceremonies/{ceremony}/?kind=singed", 400),
        ("/ceremonies/{ceremony}/?kind=signed&kind=started", 400),
        ("/ceremonies/{ceremony}/?cursor=forged", 400),
        ("/ceremonies/{ceremony}/?knd=signed", 400),
        ("/claims/{claim}/?quarter=2023Q1", 400),
    ],
)
def test_a_wrong_address_is_answered_with_a_page(
    client: Client, huangpu: District, ceremony: Ceremony, address: str, status: int
) -> None:
    made = claim(huangpu, "signed_count", 5)

    read(client, address.format(ceremony=ceremony.pk, claim=made.pk), status)


def test_neither_page_takes_anything_but_reading(
    client: Client, huangpu: District, ceremony: Ceremony
) -> None:
    made = claim(huangpu, "signed_count", 5)

    for address in (f"/claims/{made.pk}/", f"/ceremonies/{ceremony.pk}/"):
        assert client.post(address).status_code == 405


def test_the_admin_leads_to_both_pages(huangpu: District, ceremony: Ceremony) -> None:
    client = signed_in(make_user(superuser=True))
    made = claim(huangpu, "signed_count", 5)

    at_claim = read(client, f"/admin/tracking/reportedtotal/{made.pk}/change/")
    at_ceremony = read(client, f"/admin/projects/ceremony/{ceremony.pk}/change/")

    assert f"/claims/{made.pk}/" in [link.href for link in at_claim.links]
    assert f"/ceremonies/{ceremony.pk}/" in [link.href for link in at_ceremony.links]
