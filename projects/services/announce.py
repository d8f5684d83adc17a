"""Saying after the commit that the ledger moved: a hint by name, whose loss costs nothing but time.

The touched cells are rows of the committed transaction; the worker's sweep finds them without any message.
"""

import logging
import time

from celery import current_app
from django.db import connection, transaction

logger = logging.getLogger(__name__)

ROLL_UP = "tracking.roll_up"
QUIET_SECONDS = 5.0
_quiet_until = 0.0


def announce_after_commit() -> None:
    """Announce once per transaction that the ledger moved."""
    here = set(connection.savepoint_ids)
    waiting = ((set(hook[0]), hook[1]) for hook in connection.run_on_commit)
    if not any(function is announce and sids <= here for sids, function in waiting):
        transaction.on_commit(announce)


def announce() -> None:
    """Send the hint that the ledger moved."""
    send_hint(ROLL_UP)


def send_hint(task: str, **given: str) -> bool:
    """Send a task by name, with what it is given; False where no broker takes it.

    A broker that is away is left alone for some seconds, so that saves do not wait for it.
    """
    global _quiet_until  # noqa: PLW0603
    if time.monotonic() < _quiet_until:
        return False
    try:
        current_app.send_task(task, kwargs=given, retry=False)
    except Exception as error:  # noqa: BLE001 - whatever a broker answers, the change is committed
        _quiet_until = time.monotonic() + QUIET_SECONDS
        logger.warning("The broker is away; a sweep will find what waits. (%s)", type(error).__name__)
        return False
    return True
