"""Archiving: closed entries move into tables of their years, and every question of any moment is answered as before."""

from __future__ import annotations

from argparse import ArgumentTypeError
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from projects import services
from projects.management.commands.archive_ledger import past_day
from projects.models import Kind, LedgerEntry, Project
from projects.services.archiving import TABLE, archive, table_of
from tests.makers import NOW, SHANGHAI, YI, fresh, make_project
from tests.test_identities import BEGINNING, KINDS, QUARTERS, bounded, taken_back
from tests.test_release_identities import PublishingBureau, answer, histories, recorded
from tracking import package
from tracking.audit import find_differences
from tracking.explain import explain
from tracking.models import Release
from tracking.sums import NOTHING
from tracking.totals import ever_behind, totals

pytestmark = pytest.mark.django_db
postgresql = pytest.mark.postgresql

AGES = tuple(datetime(year, 5, 1, tzinfo=SHANGHAI) for year in (2021, 2022, 2024))


def make_corrected_project() -> Project:
    """A signed project whose amount was corrected in 2022 and again in 2024."""
    project = make_project(total_investment=YI, milestones={"signed": "unknown"}, at=AGES[0])
    for times, at in enumerate(AGES[1:], start=2):
        project = fresh(project)
        project.total_investment = times * YI
        services.save_project(project, actor=None, at=at)
    return project


