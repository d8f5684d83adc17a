"""核对: verdicts within rounding, claims that cannot be true as printed, and what is attached to a ceremony."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command

from projects import services
from projects.access import Role
from projects.models import Ceremony, District
from tests.api import Api, assert_problem
from tests.makers import NOW, YI, make_district, make_huangpu, make_project, make_user, record
from tracking.models import ReportedTotal, Unit
from tracking.reported import Code, Verdict, compare_all
from tracking.reported.verdicts import printed_step, verdict_on

pytestmark = pytest.mark.django_db

PROJECTS, CNY, PERCENT = Unit.PROJECTS, Unit.CNY, Unit.PERCENT


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def huangpu(places: dict[str, District]) -> District:
    return places["440112"]


@pytest.fixture
def api(huangpu: District) -> Api:
    return Api(make_user(district=huangpu))


def claim(district: District, measure: str, value: str, unit: str = PROJECTS, **more: Any) -> ReportedTotal:
    facts = {"period": "2023Q1", "source": "公报", **more}
    made = ReportedTotal(district=district, measure=measure, value=Decimal(value), unit=unit, **facts)
    return services.save_versioned(made, at=NOW)


def shown(api: Api, found: ReportedTotal) -> dict[str, Any]:
    body: dict[str, Any] = api.get(f"reported-totals/{found.pk}/").json()
    return body


# --- verdicts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claimed", "recorded", "approximate", "verdict"),
    [
        (20 * YI, 20 * YI, False, Verdict.MET),
        (20 * YI, 20 * YI, True, Verdict.MET),
        (20 * YI, 1_950_000_000, True, Verdict.WITHIN_ROUNDING),
        (20 * YI, 2_049_999_999, True, Verdict.WITHIN_ROUNDING),
        (20 * YI, 1_949_999_999, True, Verdict.SHORT),
        (20 * YI, 2_050_000_000, True, Verdict.OVER),
        (20 * YI, 2_000_000_001, False, Verdict.OVER),
        (340_000_000, 335_000_000, True, Verdict.WITHIN_ROUNDING),
        (340_000_000, 334_999_999, True, Verdict.SHORT),
        (50_000_000, 49_995_000, True, Verdict.WITHIN_ROUNDING),
        (50_000_000, 49_000_000, True, Verdict.SHORT),
        (9_999, 9_998, True, Verdict.SHORT),
        (0, 1, True, Verdict.OVER),
    ],
)
def test_an_approximate_amount_is_met_where_the_recorded_one_rounds_to_its_last_printed_digit(
    claimed: int, recorded: int, approximate: bool, verdict: Verdict
) -> None:
    found = ReportedTotal(value=Decimal(claimed), unit=CNY, approximate=approximate)

    assert verdict_on(found, Decimal(recorded)) is verdict


@pytest.mark.parametrize(
    ("claimed", "recorded", "verdict"),
    [
        ("56", "55.5", Verdict.WITHIN_ROUNDING),
        ("56", "55.4999", Verdict.SHORT),
        ("89.6", "89.64", Verdict.WITHIN_ROUNDING),
        ("89.6", "89.65", Verdict.OVER),
        ("-12", "-12.5", Verdict.SHORT),
        ("-12", "-12.49", Verdict.WITHIN_ROUNDING),
        ("100", "100.00", Verdict.MET),
    ],
)
def test_a_percentage_is_always_rounded(claimed: str, recorded: str, verdict: Verdict) -> None:
    assert verdict_on(ReportedTotal(value=Decimal(claimed), unit=PERCENT), Decimal(recorded)) is verdict


@pytest.mark.parametrize(
    ("value", "unit", "step"),
    [
        ("102600000000", CNY, "100000000"),
        ("340000000", CNY, "10000000"),
        ("12340000", CNY, "10000"),
        ("100", PROJECTS, "1"),
        ("89.60", PERCENT, "0.1"),
        ("0", CNY, "1"),
    ],
)
def test_the_last_printed_digit_is_that_of_the_largest_unit_that_an_amount_reaches(
    value: str, unit: str, step: str
) -> None:
    assert printed_step(Decimal(value), unit) == Decimal(step)


def test_every_claim_has_a_verdict(api: Api, huangpu: District) -> None:
    make_project(
        district=huangpu,
        total_investment=1_960_000_000,
        milestones={"signed": date(2022, 1, 5), "started": date(2023, 1, 5)},
    )
    make_project(district=huangpu, milestones={"started": date(2023, 2, 1)})
    make_project(district=huangpu, milestones={"completed": date(2023, 2, 1)})
    expected = {
        claim(huangpu, "started_count", "2"): "met",
        claim(huangpu, "started_investment", "2000000000", CNY, approximate=True): "met_within_rounding",
        claim(huangpu, "started_investment", "2000000000", CNY, nature="planned"): "short",
        claim(huangpu, "started_count", "1", nature="planned"): "over",
        claim(huangpu, "completed_investment_yoy", "1", PERCENT): "not_comparable",
        claim(huangpu, "started_expected_output", "1", CNY): "unknown_amounts",
        claim(huangpu, "completed_count_yoy", "1", PERCENT): "not_comparable",
        claim(huangpu, "started_count", "2", period="2023-01"): "not_comparable",
        claim(huangpu, "fdi_utilised", "2", Unit.USD): "not_comparable",
        claim(huangpu, "signed_count", "0"): "met",
    }

    found = {made: shown(api, made)["verdict"] for made in expected}

    assert found == expected


def test_carried_over_and_started_or_carried_on_are_answered_for_quarter_and_year(
    api: Api, huangpu: District
) -> None:
    for started, completed in ((2021, None), (2022, date(2023, 2, 1)), (2023, None)):
        dates: dict[str, date | str] = {"started": date(started, 5, 1)}
        if completed:
            dates["completed"] = completed
        make_project(district=huangpu, total_investment=YI, milestones=dates)
    make_project(district=huangpu, total_investment=YI, milestones={"started": date(2022, 1, 1)})
    expected = {
        ("carried_over_count", "2023Q1"): 3,
        ("carried_over_count", "2023Q2"): 2,
        ("carried_over_count", "2023"): 3,
        ("carried_over_investment", "2023"): 3 * YI,
        ("start_or_resume_count", "2023Q1"): 3,
        ("start_or_resume_count", "2023Q2"): 3,
        ("start_or_resume_count", "2023"): 4,
        ("start_or_resume_investment", "2023Q2"): 3 * YI,
    }

    made = {
        case: claim(huangpu, case[0], "1", CNY if "investment" in case[0] else PROJECTS, period=case[1])
        for case in expected
    }
    change = claim(huangpu, "start_or_resume_count_yoy", "33.3", PERCENT, period="2023")

    assert {case: shown(api, found)["recorded"] for case, found in made.items()} == expected
    assert (shown(api, change)["recorded"], shown(api, change)["verdict"]) == (33.3, "met_within_rounding")


# --- contradictions -----------------------------------------------------------------------------------------------


def codes(*claims: ReportedTotal) -> list[list[str]]:
    compared = compare_all(claims)
    return [[each.code.value for each in compared[made.pk].contradictions] for made in claims]


def test_a_share_that_no_base_of_its_text_gives_is_told_with_the_bases_tried(
    api: Api, huangpu: District
) -> None:
    whole = claim(huangpu, "signed_count", "150")
    industrial = claim(huangpu, "signed_count", "110", category="industrial")
    part = claim(huangpu, "signed_count", "74", category="manufacturing")
    possible = claim(huangpu, "signed_count_share", "67.3", PERCENT, category="manufacturing")
    share = claim(huangpu, "signed_count_share", "77", PERCENT, category="manufacturing", nature="actual")
    claim(huangpu, "signed_count", "96", source="别的公报")

    [found] = [each for each in shown(api, share)["contradictions"] if each["code"] == "share_not_possible"]

    assert found["detail"] == "The share is claimed as 77%, but 74 is 67.3% of 110, 49.3% of 150."
    assert found["claims"] == [whole.pk, industrial.pk, part.pk]
    assert "share_not_possible" not in codes(possible)[0]


def test_a_share_may_be_of_the_sums_of_what_started_and_of_what_was_signed_within_their_rounding(
    huangpu: District,
) -> None:
    claim(huangpu, "started_investment", "102600000000", CNY, approximate=True)
    claim(huangpu, "signed_investment", "144100000000", CNY, approximate=True)
    claim(
        huangpu,
        "started_or_signed_investment",
        "221200000000",
        CNY,
        category="industrial",
        approximate=True,
    )

    right = claim(huangpu, "started_or_signed_investment_share", "89.6", PERCENT, category="industrial")
    assert codes(right) == [[]]
    wrong = claim(huangpu, "started_or_signed_investment_share", "88", PERCENT, category="industrial")
    assert "share_not_possible" in codes(wrong)[0]


def test_a_share_without_any_base_is_left_alone(huangpu: District) -> None:
    claim(huangpu, "signed_count", "74", category="manufacturing")
    claim(huangpu, "signed_count", "110", category="industrial", period="2022")

    assert codes(claim(huangpu, "signed_count_share", "77", PERCENT, category="manufacturing")) == [[]]


@pytest.mark.parametrize(
    ("count", "change", "possible"),
    [
        ("93", "56", False),
        ("93", "55", True),
        ("93", "57.6", True),
        ("275", "127", True),
        ("340", "172", True),
        ("1", "50", False),
        ("1", "-50", True),
        ("5", "-100", True),
        ("5", "-101", False),
        ("3", "-99.99", True),
        ("0", "-100", True),
        ("7", "0", True),
    ],
)
def test_a_change_of_a_number_needs_a_whole_number_as_its_base(
    huangpu: District, count: str, change: str, possible: bool
) -> None:
    claim(huangpu, "signed_count", count)

    found = codes(claim(huangpu, "signed_count_yoy", change, PERCENT))

    assert found == [[] if possible else ["change_not_possible"]]


def test_an_approximate_change_and_a_change_of_money_may_have_any_base(huangpu: District) -> None:
    claim(huangpu, "signed_count", "93")
    claim(huangpu, "signed_investment", "93", CNY)

    assert codes(
        claim(huangpu, "signed_count_yoy", "56", PERCENT, approximate=True),
        claim(huangpu, "signed_investment_yoy", "56", PERCENT),
    ) == [[], []]


@pytest.mark.parametrize(
    ("value", "unit", "note", "told"),
    [
        ("93", PROJECTS, "标题因叠字印成9393", True),
        ("93", PROJECTS, "标题印成９３９３", True),
        ("1234", PROJECTS, "12,341,234 stands in the title", True),
        ("28700000000", CNY, "标题印成287287亿元", True),
        ("93", PROJECTS, "标题印成939", False),
        ("1", PROJECTS, "11月公布", False),
        ("93", PROJECTS, "", False),
    ],
)
def test_a_number_that_its_own_note_has_twice_is_told(
    huangpu: District, value: str, unit: str, note: str, told: bool
) -> None:
    measure = "signed_investment" if unit == CNY else "signed_count"

    assert codes(claim(huangpu, measure, value, unit, note=note)) == [["written_twice"] if told else []]


def test_a_number_that_is_another_claim_or_the_recorded_value_written_twice_is_told(
    huangpu: District,
) -> None:
    for _number in range(12):
        make_project(district=huangpu, milestones={"signed": date(2023, 1, 5)})
    claim(huangpu, "started_count", "93", source="另一公报")
    of_claim = claim(huangpu, "started_count", "9393")
    of_records = claim(huangpu, "signed_count", "1212")

    assert codes(of_claim) == [["written_twice", "other_value"]]
    assert codes(of_records) == [["written_twice"]]


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        (("signed_count", "manufacturing"), ("signed_count", "all")),
        (("signed_count", "manufacturing"), ("signed_count", "industrial")),
        (("signed_count", "ge_10bn"), ("signed_count", "ge_500m")),
        (("signed_count", "世界500强"), ("signed_count", "all")),
        (("new_start_count", "新开工"), ("start_or_resume_count", "all")),
        (("signed_count", "all"), ("started_or_signed_count", "all")),
    ],
)
def test_a_part_that_is_more_than_its_whole_is_told(
    huangpu: District, part: tuple[str, str], whole: tuple[str, str]
) -> None:
    larger = claim(huangpu, part[0], "12", category=part[1])
    smaller = claim(huangpu, whole[0], "11", category=whole[1])

    assert codes(larger, smaller) == [["part_above_whole"], []]


@pytest.mark.parametrize(
    "whole",
    [
        {"measure": "signed_count", "category": "世界500强"},
        {"measure": "signed_count", "category": "ge_10bn"},
        {"measure": "started_count", "category": "all"},
        {"measure": "signed_count", "category": "all", "source": "别的公报"},
        {"measure": "signed_count", "category": "all", "nature": "planned"},
        {"measure": "signed_count", "category": "all", "period": "2022"},
    ],
)
def test_what_is_no_part_of_the_other_may_be_more(huangpu: District, whole: dict[str, str]) -> None:
    part = claim(huangpu, "signed_count", "12", category="manufacturing")
    more = {name: value for name, value in whole.items() if name != "measure"}
    claim(huangpu, whole["measure"], "11", **more)

    assert codes(part) == [[]]


def test_two_values_for_the_same_are_told_on_both_unless_rounding_explains_them(huangpu: District) -> None:
    one = claim(huangpu, "signed_investment", "2000000000", CNY)
    two = claim(huangpu, "signed_investment", "2100000000", CNY, source="另一公报")
    first = claim(huangpu, "started_investment", "2000000000", CNY, approximate=True)
    second = claim(huangpu, "started_investment", "2040000000", CNY, source="另一公报")

    assert codes(one, two) == [["other_value"], ["other_value"]]
    assert codes(first, second) == [[], []]


def test_nobody_is_told_of_claims_about_other_districts(api: Api, places: dict[str, District]) -> None:
    claim(places["440113"], "signed_count", "50")
    claim(places["440100"], "signed_count", "50")
    mine = claim(places["440112"], "signed_count", "60")

    assert shown(api, mine)["contradictions"] == []


def test_an_answer_changes_with_what_contradicts_it(api: Api, huangpu: District) -> None:
    mine = claim(huangpu, "signed_count", "60")
    address = f"reported-totals/{mine.pk}/"
    etag = api.get(address).headers["ETag"]

    claim(huangpu, "signed_count", "50")

    assert api.get(address, **{"If-None-Match": etag}).status_code == 200
    assert [each["code"] for each in shown(api, mine)["contradictions"]] == ["other_value"]


@pytest.mark.parametrize(
    "written", [{"verdict": "met"}, {"contradictions": []}, {"at_ceremony": None}, {"verdict": None}]
)
def test_what_follows_from_the_records_cannot_be_written(
    api: Api, huangpu: District, written: dict[str, Any]
) -> None:
    body = {
        "district": "440112",
        "period": "2023Q1",
        "measure": "signed_count",
        "value": 5,
        "unit": "projects",
    }

    refused = api.post("reported-totals/", {**body, **written})

    assert_problem(refused, 400, "validation", f"/{next(iter(written))}")


# --- ceremonies ---------------------------------------------------------------------------------------------------


@pytest.fixture
def ceremony(huangpu: District) -> Ceremony:
    made = Ceremony(district=huangpu, name="集中签约活动", held_on=date(2023, 1, 29))
    return services.save_versioned(made, at=NOW)


def test_a_claim_of_a_ceremony_stands_beside_what_is_attached_to_it(
    api: Api, places: dict[str, District], ceremony: Ceremony
) -> None:
    day = date(2023, 1, 29)
    attached = make_project(
        district=places["440112-GDD"],
        total_investment=12 * YI,
        expected_output=3 * YI,
        project_type="manufacturing",
    )
    undated = make_project(district=places["440112"], expected_revenue=2 * YI)
    elsewhere = make_project(district=places["440113"], total_investment=100 * YI)
    make_project(district=places["440112"], total_investment=50 * YI, milestones={"signed": day})
    record(attached, "signed", day, ceremony=ceremony)
    record(attached, "started", day, ceremony=ceremony)
    record(undated, "signed", None, precision="unknown", ceremony=ceremony)
    record(elsewhere, "signed", day, ceremony=ceremony)
    record(make_project(district=places["440112"]), "signed", None, planned_on=day, ceremony=ceremony)

    of_all = shown(api, claim(places["440112"], "signed_investment", "1300000000", CNY, ceremony=ceremony))
    of_some = claim(places["440112"], "signed_count", "1", category="manufacturing", ceremony=ceremony)
    joined = claim(
        places["440112"], "signed_expected_output_and_revenue", "500000000", CNY, ceremony=ceremony
    )

    assert of_all["at_ceremony"] == {
        "count": 2,
        "with_amount": 1,
        "with_output": 1,
        "with_revenue": 1,
        "investment": 12 * YI,
        "expected_output": 3 * YI,
        "expected_revenue": 2 * YI,
        "with_output_or_revenue": 2,
        "output_or_revenue": 5 * YI,
        "recorded": 12 * YI,
        "gap": -YI,
        "verdict": "short",
    }
    assert (of_all["recorded"], of_all["ceremony"]) == (62 * YI, ceremony.pk)
    assert [shown(api, made)["at_ceremony"]["verdict"] for made in (of_some, joined)] == ["met", "met"]
    assert shown(api, of_some)["at_ceremony"]["count"] == 1


def test_a_claim_without_a_ceremony_or_of_what_the_records_do_not_know_has_nothing_attached(
    api: Api, huangpu: District, ceremony: Ceremony
) -> None:
    empty = shown(api, claim(huangpu, "signed_investment", "5", CNY, ceremony=ceremony, period="2023-01"))

    assert shown(api, claim(huangpu, "signed_count", "5"))["at_ceremony"] is None
    assert (
        shown(api, claim(huangpu, "signed_count", "5", category="外资", ceremony=ceremony))["at_ceremony"]
        is None
    )
    assert (
        shown(api, claim(huangpu, "signed_count_yoy", "5", PERCENT, ceremony=ceremony))["at_ceremony"] is None
    )
    assert (empty["at_ceremony"]["recorded"], empty["at_ceremony"]["gap"]) == (0, -5)


def test_a_list_of_claims_of_ceremonies_costs_a_fixed_number_of_queries(
    api: Api, huangpu: District, ceremony: Ceremony, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        claim(huangpu, "signed_count", str(number), ceremony=ceremony, source=str(number))

    with django_assert_max_num_queries(9):
        listed = api.get("reported-totals/").json()["results"]

    assert [row["at_ceremony"]["count"] for row in listed] == [0] * 30


# --- the bulletins of the seeds -----------------------------------------------------------------------------------


@pytest.fixture
def seeds() -> dict[str, Any]:
    """Every claim of the seeds as a superuser reads it, by its key."""
    call_command("load_seeds", verbosity=0)
    api = Api(make_user(superuser=True))
    keys = dict(ReportedTotal.objects.values_list("pk", "key"))
    return {str(keys[row["id"]]): row for row in api.get("reported-totals/?page_size=1000").json()["results"]}


def test_the_claims_of_dalian_stand_beside_the_one_start_that_its_records_hold(seeds: dict[str, Any]) -> None:
    dalian = {key: row for key, row in seeds.items() if row["district"] == "210200-DLGX"}

    assert {key: (row["recorded"], row["gap"], row["verdict"]) for key, row in dalian.items()} == {
        "S004-T30": (1, -92, "short"),
        "S004-T31": (None, None, "not_comparable"),
        "S004-T32": (None, None, "unknown_amounts"),
        "S004-T33": (1, -42, "short"),
        "S004-T34": (None, None, "unknown_amounts"),
        "S004-T35": (0, -50, "short"),
        "S004-T36": (0, -177 * YI, "short"),
        "S004-T37": (None, None, "not_comparable"),
        "S004-T38": (None, None, "not_comparable"),
    }
    assert (dalian["S004-T32"]["counted"], dalian["S004-T32"]["with_amount"]) == (1, 0)


def test_the_claims_of_huangpu_stand_beside_what_its_records_hold(seeds: dict[str, Any]) -> None:
    found = {key: (row["recorded"], row["gap"], row["verdict"]) for key, row in seeds.items()}

    assert found["S004-T01"] == (2, -98, "short")
    assert found["S004-T02"] == (100 * YI, -926 * YI, "short")
    assert found["S004-T03"] == (100 * YI, -1183 * YI, "short")
    assert found["S004-T04"] == (1, -49, "short")
    assert found["S004-T05"] == (None, None, "unknown_amounts")
    assert found["S004-T07"] == (3, -147, "short")


def test_the_three_contradictions_of_the_seeds_are_found_by_computing_and_no_others(
    seeds: dict[str, Any],
) -> None:
    told = {
        (key, each["code"]): each["detail"] for key, row in seeds.items() for each in row["contradictions"]
    }

    assert told == {
        ("S004-T13", Code.SHARE.value): "The share is claimed as 77%, but 74 is 67.3% of 110, 49.3% of 150.",
        ("S004-T30", Code.TWICE.value): "9393 is 93 with its digits written twice.",
        ("S004-T31", Code.CHANGE.value): (
            "93 with a change of +56% has no whole number as its base: 60 gives +55.0%, 59 gives +57.6%."
        ),
    }


def test_a_viewer_reads_verdicts_and_contradictions_as_an_editor_does(huangpu: District, api: Api) -> None:
    made = claim(huangpu, "signed_count", "93", note="印成9393")
    viewer = Api(make_user(district=make_district("440112"), role=Role.VIEWER))

    assert shown(viewer, made) == shown(api, made)
