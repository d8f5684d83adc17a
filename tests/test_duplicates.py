"""Which recorded projects may be one and the same, and why: by approval code, by investor and district, by name."""

from __future__ import annotations

from datetime import date
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from projects import services
from projects.duplicates import Candidate, Sought, are_alike, candidates, candidates_of_many
from projects.models import District, Likeness, Organization, Project, ProjectSearch, Verdict
from tests.api import Api
from tests.makers import NOW, YI, fresh, make_huangpu, make_organization, make_project, make_uscc, make_user
from tests.workbooks_made import checked, committed, said

CODE, OTHER_CODE = "2301-440112-04-01-123456", "2301-440112-04-01-654321"


@pytest.fixture
def places(db) -> dict[str, District]:
    return make_huangpu()


def backed(name: str, district: District, *investors: Organization, **more: Any) -> Project:
    return services.save_project(
        Project(name=name, district=district, **more), actor=None, at=NOW, investors=investors
    )


def told(found: list[Candidate]) -> dict[str, list[str]]:
    return {each.project.name: [reason.value for reason in each.reasons] for each in found}


def test_the_same_approval_code_is_a_reason_wherever_the_other_lies(places):
    make_project("甲", district=places["440113"], approval_code=CODE)
    make_project("乙", district=places["440112"], approval_code=OTHER_CODE)

    found = candidates(Sought(name="丙", approval_code=CODE), None)

    assert told(found) == {"甲": ["approval_code"]}
    assert candidates(Sought(name="丙"), None) == []


def test_the_same_investor_with_a_credit_code_is_a_reason_in_the_same_district_alone(places):
    known, unnamed = make_organization(uscc=make_uscc(1)), make_organization()
    backed("甲", places["440112"], known)
    backed("乙", places["440113"], known)
    backed("丙", places["440112"], unnamed)
    here = places["440112"].pk

    by_id = candidates(Sought(name="丁", district=here, investors=[known.pk, unnamed.pk]), None)
    by_code = candidates(Sought(name="丁", district=here, credit_codes=[make_uscc(1)]), None)

    assert told(by_id) == told(by_code) == {"甲": ["credit_code"]}
    assert candidates(Sought(name="丁", investors=[known.pk]), None) == []


@pytest.mark.parametrize(
    ("amount", "reason"),
    [(20 * YI, "name_and_amount"), (19 * YI, "name_and_amount"), (25 * YI, "name_alone"), (None, "name")],
)
def test_an_alike_name_is_told_with_what_the_amounts_say(places, amount, reason):
    make_project("广药（集团）白云基地", district=places["440112"], total_investment=20 * YI)

    (found,) = candidates(Sought(name="广药 白云基地一期项目", total_investment=amount), None)

    assert found.reasons == (Likeness(reason),)
    assert found.is_doubtful == (reason != "name_alone")


def test_amounts_are_alike_up_to_a_tenth_of_the_larger_and_an_unknown_one_is_like_none():
    assert are_alike(100, 90)
    assert not are_alike(100, 89)
    assert are_alike(0, 0)
    assert not are_alike(None, 0)


def test_the_likeliest_comes_first_and_each_once_with_all_its_reasons(places):
    known = make_organization(uscc=make_uscc(1))
    all_of_it = backed("云基地", places["440112"], known, approval_code=CODE, total_investment=YI)
    make_project("云基地", district=places["440113"], total_investment=9 * YI)
    backed("别名", places["440112"], known)
    new = backed("云基地（新）", places["440112"], known, approval_code=CODE, total_investment=YI)

    found = candidates(fresh(new), None)

    assert [each.project.name for each in found] == ["云基地", "别名", "云基地"]
    assert found[0].project == all_of_it
    assert [reason.value for reason in found[0].reasons] == [
        "approval_code",
        "name_and_amount",
        "credit_code",
    ]


