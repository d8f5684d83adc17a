"""Databases for measuring: filled with so many projects, dropped afterwards or kept for the next run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from benchmarks import dense

ROOT = Path(__file__).resolve().parent.parent
SEED = 1


@dataclass
class Databases:
    """Made when first asked for. On PostgreSQL dense, on SQLite as `generate_projects` makes them.

    `kept` are named by a prefix and left as they are for the next run; `templates` are copied instead of filled anew.
    """

    server: str
    folder: Path
    stack: ExitStack
    kept: str = ""
    templates: str = ""
    made: dict[int, dict[str, str]] = field(default_factory=dict)

    @property
    def on_postgresql(self) -> bool:
        """Whether they are on a PostgreSQL server."""
        return self.server.startswith("postgres")

    def of(self, projects: int) -> dict[str, str]:
        """The environment of the processes on the database with so many projects; its totals are right."""
        if projects not in self.made:
            self.made[projects] = (
                self._on_server(projects) if self.on_postgresql else self._in_a_file(projects)
            )
        return self.made[projects]

    def _in_a_file(self, projects: int) -> dict[str, str]:
        empty, file = self.folder / "empty.sqlite3", self.folder / f"test_bench_{projects}.sqlite3"
        environment = self._environment(f"sqlite:///{file}")
        if not empty.exists():
            manage(self._environment(f"sqlite:///{empty}"), "migrate", "--verbosity", "0")
        shutil.copyfile(empty, file)
        manage(environment, "generate_projects", "--projects", str(projects), "--seed", str(SEED))
        manage(environment, "rebuild_totals")
        return environment

    def _on_server(self, projects: int) -> dict[str, str]:
        name = f"{self.kept}_{projects}" if self.kept else f"test_bench_{projects}_{os.getpid()}"
        environment = self._environment(self._url(name))
        filled = self._exists(name) or self._make(name, f"{self.templates}_{projects}")
        manage(environment, "migrate", "--verbosity", "0")
        if not filled:
            dense.fill(self._url(name), projects)
        manage(environment, "rebuild_totals")
        with psycopg.connect(self._url(name), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        return environment

    def _make(self, name: str, template: str) -> bool:
        """Make a database; whether there was a template of which it is a copy."""
        copied = bool(self.templates) and self._exists(template)
        self._run(
            f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}" STRATEGY file_copy' if copied else "")
        )
        if not self.kept:
            self.stack.callback(self._run, f'DROP DATABASE "{name}" WITH (FORCE)')
        return copied

    def _environment(self, url: str) -> dict[str, str]:
        return {
            **os.environ,
            "MODE": "test",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": url,
            "DATA_DIR": str(self.folder),
            "BROKER_URL": "memory://",
            "REDIS_URL": "",
            "LOG_LEVEL": "WARNING",
        }

    def _url(self, name: str) -> str:
        return urlunsplit(urlsplit(self.server)._replace(path=f"/{name}"))

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _exists(self, name: str) -> bool:
        with psycopg.connect(self._url("postgres")) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return found.fetchone() is not None


def manage(environment: dict[str, str], *command: str) -> None:
    """Run one command of manage.py."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stdout}")
