"""Imports as jobs: the row says what is to be done, a message is a hint, and a sweep finds what was missed.

A worker holds a lock that dies with it, does the work in one transaction, and notes the result in the same. So whoever
dies leaves nothing half done, and the row is found again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import translation

from projects import services
from projects.imports import applying, checking
from projects.imports.alone import Progress, alone_with
from projects.models import Import
from projects.rows import uncollected
from projects.services.announce import send_hint

logger = logging.getLogger(__name__)

WORK = "projects.work_imports"
MOST_TRIES = 3  # of one job; whoever kills three workers is left alone
LOOKED_AT = 20  # of those that wait

Job, Status, Notice = Import.Job, Import.Status, Import.Notice


def work_next(now: datetime) -> bool:
    """Do what waits longest and no other worker is doing; False where there is nothing. Not inside a transaction."""
    for pk in list(Import.objects.waiting().values_list("pk", flat=True)[:LOOKED_AT]):
        with alone_with(pk) as alone:
            if alone and _work(pk, now):
                return True
    return False


def share(now: datetime) -> int:
    """Send a hint for each import that waits; safe to call at any time. How many."""
    waiting = Import.objects.waiting()[:LOOKED_AT].count()
    for _ in range(waiting):
        send_hint(WORK)
    return waiting


def _work(pk: int, now: datetime) -> bool:
    run = Import.objects.select_related("district", "asked_by", "bulk").filter(pk=pk).exclude(job="").first()
    if run is None:
        return False
    if run.tries >= MOST_TRIES:
        _give_up(run, now)
        return True
    Import.objects.filter(pk=pk).update(tries=F("tries") + 1)
    try:
        with translation.override(settings.LANGUAGE_CODE):
            DO[run.job](run, now)
    except Overtaken:
        logger.info("Import %s: somebody has asked for something else meanwhile.", pk)
    except Exception:
        logger.exception("Import %s: %s did not end.", pk, run.job)
        if run.tries + 1 >= MOST_TRIES:
            _give_up(run, now)
        else:
            send_hint(WORK)
    return True


def _give_up(run: Import, now: datetime) -> None:
    """Say that it failed; nothing of it was done. What was imported stays so."""
    status = Status.COMMITTED if run.job == Job.UNDO else Status.FAILED
    notice = Notice.REFUSED if run.job == Job.UNDO else ""
    _finish(run, now, status=status, notice=notice)


# --- what is done -------------------------------------------------------------------------------------------------


def _check(run: Import, now: datetime) -> None:
    with _in_one_transaction():
        actor = run.asked_by
        if actor is None or not applying.is_editor_of(actor, run.district):
            _finish(run, now, status=Status.FAILED, notice=Notice.FORBIDDEN)
            return
        checking.check(run, actor, at=now, tell=Progress(run.pk))
        run.checked_at = now
        counts = ("rows", "created", "changed", "unchanged", "refused", "error_count", "warning_count")
        facts = {name: getattr(run, name) for name in (*counts, "columns", "checked_at", "status", "notice")}
        _finish(run, now, **facts)


def _commit(run: Import, now: datetime) -> None:
    try:
        with _in_one_transaction():
            assert run.asked_by is not None
            bulk = applying.commit(run, run.asked_by, at=now, tell=Progress(run.pk))
            _finish(
                run,
                now,
                status=Status.COMMITTED,
                notice="",
                bulk=bulk,
                committed_at=now,
                committed_by=run.asked_by,
            )
    except (applying.Changed, services.RefusedChanges):
        _check_again(run, now)
    except applying.Forbidden:
        _finish(run, now, status=Status.READY, notice=Notice.FORBIDDEN)


def _check_again(run: Import, now: datetime) -> None:
    """The record has moved on: the workbook is compared with it once more, and somebody looks at it again."""
    facts = {"status": Status.CHECKING, "notice": Notice.CHANGED, "job": Job.CHECK, "tries": 0}
    rows = Import.objects.filter(pk=run.pk, job=run.job)
    if rows.update(**facts, version=F("version") + 1, updated_at=now, asked_at=now):
        send_hint(WORK)


def _undo(run: Import, now: datetime) -> None:
    try:
        with _in_one_transaction():
            assert run.asked_by is not None
            applying.undo(run, run.asked_by, at=now)
            _finish(run, now, status=Status.UNDONE, notice="", undone_at=now, undone_by=run.asked_by)
    except services.BuiltUpon:
        _finish(run, now, status=Status.COMMITTED, notice=Notice.BUILT_UPON)
    except services.RefusedChanges:
        _finish(run, now, status=Status.COMMITTED, notice=Notice.REFUSED)
    except applying.Forbidden:
        _finish(run, now, status=Status.COMMITTED, notice=Notice.FORBIDDEN)


DO = {Job.CHECK.value: _check, Job.COMMIT.value: _commit, Job.UNDO.value: _undo}


def _finish(run: Import, now: datetime, **facts: object) -> None:
    """Note the result, unless somebody has asked for something else meanwhile."""
    noted = Import.objects.filter(pk=run.pk, job=run.job, asked_at=run.asked_at).update(
        **facts, job="", tries=0, done=0, of=0, version=F("version") + 1, updated_at=now
    )
    if not noted:
        raise Overtaken


class Overtaken(Exception):
    """Somebody has asked for something else meanwhile; what was done for the old question is taken back."""


# --- alone, patiently, told ---------------------------------------------------------------------------------------


@contextmanager
def _in_one_transaction() -> Iterator[None]:
    """However long it takes."""
    with transaction.atomic(), uncollected():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 0")
        yield
