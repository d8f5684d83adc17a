"""Audits as jobs: asked for once, run once, found again after a crash, shown to operators, and repairing nothing."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.environment import BASE_DIR
from projects import ledger_guard
from projects.models import LedgerEntry, Project
from projects.services import announce
from tests.makers import NOW, SHANGHAI, YI, make_huangpu, make_project, make_release, make_user
from tests.pages import read, signed_in
from tests.processes import Forked, environment, side_by_side, start_worker, wait_until
from tracking import audit, audits, cells, proofs, rebuilds, tasks
from tracking import parts as shared
from tracking.audits import AUDIT, State, alarm, ask_for_audit, plan_nightly, run_now, state_of
from tracking.models import (
    AuditDifference,
    AuditPart,
    AuditRun,
    QuarterlyTotal,
    RebuildRun,
    ReleaseProof,
    SectorTotal,
)

pytestmark = pytest.mark.django_db

NIGHT = datetime(2026, 11, 22, 2, 30, tzinfo=SHANGHAI)
LIST = "/admin/tracking/auditrun/"
WORKERS = 4


def committed(test: Any) -> Any:
    """For a test with further processes, which see only what is committed."""
    return pytest.mark.django_db(transaction=True)(test)


@pytest.fixture
def project() -> Project:
    """A project of 34 亿 in the development zone, signed and started, with its cells."""
    made = make_project(
        district=make_huangpu()["440112-GDD"],
        total_investment=34 * YI,
        milestones={"signed": date(2022, 8, 1), "started": date(2023, 1, 29)},
    )
    cells.roll_up()
    return made


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tasks that are announced."""
    sent: list[str] = []

    def take(task: str, **given: str) -> bool:
        sent.append(task)
        return True

    for module in (audits, rebuilds, shared):
        monkeypatch.setattr(module, "send_hint", take)
    return sent


def spoil_a_cell() -> None:
    """The stored total of 广州 says 7 projects started where it was one."""
    QuarterlyTotal.objects.filter(district__code="440100", quarter="2023Q1", kind="started").update(
        entered_count=7
    )


def spoil_the_ledger() -> None:
    """Behind the guard, an entry gets another amount."""
    with ledger_guard.LEDGER.lifted(connection):
        LedgerEntry.objects.current().filter(kind="started").update(investment=1)


def operator(language: str = "en") -> Client:
    return signed_in(make_user("root", superuser=True), language)


def asked(at: datetime = NOW, **more: Any) -> AuditRun:
    """A run that waits."""
    return AuditRun.objects.create(asked_at=at, **more)


def run_waiting(now: datetime) -> AuditRun | None:
    """Do the audit that waits longest in this process, as workers do it."""
    run = shared.begin_next(AUDIT, now)
    if run:
        shared.complete(AUDIT, run, now)
    return run  # type: ignore[return-value]


# --- Asked for ------------------------------------------------------------------------------------------------------


def test_who_asks_twice_gets_the_audit_that_waits_already():
    first = ask_for_audit(actor=make_user("one"), at=NOW)

    second = ask_for_audit(actor=make_user("two"), at=NOW + timedelta(seconds=1))

    assert (first, AuditRun.objects.count()) == (second, 1)
    assert AuditRun.objects.get().asked_by.username == "one"


def test_who_asks_while_one_runs_gets_another_since_that_one_has_looked_already():
    AuditRun.objects.create(asked_at=NOW, started_at=NOW)

    ask_for_audit(actor=make_user(), at=NOW)

    assert AuditRun.objects.count() == 2


