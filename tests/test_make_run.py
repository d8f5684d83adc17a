"""`make run` as a newcomer meets it: real processes on an empty data folder, started, looked after and stopped."""

import http.cookiejar
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from config.environment import BASE_DIR
from tests.processes import Started, free_port, wait_until

GREETED = "Press Ctrl-C to stop"
COMMAND = [sys.executable, "-m", "config.embedded"]
PREPARING = (
    "Preparing the database",
    "Collecting static files",
    "Loading the seed data",
    "Making the administrator",
)


@dataclass
class Installation:
    """One data folder with its port; HOME cannot be written and the locale knows no Chinese, as on a bare machine."""

    folder: Path
    port: int = field(default_factory=free_port)
    more: dict[str, str] = field(default_factory=dict)

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "PORT": str(self.port),
            "DATA_DIR": str(self.data_dir),
            "STATIC_ROOT": str(self.folder / "static"),
        }
        return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C", **own, **self.more}

    def start(self, *, within: float = 120) -> Started:
        """Start it and wait for the greeting."""
        run = Started(COMMAND, self.folder / f"screen-{time.monotonic_ns()}", self.environment)
        try:
            wait_until(
                lambda: GREETED in run.words() or run.process.poll() is not None,
                within=within,
                what="it greets",
            )
            assert GREETED in run.words(), run.words()
        except BaseException:
            run.stop()
            raise
        return run

    def try_to_start(self) -> subprocess.CompletedProcess[str]:
        """For starts that are refused."""
        return subprocess.run(
            COMMAND,
            cwd=BASE_DIR,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=30,
            check=False,
        )

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def manage(self, *arguments: str) -> str:
        """What a management command prints."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=BASE_DIR, env=self.environment, capture_output=True, encoding="utf-8", check=True
        )
        return done.stdout.strip()

    def api(self, token: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """What the API answers to this request, as sent by a script."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1/{path}", data, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def processes(self) -> dict[int, str]:
        """The command lines of everything that runs on this data folder."""
        mark = f"DATA_DIR={self.data_dir}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    if mark in (entry / "environ").read_bytes().split(b"\0"):
                        found[int(entry.name)] = (
                            (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                        )
                except OSError:
                    continue
        return {pid: command for pid, command in found.items() if command}

    def rows(self) -> dict[str, list[Any]]:
        """What the database holds, but for the sign of life."""
        with sqlite3.connect(f"file:{self.data_dir / 'mingzhang.sqlite3'}?mode=ro", uri=True) as database:
            names = [
                name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            kept = sorted(name for name in names if name not in {"config_heartbeat", "sqlite_sequence"})
            return {name: sorted(map(repr, database.execute(f'SELECT * FROM "{name}"'))) for name in kept}


@dataclass
class FirstRun:
    """What a first run, ended by SIGTERM, looked like."""

    installation: Installation
    screen: str
    health: dict[str, Any]
    processes: int
    seconds_to_stop: float
    left_running: dict[int, str]
    exit_code: int | None


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    installation = Installation(tmp_path_factory.mktemp("newcomer"))
    run = installation.start()
    health, processes = installation.health(), len(installation.processes())
    began = time.monotonic()
    run.process.send_signal(signal.SIGTERM)
    try:
        run.process.wait(20)
    finally:
        left = installation.processes()
        run.kill()
    seconds = time.monotonic() - began
    return FirstRun(installation, run.words(), health, processes, seconds, left, run.process.returncode)


@pytest.fixture(scope="module")
def second_run(first_run: FirstRun) -> Iterator[tuple[Installation, Started]]:
    run = first_run.installation.start()
    yield first_run.installation, run
    run.stop(within=15)


def password_on(screen: str) -> str:
    found = re.search(r"Password\s+(\S+)", screen)
    assert found, screen
    return found[1]


@pytest.mark.sqlite
def test_the_first_run_says_address_name_password_and_where_mails_land(first_run: FirstRun) -> None:
    installation, screen = first_run.installation, first_run.screen

    assert f"http://127.0.0.1:{installation.port}/" in screen
    assert re.search(r"Sign-in\s+admin\n", screen)
    assert len(password_on(screen)) >= 12
    assert str(installation.data_dir / "mail") in screen
    assert "地址" in screen
    assert "Traceback" not in screen


@pytest.mark.sqlite
def test_when_it_greets_the_figures_of_the_seeds_are_made(first_run: FirstRun) -> None:
    rows = first_run.installation.rows()

    assert first_run.health["database"] == "ok"
    assert first_run.health["waiting_cells"] == 0
    assert rows["tracking_quarterlytotal"]


@pytest.mark.sqlite
def test_sigterm_stops_everything_within_ten_seconds_and_leaves_no_process(first_run: FirstRun) -> None:
    assert first_run.processes >= 4
    assert first_run.seconds_to_stop < 10
    assert first_run.left_running == {}
    assert first_run.exit_code == 0
    assert "Stopped." in first_run.screen


@pytest.mark.sqlite
def test_what_only_the_owner_may_read_is_readable_by_nobody_else(first_run: FirstRun) -> None:
    for name in ("admin-password", "secret-key"):
        assert (first_run.installation.data_dir / name).stat().st_mode & 0o077 == 0


@pytest.mark.sqlite
def test_a_second_run_prepares_nothing_and_changes_nothing(first_run: FirstRun, tmp_path: Path) -> None:
    before = first_run.installation.rows()
    secrets = [
        (first_run.installation.data_dir / name).read_text() for name in ("admin-password", "secret-key")
    ]

    began = time.monotonic()
    run = first_run.installation.start()
    seconds = time.monotonic() - began
    run.stop(within=15)

    assert not [sentence for sentence in PREPARING if sentence in run.words()]
    assert seconds < 30
    assert first_run.installation.rows() == before
    assert secrets == [
        (first_run.installation.data_dir / name).read_text() for name in ("admin-password", "secret-key")
    ]


@pytest.mark.sqlite
def test_a_taken_port_is_named_with_the_way_out_in_both_languages(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        refused = Installation(tmp_path, port=port).try_to_start()

    assert refused.returncode == 1
    assert f"端口 {port}" in refused.stderr
    assert f"Port {port} is not free" in refused.stderr
    assert "make run" in refused.stderr


@pytest.mark.sqlite
@pytest.mark.parametrize("text", ["eighty", "0", "70000", "-1", "8000 "])
def test_a_port_that_is_no_port_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    refused = Installation(tmp_path, more={"PORT": text}).try_to_start()

    assert refused.returncode == 1
    assert "PORT is a number" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.sqlite
def test_a_data_folder_that_cannot_be_made_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in its place")

    refused = Installation(tmp_path).try_to_start()

    assert refused.returncode == 1
    assert "cannot be written" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.sqlite
def test_an_interrupted_preparation_leaves_nothing_running(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    run = Started(COMMAND, tmp_path / "screen", installation.environment)
    wait_until(lambda: PREPARING[0] in run.words(), within=30, what="it prepares")

    run.process.send_signal(signal.SIGTERM)
    code = run.process.wait(10)

    assert code == 0
    wait_until(lambda: not installation.processes(), within=5, what="nothing runs")


@pytest.mark.sqlite
def test_a_second_start_on_the_same_data_folder_is_refused(second_run: tuple[Installation, Started]) -> None:
    installation, _run = second_run

    refused = Installation(installation.folder).try_to_start()

    assert refused.returncode == 1
    assert "is in use" in refused.stderr
    assert "正在使用中" in refused.stderr


@pytest.mark.sqlite
def test_the_printed_password_opens_the_admin(second_run: tuple[Installation, Started]) -> None:
    installation, run = second_run
    address = f"http://127.0.0.1:{installation.port}/admin/"
    browser = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    )
    form = browser.open(address)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.read().decode())
    assert token

    fields = {"username": "admin", "password": password_on(run.words()), "csrfmiddlewaretoken": token[1]}
    answer = browser.open(form.geturl(), urllib.parse.urlencode({**fields, "next": "/admin/"}).encode())

    assert answer.geturl() == address


@pytest.mark.sqlite
def test_a_project_counts_up_to_its_province_two_seconds_after_it_was_saved(
    second_run: tuple[Installation, Started],
) -> None:
    installation, _run = second_run
    token = installation.manage("create_token", "admin", "--scope", "read", "--scope", "write")
    places = ("440112-GHZ", "440112", "440100", "440000")

    def signed(district: str) -> int:
        asked = f"totals/?district={district}&from=2024Q1&to=2024Q1&kind=signed"
        count: int = installation.api(token, asked)["results"][0]["entered"]["count"]
        return count

    before = {district: signed(district) for district in places}

    project = {"code": "NEW-1", "name": "新项目", "district": places[0], "sector": "gbt4754-c"}
    installation.api(
        token, "projects/", {**project, "signed_on": "2024-02-03", "total_investment": 1_000_000_000}
    )

    def everywhere() -> bool:
        return all(signed(district) == before[district] + 1 for district in places)

    wait_until(everywhere, within=2, what="all four have it")


@pytest.mark.sqlite
@pytest.mark.parametrize("part", ["worker", "beat", "gunicorn"])
def test_a_part_that_is_killed_comes_back_without_the_others(
    second_run: tuple[Installation, Started], part: str
) -> None:
    installation, run = second_run
    ours = {
        pid: command for pid, command in installation.processes().items() if parent_of(pid) == run.process.pid
    }
    [victim] = [pid for pid, command in ours.items() if f" {part} " in command]

    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in installation.processes(), within=5, what="it is gone")

    def whole_again() -> bool:
        try:
            seconds = installation.health()["timetable_seconds"]
        except (urllib.error.URLError, OSError):
            return False
        new = [
            p
            for p, c in installation.processes().items()
            if parent_of(p) == run.process.pid and f" {part} " in c
        ]
        return bool(new) and seconds is not None and seconds + 1 < time.monotonic() - killed_at

    killed_at = time.monotonic()
    wait_until(whole_again, within=30, what="a task was carried out after the kill")
    others = {pid for pid in ours if pid != victim}
    assert others <= installation.processes().keys()
    assert "ended unexpectedly" in run.words()


@pytest.mark.sqlite
def test_ctrl_c_stops_everything_too(second_run: tuple[Installation, Started]) -> None:
    installation, run = second_run

    run.process.send_signal(signal.SIGINT)
    code = run.process.wait(10)

    assert code == 0
    assert installation.processes() == {}


@pytest.mark.postgresql
@pytest.mark.redis
def test_given_servers_are_used(tmp_path: Path) -> None:
    database = settings.DATABASES["default"]
    secret = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    server = f"postgres://{database['USER']}{secret}@{database['HOST']}:{database['PORT'] or 5432}"
    name = f"make_run_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as administration:
        administration.execute(f"CREATE DATABASE {name}")
        try:
            more = {"DATABASE_URL": f"{server}/{name}", "REDIS_URL": settings.REDIS_URL}
            installation = Installation(tmp_path, more=more)
            run = installation.start()
            run.stop(within=15)
            with psycopg.connect(f"{server}/{name}") as made:
                totals = made.execute("SELECT count(*) FROM tracking_quarterlytotal").fetchone()
        finally:
            administration.execute(f"DROP DATABASE {name} WITH (FORCE)")

    assert totals
    assert totals[0] > 0
    assert not (installation.data_dir / "mingzhang.sqlite3").exists()
    assert not (installation.data_dir / "broker").exists()


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0
