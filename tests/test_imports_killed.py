"""A worker that is killed in the middle of an import: nothing is half imported, and another worker does it once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings as service_settings
from django.db import connection
from kombu.connection import Connection

from projects import imports
from projects.models import Import, LedgerEntry, Milestone, Project, Revision
from tests.makers import NOW, make_huangpu, make_user
from tests.processes import RedisServer, Started, environment, start_worker, wait_until
from tests.workbooks_made import send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

ROWS = [[f"项目{number}", "黄埔区", number, "2023-01-29", None] for number in range(1, 301)]
WITHIN = 60.0


class Worker:
    """A real worker on a broker of its own, which reads the files of this test."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.folder, self.broker = folder, broker
        self.environment = environment(Path(service_settings.DATA_DIR), broker)
        self.process: Started | None = None

    def start(self) -> None:
        self.process = start_worker(self.folder, self.environment, queues="parts,default,rollup")

    def sweep(self) -> None:
        """What the timetable sends each minute."""
        with Connection(self.broker) as broker:
            current_app.send_task("projects.share_imports", connection=broker)

    def kill(self) -> None:
        if self.process:
            self.process.kill()


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    server = RedisServer(tmp_path)
    worker = Worker(tmp_path, server.url)
    try:
        worker.start()
        yield worker
    finally:
        worker.kill()
        server.stop()


@pytest.fixture
def slow() -> Iterator[None]:
    """Noting that a step is done takes a second, in the transaction in which it is done."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "PERFORM pg_sleep(1); RETURN NEW; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER slowly BEFORE UPDATE OF status ON projects_import "
            "FOR EACH ROW WHEN (NEW.job = '') EXECUTE FUNCTION be_slow()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER slowly ON projects_import")
        cursor.execute("DROP FUNCTION be_slow")


def somebody_is_about_to_note_it() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
        return bool(cursor.fetchone()[0])


def test_a_worker_killed_while_checking_and_while_importing_leaves_nothing_half_done(worker, slow):
    places = make_huangpu()
    officer = make_user("officer", district=places["440112"])
    run = send(ROWS, into=places["440112"], actor=officer)

    killed_and_done(worker, run, "ready")
    assert Import.objects.get().created == len(ROWS)
    assert not Project.objects.exists()

    imports.ask_to_commit(run, actor=officer, at=NOW)
    killed_and_done(worker, run, "committed")

    assert Project.objects.count() == Revision.objects.count() == Milestone.objects.count() == len(ROWS)
    assert LedgerEntry.objects.current().count() == len(ROWS)

    imports.ask_to_undo(run, actor=officer, at=NOW)
    killed_and_done(worker, run, "undone")

    assert not Project.objects.kept().exists()
    assert not LedgerEntry.objects.current().exists()
    assert Revision.objects.count() == 2 * len(ROWS)


def killed_and_done(worker: Worker, run: Import, status: str) -> None:
    """Have it begun, kill whoever did it just before it is noted, see that nothing was done, and have it done."""
    before = Import.objects.values_list("status", "job").get(pk=run.pk)
    rows = Project.objects.count(), Revision.objects.count()
    worker.sweep()
    wait_until(somebody_is_about_to_note_it, within=WITHIN, what="a worker has done all but noted it")
    worker.kill()
    wait_until(lambda: not somebody_is_about_to_note_it(), within=WITHIN, what="its connection has ended")
    assert Import.objects.values_list("status", "job").get(pk=run.pk) == before
    assert (Project.objects.count(), Revision.objects.count()) == rows

    worker.start()
    worker.sweep()
    wait_until(
        lambda: Import.objects.filter(pk=run.pk, status=status, job="").exists(), within=WITHIN, what=status
    )