def test_asking_is_announced_after_the_commit(hints, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        ask_for_audit(actor=make_user(), at=NOW)
    before = list(hints)
    for callback in callbacks:
        callback()

    assert (before, hints) == ([], ["tracking.run_audits"])


def test_a_broker_that_is_away_hurts_nobody_who_asks(monkeypatch, django_capture_on_commit_callbacks):
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionRefusedError("no broker")

    monkeypatch.setattr(announce, "_quiet_until", 0.0)
    monkeypatch.setattr(announce.current_app, "send_task", refuse)

    with django_capture_on_commit_callbacks(execute=True):
        run = ask_for_audit(actor=make_user(), at=NOW)

    assert run_waiting(NOW) == run


@committed
def test_people_and_timetables_that_ask_at_once_make_one_audit_each(project):
    person = make_user()

    side_by_side([lambda: ask_for_audit(actor=person, at=NOW).pk for _ in range(WORKERS)], within=60)
    side_by_side([lambda: plan_nightly(NIGHT).pk for _ in range(WORKERS)], within=60)

    assert list(AuditRun.objects.order_by("id").values_list("asked_by", flat=True)) == [person.pk, None]


# --- The night ------------------------------------------------------------------------------------------------------


def test_the_nights_audit_exists_once_however_often_the_timetable_ticks():
    runs = [plan_nightly(NIGHT + timedelta(minutes=minutes)) for minutes in (0, 0, 1, 600)]

    assert len(set(runs)) == AuditRun.objects.count() == 1


def test_the_next_night_has_its_own():
    first = plan_nightly(NIGHT)
    before_two = plan_nightly(NIGHT + timedelta(hours=23))

    after_two = plan_nightly(NIGHT + timedelta(hours=23, minutes=30))

    assert (before_two == first, after_two == first) == (True, False)


def test_what_a_person_asked_for_is_not_the_nights():
    ask_for_audit(actor=make_user(), at=NIGHT)

    plan_nightly(NIGHT)

    assert AuditRun.objects.count() == 2


def test_the_task_of_the_night_audits_once_though_it_is_sent_twice(project, monkeypatch):
    monkeypatch.setattr(tasks.timezone, "now", lambda: NIGHT)

    tasks.audit_totals()
    tasks.audit_totals()
    while shared.work_one(AUDIT, NIGHT):
        tasks.audit_totals()

    [run] = AuditRun.objects.all()
    assert (run.asked_by, run.found) == (None, 0)


# --- Taken up -------------------------------------------------------------------------------------------------------


def test_an_audit_without_differences_finishes_with_none(project, caplog):
    caplog.set_level(logging.INFO, "tracking.audits")
    asked()

    run = run_waiting(NOW)

    run.refresh_from_db()
    assert (run.started_at, run.found, run.differences.count()) == (NOW, 0, 0)
    assert run.finished_at >= run.started_at
    assert [record.levelno for record in caplog.records] == [logging.INFO]


def test_nothing_waits_nothing_runs():
    assert run_waiting(NOW) is None
    assert not AuditRun.objects.exists()


def test_the_sweep_takes_up_what_waits_longest_first(project):
    first, second = asked(), asked()

    tasks.run_audits()
    while shared.work_one(AUDIT, NOW):
        pass
    tasks.run_audits()

    first.refresh_from_db()
    second.refresh_from_db()
    assert first.found == 0
    assert first.started_at < second.started_at


@pytest.mark.django_db(transaction=True)
def test_what_differs_in_cell_and_ledger_is_stored_and_logged_and_not_repaired(project, caplog):
    spoil_a_cell()
    spoil_the_ledger()
    asked()

    run = run_waiting(NOW)

    stored = set(run.differences.values_list("where", "district", "figure", "expected", "found"))
    assert ("cell", "440100", "entered count", "1", "7") in stored
    assert ("ledger", "440112-GDD", "entered investment", str(34 * YI), "1") in stored
    assert run.found == len(stored)
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == run.found + 1
    assert f"Audit: {run.found} differences." in errors
    assert any(
        "cell 440100 2023Q1 started entered count: 7 stands there, 1 follows" in said for said in errors
    )
    assert (
        QuarterlyTotal.objects.get(district__code="440100", quarter="2023Q1", kind="started").entered_count
        == 7
    )
    assert LedgerEntry.objects.current().get(kind="started").investment == 1


@pytest.mark.django_db(transaction=True)
def test_a_release_that_does_not_say_any_more_what_it_said_is_found_and_named(project):
    make_release(project.district, "2023Q1")
    release = make_release(make_huangpu()["440100"], "2023Q1")
    proofs.prove_due(NOW)
    before, _kept = run_now(NOW)
    with ledger_guard.LEDGER.lifted(connection):
        LedgerEntry.objects.filter(kind="started").update(recorded_at=NOW + timedelta(days=1))

    run, kept = run_now(NOW)

    digest = ReleaseProof.objects.get(release=release).digest
    of_releases = [row for row in kept if row.where == "release"]
    assert (before.found, run.found) == (0, 2)
    assert {(row.district, row.quarter, row.figure) for row in of_releases} == {
        ("440112-GDD", "2023Q1", "0"),
        ("440100", "2023Q1", "0"),
    }
    page = read(operator(), f"{LIST}{run.pk}/change/")
    assert f"Release Guangzhou 440100 2023Q1 — fingerprint of the first release {digest[:12]}…" in page.text
    assert ReleaseProof.objects.get(release=release).digest == digest


def test_of_a_great_many_only_the_first_are_stored_and_all_are_counted(project, monkeypatch):
    monkeypatch.setattr(audits, "KEPT", 3)
    QuarterlyTotal.objects.update(entered_count=7)

    run, kept = run_now(NOW)

    assert run.found == QuarterlyTotal.objects.count() > 3
    assert len(kept) == AuditDifference.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_rebuild_repairs_the_cells_and_nothing_else(project):
    spoil_a_cell()
    spoil_the_ledger()
    run_now(NOW)

    rebuilds.ask_for_rebuild(actor=None, at=NOW)
    tasks.rebuild_totals()
    while shared.work_one(rebuilds.REBUILD, NOW):
        pass
    cells.roll_up()
    run, kept = run_now(NOW)

    assert RebuildRun.objects.get().found > 0
    assert {row.where for row in kept} == {"ledger", "cell", "sector"}  # cells now say what the ledger says
    assert not [row for row in kept if row.figure == "entered count"]
    assert LedgerEntry.objects.current().get(kind="started").investment == 1
    assert run.found == len(kept)


# --- Crashes --------------------------------------------------------------------------------------------------------


def dies(*args: Any, **kwargs: Any) -> None:
    """The process is killed."""
    os.kill(os.getpid(), signal.SIGKILL)


@committed
@pytest.mark.parametrize("where", ["find_differences_of", "bulk_create"])
def test_an_audit_whose_worker_was_killed_goes_on_and_stores_nothing_twice(project, monkeypatch, where):
    spoil_a_cell()
    run = asked()
    with monkeypatch.context() as patch:
        patch.setattr(
            *((audit, where) if where == "find_differences_of" else (AuditDifference.objects, where)), dies
        )
        with pytest.raises(AssertionError, match="died without an answer"):
            Forked(lambda: run_waiting(NOW)).result(within=60)
    run.refresh_from_db()
    left = AuditPart.objects.filter(finished_at=None).exists(), run.finished_at

    run_waiting(NOW)

    run.refresh_from_db()
    assert left == (True, None)
    assert (run.found, run.differences.count()) == (1, 1)


def test_a_worker_that_died_before_it_finished_the_run_leaves_that_to_the_sweep(project, monkeypatch):
    run = asked()
    with monkeypatch.context() as patch:
        patch.setattr(shared, "settle", lambda *args: None)
        shared.begin(AUDIT, run, NOW)
        while shared.work_one(AUDIT, NOW):
            pass

    tasks.run_audits()

    run.refresh_from_db()
    assert run.found == 0


@committed
def test_a_worker_takes_up_what_was_asked_for(project, tmp_path):
    outside = environment(tmp_path / "data", "filesystem://")
    hint = [sys.executable, "-m", "celery", "--app", "config", "--quiet", "call", "tracking.run_audits"]
    run = asked(timezone.now())
    worker = start_worker(tmp_path, outside, queues="default,parts")
    try:
        subprocess.run(hint, env=outside, cwd=BASE_DIR, check=True, capture_output=True)

        done = AuditRun.objects.filter(pk=run.pk, found=0)
        wait_until(done.exists, within=30, what="the audit finishes")
    finally:
        worker.stop()


# --- The command ----------------------------------------------------------------------------------------------------


def test_the_command_records_its_audit(project):
    call_command("audit_totals", stdout=StringIO())

    [run] = AuditRun.objects.all()
    assert (run.asked_by, run.found, state_of(run)) == (None, 0, State.AGREES)


# --- Told -----------------------------------------------------------------------------------------------------------


def test_a_run_says_how_far_it_is():
    states = [
        state_of(AuditRun(asked_at=NOW)),
        state_of(AuditRun(asked_at=NOW, started_at=NOW)),
        state_of(AuditRun(asked_at=NOW, started_at=NOW, finished_at=NOW, found=0)),
        state_of(AuditRun(asked_at=NOW, started_at=NOW, finished_at=NOW, found=3)),
    ]

    assert states == ["waiting", "running", "agrees", "differs"]


def test_the_alarm_is_raised_by_differences_and_by_silence_and_never_before_the_first_audit(project):
    soon, late = NOW + timedelta(hours=35), NOW + timedelta(hours=37)
    never = alarm(late)
    run_now(NOW)
    good = alarm(soon), alarm(late)
    spoil_a_cell()
    run, _kept = run_now(NOW)
    bad = alarm(soon)

    assert never is None
    assert (good[0], good[1].differs) == (None, False)
    assert (bad.run, bad.differs) == (run, True)


def test_an_audit_that_was_asked_for_and_never_finished_raises_the_alarm():
    asked()

    assert alarm(NOW + timedelta(hours=35)) is None
    assert alarm(NOW + timedelta(hours=37)).run is None


def test_differences_stay_an_alarm_until_an_audit_finds_none(project):
    spoil_a_cell()
    run_now(NOW)
    asked(NOW + timedelta(hours=1))
    waiting = alarm(NOW + timedelta(hours=1))
    cells.rebuild()
    run_waiting(NOW + timedelta(hours=1))

    assert waiting.differs
    assert alarm(NOW + timedelta(hours=2)) is None


def test_healthz_tells_differences_and_age(project, client: Client):
    spoil_a_cell()
    run_now(timezone.now() - timedelta(hours=3))

    answer = client.get("/healthz").json()

    assert (answer["status"], answer["audit_differences"], answer["audit_hours"]) == ("degraded", 1, 3.0)


# --- The pages ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_operators_see_what_differs_in_words(project):
    spoil_a_cell()
    spoil_the_ledger()
    run, _kept = run_now(timezone.now())
    client = operator()

    listed = read(client, LIST)
    page = read(client, f"{LIST}{run.pk}/change/")

    assert f"{run.found} differences" in listed.text
    assert "timetable or command" in listed.text
    assert "Stored total Guangzhou 440100 2023Q1 Started entered: number of projects 1 7" in page.text
    assert "Started entered: investment (yuan) 3,400,000,000 1" in page.text
    assert "Rebuild the totals" in str(client.get(f"{LIST}{run.pk}/change/").content)
    assert "not repaired by any button" in page.text


def test_an_audit_that_agrees_offers_no_rebuild(project):
    run, _kept = run_now(NOW)

    page = operator().get(f"{LIST}{run.pk}/change/").content.decode()

    assert "agree with what the milestones make" in page
    assert "rebuild/" not in page


def test_many_differences_come_page_by_page_with_a_word_on_what_is_left_out(project, monkeypatch):
    monkeypatch.setattr(audits, "KEPT", 5)
    monkeypatch.setattr("tracking.admin.audits.PER_PAGE", 2)
    QuarterlyTotal.objects.update(entered_count=7)
    run, _kept = run_now(NOW)
    client = operator()

    first, last = read(client, f"{LIST}{run.pk}/change/"), read(client, f"{LIST}{run.pk}/change/?p=3")
    odd = [client.get(f"{LIST}{run.pk}/change/?p={p}").status_code for p in ("0", "-1", "abc", "999", "")]

    assert f"Only the first 5 of {run.found} differences are kept and shown." in first.text
    assert "Page 1 of 3" in first.text
    assert (first.text.count("number of projects"), last.text.count("number of projects")) == (2, 1)
    assert odd == [200] * 5


def test_a_run_that_has_not_finished_says_how_far_it_is(project):
    run = asked(timezone.now())
    client = operator()
    waiting = read(client, LIST).text
    shared.begin(AUDIT, run, NOW)
    shared.work_one(AUDIT, NOW)

    running = read(client, LIST).text

    assert "waiting" in waiting
    assert "running: 1 of 3 parts" in running  # the releases, the province, the city
    assert "has not finished yet" in read(client, f"{LIST}{run.pk}/change/").text


def test_the_button_asks_for_an_audit_and_says_that_it_runs_in_the_background(
    hints, django_capture_on_commit_callbacks
):
    client = operator()

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("admin:tracking_auditrun_ask"))

    run = AuditRun.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert "runs in the background" in read(client, LIST).text
    assert (run.asked_by.username, run.started_at) == ("root", None)
    assert hints == ["tracking.run_audits"]


