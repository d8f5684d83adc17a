"""A PostgreSQL server of the tests' own with a streaming replica of it, both on the loopback, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from config.environment import BASE_DIR
from tests.processes import LOOPBACK, Started, environment, free_port, wait_until

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
OPTIONS = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=30",
           "shared_buffers=32MB", "wal_keep_size=64MB")  # fmt: skip


class Pair:
    """A primary with our tables, and its replica, whose replay can be held and let go."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mingzhang-pair-"))
        self.ports = {"primary": free_port(), "replica": free_port()}
        self.servers: dict[str, Started] = {}
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "-D", self.folder / "primary", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--locale", "C.UTF-8", "--no-sync")  # fmt: skip
        self.start("primary")
        self._make_tables()
        self._run("pg_basebackup", "-D", self.folder / "replica", "-d", self.url("primary"), "-R", "-c", "fast",
                  "--no-sync")  # fmt: skip
        self.start("replica")

    def url(self, which: str, name: str = "postgres") -> str:
        """The address of a database on one of the two."""
        return f"postgres://postgres@{LOOPBACK}:{self.ports[which]}/{name}"

    def start(self, which: str) -> None:
        """Start one of the two and wait until it answers."""
        command = [*_as_postgres(), str(PROGRAMS[-1].with_name("postgres")), "-D", str(self.folder / which)]
        command += ["-p", str(self.ports[which]), *(part for each in OPTIONS for part in ("-c", each))]
        self.servers[which] = Started(command, Path(f"{self.folder}-{which}.log"))
        wait_until(lambda: self._answers(which), within=30, what=f"the {which} answers")

    def stop(self, which: str) -> None:
        """End one of the two at once."""
        self.servers[which].stop(signal.SIGINT)

    def hold(self) -> None:
        """From now on the replica replays nothing."""
        self.ask("replica", "SELECT pg_wal_replay_pause()")
        state = "SELECT pg_get_wal_replay_pause_state()"
        wait_until(lambda: self.ask("replica", state) == "paused", within=10, what="replay is held")

    def follow(self) -> None:
        """The replica replays on, and has caught up when this returns."""
        self.ask("replica", "SELECT pg_wal_replay_resume()")
        position = self.ask("primary", "SELECT pg_current_wal_insert_lsn()::text")
        caught_up = f"SELECT pg_last_wal_replay_lsn() >= '{position}'::pg_lsn"
        wait_until(lambda: self.ask("replica", caught_up), within=10, what="the replica has caught up")

    def ask(self, which: str, statement: str) -> Any:
        """The one value that a statement gives, None if it gives none."""
        with psycopg.connect(self.url(which), autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return ((found.description and found.fetchone()) or (None,))[0]

    def close(self) -> None:
        """Nothing is left of it."""
        for which in self.servers:
            self.stop(which)
            self.servers[which].log.unlink()
        shutil.rmtree(self.folder)

    def _make_tables(self) -> None:
        known = environment(self.folder, "memory://", DATABASE_URL=self.url("primary"))
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"], check=True, cwd=BASE_DIR, env=known
        )

    def _answers(self, which: str) -> bool:
        try:
            return bool(self.ask(which, "SELECT true"))
        except psycopg.OperationalError:
            return False

    def _run(self, program: str, *arguments: object) -> None:
        command = [*_as_postgres(), str(PROGRAMS[-1].with_name(program)), *map(str, arguments)]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)


def _as_postgres() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
