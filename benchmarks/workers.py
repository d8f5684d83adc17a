"""Rebuild and audit shared out over one and over two workers, real processes with a real Redis as their broker."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from django.utils import timezone

from benchmarks.costs import Cost, in_turn
from benchmarks.process import Measured, measured
from benchmarks.run import Run
from projects.services.announce import send_hint
from tests.processes import REDIS_SERVER, RedisServer, start_worker
from tracking import audits, rebuilds
from tracking.models import AuditRun, RebuildRun

LIMIT = 1 / 1.6
QUEUES = "default,parts,rollup"
SWEEP_SECONDS = 60


def bench_workers(run: Run) -> None:
    """From asking for it until its last part is done."""
    if not REDIS_SERVER:
        raise SystemExit("This needs redis-server.")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        server = RedisServer(folder)
        stack.callback(server.stop)
        environment = {**run.databases.of(run.sizes.shared), "BROKER_URL": server.url, "DATA_DIR": name}
        process = stack.enter_context(measured(environment))
        run.title(f"Shared by workers, medians of {run.sizes.runs} alternating runs", process)

        def side(what: str, count: int) -> Cost:
            return with_workers(process, folder, environment, what, count)

        for what in ("rebuild", "audit"):
            costs = in_turn(run.sizes.runs, lambda: side(what, 2), lambda: side(what, 1))  # noqa: B023
            rows = list(zip(("two workers", "one worker"), costs, strict=True))
            run.report.ratio(
                f"{what}, two workers / one", rows, LIMIT if run.sizes.shared >= 10_000 else None
            )
        print("The processors' seconds are those of the process that waits, not of the workers.\n")


def with_workers(process: Measured, folder: Path, environment: dict[str, str], what: str, count: int) -> Cost:
    """What it costs with so many workers, who are there before it begins."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.callback(start_worker(folder, environment, queues=QUEUES).stop)
        return process.measure(f"workers.{what}")


def rebuild() -> None:
    """Ask for a rebuild and wait until it is done."""
    _wait(rebuilds.ask_for_rebuild(actor=None, at=timezone.now()), rebuilds.REBUILD_TOTALS)


def audit() -> None:
    """Ask for an audit and wait until it is done; it must find nothing."""
    run = audits.ask_for_audit(actor=None, at=timezone.now())
    _wait(run, audits.RUN_AUDITS)
    assert run.found == 0


def _wait(run: AuditRun | RebuildRun, sweep: str) -> None:
    """Until it is done; each minute what the timetable would send, for the hints of one sweep end after a while."""
    began = swept = time.monotonic()
    while run.finished_at is None:
        assert time.monotonic() - began < 1800, "the workers do not finish"
        if time.monotonic() - swept > SWEEP_SECONDS:
            swept = time.monotonic()
            send_hint(sweep)
        time.sleep(0.02)
        run.refresh_from_db()