def test_the_button_to_rebuild_asks_the_workers_and_leaves_a_word_in_the_history(
    project, hints, django_capture_on_commit_callbacks
):
    spoil_a_cell()
    run, _kept = run_now(NOW)
    client = operator()

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("admin:tracking_auditrun_rebuild", args=[run.pk]), follow=True)

    assert answer.status_code == 200
    assert "rebuilt in the background" in answer.content.decode()
    assert "Rebuild of the totals: waiting" in read(client, f"{LIST}{run.pk}/change/").text
    assert hints == ["tracking.rebuild_totals"]
    assert "Asked for all stored totals" in read(client, f"{LIST}{run.pk}/history/").text
    assert audit.find_differences()  # nothing has happened yet


def test_a_rebuild_that_no_broker_took_is_done_all_the_same_and_shows_how_far_it_is(project, monkeypatch):
    monkeypatch.setattr(rebuilds, "send_hint", lambda task: False)
    spoil_a_cell()
    run, _kept = run_now(NOW)
    client = operator()
    client.post(reverse("admin:tracking_auditrun_rebuild", args=[run.pk]))
    client.post(reverse("admin:tracking_auditrun_rebuild", args=[run.pk]))

    tasks.rebuild_totals()  # the timetable's sweep
    shared.work_one(rebuilds.REBUILD, NOW)

    # the province's cells by sector, the city, and what lies above
    assert "Rebuild of the totals: running: 1 of 3 parts" in read(client, f"{LIST}{run.pk}/change/").text
    assert RebuildRun.objects.get().asked_by.username == "root"


