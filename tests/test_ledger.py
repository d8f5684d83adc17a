"""The ledger: every change that alters what counts closes and posts entries, and the database keeps them."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from projects import services
from projects.models import Cause, LedgerEntry, Milestone, Project, TouchedCell
from tests.makers import NOW, YI, fresh, make_huangpu, make_project, make_sector, make_user, record

pytestmark = pytest.mark.django_db


def current(project: Project) -> dict[str, LedgerEntry]:
    return {e.kind: e for e in LedgerEntry.objects.current().filter(project=project)}


def test_a_signed_project_posts_one_entry_with_its_amounts_and_its_actor():
    places = make_huangpu()
    user = make_user()

    project = make_project(
        district=places["440112"],
        actor=user,
        total_investment=34 * YI,
        milestones={"signed": date(2023, 1, 29)},
    )

    entry = LedgerEntry.objects.get()
    assert (entry.project, entry.kind, entry.quarter, entry.left_quarter) == (
        project,
        "signed",
        "2023Q1",
        None,
    )
    assert (entry.investment, entry.expected_output, entry.actor, entry.recorded_at) == (
        34 * YI,
        None,
        user,
        NOW,
    )
    assert entry.cause == Cause.REPORTED_LATE


def test_starting_a_signed_project_closes_the_signed_entry_and_posts_that_it_was_left():
    project = make_project(milestones={"signed": date(2023, 1, 29)})

    record(project, "started", date(2023, 5, 4))

    entries = current(project)
    assert entries["signed"].left_quarter == "2023Q2"
    assert entries["signed"].cause == Cause.STAGE_MOVED
    assert entries["started"].quarter == "2023Q2"
    assert LedgerEntry.objects.filter(project=project).count() == 3


def test_a_step_that_is_new_is_reported_also_where_the_step_before_is_only_left():
    project = make_project(district=make_huangpu()["440112"], milestones={"signed": date(2023, 1, 29)})

    record(project, "started", date(2023, 5, 2))

    assert {kind: entry.cause for kind, entry in current(project).items()} == {
        "signed": Cause.STAGE_MOVED,
        "started": Cause.REPORTED_LATE,
    }


def test_a_correction_of_the_amount_restates_every_quarter_that_the_project_is_in():
    project = make_project(
        total_investment=YI, milestones={"signed": date(2023, 1, 29), "started": date(2023, 5, 4)}
    )
    project = fresh(project)
    project.total_investment = 2 * YI

    services.save_project(project, actor=None, at=NOW)

    entries = current(project)
    assert [entries[k].investment for k in ("signed", "started")] == [2 * YI, 2 * YI]
    assert {e.cause for e in entries.values()} == {Cause.AMOUNT_CORRECTED}


def test_amounts_announced_with_a_milestone_come_before_the_projects():
    project = make_project(total_investment=YI)

    record(project, "signed", date(2023, 1, 29), total_investment=3 * YI)

    assert current(project)["signed"].investment == 3 * YI


def test_a_change_that_alters_nothing_that_counts_posts_nothing():
    project = make_project(milestones={"signed": date(2023, 1, 29)})
    project = fresh(project)
    project.remark = "a note"

    services.save_project(project, actor=None, at=NOW)

    assert LedgerEntry.objects.count() == 1


def test_a_date_known_to_the_year_is_undated_and_moves_no_stock():
    project = make_project(milestones={"signed": date(2021, 3, 1)})

    record(project, "started", date(2022, 6, 1), precision="year")

    entries = current(project)
    assert entries["started"].quarter is None
    assert entries["signed"].left_quarter is None
    assert fresh(project).stage == "started"


def test_a_framework_agreement_is_never_posted():
    project = make_project(milestones={"framework_signed": date(2023, 1, 29)})

    assert not LedgerEntry.objects.filter(project=project).exists()
    assert fresh(project).stage == ""


def test_a_project_with_phases_counts_no_longer_and_its_phases_do():
    whole = make_project(total_investment=9 * YI)

    make_project(parent=whole, phase="一期", total_investment=YI, milestones={"signed": date(2023, 1, 29)})

    assert [e.investment for e in LedgerEntry.objects.current()] == [YI]
    assert whole not in Project.objects.countable()


def test_excluding_and_counting_again_close_and_post_with_their_causes():
    project = make_project(milestones={"signed": date(2023, 1, 29)})

    services.exclude_project(fresh(project), "real_estate", actor=None, at=NOW)
    gone = current(project)
    services.exclude_project(fresh(project), "", actor=None, at=NOW)

    assert gone == {}
    assert LedgerEntry.objects.get(closing_cause=Cause.EXCLUDED).superseded_at == NOW
    assert current(project)["signed"].cause == Cause.INCLUDED


def test_a_void_project_is_kept_and_enters_no_total():
    project = make_project(milestones={"signed": date(2023, 1, 29)})

    services.void_project(fresh(project), "entered twice", actor=None, at=NOW)

    assert current(project) == {}
    assert LedgerEntry.objects.get().closing_cause == Cause.VOIDED
    assert fresh(project).void_reason == "entered twice"


def test_moving_a_project_to_another_district_touches_both():
    places = make_huangpu()
    project = make_project(district=places["440112"], milestones={"signed": date(2023, 1, 29)})
    TouchedCell.objects.all().delete()
    project = fresh(project)
    project.district = places["440113"]

    services.save_project(project, actor=None, at=NOW)

    touched = TouchedCell.objects.values_list("district__code", "quarter")
    assert set(touched) == {("440112", "2023Q1"), ("440113", "2023Q1")}
    assert current(project)["signed"].cause == Cause.DISTRICT_MOVED


def test_a_changed_sector_is_its_own_cause():
    project = make_project(milestones={"signed": date(2023, 1, 29)})
    project = fresh(project)
    project.sector = make_sector()

    services.save_project(project, actor=None, at=NOW)

    assert current(project)["signed"].cause == Cause.SECTOR_MOVED


def test_a_withdrawn_milestone_closes_its_entry_and_the_stage_before_holds_again():
    project = make_project(milestones={"signed": date(2023, 1, 29), "started": date(2023, 5, 4)})

    services.remove_milestone(Milestone.objects.get(kind="started"), actor=None, at=NOW)

    entries = current(project)
    assert set(entries) == {"signed"}
    assert entries["signed"].left_quarter is None
    assert fresh(project).stage == "signed"


def test_a_suspension_is_a_flag_that_a_resumption_lifts():
    project = make_project(milestones={"started": date(2022, 5, 4), "suspended": date(2022, 9, 1)})
    suspended = fresh(project)

    record(project, "resumed", date(2023, 2, 1))

    assert (suspended.stage, suspended.suspended) == ("started", True)
    assert fresh(project).suspended is False
    assert current(project)["suspended"].left_quarter == "2023Q1"
    assert current(project)["started"].left_quarter is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE projects_ledgerentry SET investment = 1",
        "UPDATE projects_ledgerentry SET quarter = '2020Q1'",
        "DELETE FROM projects_ledgerentry",
    ],
)
def test_the_database_itself_refuses_to_change_or_delete_a_posted_entry(statement):
    make_project(total_investment=YI, milestones={"signed": date(2023, 1, 29)})

    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert LedgerEntry.objects.get().investment == YI


def test_the_database_refuses_to_open_a_closed_entry_again():
    project = make_project(milestones={"signed": date(2023, 1, 29)})
    services.void_project(fresh(project), "entered twice", actor=None, at=NOW)

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        LedgerEntry.objects.update(superseded_at=None)

    assert LedgerEntry.objects.get().superseded_at == NOW


@pytest.mark.sqlite
def test_an_insert_that_replaces_is_refused_as_well():
    make_project(milestones={"signed": date(2023, 1, 29)})

    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("INSERT OR REPLACE INTO projects_ledgerentry SELECT * FROM projects_ledgerentry")


@pytest.mark.postgresql
def test_a_truncation_is_refused_as_well():
    make_project(milestones={"signed": date(2023, 1, 29)})

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE projects_ledgerentry CASCADE")
