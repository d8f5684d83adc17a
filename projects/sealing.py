"""Sealing the ledger: a moment up to which everything is committed, and before which nothing is dated later.

Writers share a lock while they post, a seal takes it alone for an instant. On SQLite there is one writer anyway.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.db.models import Max

from projects.models import LedgerEntry, LedgerSeal, PastBands
from projects.rows import Row, Statement, columns_of, converted, run

LOCK = 0x6D7A_6C65  # one number for the whole ledger, unlike any other advisory lock of this service
QUEUE = LOCK + 1  # seals wait for each other here, so that writers are held up by one of them at a time
PATIENCE_MS = 500  # how long writers may be held up by a seal that waits for those before it
TRIES = 10
TICK = timedelta(microseconds=1)
SEALED_AT = columns_of(LedgerSeal, "sealed_at")
LAST_SEAL = f"SELECT MAX(sealed_at) FROM {LedgerSeal._meta.db_table}"  # noqa: S608  (our own table)


def moment_of_posting(at: datetime) -> datetime:
    """The moment under which this transaction may post: `at`, or just after the last seal if that is later.

    Until the transaction ends no seal can be taken. Clocks of several machines need not agree.
    """
    return begin_posting(at)[0]


def begin_posting(at: datetime, *along: Statement) -> tuple[datetime, list[list[Row]]]:
    """The moment of posting, and the answers of what is asked along with it in one message."""
    lock = _shared_lock()
    answer, *answers = run(*lock, (LAST_SEAL, []), *along)[len(lock) :]
    ((sealed,),) = converted(SEALED_AT, answer)
    return at if sealed is None or at > sealed else sealed + TICK, answers


def _shared_lock() -> list[Statement]:
    """The lock is taken by a statement before the one that reads the last seal, which then sees what it waited for."""
    return [("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])] if connection.vendor == "postgresql" else []


def seal(at: datetime) -> datetime:
    """Take the moment, at or after `at`, up to which the ledger is complete; call it first in a transaction.

    Raises OperationalError where a long change (an import) does not end within some seconds.
    """
    _lock_alone()
    entries = LedgerEntry.objects.order_by()
    posted = entries.aggregate(last=Max("recorded_at"))["last"]  # one by one: each by its own index
    closed = entries.filter(superseded_at__isnull=False).aggregate(last=Max("superseded_at"))["last"]
    banded = PastBands.objects.aggregate(last=Max("until"))["last"]
    sealed = LedgerSeal.objects.aggregate(last=Max("sealed_at"))["last"]
    known = (at, posted, closed, banded, sealed and sealed + TICK)
    moment = max(each for each in known if each)
    LedgerSeal.objects.create(sealed_at=moment)
    return moment


def _lock_alone() -> None:
    """Wait for the writers before us, but hold up those behind us only for moments at a time."""
    if connection.vendor != "postgresql":
        return
    _lock("pg_advisory_xact_lock", QUEUE)
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {PATIENCE_MS}")
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
                cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
                return
        except OperationalError:
            if attempt == TRIES:
                raise
            time.sleep(PATIENCE_MS / 1000)


def _lock(function: str, number: int = LOCK) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [number])