def test_a_wrong_cell_by_sector_is_found_and_named_and_repaired_by_a_rebuild(project):
    SectorTotal.objects.filter(district__code="440000", quarter="2023Q1", kind="started").update(
        entered_count=7
    )

    run, [found] = run_now(NOW)
    page = read(operator(), f"{LIST}{run.pk}/change/")
    cells.rebuild()

    assert (found.where, found.district, found.sector, found.expected, found.found) == (
        "sector", "440000", "", "1", "7",
    )  # fmt: skip
    assert (
        "Stored total by sector: — Guangdong 440000 2023Q1 Started entered: number of projects 1 7"
        in page.text
    )
    assert audit.find_differences() == []


def test_nobody_but_operators_asks_rebuilds_or_looks(project, hints):
    run, _kept = run_now(NOW)
    client = signed_in(make_user("editor", district=project.district))
    ask, rebuild = (
        reverse("admin:tracking_auditrun_ask"),
        reverse("admin:tracking_auditrun_rebuild", args=[run.pk]),
    )

    statuses = [client.post(ask).status_code, client.post(rebuild).status_code]
    statuses += [client.get(page).status_code for page in (LIST, f"{LIST}{run.pk}/change/", ask, rebuild)]

    assert statuses == [403] * 6
    assert (hints, AuditRun.objects.count()) == ([], 1)


