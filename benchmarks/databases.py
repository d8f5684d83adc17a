"""Databases made for a measurement: filled with generated projects, and dropped afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
SEED = 1


@contextmanager
def database_of(projects: int) -> Iterator[dict[str, str]]:
    """A database with so many generated projects and their totals; yields the environment of its processes."""
    with tempfile.TemporaryDirectory(prefix="mingzhang-bench-") as folder:
        server = os.environ.get("DATABASE_URL", "")
        with _on_server(server, projects) if server.startswith("postgres") else _in_a_file(folder) as url:
            environment = {
                **os.environ,
                "MODE": "test",
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATABASE_URL": url,
                "DATA_DIR": folder,
                "BROKER_URL": "memory://",
                "REDIS_URL": "",
                "LOG_LEVEL": "WARNING",
            }
            manage(environment, "migrate", "--verbosity", "0")
            manage(environment, "generate_projects", "--projects", str(projects), "--seed", str(SEED))
            manage(environment, "rebuild_totals")
            if url.startswith("postgres"):
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute("VACUUM ANALYZE")
            yield environment


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


@contextmanager
def _in_a_file(folder: str) -> Iterator[str]:
    yield f"sqlite:///{folder}/test_bench.sqlite3"


@contextmanager
def _on_server(server: str, projects: int) -> Iterator[str]:
    name = f"test_bench_{projects}_{os.getpid()}"
    parts = urlsplit(server)
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
