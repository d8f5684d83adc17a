"""Workers killed, brokers stopped, killed, frozen and emptied: saves do not wait, and no total is lost.

Real processes on the test's own broker: Redis on a port of its own, and the folder of messages of the embedded default.
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pytest
from django.db import connection, transaction

from projects.models import District, TouchedCell
from tests.makers import make_huangpu, make_project
from tests.processes import (
    REDIS_SERVER,
    RedisServer,
    Started,
    environment,
    start_beat,
    start_worker,
    wait_until,
)
from tracking.audit import find_differences
from tracking.models import QuarterlyTotal

pytestmark = pytest.mark.django_db(transaction=True)

LONGEST_SAVE = 2.0  # seconds
BACK_WITHIN = 30.0


class Service:
    """A web process, workers and the timetable on this test's database and on one broker."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.folder, self.broker = folder, broker
        self.environment = environment(folder, broker)
        self.children: list[Started] = []
        self.saved = 0
        self.web: Started

    def start_web(self) -> Started:
        command = [sys.executable, "-m", "tests.saving"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        web = Started(command, self.folder / "web.log", self.environment, text=True, **pipes)
        self.children.append(web)
        assert web.process.stdout is not None
        assert web.process.stdout.readline() == "ready\n", web.words()
        return web

    def start_worker(self) -> Started:
        worker = start_worker(self.folder, {**self.environment, "BROKER_SOCKET_TIMEOUT": "2"})
        self.children.append(worker)
        return worker

    def start_timetable(self) -> Started:
        beat = start_beat(self.folder, self.environment)
        self.children.append(beat)
        return beat

    def save(self) -> float:
        """Save one project of one yuan in the zone; the seconds that the save took."""
        stdin, stdout = self.web.process.stdin, self.web.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write("440112-GDD\n")
        stdin.flush()
        answer = stdout.readline()
        assert answer, self.web.words()
        self.saved += 1
        return float(answer)

    def shown(self) -> list[int]:
        """How many signed projects the totals of zone, district, city and province hold."""
        codes = ("440112-GDD", "440112", "440100", "440000")
        counts = dict(
            QuarterlyTotal.objects.filter(quarter="2023Q1", kind="signed").values_list(
                "district__code", "entered_count"
            )
        )
        return [counts.get(code, 0) for code in codes]

    def wait_until_shown(self, *, within: float = BACK_WITHIN) -> float:
        """Wait until every saved project stands in every total; the seconds that took."""
        return wait_until(
            lambda: self.shown() == [self.saved] * 4,
            within=within,
            what=f"{self.saved} projects in the totals, which hold {self.shown()}",
        )

    def stop(self) -> None:
        for child in self.children:
            child.send(signal.SIGTERM)
        for child in self.children:
            child.stop()


@contextmanager
def service_on(broker: str, folder: Path) -> Iterator[Service]:
    """The service with its web process; what was started is stopped again."""
    made = Service(folder, broker)
    try:
        made.web = made.start_web()
        yield made
    finally:
        made.stop()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    if not REDIS_SERVER:
        pytest.skip("needs Debian's redis-server")
    server = RedisServer(tmp_path)
    yield server
    server.kill()


@pytest.mark.parametrize("broker", ["redis", "filesystem"])
def test_what_is_saved_without_a_worker_is_shown_once_one_runs_and_then_at_once(broker, tmp_path, request):
    make_huangpu()
    url = request.getfixturevalue("redis_server").url if broker == "redis" else "filesystem://"

    with service_on(url, tmp_path) as service:
        [service.save() for _ in range(2)]
        service.start_worker()
        service.wait_until_shown()
        seconds = [service.save() + service.wait_until_shown(within=10) for _ in range(3)]

    assert min(seconds) < LONGEST_SAVE
    assert find_differences() == []


def test_a_broker_stopped_killed_or_frozen_costs_a_save_two_seconds_at_most_and_no_total(
    redis_server, tmp_path
):
    make_huangpu()

    with service_on(redis_server.url, tmp_path) as service:
        service.start_worker()
        service.start_timetable()
        service.save()
        service.wait_until_shown()
        if connection.vendor == "postgresql":
            freeze_while_the_worker_works(redis_server, service)
        else:
            redis_server.freeze()
        seconds = [service.save() for _ in range(3)]
        service.web = service.start_web()  # one that has never reached the broker
        seconds.append(service.save())
        time.sleep(2.5)
        redis_server.thaw()
        service.wait_until_shown()
        for fault in (redis_server.stop, redis_server.kill):
            fault()
            seconds += [service.save() for _ in range(3)]
            redis_server.start()
            service.wait_until_shown()

    assert max(seconds) < LONGEST_SAVE
    assert find_differences() == []


def freeze_while_the_worker_works(redis_server: RedisServer, service: Service) -> None:
    """So that the worker cannot acknowledge its message when it has done."""
    with rolling_up_takes_long() as is_in_the_middle:
        service.save()
        wait_until(is_in_the_middle, within=20, what="the worker is in the middle of its roll-up")
        redis_server.freeze()


def test_a_worker_killed_in_the_middle_of_a_roll_up_loses_nothing(tmp_path, request):
    """The hint of the save is lost, too: it goes to this process's own memory. The timetable's sweep finds the rows."""
    zone = make_huangpu()["440112-GDD"]
    on_postgresql = connection.vendor == "postgresql"
    broker = (
        request.getfixturevalue("redis_server").url if on_postgresql and REDIS_SERVER else "filesystem://"
    )
    service = Service(tmp_path, broker)
    make_project(district=zone, milestones={"signed": date(2023, 1, 29)})
    service.saved = 1

    try:
        with rolling_up_takes_long() as is_in_the_middle:
            service.start_timetable()
            worker = service.start_worker()
            wait_until(is_in_the_middle, within=20, what="the worker is in the middle of its roll-up")
            worker.kill()
        assert TouchedCell.objects.exists()
        assert service.shown() == [0, 0, 0, 0]
        service.start_worker()
        service.wait_until_shown()
    finally:
        service.stop()

    assert find_differences() == []


@contextmanager
def rolling_up_takes_long() -> Iterator[Callable[[], bool]]:
    """A roll-up stays in its transaction, its touched rows deleted; yields what tells whether one has come so far."""
    if connection.vendor == "postgresql":
        with transaction.atomic():
            list(District.objects.select_for_update(no_key=True))
            yield somebody_waits_for_a_district
        return
    slow = " + ".join(["length(randomblob(50000000))"] * 8)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TRIGGER slow BEFORE INSERT ON tracking_quarterlytotal BEGIN SELECT {slow}; END"
        )
    try:
        yield somebody_has_been_writing_for_a_while
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER slow")


def somebody_waits_for_a_district() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock' AND query LIKE '%projects_district%'"
        )
        return bool(cursor.fetchone()[0])


def somebody_has_been_writing_for_a_while() -> bool:
    """Whether the database stays locked for half a second: nothing but the slowed roll-up writes here."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=0.5)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False
