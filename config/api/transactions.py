"""Transactions: when a database asks to run one again, and reading one state of it for a while."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connections, transaction

from config.api.replicas import reading_from

TRIES = 5
RETRIED = ("40001", "40P01")  # serialization failure, deadlock detected


def is_retried(error: OperationalError) -> bool:
    """Whether the database asks to run the whole transaction again."""
    return getattr(error.__cause__, "sqlstate", None) in RETRIED


def pause(attempt: int) -> None:
    """Wait before the next try, longer each time and never in step with others."""
    time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311  (jitter, not a secret)


@contextmanager
def snapshot(*, patient: bool = False) -> Iterator[None]:
    """One state of the database that is read (see replicas), without holding up any writer.

    `patient`: however long a statement takes.
    """
    alias = reading_from()
    connection = connections[alias]
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            if patient:
                cursor.execute("SET LOCAL statement_timeout = 0")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")  # deferred: reads one state, takes no write lock
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
