"""When a database asks to run a whole transaction again, and how long to wait before doing so."""

import random
import time

from django.db import OperationalError

TRIES = 5
RETRIED = ("40001", "40P01")  # serialization failure, deadlock detected


def is_retried(error: OperationalError) -> bool:
    """Whether the database asks to run the whole transaction again."""
    return getattr(error.__cause__, "sqlstate", None) in RETRIED


def pause(attempt: int) -> None:
    """Wait before the next try, longer each time and never in step with others."""
    time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311  (jitter, not a secret)
