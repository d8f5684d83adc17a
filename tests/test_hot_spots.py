"""Where many meet: 64 writers in one district, a national import among readers, a rebuild under readers' eyes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from functools import partial
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.models import Sum

from config.api.outcomes import StaleVersion
from config.api.transactions import snapshot
from projects import services
from projects.models import District, LedgerEntry, Milestone, Project, TouchedCell
from projects.quarters import quarters_between
from projects.services import bulk
from tests.makers import NOW, YI, make_district, make_huangpu, make_project
from tests.processes import Forked, running, side_by_side, wait_until
from tests.roll_ups import roll_up_meanwhile, settle
from tracking import cells
from tracking.audit import find_differences
from tracking.cells import rolling
from tracking.models import QuarterlyTotal
from tracking.totals import totals

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

WRITERS, PROCESSES, SAVES = 64, 4, 3
IMPORTED = 6_000
SIGNED = date(2023, 1, 29)
forking = get_context("fork")


def room() -> int:
    """How many connections the server can still give without others going short."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int - count(*) FROM pg_stat_activity")
        return int(cursor.fetchone()[0])


def waiting(name: str) -> int:
    """How many connections of this name wait for a lock that somebody else's transaction holds.

    Whoever adds a page to a file holds up others for that instant alone.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND locktype <> 'extend' AND application_name = %s",
            [name],
        )
        return int(cursor.fetchone()[0])


def call_myself(name: str) -> None:
    """So that pg_stat_activity tells this connection from others."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('application_name', %s, false)", [name])


# --- 64 writers ---------------------------------------------------------------------------------------------------


def write(people: int, district: District) -> int:
    """So many people at once, each with a connection and some new projects; how many were saved."""

    def person(_number: int) -> int:
        call_myself("writer")
        for _ in range(SAVES):
            make_project(district=district, total_investment=YI, milestones={"signed": SIGNED})
        connections.close_all()
        return SAVES

    with ThreadPoolExecutor(people) as pool:
        return sum(pool.map(person, range(people)))


def watch_writers(done: Event) -> list[int]:
    """How many writers were seen waiting, look by look."""
    seen = []
    while not done.is_set():
        seen.append(waiting("writer"))
        time.sleep(0.02)
    return seen