def test_void_projects_and_the_family_are_no_candidates(places):
    services.void_project(make_project("甲基地", district=places["440112"]), "误录", actor=None, at=NOW)
    whole = make_project("甲基地", district=places["440112"], approval_code=CODE)
    first, second = (
        make_project("甲基地", district=places["440112"], parent=fresh(whole), phase=p, approval_code=CODE)
        for p in "一二"
    )

    assert [candidates(fresh(each), None) for each in (whole, first, second)] == [[], [], []]


def test_what_a_reader_may_not_see_is_no_candidate_and_what_is_confidential_is_nobodys(places):
    investor = make_organization(uscc=make_uscc(1))
    backed("甲基地", places["440113"], investor, approval_code=CODE)
    secret = {"confidential": True, "approval_code": CODE}
    backed("甲基地", places["440112"], investor, **secret)
    reader = make_user(district=places["440112"])
    asked = [
        Sought(name="甲基地", approval_code=CODE, district=places[code].pk, investors=[investor.pk])
        for code in ("440112", "440113")
    ]

    assert candidates_of_many(asked, reader) == [[], []]
    assert [len(found) for found in candidates_of_many(asked, None)] == [1, 1]


def test_a_project_that_is_renamed_is_found_under_its_new_name_alone(places):
    project = make_project("甲基地", district=places["440112"])
    project.name = "乙基地"
    services.save_project(project, actor=None, at=NOW)

    assert candidates(Sought(name="甲基地"), None) == []
    assert len(candidates(Sought(name="乙基地项目"), None)) == 1


def test_many_are_compared_as_one_by_one_in_a_handful_of_questions(places, django_assert_max_num_queries):
    investors = [make_organization(uscc=make_uscc(n)) for n in range(3)]
    for n in range(30):
        backed(
            f"基地{n % 5}号", places["440112" if n % 2 else "440113"], investors[n % 3],
            approval_code=f"2301-440112-04-01-{n % 7:06}", total_investment=n * YI or None,
        )  # fmt: skip
    rows = [
        Sought(name=f"基地{n % 9}号", district=places["440112"].pk, total_investment=n * YI,
               investors=[investors[n % 3].pk], approval_code=f"2301-440112-04-01-{n:06}")
        for n in range(40)
    ]  # fmt: skip
    reader = make_user(district=places["440112"])

    with django_assert_max_num_queries(10):
        together = candidates_of_many(rows, reader)

    assert together == [candidates(row, reader) for row in rows]
    assert sum(map(len, together)) > 100
    assert {each.project.district.code for found in together for each in found} == {"440112"}


def test_of_a_name_that_very_many_have_the_latest_are_compared(places, monkeypatch):
    monkeypatch.setattr("projects.duplicates.COMPARED", 3)
    made = [make_project("标准厂房", district=places["440112"]) for _ in range(5)]
    other = Sought(name="别的基地")

    alone = candidates(Sought(name="标准厂房"), None)
    _none, together = candidates_of_many([other, Sought(name="标准厂房")], None)

    assert [each.project for each in alone] == [*reversed(made)][:3]
    assert together == alone


def test_a_phase_that_was_signed_on_its_own_is_like_its_other_phases(places):
    first = make_project("甲基地一期", district=places["440112"], milestones={"signed": date(2023, 1, 5)})

    assert told(candidates(Sought(name="甲基地Ⅱ期"), None)) == {first.name: ["name"]}


# --- in the API -------------------------------------------------------------------------------------------------------


