"""Long work shared by any number of workers, who may be killed at any time: a run consists of parts, rows of a table.

A worker takes a part, does it and marks it as done in one transaction. So whoever dies leaves no claim behind, and the
part is free again. On PostgreSQL the part is locked meanwhile and others pass it by. SQLite has one writer and no such
locks: there a worker first looks, holding up nobody, and then takes the part and stores in one short transaction,
unless somebody else has done the same part meanwhile.

The queue stays short however many parts there are: sharing out sends a few hints, and each worker that has done a part
sends the next one. The timetable shares out again each minute, so a lost hint costs a minute, no more; and hints end
after a while, so that those of many minutes do not add up.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Max, QuerySet, Sum

from projects.services.announce import send_hint
from projects.services.transactions import one_transaction
from tracking.models import Part, Run

logger = logging.getLogger(__name__)

WORK_PARTS = "tracking.work_parts"
HINTS = 8  # workers that begin at once; each sends the next hint itself
HINTS_LAST = timedelta(seconds=150)  # a little longer than two minutes of the timetable
PART_SECONDS = 1500  # the longest that a part may take; RabbitMQ waits half an hour for an answer
LOOK_EVERY = 0.2  # seconds


class Work(ABC):
    """A kind of run: how it is laid out, and how one of its parts is done."""

    runs: type[Run]
    parts: Any  # the model of its parts: a Part with a `run`
    of_one_moment: bool  # whether all that is read for a part must be one state of the database

    @abstractmethod
    def lay_out(self) -> list[int | None]:
        """The parts in the order in which to begin them: ids of districts, or None for what belongs to none."""

    @abstractmethod
    def look(self, part: Part) -> Any:
        """Read, and write nothing."""

    @abstractmethod
    def store(self, part: Part, seen: Any) -> int:
        """Write what belongs to the part, given what `look` returned; how much was not right."""

    @abstractmethod
    def tell(self, run: Run) -> None:
        """The run has finished."""


# --- Begun ----------------------------------------------------------------------------------------------------------


def share(work: Work, kind: str, now: datetime) -> int:
    """Begin what waits longest and send hints to workers; how many hints. Safe to call at any time."""
    run = begin_next(work, now)
    if run is None:
        return 0
    settle(work, run)  # if its last worker was killed just before
    hints = min(HINTS, free(work).count())
    for _ in range(hints):
        send_hint(WORK_PARTS, kind=kind, since=now.isoformat())
    return hints


def begin_next(work: Work, now: datetime) -> Run | None:
    """The run that was asked for first and has not finished, with its parts."""
    run = work.runs._default_manager.filter(finished_at=None).order_by("id").first()
    if run:
        begin(work, run, now)
    return run


@one_transaction
def begin(work: Work, run: Run, now: datetime) -> None:
    """Lay out the parts of a run, unless somebody has done so."""
    manager = work.runs._default_manager
    manager.select_for_update().get(pk=run.pk)
    if not _parts_of(work, run).exists():
        manager.filter(pk=run.pk).update(started_at=now)
        rows = [work.parts(run_id=run.pk, district_id=place) for place in work.lay_out()]
        work.parts.objects.bulk_create(rows, batch_size=1000)


# --- Done -----------------------------------------------------------------------------------------------------------


def follow_hint(work: Work, kind: str, since: datetime, now: datetime) -> None:
    """Do one part and send the next hint, unless nothing is left or this chain of hints has lasted long enough."""
    if work_one(work, now) and now - since < HINTS_LAST and free(work).exists():
        send_hint(WORK_PARTS, kind=kind, since=since.isoformat())


def work_one(work: Work, now: datetime) -> bool:
    """Do one free part; False where there is none that nobody else is doing. Call it outside transactions."""
    taken: list[Any] = []
    do = _take_and_do if connection.features.has_select_for_update_skip_locked else _look_and_take
    try:
        do(work, now, taken)
    except Exception:
        work.parts.objects.filter(pk__in=[part.pk for part in taken], finished_at=None).update(failed_at=now)
        raise
    for part in taken:
        settle(work, part.run)
    return bool(taken)


def free(work: Work) -> QuerySet[Any]:
    """The parts that are not done, in the order in which they should be."""
    unfinished = work.parts.objects.filter(finished_at=None)
    found: QuerySet[Any] = unfinished.order_by("run_id", F("failed_at").asc(nulls_first=True), "id")
    return found


@one_transaction
def _take_and_do(work: Work, now: datetime, taken: list[Any]) -> None:
    began = time.monotonic()
    with connection.cursor() as cursor:
        if work.of_one_moment and not connection.savepoint_ids:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET LOCAL statement_timeout = 0")
    taken[:] = free(work).select_for_update(skip_locked=True)[:1]
    for part in taken:
        found = work.store(part, work.look(part))
        _mark(work, part, now, began, found)


def _look_and_take(work: Work, now: datetime, taken: list[Any]) -> None:
    began = time.monotonic()
    order = ("run_id", F("failed_at").asc(nulls_first=True), "?")  # or all would look at the same
    taken[:] = free(work).order_by(*order)[:1]
    for part in taken:
        _take(work, part, work.look(part), now, began)


@one_transaction
def _take(work: Work, part: Part, seen: Any, now: datetime, began: float) -> None:
    """Store what was seen, unless somebody else has done so."""
    if _mark(work, part, now, began):
        found = work.store(part, seen)
        work.parts.objects.filter(pk=part.pk).update(found=found)


def _mark(work: Work, part: Part, now: datetime, began: float, found: int = 0) -> int:
    """Mark a part as done; 0 if it is so already."""
    end = now + timedelta(seconds=time.monotonic() - began)
    unfinished = work.parts.objects.filter(pk=part.pk, finished_at=None)
    marked: int = unfinished.update(finished_at=end, found=found)
    return marked


# --- Finished -------------------------------------------------------------------------------------------------------


def settle(work: Work, run: Run) -> None:
    """Finish the run if all its parts are done: once, by whoever comes last."""
    if _parts_of(work, run).filter(finished_at=None).exists():
        return
    finished = _finish(work, run)
    if finished:
        work.tell(finished)


@one_transaction
def _finish(work: Work, run: Run) -> Run | None:
    manager = work.runs._default_manager
    here: Run | None = manager.select_for_update().filter(pk=run.pk, finished_at=None).first()
    if here is None:
        return None
    done = _parts_of(work, run).aggregate(end=Max("finished_at"), found=Sum("found"))
    here.finished_at, here.found = done["end"], done["found"] or 0
    here.save(update_fields=["finished_at", "found"])
    return here


def complete(work: Work, run: Run, now: datetime) -> None:
    """Do every part of a run in this process, or wait for the workers that do some of them."""
    began = time.monotonic()
    begin(work, run, now)
    while not is_finished(run):
        if not work_one(work, now + timedelta(seconds=time.monotonic() - began)):
            settle(work, run)
            time.sleep(LOOK_EVERY)


def is_finished(run: Run) -> bool:
    """Whether it has finished by now."""
    run.refresh_from_db()
    return run.finished_at is not None


def progress(work: Work, run: Run) -> tuple[int, int]:
    """How many parts are done, and of how many."""
    parts = _parts_of(work, run)
    return parts.exclude(finished_at=None).count(), parts.count()


def _parts_of(work: Work, run: Run) -> QuerySet[Any]:
    rows: QuerySet[Any] = work.parts.objects.filter(run_id=run.pk)
    return rows