def test_64_writers_in_one_district_lose_nothing_and_do_not_wait_for_each_other():
    huangpu = make_huangpu()["440112"]
    writers = max(
        PROCESSES, min(WRITERS, room() - 30)
    )  # as many as the server has room for, beside other tests
    done = forking.Event()
    watcher = Forked(lambda: watch_writers(done))

    with running(roll_up_meanwhile, 2):
        saved = side_by_side([lambda: write(writers // PROCESSES, huangpu) for _ in range(PROCESSES)])
    done.set()
    seen = watcher.result()
    settle()

    assert sum(saved) == Project.objects.count() == writers // PROCESSES * PROCESSES * SAVES
    assert find_differences() == []
    assert len(seen) > 5
    assert (
        sum(seen) == 0
    )  # posting shares its lock; roll-ups lock nodes in a way that new rows below do not mind


# --- a national import --------------------------------------------------------------------------------------------


def families(district: District, half_way: Event, go_on: Event) -> Iterator[bulk.Registration]:
    """Very many signed projects; half of them are written, and the transaction stays open, until somebody says go."""
    for number in range(IMPORTED):
        if number == IMPORTED - 1:
            half_way.set()
            assert go_on.wait(60)
        project = Project(code=f"N{number}", name="项目", district=district, total_investment=YI)
        yield bulk.Registration(project, [Milestone(kind="signed", happened_on=SIGNED, precision="day")])


def beside_an_import(meanwhile: Callable[[], Any], before: Callable[[], Any] = lambda: None) -> Any:
    """What a function finds while an import is in the middle of its one transaction."""
    district = District.objects.get(code="440112")
    half_way, go_on = forking.Event(), forking.Event()

    @transaction.atomic
    def load() -> int:
        before()
        return bulk.register_many(families(district, half_way, go_on), actor=None, at=NOW).projects

    importer = Forked(load)
    try:
        wait_until(half_way.is_set, within=60, what="the import is half done")
        return meanwhile()
    finally:
        go_on.set()
        assert importer.result() == IMPORTED


def read_impatiently() -> int:
    """What readers ask, by somebody who waits for no lock."""
    here = District.objects.get(code="440100")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '1ms'")
        counted = totals(here, ["2023Q1"], ["signed"])[0].entered.count
        totals(here, ["2023Q1"], ["signed"], by="project_type")
        totals(here, ["2023Q1"], ["signed"], as_of=NOW)
        assert LedgerEntry.objects.filter(quarter="2023Q1").count() == counted
    return counted


def test_beside_an_import_readers_wait_for_nothing_and_others_save():
    huangpu = make_huangpu()["440112"]
    make_project(district=huangpu, milestones={"signed": SIGNED})
    settle()

    def meanwhile() -> tuple[int, int]:
        before = read_impatiently()
        make_project(district=huangpu, milestones={"signed": SIGNED})
        cells.roll_up()
        return before, read_impatiently()

    found = beside_an_import(meanwhile)
    settle()

    assert found == (1, 2)  # the single save became visible while the import was still open
    assert read_impatiently() == IMPORTED + 2
    assert find_differences() == []


def test_control_an_import_that_locks_its_table_would_be_noticed():
    make_huangpu()

    def lock() -> None:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE projects_ledgerentry IN ACCESS EXCLUSIVE MODE")

    with pytest.raises(OperationalError, match="lock timeout"):
        beside_an_import(read_impatiently, before=lock)


# --- never half a total -------------------------------------------------------------------------------------------


def make_country() -> District:
    """A province of six districts with projects in each, and its cells."""
    province = make_district("440000", "广东省", level="province")
    for number in range(6):
        city = make_district(f"44{number + 1:02d}00", f"城市{number}", parent=province, level="city")
        district = make_district(f"44{number + 1:02d}10", f"区{number}", parent=city)
        for month in range(1, 13):
            make_project(district=district, total_investment=YI, milestones={"signed": date(2023, month, 1)})
    settle()
    return province


def look(province: District) -> tuple[int, int, int]:
    """The province's number, its cities' and its districts' together, all of one moment."""
    levels = ({"pk": province.pk}, {"parent": province}, {"parent__parent": province})
    with snapshot():
        sums = [
            QuarterlyTotal.objects.filter(district__in=District.objects.filter(**level).order_by()).aggregate(
                n=Sum("entered_count")
            )["n"]
            for level in levels
        ]
    first, second, third = (number or 0 for number in sums)
    return first, second, third


def seen_meanwhile(province: District, job: Callable[[], Any]) -> set[tuple[int, int, int]]:
    """Everything that a reader saw while a process was at work, and at its end."""
    done = forking.Event()

    def watch() -> set[tuple[int, int, int]]:
        seen = set()
        while not done.is_set():
            seen.add(look(province))
        return seen | {look(province)}

    watcher, worker = Forked(watch), Forked(job)
    try:
        worker.result()
    finally:
        done.set()
    seen: set[tuple[int, int, int]] = watcher.result()
    return seen


def rebuild_from_nothing() -> None:
    for _ in range(10):
        QuarterlyTotal.objects.all().delete()
        cells.rebuild()


def rebuild_in_parts() -> None:
    for part in cells.parts():
        cells.rebuild_part(part)
        time.sleep(0.05)
    cells.rebuild_above()


def test_a_rebuild_shows_all_or_nothing_and_in_parts_disturbs_nobody():
    province = make_country()

    assert seen_meanwhile(province, rebuild_from_nothing) <= {(0, 0, 0), (72, 72, 72)}
    assert seen_meanwhile(province, rebuild_in_parts) == {(72, 72, 72)}  # what is right is not written again


def test_control_a_table_that_is_filled_part_by_part_shows_halves():
    province = make_country()
    QuarterlyTotal.objects.all().delete()

    assert len(seen_meanwhile(province, rebuild_in_parts)) > 2


# --- locks in one order -------------------------------------------------------------------------------------------


def move(places: list[District], ids: list[int], *, backwards: bool, together: bool) -> int:
    """Move projects to and fro, alone or in bulk, in ascending or descending order; how many moves were saved."""
    moved = 0
    for _ in range(10):
        ordered = sorted(ids, reverse=backwards)
        for chosen in [ordered] if together else [[pk] for pk in ordered]:
            found = Project.objects.in_bulk(chosen)
            projects = [found[pk] for pk in chosen]
            for project in projects:
                project.district = places[project.district_id == places[0].pk]
            with suppress(StaleVersion, services.RefusedChanges):
                services.save_projects([services.Change(project) for project in projects], actor=None, at=NOW)
                moved += len(projects)
    return moved


def make_two_ends() -> tuple[list[District], list[int]]:
    """Two districts, and four projects in each."""
    places = make_huangpu()
    ends = [places["440112"], places["440113"]]
    return ends, [make_project(district=ends[n % 2], milestones={"signed": SIGNED}).pk for n in range(8)]


def test_opposite_transfers_in_bulk_and_alone_end_without_an_unretried_deadlock():
    ends, ids = make_two_ends()
    ways = [(backwards, together) for backwards in (False, True) for together in (False, True)]

    with running(roll_up_meanwhile, 2):
        moved = side_by_side([partial(move, ends, ids, backwards=b, together=t) for b, t in ways])
    settle()

    assert sum(Project.objects.values_list("version", flat=True)) == len(ids) + sum(
        moved
    )  # none lost, none doubled
    assert sum(moved) > 40
    assert find_differences() == []


def test_control_locked_in_opposite_orders_two_transactions_do_block_each_other():
    ends, ids = make_two_ends()
    both = forking.Barrier(2)

    def save_two(first: int, second: int) -> str:
        try:
            with transaction.atomic():
                move(ends, [first], backwards=False, together=False)
                both.wait(30)
                move(ends, [second], backwards=False, together=False)
        except OperationalError as error:
            return str(getattr(error.__cause__, "sqlstate", ""))
        return ""

    ended = side_by_side([partial(save_two, *pair) for pair in (ids[:2], ids[1::-1])])

    assert "40P01" in ended


# --- the queue ----------------------------------------------------------------------------------------------------


def test_a_small_change_behind_an_import_is_seen_after_one_batch(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rolling, "BATCH", 100)
    monkeypatch.setattr(rolling, "NEWEST", 10)
    places = make_huangpu()
    quarters = quarters_between("1900Q1", "1999Q4")
    TouchedCell.objects.bulk_create(TouchedCell(district=places["440113"], quarter=q) for q in quarters)
    make_project(district=places["440112"], milestones={"signed": SIGNED})

    cells.roll_up_batch()

    assert totals(places["440000"], ["2023Q1"], ["signed"])[0].entered.count == 1
    assert TouchedCell.objects.count() == len(quarters) - 100 - 10 + 1
    settle()
    assert find_differences() == []