def years() -> dict[str, int]:
    """How many entries stand in each table."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT tableoid::regclass::text, COUNT(*) FROM {TABLE} GROUP BY 1")
        return dict(cursor.fetchall())


def plan_of(entries: Any) -> str:
    """What PostgreSQL would do to read them."""
    text: str = entries.explain()
    return text


@postgresql
def test_the_command_moves_what_was_closed_before_a_day_into_the_table_of_its_year(capsys):
    make_corrected_project()
    before = list(LedgerEntry.objects.values())

    call_command("archive_ledger", "--before", "2024-06-01")

    assert years() == {TABLE: 1, table_of(2022): 1, table_of(2024): 1}
    assert list(LedgerEntry.objects.values()) == before
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == [f"1 entries closed in {year} are in {TABLE}_closed_{year}." for year in (2022, 2024)]


@postgresql
def test_a_year_may_be_archived_in_parts_and_twice():
    make_corrected_project()
    make_corrected_project()

    assert list(archive(AGES[1])) == []
    assert list(archive(AGES[1] + timedelta(days=1), batch=1)) == [(2022, 2)]
    assert list(archive(AGES[1] + timedelta(days=1))) == []
    assert list(archive(NOW)) == [(2024, 2)]
    make_corrected_project()
    assert list(archive(NOW)) == [(2022, 1), (2024, 1)]


@postgresql
def test_what_holds_now_and_as_of_later_moments_is_read_without_the_archive():
    make_corrected_project()
    list(archive(NOW))

    now, late = plan_of(LedgerEntry.objects.current()), plan_of(LedgerEntry.objects.holding(AGES[2]))
    middle, early = (plan_of(LedgerEntry.objects.holding(at)) for at in (AGES[1], AGES[0]))

    assert "closed_" not in now
    assert table_of(2022) not in late
    assert table_of(2024) in late
    assert table_of(2024) in middle
    assert table_of(2022) in early


@postgresql
def test_an_archived_project_is_changed_like_any_other():
    project = make_corrected_project()
    list(archive(NOW))
    project = fresh(project)
    project.total_investment = 4 * YI

    services.save_project(project, actor=None, at=NOW)

    held = LedgerEntry.objects.filter(project=project).order_by("recorded_at")
    assert [entry.investment for entry in held] == [YI, 2 * YI, 3 * YI, 4 * YI]
    assert [entry.investment for entry in held.current()] == [4 * YI]


@postgresql
@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {table_of(2022)} SET investment = 1",
        f"UPDATE {TABLE} SET investment = 1",
        f"UPDATE {TABLE} SET superseded_at = NULL",
        f"DELETE FROM {table_of(2022)}",
        f"DELETE FROM {TABLE}",
        f"DELETE FROM ONLY {TABLE}",
        f"TRUNCATE {table_of(2022)}",
        f"INSERT INTO {table_of(2022)} SELECT * FROM {table_of(2022)}",
        f"INSERT INTO {table_of(2022)} SELECT * FROM ONLY {TABLE} WHERE superseded_at IS NULL",
        f"INSERT INTO {table_of(2022)} SELECT * FROM ONLY {TABLE} WHERE superseded_at > '2024-01-01'",
        (
            f"INSERT INTO {table_of(2022)} (id, project_id, milestone_id, kind, district_id, project_type, ownership,"
            f" recorded_at, cause, superseded_at, closing_cause) SELECT id + 1000, project_id, milestone_id, kind,"
            f" district_id, project_type, ownership, recorded_at, cause, superseded_at, closing_cause"
            f" FROM {table_of(2022)}"
        ),
    ],
)
def test_the_database_refuses_to_change_the_archive_or_to_forge_an_entry_of_it(statement):
    make_corrected_project()
    list(archive(AGES[1] + timedelta(days=1)))
    before = list(LedgerEntry.objects.values()), years()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert (list(LedgerEntry.objects.values()), years()) == before


@postgresql
def test_an_altered_copy_does_not_take_the_entrys_place():
    make_corrected_project()
    list(archive(AGES[1] + timedelta(days=1)))
    columns = [field.column for field in LedgerEntry._meta.concrete_fields]
    altered = ", ".join({"investment": "1", "superseded_at": "'2022-07-01'"}.get(c, c) for c in columns)

    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"INSERT INTO {table_of(2022)} ({', '.join(columns)}) SELECT {altered} FROM ONLY {TABLE} "
            "WHERE superseded_at IS NOT NULL"
        )


@postgresql
def test_the_tables_of_years_have_the_keys_of_the_ledger_s():
    make_corrected_project()
    list(archive(NOW))

    with connection.cursor() as cursor:
        tables = {t: connection.introspection.get_relations(cursor, t) for t in (TABLE, table_of(2022))}

    assert set(tables[TABLE]) == {"project_id", "district_id", "sector_id", "actor_id", "closing_actor_id"}
    assert tables[TABLE] == tables[table_of(2022)]


@postgresql
@pytest.mark.django_db(transaction=True)
def test_readers_meanwhile_see_every_entry_once_and_writers_go_on():
    projects = [make_corrected_project() for _ in range(30)]
    done = Event()

    def read() -> set[int]:
        seen = set()
        while not done.is_set():
            seen.add(LedgerEntry.objects.count())
        connection.close()
        return seen

    def write() -> None:
        for project in projects[::3]:
            services.save_project(fresh(project), actor=None, at=NOW)
        connection.close()

    try:
        with ThreadPoolExecutor(3) as pool:
            readers, writer = [pool.submit(read) for _ in range(2)], pool.submit(write)
            try:
                moved = sum(count for _year, count in archive(NOW, batch=1))
            finally:
                done.set()
            writer.result()
            seen = set().union(*(reader.result() for reader in readers))

        assert moved == 60
        assert seen == {90}
    finally:
        with connection.cursor() as cursor:
            for year in (2022, 2024):
                cursor.execute(f"DROP TABLE IF EXISTS {table_of(year)}")


# --- whatever was asked is answered as before ---------------------------------------------------------------------


def bytes_of(release: Release) -> bytes:
    """Its package."""
    with package.build(release) as file:
        return file.read()


def said(bureau: PublishingBureau) -> dict[str, Any]:
    """Everything that can be asked of the past: every release, its package, every moment, every change."""
    city = bureau.places["440100"]
    releases = list(Release.objects.order_by("pk"))
    moments = [BEGINNING + timedelta(hours=28 * n + 1) for n in range(5)]
    counted = ever_behind(city, "2023Q1", Kind.SIGNED)
    return {
        "releases": {release.pk: answer(release, bureau.places) for release in releases},
        "digests": {release.pk: package.totals_digest(release) for release in releases},
        "files": [bytes_of(release) for release in releases],
        "moments": [totals(city, QUARTERS, KINDS, as_of=at) for at in moments],
        "changes": [
            [(s.project_id, s.cause, s.at, s.difference) for s in explain(counted, at, None).steps]
            for at in moments
        ],
        "now": totals(city, QUARTERS, KINDS),
    }


@postgresql
@bounded
@given(histories, st.integers(0, 20), st.booleans())
def test_after_archiving_at_any_moment_every_past_moment_answers_as_before(
    history: list[Any],
    at: int,
    again: bool,
) -> None:
    with taken_back():
        bureau = recorded(history)
        before, entries = said(bureau), list(LedgerEntry.objects.order_by("pk").values())

        list(archive(BEGINNING + timedelta(hours=7 * at + 1)))
        if again:
            list(archive(bureau.now + timedelta(hours=1)))

        assert list(LedgerEntry.objects.order_by("pk").values()) == entries
        assert said(bureau) == before
        assert {pk: answer(r, bureau.places) for pk, r in Release.objects.in_bulk().items()} == bureau.said
        city = bureau.places["440100"]
        told = explain(ever_behind(city, "2023Q1", Kind.SIGNED), BEGINNING, None)
        assert told.unexplained == NOTHING
        assert list(find_differences()) == []


# --- what cannot be done --------------------------------------------------------------------------------------------


@pytest.mark.sqlite
def test_sqlite_keeps_one_table_and_the_command_says_so():
    with pytest.raises(CommandError, match="PostgreSQL only"):
        call_command("archive_ledger", "--before", "2024-01-01")


def test_the_day_is_a_past_day():
    tomorrow = timezone.localdate() + timedelta(days=1)

    for text in ("2024", "31.12.2023", "", tomorrow.isoformat()):
        with pytest.raises(ArgumentTypeError):
            past_day(text)
