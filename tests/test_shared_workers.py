"""Real workers that share rebuilds and audits over Redis or RabbitMQ, killed in the middle; and two timetables."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone
from kombu.connection import Connection

from projects import services
from projects.models import District, TouchedCell
from tests.countries import all_cells, make_country, spoil_cells
from tests.mail import Server, mail_server
from tests.makers import NOW, make_release, make_user
from tests.processes import RedisServer, Started, environment, start_worker, wait_until
from tests.rabbit import RabbitServer
from tracking import parts
from tracking.audits import AUDIT, ask_for_audit
from tracking.models import AuditRun, Delivery, ReleaseProof, Run, Subscription
from tracking.rebuilds import REBUILD, ask_for_rebuild

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = 2
WITHIN = 60.0


# --- Killed ---------------------------------------------------------------------------------------------------------


class Workers:
    """Two workers on one broker; `kill_one` ends either in the middle of a part and starts another."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.folder, self.broker = folder, broker
        self.environment = environment(folder, broker)
        self.running: list[Started] = []
        self.numbers = count()

    def start(self) -> None:
        name = f"--hostname=worker{next(self.numbers)}@%h"  # RabbitMQ lets no two of a name work at once
        worker = start_worker(self.folder, self.environment, name, queues="parts,rollup,default")
        self.running.append(worker)

    def hint(self, task: str) -> None:
        """What the timetable sends each minute."""
        with Connection(self.broker) as broker:
            current_app.send_task(task, connection=broker)

    def kill_one(self) -> None:
        wait_until(somebody_marks_a_part, within=WITHIN, what="a worker is in the middle of a part")
        killed = self.running.pop(random.randrange(2))
        killed.kill()
        self.start()

    def stop(self) -> None:
        for worker in self.running:
            worker.kill()


@pytest.fixture(params=["redis", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def workers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workers]:
    server: Any = RedisServer(tmp_path) if request.param == "redis" else RabbitServer(tmp_path)
    workers = Workers(tmp_path, server.url)
    try:
        workers.start()
        workers.start()
        yield workers
    finally:
        workers.stop()
        server.stop()


@pytest.fixture
def marked() -> Iterator[None]:
    """Marking a part takes a while, in its transaction, and the database itself keeps count of the parts marked."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE marked (kind text, part bigint)")
        cursor.execute(
            "CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "PERFORM pg_sleep(0.2); INSERT INTO marked VALUES (TG_TABLE_NAME, NEW.id); RETURN NEW; END $$"
        )
        for table in TABLES:
            cursor.execute(
                f"CREATE TRIGGER marking BEFORE UPDATE OF finished_at ON {table} FOR EACH ROW EXECUTE FUNCTION mark()"
            )
    yield
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DROP TRIGGER marking ON {table}")
        cursor.execute("DROP FUNCTION mark; DROP TABLE marked")


TABLES = ("tracking_auditpart", "tracking_rebuildpart")


def somebody_marks_a_part() -> bool:
    """Whether a worker is in the transaction of a part, whose work is done and not committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
        return bool(cursor.fetchone()[0])


def times_marked(table: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT part FROM marked WHERE kind = %s ORDER BY part", [table])
        return [part for (part,) in cursor.fetchall()]


@pytest.mark.postgresql
def test_workers_killed_in_the_middle_of_parts_do_each_part_once_and_all_is_right_in_the_end(workers, marked):
    make_country()
    right = all_cells()
    spoil_cells()

    rebuild = ask_for_rebuild(actor=None, at=timezone.now())
    under_kills(workers, REBUILD, rebuild, "tracking.rebuild_totals")
    wait_until(
        lambda: not TouchedCell.objects.exists() or workers.hint("tracking.roll_up"),
        within=WITHIN,
        what="all is rolled up",
    )
    audit = ask_for_audit(actor=None, at=timezone.now())
    under_kills(workers, AUDIT, audit, "tracking.run_audits")

    assert times_marked("tracking_rebuildpart") == sorted(rebuild.parts.values_list("pk", flat=True))
    assert times_marked("tracking_auditpart") == sorted(audit.parts.values_list("pk", flat=True))
    assert all_cells() == right
    assert rebuild.found > 0
    assert (audit.found, audit.differences.count()) == (0, 0)


def under_kills(workers: Workers, work: parts.Work, run: Run, sweep: str) -> None:
    """Have the workers do the run, and kill one now and then; the sweep comes as often as workers die."""
    workers.hint(sweep)
    for _ in range(KILLS):
        workers.kill_one()
        workers.hint(sweep)
    wait_until(
        lambda: parts.is_finished(run), within=WITHIN, what=f"{parts.progress(work, run)} parts are done"
    )


# --- Two timetables -------------------------------------------------------------------------------------------------


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    with mail_server(settings) as server:
        yield server


def test_two_timetables_at_once_do_each_thing_once_for_its_period(tmp_path, server):
    """The nightly audit, a proof for each release, an email for each subscription and quarter."""
    make_country()
    city = District.objects.get(code="440100")
    reader = make_user("reader", district=city, role="viewer")
    for number in range(3):
        email = f"reader{number}@example.org"
        services.save_versioned(Subscription(user=reader, email=email, district=city), at=NOW)
    make_release(city, "2023Q1")
    outside = environment(tmp_path, "filesystem://", EMAIL_URL=f"smtp://127.0.0.1:{server.port}")
    started = [start_worker(tmp_path, outside, queues="default,rollup,parts,mail") for _ in range(2)]
    started += [quick_timetable(tmp_path, outside, name) for name in ("one", "two")]

    try:
        wait_until(everything_is_done, within=WITHIN, what="audit, proof and emails are done")
        ticks = [timetable.words().count("sends tracking") for timetable in started[2:]]
        wait_until(
            lambda: both_have_ticked_again(started[2:], ticks), within=30, what="both timetables tick on"
        )
    finally:
        for process in started:
            process.kill()

    assert AuditRun.objects.get().found == 0
    assert ReleaseProof.objects.count() == 1
    assert sorted(server.ids) == sorted(Delivery.objects.values_list("message_id", flat=True))
    assert len(server.ids) == 3


def quick_timetable(folder: Path, outside: dict[str, str], name: str) -> Started:
    """A beat process whose every tick comes each other second."""
    command = [
        sys.executable,
        "-m",
        "celery",
        "--app",
        "tests.quick_timetable",
        "--quiet",
        "beat",
        "--pidfile",
        "",
    ]
    command += ["--schedule", str(folder / name), "--loglevel", "INFO", "--max-interval", "1"]
    return Started(command, folder / f"{name}.log", outside)


def everything_is_done() -> bool:
    return (
        AuditRun.objects.exclude(finished_at=None).exists()
        and ReleaseProof.objects.exists()
        and set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    )


def both_have_ticked_again(timetables: list[Started], before: list[int]) -> bool:
    """Each has sent everything once more."""
    return all(
        one.words().count("sends tracking") >= count + 9
        for one, count in zip(timetables, before, strict=True)
    )
