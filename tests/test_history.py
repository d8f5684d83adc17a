"""The history of a project: who changed which field from what to what, when, why and through which door."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from projects import services
from projects.models import BulkChange, District, Door, LedgerEntry, Milestone, Project, Revision
from projects.services import Change, RefusedChanges
from projects.services.bulk import Registration, register_many
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

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
SIGNED, STARTED = date(2023, 1, 29), date(2023, 5, 2)
Changed = list[tuple[str, str, Any, Any]]


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


def history(project: Project) -> list[Revision]:
    return list(Revision.objects.filter(project=project).order_by("version"))


def changed(revision: Revision) -> Changed:
    return [(c["of"], c["field"], c["before"], c["after"]) for c in revision.changes]


def save(project: Project, **more: Any) -> Project:
    return services.save_project(project, **{"actor": None, "at": LATER, **more})


# --- what is written ----------------------------------------------------------------------------------------------


def test_the_first_version_of_a_project_is_one_revision_that_changes_nothing(places):
    officer = make_user()

    project = make_project(district=places["440112"], actor=officer, milestones={"signed": SIGNED})

    (first,) = history(project)
    assert (first.version, first.at, first.actor, first.changes) == (1, NOW, officer, [])


def test_a_change_says_who_changed_which_field_from_what_to_what_when_why_and_through_which_door(places):
    officer, sector = make_user(), make_sector()
    project = make_project(district=places["440112"], total_investment=20 * YI)
    project.total_investment, project.sector, project.land_area_mu = 25 * YI, sector, "12.5"

    save(project, actor=officer, door=Door.API, reason="合同修订")

    _first, second = history(project)
    assert (second.version, second.at, second.actor) == (2, LATER, officer)
    assert (second.door, second.reason) == (Door.API, "合同修订")
    assert sorted(changed(second)) == [
        ("project", "land_area_mu", None, "12.5"),
        ("project", "sector", None, sector.pk),
        ("project", "total_investment", 20 * YI, 25 * YI),
    ]


def test_a_save_that_changes_nothing_leaves_no_trace(places):
    project = make_project(district=places["440112"], land_area_mu="12.50", milestones={"signed": SIGNED})

    save(fresh(project), investors=[], milestones=[project.milestones.get()])

    assert len(history(project)) == 1


def test_what_follows_from_milestones_is_not_listed_beside_them(places):
    project = make_project(district=places["440112"])

    record(project, "signed", SIGNED, at=LATER)

    assert changed(history(project)[-1]) == [
        ("signed", "happened_on", None, "2023-01-29"),
        ("signed", "precision", "", "day"),
    ]
    assert fresh(project).signed_on == SIGNED


def test_a_milestone_that_is_moved_and_one_that_is_taken_back_are_told_by_their_kinds(places):
    project = make_project(district=places["440112"], milestones={"signed": SIGNED, "started": STARTED})
    signed, started = project.milestones.order_by("pk")
    signed.happened_on = date(2023, 2, 1)

    services.save_milestone(signed, actor=None, at=LATER)
    services.remove_milestone(started, actor=None, at=LATER, reason="误录")

    moved, removed = history(project)[1:]
    assert changed(moved) == [("signed", "happened_on", "2023-01-29", "2023-02-01")]
    assert ("started", "happened_on", "2023-05-02", None) in changed(removed)
    assert removed.reason == "误录"


def test_investors_are_listed_before_and_after(places):
    first, second = make_organization(), make_organization()
    project = save(Project(name="项目", district=places["440112"]), investors=[first])

    save(fresh(project), investors=[first, second])
    save(fresh(project), investors=[second, first])

    assert changed(history(project)[-1]) == [
        ("project", "investors", [first.pk], [first.pk, second.pk]),
    ]


def test_void_restore_and_exclude_are_changes_like_others(places):
    project = make_project(district=places["440112"])

    services.void_project(project, "重复录入", actor=None, at=LATER, door=Door.ADMIN)
    services.restore_project(fresh(project), actor=None, at=LATER, door=Door.ADMIN)
    services.exclude_project(fresh(project), "relocation", actor=None, at=LATER, door=Door.ADMIN)

    void, restored, excluded = history(project)[1:]
    assert ("project", "void_reason", "", "重复录入") in changed(void)
    assert ("project", "void_reason", "重复录入", "") in changed(restored)
    assert changed(excluded) == [("project", "exclusion_reason", "", "relocation")]
    assert {void.door, restored.door, excluded.door} == {Door.ADMIN}


def test_a_split_moves_milestones_from_one_history_to_another(places):
    project = make_project(district=places["440112"], total_investment=YI, milestones={"signed": SIGNED})
    phases = [Project(name=project.name, phase=name, district=places["440112"]) for name in ("一期", "二期")]

    first, second = services.split_project(fresh(project), phases, actor=None, at=LATER, door=Door.ADMIN)

    (given,) = history(project)[1:]
    created, taken, placed = history(first)
    assert ("signed", "happened_on", "2023-01-29", None) in changed(given)
    assert (created.changes, ("signed", "happened_on", None, "2023-01-29") in changed(taken)) == ([], True)
    assert changed(placed) == [("project", "parent", None, project.pk)]
    assert given.posted_at == LedgerEntry.objects.get(project=project).superseded_at
    assert [r.version for r in history(second)] == [1] == [fresh(second).version]


def test_many_saved_at_once_leave_what_single_saves_would_and_belong_together(places):
    kept, moved = make_project(district=places["440112"]), make_project(district=places["440112"])
    officer, together = make_user(), BulkChange(title="3 个项目：行业")
    changes = [Change(fresh(p)) for p in (kept, moved)] + [
        Change(Project(name="新", district=places["440112"]))
    ]
    changes[1].project.district = places["440113"]

    services.save_projects(changes, actor=officer, at=LATER, door=Door.IMPORT, reason="年报", bulk=together)

    assert len(history(kept)) == 1
    latest = history(moved)[-1]
    assert changed(latest) == [("project", "district", places["440112"].pk, places["440113"].pk)]
    assert (latest.bulk, latest.door, latest.reason, latest.actor) == (together, Door.IMPORT, "年报", officer)
    assert [r.bulk for r in history(changes[2].project)] == [together]
    assert (together.at, together.actor, together.door) == (LATER, officer, Door.IMPORT)


def test_refused_changes_leave_neither_history_nor_a_bulk_change(places):
    project = fresh(make_project(district=places["440112"]))
    project.name = ""
    together = BulkChange(title="改名")

    with pytest.raises(RefusedChanges):
        services.save_projects([Change(project)], actor=None, at=LATER, bulk=together)

    assert (len(history(project)), BulkChange.objects.count(), together.pk) == (1, 0, None)


def test_projects_registered_in_bulk_have_their_first_revision(places):
    families = [
        Registration(Project(name="项目", code=f"R{n}", district=places["440112"])) for n in range(30)
    ]

    register_many(families, actor=None, at=NOW, door=Door.COMMAND)

    assert set(Revision.objects.values_list("version", "door", "at")) == {(1, Door.COMMAND, NOW)}
    assert Revision.objects.count() == 30


def test_a_revision_names_the_moment_under_which_the_ledger_followed(places):
    project = make_project(district=places["440112"], total_investment=YI, milestones={"signed": SIGNED})
    project.total_investment = 2 * YI
    save(project)
    project.remark = "不影响统计"
    save(project, at=LATER + timedelta(days=1))

    posted, corrected, unposted = history(project)
    old, new = LedgerEntry.objects.order_by("id")
    assert (posted.posted_at, corrected.posted_at) == (old.recorded_at, new.recorded_at)
    assert (old.superseded_at, unposted.posted_at) == (LATER, None)


# --- what is kept -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deed", [lambda rows: rows.update(reason="x"), lambda rows: rows.delete()])
def test_the_database_refuses_to_change_or_delete_a_revision(places, deed):
    make_project(district=places["440112"])

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        deed(Revision.objects.all())


def test_a_refused_save_leaves_no_revision(places):
    project = make_project(district=places["440112"])
    project.total_investment = -1

    with pytest.raises(ValidationError):
        save(project)

    assert len(history(project)) == 1


def test_the_history_of_projects_elsewhere_does_not_exist(places):
    mine = make_project(district=places["440112"])
    make_project(district=places["440113"])
    officer = make_user(district=places["440112"])

    assert [r.project for r in Revision.objects.visible_to(officer)] == [mine]


def test_a_save_costs_one_statement_more(places, django_assert_max_num_queries):
    project = fresh(make_project(district=places["440112"], milestones={"signed": SIGNED}))
    project.remark = "备注"

    with django_assert_max_num_queries(12) as queries:
        save(project)

    assert sum("projects_revision" in query["sql"] for query in queries) == 1
    assert Milestone.objects.count() == 1