def test_the_buttons_need_a_post_and_its_token(project):
    run, _kept = run_now(NOW)
    client = operator()
    ask, rebuild = (
        reverse("admin:tracking_auditrun_ask"),
        reverse("admin:tracking_auditrun_rebuild", args=[run.pk]),
    )
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = client.cookies

    assert [client.get(ask).status_code, client.get(rebuild).status_code] == [405, 405]
    assert [careful.post(ask).status_code, careful.post(rebuild).status_code] == [403, 403]
    assert client.post(reverse("admin:tracking_auditrun_rebuild", args=[10**15])).status_code == 404


def test_nobody_adds_changes_or_deletes_an_audit_by_hand(project):
    run, _kept = run_now(NOW)
    client = operator()

    statuses = [
        client.get(f"{LIST}add/").status_code,
        client.post(f"{LIST}add/", {}).status_code,
        client.post(f"{LIST}{run.pk}/change/", {"found": "5"}).status_code,
        client.post(f"{LIST}{run.pk}/delete/", {"post": "yes"}).status_code,
    ]
    client.post(LIST, {"action": "delete_selected", "_selected_action": [run.pk], "post": "yes"})

    assert statuses == [403] * 4
    run.refresh_from_db()
    assert run.found == 0


@pytest.mark.parametrize("address", ["/", "/admin/"])
def test_operators_are_warned_with_a_link_and_nobody_else_is(project, address):
    client = operator()
    member = signed_in(make_user("editor", district=project.district))
    calm = read(client, address).text
    spoil_a_cell()
    run, _kept = run_now(timezone.now())

    page, theirs = read(client, address), read(member, address)

    assert "figures may be wrong" not in calm
    assert "found 1 difference; figures may be wrong." in page.text
    assert page.opening(f"{LIST}{run.pk}/change/")
    assert "figures may be wrong" not in theirs.text


@pytest.mark.parametrize("address", ["/", "/admin/"])
def test_operators_are_told_when_no_audit_has_finished_for_long(project, address):
    run_now(timezone.now() - timedelta(hours=37))

    page = read(operator(), address)

    assert "No audit has finished since" in page.text
    assert page.opening(LIST)
