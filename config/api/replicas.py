"""Reads that may be seconds old come from a replica, where a view says so and the replica knows enough for the reader.

Nothing is read there unless it stands inside `may_be_old`. The primary is read by whoever has just changed something
until the replica has replayed that, by whoever asks about a moment that it has not safely passed, and by everybody
where it is away, far behind or no replica any more. Rights, sessions and tokens are always read from the primary.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.models import Model
from django.http import FileResponse, StreamingHttpResponse
from django.utils import timezone

R = TypeVar("R")

logger = logging.getLogger(__name__)

REPLICA = "replica"
OLDEST = 30  # seconds; the timetable commits every ten, so a replica that works is younger
QUIET_SECONDS = 5.0  # a replica that is away is left alone for so long
SAFELY_PAST = timedelta(
    minutes=1
)  # what was dated before a moment has been committed by then (projects.sealing)
REMEMBERED = 3600  # seconds
NEVER_REPLAYED = "FFFFFFFF/FFFFFFFF"
FAILURES = "replica-failures"

_replayed_at: ContextVar[datetime | None] = ContextVar("replayed_at", default=None)
_quiet_until = 0.0


class NotKnownYet(Exception):
    """The replica has not safely passed the moment that is asked about."""


class ReplicaRouter:
    """Django's questions which database to use."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        """The replica inside `may_be_old`; never for who may do what."""
        return DEFAULT_DB_ALIAS if model._meta.label_lower in settings.PRIMARY_ONLY else reading_from()

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        """The primary, also for what was read elsewhere."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        """Both hold the same rows."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """The replica gets its tables with everything else."""
        return db != REPLICA


def reading_from() -> str:
    """The database that is read just now; the primary wherever a transaction is open on it."""
    if _replayed_at.get() is None or connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return DEFAULT_DB_ALIAS
    return REPLICA


def now() -> datetime:
    """The moment up to which what is read just now is known: the clock's, or the replica's last replayed commit."""
    return _replayed_at.get() or timezone.now()


def must_know(moment: datetime | None) -> None:
    """Whoever reads as of this moment (null: now) does it where everything up to it is known. Raises NotKnownYet."""
    replayed = _replayed_at.get()
    if replayed and moment and moment + SAFELY_PAST > replayed:
        raise NotKnownYet


def may_be_old(read: Callable[[], R], *, reader: Any) -> R:
    """What `read` finds on the replica, or, whatever goes wrong or is missing there, on the primary.

    `read` changes nothing, for it may run twice. `reader` is the user who asks.
    """
    replayed = usable_for(reader)
    if replayed is None:
        return read()
    try:
        with _reading(replayed):
            return _streamed(read(), replayed)
    except DatabaseError as error:
        _leave_alone(error)
    except Exception:  # noqa: BLE001, S110  what a replica does not know yet the primary decides
        pass
    return read()


def usable_for(reader: Any) -> datetime | None:
    """When the last commit that the replica has replayed was made; None where this reader must ask the primary."""
    if not is_configured() or time.monotonic() < _quiet_until:
        return None
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return None
    try:
        changed = cache.get(_key(reader))
    except Exception:  # noqa: BLE001  whatever a cache answers: who has changed something is not known
        return None
    try:
        return _state(changed)
    except DatabaseError as error:
        _leave_alone(error)
        return None


def remember_change(user: Any) -> None:
    """From now on this user reads no replica that has not replayed everything up to here."""
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn()")
            position = str(cursor.fetchone()[0])
    except DatabaseError:  # the change may be there all the same
        position = NEVER_REPLAYED
    with suppress(Exception):  # without a cache everybody reads the primary
        cache.set(_key(user), position, REMEMBERED)


def is_configured() -> bool:
    """Whether there is a replica."""
    return REPLICA in settings.DATABASES


def age() -> float | None:
    """Seconds since the last commit that the replica has replayed; None where it is away or no replica."""
    try:
        with connections[REPLICA].cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float"
                " WHERE pg_is_in_recovery()"
            )
            row = cursor.fetchone()
    except DatabaseError:
        return None
    return row[0] if row else None


def failures() -> int:
    """How often a replica did not answer, as far as the cache remembers."""
    try:
        return int(cache.get(FAILURES, 0))
    except Exception:  # noqa: BLE001  whatever a cache answers
        return 0


def _state(changed: str | None) -> datetime | None:
    with connections[REPLICA].cursor() as cursor:
        cursor.execute(
            "SELECT pg_last_xact_replay_timestamp() WHERE pg_is_in_recovery()"
            " AND pg_last_xact_replay_timestamp() > clock_timestamp() - make_interval(secs => %s)"
            " AND (%s::pg_lsn IS NULL OR pg_last_wal_replay_lsn() >= %s::pg_lsn)",
            [OLDEST, changed, changed],
        )
        row = cursor.fetchone()
    return row[0] if row else None


@contextmanager
def _reading(replayed: datetime) -> Iterator[None]:
    token = _replayed_at.set(replayed)
    try:
        yield
    finally:
        _replayed_at.reset(token)


def _streamed(found: R, replayed: datetime) -> R:
    """A list that is sent row by row goes on where it began, although it is read after the view has ended."""
    if isinstance(found, StreamingHttpResponse) and not isinstance(found, FileResponse):
        found.streaming_content = _there(iter(found), replayed)
    return found


def _there(parts: Iterator[bytes], replayed: datetime) -> Iterable[bytes]:
    while True:
        with _reading(replayed):
            part = next(parts, None)
        if part is None:
            return
        yield part


def _leave_alone(error: DatabaseError) -> None:
    global _quiet_until  # noqa: PLW0603
    _quiet_until = time.monotonic() + QUIET_SECONDS
    logger.warning("The replica does not answer; the primary is read. (%s)", type(error).__name__)
    with suppress(Exception):
        cache.add(FAILURES, 0, None)
        cache.incr(FAILURES)


def _key(user: Any) -> str:
    return f"changed-{getattr(user, 'pk', None)}"
