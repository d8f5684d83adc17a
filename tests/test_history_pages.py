"""The history of a project as people and programs read it: words instead of codes, and nothing that is not theirs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from projects import services
from projects.models import BulkChange, District, Door, LedgerEntry, Milestone, Project
from projects.services import Change
from tests.api import Api, assert_problem
from tests.makers import (
    NOW,
    YI,
    fresh,
    make_huangpu,
    make_organization,
    make_project,
    make_sector,
    make_user,
    record,
)
from tests.pages import signed_in

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
SIGNED = date(2023, 1, 29)
LIST = "/admin/projects/project/"
HTML = "<script>alert(1)</script>"


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def editor(places) -> Client:
    return signed_in(make_user("editor", district=places["440112"], name="王某"), "zh-hans")


def save(project: Project, **more: Any) -> Project:
    return services.save_project(project, **{"actor": None, "at": LATER, "door": Door.ADMIN, **more})


def page(client: Client, project: Project, query: str = "") -> str:
    response = client.get(f"{LIST}{project.pk}/history/{query}")
    assert response.status_code == 200
    return str(response.content.decode())


# --- in words -----------------------------------------------------------------------------------------------------


def test_a_change_is_told_in_labels_and_names(places, editor):
    actor = make_user("wang", name="王某")
    project = make_project(district=places["440112"], total_investment=20 * YI, project_type="other")
    project.total_investment, project.project_type, project.sector = 25 * YI, "manufacturing", make_sector()
    save(project, actor=actor, investors=[make_organization("甲公司")], reason="合同修订")

    text = page(editor, project)

    for words in (
        "王某",
        "页面录入",
        "合同修订",
        "计划总投资",
        "20亿元",
        "25亿元",
        "制造业",
        "生物医药",
        "甲公司",
    ):
        assert words in text
    for code in ("total_investment", "manufacturing"):
        assert code not in text


def test_a_milestone_is_told_by_its_kind_and_dates(places, editor):
    project = make_project(district=places["440112"])
    record(project, "started", planned_on=date(2023, 5, 1), at=LATER)

    text = page(editor, project)

    assert "开工 · " in text
    assert (
        text.partition('<ol class="history">')[2].count("2023-05-01") == 1
    )  # the first plan is the plan itself


def test_names_of_other_districts_are_not_told_to_whom_they_are_hidden(places, editor):
    project = make_project(district=places["440113"])
    project.district = places["440112"]
    save(project)

    text = page(editor, project)

    assert "番禺" not in text
    assert "黄埔区" in text


def test_what_was_deleted_since_is_said_to_be(places, editor):
    gone = make_organization("甲公司")
    project = save(Project(name="项目", district=places["440112"]), investors=[gone])
    save(fresh(project), investors=[])
    services.delete_reference(gone)

    assert "（此后已删除）" in page(editor, project)


def test_html_in_every_text_is_text(places, editor):
    project = make_project(f"项目{HTML}", district=places["440112"])
    project.remark, project.phase = f"备注{HTML}", f"期{HTML}"
    together = BulkChange(title=f"标题{HTML}")
    services.save_projects(
        [Change(fresh(project)), Change(project)][1:], actor=None, at=LATER, bulk=together, reason=HTML
    )

    assert HTML not in page(editor, project)
    assert HTML not in editor.get(f"{LIST}{project.pk}/history/1/restore/").content.decode()


# --- to and from the ledger ---------------------------------------------------------------------------------------


def test_a_change_leads_to_what_the_ledger_posted_and_closed_by_it_and_back(places, editor):
    project = make_project(district=places["440112"], total_investment=YI, milestones={"signed": SIGNED})
    project.total_investment = 2 * YI
    save(project)
    old, new = LedgerEntry.objects.order_by("pk")

    last = page(editor, project, "?version=2")
    entry = editor.get(f"/admin/projects/ledgerentry/{old.pk}/change/").content.decode()

    for each in (old, new):
        assert f"/admin/projects/ledgerentry/{each.pk}/change/" in last
    for version in (1, 2):
        assert f"{LIST}{project.pk}/history/?version={version}" in entry


# --- who, and which -----------------------------------------------------------------------------------------------


def test_what_was_said_stands_between_the_changes_and_on_one_page_only(places, editor):
    project = make_project(district=places["440112"])
    for number in range(60):
        project.total_investment = (number + 1) * YI
        save(project, at=LATER + timedelta(minutes=number))
        if number in (3, 9, 10, 59):
            said_at = LATER + timedelta(minutes=number, seconds=30)
            services.comment_on(project, f"第{number}句{HTML}", actor=None, at=said_at)

    first = page(editor, project)
    second = page(editor, project, first.partition('rel="next" href="')[2].partition('"')[0])

    assert [number for number in (59, 10, 9, 3) if f"第{number}句&lt;script" in first] == [59, 10]
    assert [number for number in (59, 10, 9, 3) if f"第{number}句&lt;script" in second] == [9, 3]
    assert first.index("第59句") < first.index('<li id="v61"')
    assert second.index('<li id="v6"') < second.index("第3句") < second.index('<li id="v5"')


def test_a_page_that_is_of_no_list_gives_the_first(places, editor):
    assert '<li id="v1"' in page(editor, make_project(district=places["440112"]), "?p=forged")


@pytest.mark.parametrize("query", ["?version=99", "?version=x", "?version=", "?version=-1"])
def test_a_version_that_never_was_does_not_exist(places, editor, query):
    project = make_project(district=places["440112"])

    assert editor.get(f"{LIST}{project.pk}/history/{query}").status_code == 404


def test_a_foreign_project_has_no_history(places, editor):
    project = make_project(district=places["440113"])

    for address in ("history/", "history/1/restore/"):
        assert editor.get(f"{LIST}{project.pk}/{address}").status_code == 404
    for pk in (10**30, "x", 0):
        assert editor.get(f"{LIST}{pk}/history/").status_code in (400, 404)
    assert editor.get(f"{LIST}{10**30}/history/1/restore/").status_code == 404
    own = make_project(district=places["440112"])
    assert editor.get(f"{LIST}{own.pk}/history/{10**30}/restore/").status_code == 404


def test_a_long_history_goes_page_by_page(places, editor, django_assert_max_num_queries):
    project = make_project(district=places["440112"], milestones={"signed": SIGNED})
    for number in range(60):
        project.total_investment = (number + 1) * YI
        save(project, at=LATER + timedelta(minutes=number))

    with django_assert_max_num_queries(19):
        first = page(editor, project)
    following = first.partition('rel="next" href="')[2].partition('"')[0]

    assert (first.count('<li id="v'), page(editor, project, following).count('<li id="v')) == (50, 11)
    assert "?p=" in following


# --- bringing back ------------------------------------------------------------------------------------------------


def restore(client: Client, project: Project, version: int, **sent: Any) -> Any:
    fields = {"seen_version": fresh(project).version, **sent}
    return client.post(f"{LIST}{project.pk}/history/{version}/restore/", fields)


def test_an_editor_sees_what_would_change_and_brings_a_version_back(places, editor):
    project = make_project("甲", district=places["440112"], total_investment=20 * YI)
    project.total_investment = 25 * YI
    save(project)

    assert f"{LIST}{project.pk}/history/1/restore/" in page(editor, project)
    shown = editor.get(f"{LIST}{project.pk}/history/1/restore/").content.decode()
    assert shown.index("25亿元") < shown.index("20亿元")
    assert restore(editor, project, 1).status_code == 302

    assert fresh(project).total_investment == 20 * YI
    last = project.revisions.latest("version")
    assert (last.reason, last.door, last.actor.name) == ("恢复至第1版", Door.ADMIN, "王某")


def test_a_viewer_reads_the_history_and_brings_nothing_back(places):
    viewer = signed_in(make_user(district=places["440112"], role="viewer"), "zh-hans")
    project = make_project("甲", district=places["440112"])
    project.name = "乙"
    save(project)

    assert "restore" not in page(viewer, project)
    assert viewer.get(f"{LIST}{project.pk}/history/1/restore/").status_code == 403
    assert restore(viewer, project, 1).status_code == 403
    assert fresh(project).name == "乙"


@pytest.mark.parametrize("seen", ["1", "", "x", "-1", "9" * 30])
def test_what_was_changed_since_the_page_was_opened_is_not_overwritten(places, editor, seen):
    project = make_project("甲", district=places["440112"])
    for name in ("乙", "丙"):
        project.name = name
        save(project)

    response = restore(editor, project, 1, seen_version=seen)

    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert fresh(project).name == "丙"


def test_a_project_does_not_go_back_to_a_district_where_one_is_no_editor(places, editor):
    project = make_project(district=places["440113"])
    project.district = places["440112"]
    save(project)

    response = restore(editor, project, 1)

    assert response.status_code == 200
    assert "番禺" not in response.content.decode()
    assert fresh(project).district == places["440112"]


# --- programs -----------------------------------------------------------------------------------------------------


@pytest.fixture
def changed_project(places) -> Project:
    project = make_project(district=places["440112"], total_investment=20 * YI, milestones={"signed": SIGNED})
    project.total_investment, project.sector = 25 * YI, make_sector()
    return save(project, actor=make_user("wang", name="王某"), door=Door.API, reason="合同修订")


def test_programs_read_both_the_words_and_the_values(places, changed_project):
    api = Api(make_user(district=places["440112"], role="viewer"))

    body = api.get(f"projects/{changed_project.pk}/history/").json()

    last, first = body["results"]
    assert (first["version"], first["changes"], first["actor"]) == (1, [], None)
    assert (last["version"], last["actor"], last["door"], last["reason"]) == (2, "王某", "api", "合同修订")
    amount = next(change for change in last["changes"] if change["field"] == "total_investment")
    assert amount == {
        "of": "project",
        "field": "total_investment",
        "label": "Total investment",
        "before": 20 * YI,
        "after": 25 * YI,
        "before_text": "20亿元",
        "after_text": "25亿元",
    }
    sector = next(change for change in last["changes"] if change["field"] == "sector")
    assert (sector["before"], sector["after"]) == (None, "biomedicine")
    assert api.get(f"projects/{changed_project.pk}/history/2/").json() == last


def test_the_api_names_nothing_elsewhere_and_asks_exactly(places, changed_project):
    api = Api(make_user(district=places["440112"]))
    foreign = make_project(district=places["440113"])
    address = f"projects/{changed_project.pk}/history/"

    for path in (
        f"projects/{foreign.pk}/history/",
        f"projects/{10**30}/history/",
        f"{address}99/",
        f"{address}x/",
    ):
        assert_problem(api.get(path), 404, "not-found")
    assert_problem(api.get(f"{address}?verson=1"), 400, "validation", "verson")
    assert_problem(api.post(address, {}), 405, "method")
    foreign.district = places["440112"]
    save(foreign)
    (moved, _first) = api.get(f"projects/{foreign.pk}/history/").json()["results"]
    assert [change["before"] for change in moved["changes"]] == [None]


def test_a_page_of_the_api_costs_a_fixed_number_of_queries(places, django_assert_max_num_queries):
    api = Api(make_user(district=places["440112"]))
    project = make_project(district=places["440112"])
    for number in range(20):
        project.sector = make_sector(f"sector-{number}", f"行业{number}")
        save(project)

    with django_assert_max_num_queries(10):
        assert len(api.get(f"projects/{project.pk}/history/").json()["results"]) == 21
    assert Milestone.objects.count() == 0
