"""Taking back: an earlier version of one project, and a bulk change of many; the ledger follows as for any change."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from config.api.outcomes import StaleVersion
from projects import services
from projects.ledger_guard import REVISIONS
from projects.models import BulkChange, District, Door, Milestone, Organization, Project, Revision
from projects.services import BuiltUpon, Change
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
from tracking.audit import find_differences

pytestmark = pytest.mark.django_db

LATER, LAST = NOW + timedelta(days=1), NOW + timedelta(days=2)
SIGNED, STARTED = date(2023, 1, 29), date(2023, 5, 2)


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


def save(project: Project, *, at: Any = LATER, **more: Any) -> Project:
    return services.save_project(project, actor=None, at=at, **more)


def restore(project: Project, version: int, **more: Any) -> Project:
    return services.restore_version(fresh(project), version, **{"actor": None, "at": LAST, **more})


def standing(project: Project) -> tuple[Any, ...]:
    """Everything about a project that a history can bring back."""
    project = fresh(project)
    names = ("name", "district_id", "sector_id", "total_investment", "land_area_mu", "exchange_rate", "stage")
    steps = project.milestones.order_by("kind").values_list(
        "kind", "happened_on", "precision", "planned_on", "planned_first_on", "note"
    )
    investors = project.investors.order_by("pk").values_list("pk", flat=True)
    return (*(getattr(project, name) for name in names), list(steps), list(investors))


@pytest.fixture
def lived(places) -> tuple[Project, dict[int, tuple[Any, ...]]]:
    """A project that saw many changes, and how it stood at each version."""
    first, second = make_organization(), make_organization()
    project = save(
        Project(name="项目", district=places["440112"], total_investment=20 * YI, land_area_mu="12.50"),
        at=NOW,
        investors=[first],
        milestones=[
            Milestone(kind="signed", happened_on=SIGNED),
            Milestone(kind="started", planned_on=STARTED),
        ],
    )
    stood = {1: standing(project)}

    def then() -> None:
        stood[fresh(project).version] = standing(project)

    changed = fresh(project)
    changed.total_investment, changed.name, changed.district = 25 * YI, "新名", places["440112-GDD"]
    save(changed, investors=[second])
    then()
    started = project.milestones.get(kind="started")
    started.happened_on, started.planned_on = date(2023, 6, 1), date(2023, 6, 30)
    services.save_milestone(started, actor=None, at=LATER)
    then()
    services.remove_milestone(project.milestones.get(kind="started"), actor=None, at=LATER)
    then()
    record(project, "framework_signed", date(2022, 12, 1), at=LATER)
    changed = fresh(project)
    changed.land_area_mu, changed.currency = None, "USD"
    changed.original_amount, changed.exchange_rate = 1000, "7.1"
    save(changed, investors=[])
    then()
    return project, stood


# --- one project --------------------------------------------------------------------------------------------------


def test_any_earlier_version_can_be_brought_back_with_milestones_and_investors(lived):
    project, stood = lived

    for version in (1, 3, 2, 4, 1):
        restore(project, version)

        assert standing(project) == stood[version]
    assert not list(find_differences())


def test_bringing_back_is_a_change_of_its_own_that_says_which_version(lived):
    project, _stood = lived
    officer = make_user()

    restore(project, 1, actor=officer, door=Door.ADMIN)

    last = Revision.objects.filter(project=project).latest("version")
    assert (last.actor, last.door, last.at) == (officer, Door.ADMIN, LAST)
    assert "1" in last.reason
    assert {c["field"] for c in last.changes} >= {"total_investment", "name", "district", "investors"}
    assert last.posted_at == LAST


def test_what_was_there_before_there_was_a_history_can_be_brought_back(places):
    project = make_project("旧", district=places["440112"])
    with REVISIONS.lifted(connection):
        Revision.objects.all().delete()
    before = services.versions_of(project)
    project.name = "新"
    save(project)

    assert (before, services.versions_of(project)) == ([], [1])
    assert fresh(restore(project, 1)).name == "旧"


def test_a_version_that_never_was_and_one_like_the_present_are_refused_in_words(places):
    project = make_project("甲", district=places["440112"])
    for name in ("乙", "甲"):
        project.name = name
        save(project)

    for version, code in ((0, "no_version"), (99, "no_version"), (3, "no_version"), (1, "same")):
        with pytest.raises(ValidationError) as refusal:
            restore(project, version)
        assert [error.code for error in refusal.value.error_list] == [code]


def test_an_organization_deleted_since_cannot_come_back_and_nothing_is_changed(places):
    investor = make_organization()
    project = save(Project(name="项目", district=places["440112"]), at=NOW, investors=[investor])
    save(fresh(project), investors=[])
    services.delete_reference(investor)
    project = fresh(project)

    with pytest.raises(ValidationError) as refusal:
        restore(project, 1)

    assert "deleted" in [e.code for e in refusal.value.error_dict["investors"]]
    assert fresh(project).version == project.version
    assert not Organization.objects.exists()


def test_a_sector_deleted_since_is_named(places):
    sector = make_sector()
    project = make_project(district=places["440112"], sector=sector)
    project.sector = None
    save(project)
    services.delete_reference(sector)

    with pytest.raises(ValidationError) as refusal:
        restore(project, 1)

    assert [error.code for error in refusal.value.error_list] == ["deleted"]


def test_milestones_do_not_come_back_to_a_project_that_has_phases_now(places):
    project = make_project(district=places["440112"], milestones={"signed": SIGNED})
    phases = [Project(name=project.name, phase=name, district=places["440112"]) for name in ("一期", "二期")]
    services.split_project(fresh(project), phases, actor=None, at=LATER)

    with pytest.raises(ValidationError) as refusal:
        restore(project, 1)

    assert {e.code for found in refusal.value.error_dict.values() for e in found} == {"parent_has_phases"}


def test_a_void_version_is_not_brought_back_but_voiding_can_be_taken_back_so(places):
    project = make_project(district=places["440112"], milestones={"signed": SIGNED})
    services.void_project(fresh(project), "误录", actor=None, at=LATER)
    restore(project, 1)
    assert not fresh(project).is_void

    with pytest.raises(ValidationError) as refusal:
        restore(project, 2)

    assert [error.code for error in refusal.value.error_list] == ["void"]


def test_a_version_is_not_brought_back_over_a_change_that_was_not_seen(places):
    project = make_project("甲", district=places["440112"])
    project.name = "乙"
    save(project)
    seen = fresh(project)
    project.name = "丙"
    save(project)
    seen = fresh(project)
    seen.version = 2

    with pytest.raises(StaleVersion):
        services.restore_version(seen, 1, actor=None, at=LAST)

    assert fresh(project).name == "丙"


# --- many ---------------------------------------------------------------------------------------------------------


def in_bulk(projects: list[Project], **fields: Any) -> BulkChange:
    together = BulkChange(title="批量修改")
    changes = [Change(fresh(project)) for project in projects]
    for change in changes:
        for name, value in fields.items():
            setattr(change.project, name, value)
    services.save_projects(changes, actor=None, at=LATER, door=Door.ADMIN, bulk=together)
    return together


def undo(together: BulkChange, **more: Any) -> list[int]:
    return services.undo_bulk(together, **{"actor": None, "at": LAST, "door": Door.ADMIN, **more})


def test_a_bulk_change_is_taken_back_as_a_whole(places):
    officer = make_user()
    projects = [
        make_project(district=places["440112"], total_investment=n * YI, milestones={"signed": SIGNED})
        for n in range(1, 31)
    ]
    before = [standing(project) for project in projects]
    together = in_bulk(projects, district=places["440113"], total_investment=5 * YI)

    undone = undo(together, actor=officer)

    assert undone == [project.pk for project in projects]
    assert [standing(project) for project in projects] == before
    together.refresh_from_db()
    assert (together.undone_at, together.undone_by) == (LAST, officer)
    assert not list(find_differences())


def test_the_undoing_is_a_bulk_change_that_can_be_undone(places):
    project = make_project("甲", district=places["440112"])
    undo(in_bulk([project], name="乙"))

    undo(BulkChange.objects.latest("pk"), at=LAST + timedelta(hours=1))

    assert fresh(project).name == "乙"
    assert [r.bulk_id for r in project.revisions.order_by("version")[1:]] == list(
        BulkChange.objects.order_by("pk").values_list("pk", flat=True)
    )


def test_what_was_changed_since_is_named_and_nothing_is_undone(places):
    kept, changed = (make_project(name, district=places["440112"]) for name in ("甲", "乙"))
    together = in_bulk([kept, changed], remark="批注")
    later = fresh(changed)
    later.total_investment = YI
    save(later, at=LAST)

    with pytest.raises(BuiltUpon) as refusal:
        undo(together)

    together.refresh_from_db()
    assert (refusal.value.projects, together.undone_at) == ([changed], None)
    assert {fresh(kept).remark, fresh(changed).remark} == {"批注"}


def test_the_others_are_undone_where_that_is_chosen(places):
    kept, changed = (make_project(name, district=places["440112"]) for name in ("甲", "乙"))
    together = in_bulk([kept, changed], remark="批注")
    record(changed, "signed", SIGNED, at=LAST)

    assert undo(together, leaving=[changed.pk]) == [kept.pk]

    assert (fresh(kept).remark, fresh(changed).remark) == ("", "批注")


def test_saving_without_a_change_is_no_reason_not_to_undo(places):
    project = make_project(district=places["440112"])
    together = in_bulk([project], remark="批注")
    save(fresh(project), at=LAST)

    undo(together)

    assert fresh(project).remark == ""


def test_a_bulk_change_is_undone_once(places):
    together = in_bulk([make_project(district=places["440112"])], remark="批注")
    undo(together)

    with pytest.raises(ValidationError) as refusal:
        undo(together)

    assert [error.code for error in refusal.value.error_list] == ["undone"]


def test_a_project_that_a_bulk_change_created_becomes_void(places):
    together, project = BulkChange(title="导入"), Project(name="新", district=places["440112"])
    services.save_projects([Change(project)], actor=None, at=LATER, bulk=together)

    undo(together)

    assert fresh(project).is_void
    assert "导入" in fresh(project).void_reason


def test_undoing_many_takes_a_bounded_number_of_statements(places, django_assert_max_num_queries):
    families = [
        Registration(
            Project(name="项目", code=f"U{n}", district=places["440112"]),
            [Milestone(kind="signed", happened_on=SIGNED)],
        )
        for n in range(300)
    ]
    register_many(families, actor=None, at=NOW)
    together = in_bulk(list(Project.objects.all()), total_investment=YI)

    with django_assert_max_num_queries(60):
        undo(together)

    assert not Project.objects.exclude(total_investment=None).exists()
    assert together.revisions.count() == 300