def test_the_api_tells_what_looks_like_a_project_with_the_reasons_and_what_was_said(places):
    reader = Api(make_user(district=places["440112"], role="viewer"))
    project = make_project("甲基地", district=places["440112"], approval_code=CODE)
    other = make_project("甲基地", district=places["440112"], approval_code=CODE, total_investment=YI)
    make_project("甲基地", district=places["440113"], approval_code=CODE)
    address = f"/api/v1/projects/{project.pk}/duplicates/"

    (found,) = reader.get(address).json()["results"]
    assert found == {
        "id": other.pk, "code": other.code, "name": "甲基地", "district": "440112", "stage": "",
        "total_investment": YI, "reasons": ["approval_code", "name"], "decision": None, "decided_at": None,
    }  # fmt: skip

    services.decide(
        fresh(project), fresh(other), services.Decision(Verdict.DIFFERENT, "两期"), actor=None, at=NOW
    )
    (found,) = reader.get(f"{address}?fields=id,decision,decided_at").json()["results"]
    assert found == {"id": other.pk, "decision": "different", "decided_at": "2026-11-22T10:00:00+08:00"}
    assert reader.get(f"{address}?count=true").json()["count"] == 1
    assert reader.get(f"{address}?format=csv").status_code == 200
    assert reader.get(f"{address}?nonsense=1").status_code == 400


def test_what_one_may_not_see_has_no_duplicates_in_the_api_either(places):
    reader = Api(make_user(district=places["440113"]))
    project = make_project("甲基地", district=places["440112"])

    assert reader.get(f"/api/v1/projects/{project.pk}/duplicates/").status_code == 404
    assert Api(None).get(f"/api/v1/projects/{project.pk}/duplicates/").status_code == 401


def test_a_project_that_was_merged_says_into_which(places):
    reader = Api(make_user(district=places["440112"]))
    main, other = (fresh(make_project("甲基地", district=places["440112"])) for _ in range(2))
    services.decide(main, other, services.Decision(Verdict.SAME, "两次", main), actor=None, at=NOW)

    answers = [reader.get(f"/api/v1/projects/{pk}/").json()["merged_into"] for pk in (main.pk, other.pk)]

    assert answers == [None, main.pk]


def test_names_from_before_are_given_their_cores_as_the_service_writes_them(places):
    make_project("广药（集团）白云基地一期", district=places["440112"])
    make_project("项目", district=places["440112"])
    rows = ProjectSearch.objects.order_by("project_id")
    written = list(rows.values_list("text", "core"))
    rows.update(core="")
    fill = import_module("projects.migrations.0019_names_compared").fill

    for _twice in range(2):
        fill(apps, connection.schema_editor)
        assert list(rows.values_list("text", "core")) == written
    assert [core for _text, core in written] == ["广药白云基地", ""]


# --- in a workbook ----------------------------------------------------------------------------------------------------


def test_the_preview_of_a_workbook_warns_of_what_is_recorded_elsewhere_and_is_imported_all_the_same(places):
    officer = make_user("officer", district=places["440100"])
    other = make_project("智能装备基地", district=places["440113"], total_investment=20 * YI)
    rows = [["智能装备基地（一期）", "黄埔区", "19.5亿", None, None], ["别的", "黄埔区", 1, None, None]]

    run = checked(rows, into=places["440112"], actor=officer)

    (warning,) = [line for line in said(run, "warnings") if line["code"] == "duplicate"]
    assert (run.status, warning["row"], warning["column"]) == ("ready", 2, "项目名称")
    assert warning["detail"]["zh-hans"] == (
        f"可能已登记过： {other.code} 智能装备基地 (番禺区) 名称、金额相近"
    )
    assert warning["detail"]["en"].endswith("Alike name and amount")
    committed(run, officer)
    assert services.compare_waiting(NOW) == 1


def test_a_workbook_of_one_district_tells_nothing_of_another(places):
    officer = make_user("officer", district=places["440112"])
    make_project("智能装备基地", district=places["440113"], total_investment=20 * YI)

    run = checked([["智能装备基地", "黄埔区", "20亿", None, None]], into=places["440112"], actor=officer)

    assert said(run, "warnings") == []


def test_the_same_workbook_again_warns_of_nothing_that_it_made_itself(places):
    officer = make_user("officer", district=places["440112"])
    rows = [["智能装备基地", "黄埔区", "20亿", None, None]]
    committed(checked(rows, into=places["440112"], actor=officer), officer)

    again = checked(rows, into=places["440112"], actor=officer)

    assert (again.unchanged, said(again, "warnings")) == (1, [])
