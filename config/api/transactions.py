"""Transactions: when a database asks to run one again, and reading one state of it for a while."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

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
    """One state of the database for all that is read here, without holding up any writer.

    `patient`: however long a statement takes.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
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
