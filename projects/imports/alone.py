"""Working alone on an import, and telling how far it is while its transaction is open.

PostgreSQL: an advisory lock of the connection, and the row's own columns by another connection. SQLite, where one
machine works and one connection writes: a locked file among our data, in which the progress stands.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from projects.models import Import

LOCK = 0x6D7A_696D  # unlike any other advisory lock of this service
TELL_EVERY = 0.5  # seconds


@contextmanager
def alone_with(pk: int) -> Iterator[bool]:
    """Whether nobody else is at work on an import; nobody will be, until this ends or the process does."""
    if connection.vendor != "postgresql":
        with _file_locked(_lock_file()) as alone:
            yield alone
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, pk % 2**31])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, pk % 2**31])


def _lock_file() -> Path:
    """The database's own: each process of tests has one in memory."""
    return settings.DATA_DIR / f"{Path(connection.settings_dict['NAME']).name}.imports-lock"


@contextmanager
def _file_locked(path: Path) -> Iterator[bool]:
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            file.truncate(0)


class Progress:
    """Tells how far the work is, beside the transaction in which it is done."""

    def __init__(self, pk: int) -> None:
        self.pk = pk
        self.told = 0.0

    def __call__(self, done: int, of: int) -> None:
        if time.monotonic() - self.told < TELL_EVERY:
            return
        self.told = time.monotonic()
        if connection.vendor != "postgresql":
            _lock_file().write_text(f"{self.pk} {done} {of}")
            return
        beside = connection.copy()
        try:
            with beside.cursor() as cursor:
                cursor.execute(
                    "UPDATE projects_import SET done = %s, of = %s WHERE id = %s", [done, of, self.pk]
                )
        finally:
            beside.close()


def progress_of(run: Import) -> tuple[int, int]:
    """How many rows are done of how many; 0 of 0 where nobody has told."""
    if connection.vendor != "postgresql" and run.is_busy and _lock_file().exists():
        told = _lock_file().read_text().split()
        if len(told) == 3 and told[0] == str(run.pk):
            return int(told[1]), int(told[2])
    return run.done, run.of
