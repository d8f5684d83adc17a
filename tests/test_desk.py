"""My desk: what waits for the reader, nothing that does not, and quickly."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from projects import services
from projects.admin import desk
from projects.models import Milestone, Project
from tests.makers import NOW, YI, make_huangpu, make_project, make_user
from tests.pages import read, signed_in
from tests.reviews import approve, make_people, submit
from tracking.cells import roll_up

pytestmark = pytest.mark.django_db

SIGNED: Any = {"signed": date(2023, 1, 29)}
PROJECTS = "/admin/projects/project/"


@pytest.fixture
def world():
    """People of 黄埔区, a viewer, and a neighbour's editor, each in a browser; nothing is recorded yet."""
    places = make_huangpu()
    users = make_people(places["440112"]) | {
        "viewer": make_user("viewer", district=places["440112"], role="viewer"),
        "neighbour": make_user("neighbour", district=places["440113"]),
        "root": make_user("root", superuser=True),
    }
    return {"users": users, "places": places, **{name: signed_in(user) for name, user in users.items()}}


def planned(name: str, *, kind: str = "started", on: date = date(2023, 3, 1), **more: Any) -> Project:
    """A project with a plan."""
    project = Project(name=name, **more)
    return services.save_project(
        project, actor=None, at=NOW, milestones=[Milestone(project=project, kind=kind, planned_on=on)]
    )


def test_an_empty_desk_says_so_and_leads_on(world):
    for who in ("editor", "viewer", "root"):
        page = read(world[who], "/admin/")

        assert "Nothing waits for you." in page.text
        assert page.opening(PROJECTS)


def test_an_editor_finds_what_is_late_undated_or_without_an_amount(world):
    here = world["places"]["440112"]
    planned("该开工项目", district=here, total_investment=YI)
    planned("不急项目", district=here, on=date(2099, 1, 1), total_investment=YI)
    planned("该竣工项目", kind="completed", district=here, total_investment=YI)
    make_project("没日期项目", district=here, total_investment=YI, milestones={"signed": "unknown"})
    make_project("没金额项目", district=here)
    planned("番禺项目", district=world["places"]["440113"])

    page = read(world["editor"], "/admin/")

    waiting = page.text.partition("Recent changes")[0]
    for name in ("该开工项目", "该竣工项目", "没日期项目", "没金额项目"):
        assert name in waiting
    assert "不急项目" not in waiting
    assert "番禺项目" not in page.text
    assert "planned for 2023-03-01" in page.text


@pytest.mark.parametrize("waits", ["late", "undated", "no_amount"])
def test_the_list_behind_a_card_holds_what_the_card_counts(world, waits):
    here = world["places"]["440112"]
    planned("该开工项目", district=here, total_investment=YI)
    make_project("没日期项目", district=here, total_investment=YI, milestones={"signed": "unknown"})
    make_project("没金额项目", district=here)
    expected = {"late": "该开工项目", "undated": "没日期项目", "no_amount": "没金额项目"}

    page = read(world["editor"], f"{PROJECTS}?waits={waits}")

    for name, project in expected.items():
        assert (project in page.text) == (name == waits)


def test_whoever_only_reads_has_nothing_to_correct(world):
    make_project("没金额项目", district=world["places"]["440112"])

    waiting, _title, changes = read(world["viewer"], "/admin/").text.partition("Recent changes")

    assert "没金额项目" not in waiting
    assert "没金额项目" in changes


def test_no_number_is_counted_beyond_what_is_shown(world, monkeypatch):
    monkeypatch.setattr(desk, "MOST", 3)
    for _ in range(5):
        make_project(district=world["places"]["440112"])

    assert "Investment not known 3+" in read(world["editor"], "/admin/").text


def test_where_changes_are_reviewed_the_desk_holds_what_to_submit_to_correct_and_to_review(world, settings):
    settings.APPROVAL_REQUIRED = True
    here, users = world["places"]["440112"], world["users"]
    make_project("草稿项目", district=here, actor=users["editor"], total_investment=YI)
    submit(make_project("待审项目", district=here, total_investment=YI), users["editor"])
    returned = submit(make_project("退回项目", district=here, total_investment=YI), users["editor"])
    services.return_projects([returned], "缺附件", actor=users["reviewer"], at=NOW)
    approve(make_project("通过项目", district=here, total_investment=YI), users["editor"], users["reviewer"])

    texts = {who: read(world[who], "/admin/").text for who in ("editor", "colleague", "reviewer", "viewer")}

    assert "Returned to me 1" in texts["editor"]
    assert "Not submitted yet 1" in texts["editor"]
    assert "Not submitted yet 2" in texts["colleague"]  # what was returned to the other one, too
    assert "To review 1" in texts["reviewer"]
    assert "待审项目" in texts["reviewer"]
    assert "待审项目" not in texts["editor"].partition("Recent changes")[0]


def test_the_running_quarter_of_ones_districts_is_shown_in_yi(world):
    today = timezone.localdate()
    make_project(
        district=world["places"]["440112"],
        total_investment=34 * YI,
        milestones={"signed": today},
        at=timezone.now(),
    )
    roll_up()

    page = read(world["editor"], "/admin/")

    assert "so far" in page.text
    assert "34.00" in page.text
    assert "黄埔区" in page.text or "Huangpu" in page.text


@pytest.mark.parametrize(("who", "most"), [("editor", 33), ("reviewer", 20), ("root", 26), ("viewer", 18)])
def test_the_desk_asks_the_database_a_bounded_number_of_times(
    world, settings, django_assert_max_num_queries, who, most
):
    settings.APPROVAL_REQUIRED = True
    for number in range(8):
        project = planned(f"项目{number}", district=world["places"]["440112"])
        if number % 2:
            submit(project, world["users"]["editor"])
        services.comment_on(project, f"@{who} 请看", actor=world["users"]["colleague"], at=NOW)

    with django_assert_max_num_queries(most):
        world[who].get("/admin/")
