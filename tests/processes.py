"""Real processes for tests: forked writers and workers with their own connections, Celery workers, Redis servers."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from django.db import connection, connections

from config.environment import BASE_DIR

REDIS_SERVER = shutil.which("redis-server")
LOOPBACK = "127.0.0.1"
_forking = multiprocessing.get_context("fork")


def wait_until(holds: Callable[[], object], *, within: float, what: str) -> float:
    """Ask until it holds; the seconds that took. `what` is the sentence for the one whose test fails."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within, f"not within {within} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - began


# --- forked processes ---------------------------------------------------------------------------------------------


class Forked:
    """One function in a process of its own; `result` waits for it and raises what it raised."""

    def __init__(self, job: Callable[[], Any]) -> None:
        connections.close_all()  # a child never shares its parent's connection
        self.answers, there = _forking.Pipe(duplex=False)
        self.process = _forking.Process(target=_run, args=(job, there))
        self.process.start()
        there.close()

    def result(self, *, within: float = 240) -> Any:
        """What the function returned; an AssertionError with its traceback if it raised."""
        assert self.answers.poll(within), f"no answer within {within} s"
        try:
            done, answer = self.answers.recv()
        except EOFError:
            done, answer = False, "the process died without an answer"
        self.answers.close()
        self.process.join()
        self.process.close()
        assert done, answer
        return answer


def side_by_side(jobs: Iterable[Callable[[], Any]], *, within: float = 240) -> list[Any]:
    """Run these functions at the same time, each in a process of its own; what they returned, in their order."""
    forked = [Forked(job) for job in jobs]
    return [one.result(within=within) for one in forked]


@contextmanager
def running(job: Callable[[Event], Any], count: int) -> Iterator[None]:
    """So many processes that run the function meanwhile; it returns when the event it is given is set."""
    done = _forking.Event()
    forked = [Forked(lambda: job(done)) for _ in range(count)]
    try:
        yield
    finally:
        done.set()
        failures = []
        for one in forked:
            try:
                one.result()
            except AssertionError as error:
                failures.append(str(error))
    assert not failures, "\n".join(failures)


def _run(job: Callable[[], Any], answers: Connection) -> None:
    try:
        answer = True, job()
    except BaseException:  # noqa: BLE001 - it is raised again in the parent
        answer = False, traceback.format_exc()
    finally:
        connections.close_all()
    answers.send(answer)


# --- started processes --------------------------------------------------------------------------------------------


class Started:
    """A program in a process group of its own, with its words in a file."""

    def __init__(
        self, command: Sequence[str], log: Path, environment: dict[str, str] | None = None, **more: Any
    ) -> None:
        self.log = log
        with log.open("ab") as words:
            self.process = subprocess.Popen(
                command,
                env=environment,
                cwd=BASE_DIR,
                stdin=more.pop("stdin", subprocess.DEVNULL),
                stdout=more.pop("stdout", words),
                stderr=words,
                start_new_session=True,
                **more,
            )

    def send(self, number: int) -> None:
        """Reach the process and everything it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def stop(self, number: int = signal.SIGTERM, *, within: float = 8) -> None:
        """End it with this signal; what does not end in time is killed. Nothing of it is left afterwards."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.send(signal.SIGKILL)
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe:
                    pipe.close()

    def kill(self) -> None:
        """End it and everything it has started in the middle of what they do."""
        self.send(signal.SIGKILL)
        self.process.wait()

    def words(self) -> str:
        """What it has written so far."""
        return self.log.read_text("utf-8", "replace")


def environment(data_dir: Path, broker: str, **more: str) -> dict[str, str]:
    """What another process needs to work on this test's database: the service's own settings in test mode."""
    names = ("PATH", "HOME", "LANG", "VIRTUAL_ENV")
    return {
        **{name: os.environ[name] for name in names if name in os.environ},
        "MODE": "test",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(data_dir),
        "BROKER_URL": broker,
        **more,
    }


def database_url() -> str:
    """Where this test's database is."""
    made: dict[str, Any] = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{made['NAME']}"
    secret = f":{made['PASSWORD']}" if made["PASSWORD"] else ""
    place = f"{made['HOST'] or LOOPBACK}:{made['PORT'] or 5432}"
    return f"postgres://{made['USER']}{secret}@{place}/{made['NAME']}"


def start_worker(folder: Path, environment: dict[str, str], *options: str, queues: str = "rollup") -> Started:
    """A Celery worker as the service starts it; it is ready when this returns."""
    command = [sys.executable, "-m", "celery", "--app", "config", "--quiet", "worker", "--queues", queues]
    command += ["--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle", *options]
    log = folder / f"worker-{time.monotonic_ns()}.log"
    worker = Started(command, log, {"BROKER_SOCKET_TIMEOUT": "5", **environment})
    try:
        wait_until(
            lambda: b" ready." in log.read_bytes() or worker.process.poll() is not None,
            within=30,
            what="the worker starts",
        )
        assert worker.process.poll() is None, worker.words()
    except BaseException:
        worker.kill()
        raise
    return worker


def start_beat(folder: Path, environment: dict[str, str]) -> Started:
    """The timetable."""
    command = [sys.executable, "-m", "celery", "--app", "config", "--quiet", "beat", "--pidfile", ""]
    command += ["--schedule", str(folder / f"timetable-{time.monotonic_ns()}"), "--loglevel", "INFO"]
    return Started(command, folder / "beat.log", environment)


def free_port() -> int:
    """A loopback port that nobody uses just now."""
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        port: int = found.getsockname()[1]
        return port


class RedisServer:
    """A Redis server of the test's own, keeping nothing on disk; it can be stopped, killed, frozen and begun again."""

    def __init__(self, folder: Path) -> None:
        assert REDIS_SERVER, "needs Debian's redis-server"
        self.folder, self.port = folder, free_port()
        self.url = f"redis://{LOOPBACK}:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        command = [
            str(REDIS_SERVER),
            "--port",
            str(self.port),
            "--bind",
            LOOPBACK,
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self.server = Started(command, self.folder / "redis.log")
        wait_until(self.answers, within=10, what="Redis answers")

    def answers(self) -> bool:
        """Whether it takes a connection."""
        with socket.socket() as client:
            client.settimeout(0.5)
            return client.connect_ex((LOOPBACK, self.port)) == 0

    def stop(self) -> None:
        """End it in good order."""
        self.server.stop()

    def kill(self) -> None:
        """End it at once."""
        self.server.kill()

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        self.server.send(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        self.server.send(signal.SIGCONT)
