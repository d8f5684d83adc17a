"""Who is in charge of a project: entered with it, one leader at a time, found again as "my projects"."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from projects import services
from projects.models import Charge, Door, LedgerEntry, Project
from tests.api import Api, assert_problem
from tests.makers import NOW, YI, make_huangpu, make_project, make_user
from tests.pages import read, signed_in
from tests.test_admin_entry import reopened

pytestmark = pytest.mark.django_db

LIST = "/admin/projects/project/"
TODAY = date(2026, 11, 22)


@pytest.fixture
def world() -> dict[str, Any]:
    """A project of 黄埔区 with its editor and a viewer, and a neighbour."""
    places = make_huangpu()
    huangpu = places["440112"]
    return {
        "huangpu": huangpu,
        "editor": make_user("editor", district=huangpu),
        "viewer": make_user("viewer", district=huangpu, role="viewer"),
        "chief": make_user("chief", district=places["440100"], role="viewer"),
        "neighbour": make_user("neighbour", district=places["440113"]),
        "project": make_project(
            district=huangpu, total_investment=YI, milestones={"signed": date(2023, 1, 29)}
        ),
    }


def people(*rows: dict[str, object], stored: int = 0) -> dict[str, object]:
    """The inline forms of people in charge as they are filled in."""
    data: dict[str, object] = {"charges-TOTAL_FORMS": len(rows), "charges-INITIAL_FORMS": stored}
    for index, row in enumerate(rows):
        data |= {f"charges-{index}-{name}": value for name, value in row.items()}
    return data


def page_of(project: Project) -> str:
    return reverse("admin:projects_project_change", args=[project.pk])


def in_charge(project: Project, **facts: Any) -> Charge:
    """Somebody put in charge as life does it."""
    given = {"role": "leader", "name": "张区长", "from_on": date(2026, 1, 1), **facts}
    return services.save_charge(Charge(project=project, **given), actor=None, at=NOW)


def fresh_charges(project: Project) -> list[tuple[str, str]]:
    return [(charge.role, charge.person) for charge in project.charges.order_by("id")]


def test_a_leader_without_an_account_and_an_officer_with_one_are_entered_on_the_projects_form(world):
    project, before = world["project"], LedgerEntry.objects.count()
    leader = {
        "role": "leader",
        "name": "张区长",
        "unit": "区政府",
        "telephone": "020-82111111",
        "from_on": "2026-01-01",
    }
    officer = {"role": "officer", "user": world["viewer"].pk, "from_on": "2026年3月1日"}

    data = reopened(project, total_investment="1亿", project_type="other") | people(leader, officer)
    answer = signed_in(world["editor"]).post(page_of(project), data)

    assert answer.status_code == 302
    assert fresh_charges(project) == [("leader", "张区长"), ("officer", "viewer")]
    assert LedgerEntry.objects.count() == before  # it moves no figure


def test_two_leaders_at_a_time_are_refused_in_a_sentence_with_both_periods(world):
    project = world["project"]
    first = {"role": "leader", "name": "张区长", "from_on": "2026-01-01", "until_on": "2026-06-30"}
    second = {"role": "leader", "name": "李区长", "from_on": "2026-06-30"}

    answer = signed_in(world["editor"]).post(page_of(project), reopened(project) | people(first, second))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert (
        "张区长 is leader in charge from 2026-01-01 until 2026-06-30, and 李区长 from 2026-06-30 until"
        in page
    )
    assert not project.charges.exists()


def test_a_leader_hands_over_to_the_next_on_the_following_day(world):
    in_charge(world["project"], until_on=date(2026, 6, 29))

    in_charge(world["project"], name="李区长", from_on=date(2026, 6, 30))

    assert fresh_charges(world["project"]) == [("leader", "张区长"), ("leader", "李区长")]


def test_officers_are_in_charge_at_the_same_time_as_many_as_there_are(world):
    for name in ("甲", "乙", "丙"):
        in_charge(world["project"], role="officer", name=name)

    assert world["project"].charges.count() == 3


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "__all__"),
        ({"user": "viewer"}, "__all__"),
        ({"until_on": "2025-12-31"}, "__all__"),
        ({"telephone": "打我手机"}, "telephone"),
        ({"telephone": "<script>"}, "telephone"),
        ({"from_on": ""}, "from_on"),
        ({"name": "张\u202e区长"}, "name"),
        ({"role": "king"}, "role"),
    ],
)
def test_what_is_wrong_with_a_person_is_said_and_nothing_is_saved(world, wrong, field):
    project = world["project"]
    given = {"role": "leader", "name": "张区长", "from_on": "2026-01-01"} | wrong
    if "user" in wrong:
        given["user"] = world["viewer"].pk

    answer = signed_in(world["editor"]).post(page_of(project), reopened(project) | people(given))

    assert answer.status_code == 200
    formset = next(i.formset for i in answer.context["inline_admin_formsets"] if i.formset.model is Charge)
    assert field in formset.forms[0].errors
    assert not project.charges.exists()


def test_a_charge_of_another_project_does_not_exist_in_this_ones_form(world):
    foreign = in_charge(make_project(district=world["huangpu"]))
    project = world["project"]
    row = {"id": foreign.pk, "project": project.pk, "role": "leader", "name": "换掉", "from_on": "2026-01-01"}

    answer = signed_in(world["editor"]).post(page_of(project), reopened(project) | people(row, stored=1))

    assert answer.status_code == 404
    foreign.refresh_from_db()
    assert foreign.name == "张区长"


def test_only_colleagues_can_be_put_in_charge_and_nobody_else_is_named(world):
    project, browser = world["project"], signed_in(world["editor"])
    stranger = world["neighbour"]
    asked = "/admin/autocomplete/?app_label=projects&model_name=charge&field_name=user&term="

    suggested = {each["text"] for each in browser.get(asked).json()["results"]}
    row = {"role": "officer", "user": stranger.pk, "from_on": "2026-01-01"}
    answer = browser.post(page_of(project), reopened(project) | people(row))

    assert suggested == {"editor", "viewer", "chief"}
    assert answer.status_code == 200
    assert "Choose one from the list" in answer.content.decode()
    assert signed_in(world["viewer"]).get(asked).status_code == 403


def test_my_projects_are_those_that_i_am_in_charge_of_today(world, settings):
    mine, over, others = (
        make_project(name, district=world["huangpu"]) for name in ("我管的", "管过的", "他管的")
    )
    today, viewer = date.today(), world["viewer"]  # noqa: DTZ011  (the filter's own day)
    in_charge(mine, role="officer", name="", user=viewer, from_on=today - timedelta(days=9))
    in_charge(over, name="", user=viewer, from_on=date(2020, 1, 1), until_on=today - timedelta(days=2))
    in_charge(others, name="", user=world["editor"], from_on=date(2020, 1, 1))

    page = read(signed_in(viewer), f"{LIST}?mine=any").text
    led = read(signed_in(viewer), f"{LIST}?mine=leader").text
    found = Api(viewer).get("projects/?mine=true").json()["results"]

    assert "我管的" in page
    assert "管过的" not in page
    assert "他管的" not in page
    assert "我管的" not in led
    assert [project["name"] for project in found] == ["我管的"]
    assert_problem(Api(viewer).get("projects/?mine=false"), 400, "validation", "mine")


def test_a_program_puts_somebody_in_charge_changes_and_takes_it_back_under_an_etag(world):
    api, project = Api(world["editor"]), world["project"]
    path = f"projects/{project.pk}/charges/"

    made = api.post(path, {"role": "officer", "user": "viewer", "from_on": "2026-01-01"})
    where = f"{path}{made.json()['id']}/"
    changed = api.change(where, {"until_on": "2026-06-30"})
    stale = api.patch(where, {"until_on": "2026-07-31"}, **{"If-Match": made.headers["ETag"]})
    gone = api.delete(where, **{"If-Match": changed.headers["ETag"]})

    assert (made.status_code, made.json()["user"]) == (201, "viewer")
    assert (changed.status_code, changed.json()["until_on"]) == (200, "2026-06-30")
    assert stale.status_code == 412
    assert gone.status_code == 204
    assert not project.charges.exists()


def test_a_program_is_told_everything_wrong_with_a_charge(world):
    api, project = Api(world["editor"]), world["project"]
    in_charge(project)
    path = f"projects/{project.pk}/charges/"
    leader = {"role": "leader", "name": "李区长", "from_on": "2026-02-01"}

    assert_problem(api.post(path, leader), 400, "validation", "/from_on")
    assert_problem(api.post(path, leader | {"user": "neighbour"}), 400, "validation", "/user")
    assert_problem(api.post(path, leader | {"boss": 1}), 400, "validation", "/boss")
    assert_problem(api.post(path, leader | {"telephone": "x"}), 400, "validation", "/telephone")
    assert_problem(Api(world["viewer"]).post(path, leader), 403, "permission")
    assert_problem(Api(world["neighbour"]).get(path), 404, "not-found")
    assert project.charges.count() == 1


def test_the_history_says_who_was_put_in_charge_and_who_no_longer_is(world):
    project, editor = world["project"], world["editor"]
    charge = in_charge(project, unit="区政府")
    charge.until_on = date(2026, 6, 30)
    services.save_charge(charge, actor=editor, at=NOW, door=Door.ADMIN)
    services.remove_charge(charge, actor=editor, at=NOW, door=Door.API)

    lines = [
        (line["label"], line["before_text"], line["after_text"])
        for revision in Api(editor).get(f"projects/{project.pk}/history/").json()["results"]
        for line in revision["changes"]
    ]

    open_ended, ended = "张区长 · 区政府 · 2026-01-01 – ", "张区长 · 区政府 · 2026-01-01 – 2026-06-30"
    assert lines == [
        ("Leader in charge", ended, "—"),
        ("Leader in charge", open_ended, ended),
        ("Leader in charge", "—", open_ended),
    ]
    page = read(signed_in(editor, "zh-hans"), f"{LIST}{project.pk}/history/").text
    assert "挂点领导" in page
