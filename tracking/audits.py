"""Audits as jobs: asked for by the timetable or a person, taken up by one worker, stored with what they found.

The row is the job. A worker claims it by one UPDATE that compares what it read; what it found and that it finished are
one transaction. So a worker may die anywhere: its audit is found again after a while and made anew, and nothing is
stored twice. Nothing here repairs anything.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.db.models import Q, Sum
from django.utils import timezone

from projects.models import User
from projects.services.announce import send_hint
from projects.services.transactions import one_transaction
from tracking import audit, proofs
from tracking.models import AuditDifference, AuditRun, Release

logger = logging.getLogger(__name__)

RUN_AUDITS = "tracking.run_audits"
REBUILD_TOTALS = "tracking.rebuild_totals"
AUDIT_SECONDS = 3600  # the longest that one may take; of 100,000 projects it took four seconds
LEASE = timedelta(seconds=AUDIT_SECONDS, minutes=10)  # whoever has not finished by then is dead
KEPT = 10_000  # differences that are stored and logged; all are counted
NIGHT_BEGINS = 2  # o'clock
SILENCE = timedelta(hours=36)  # without an audit: the night's was missed
LOCK = 0x6D7A_6175  # one number for asking, unlike any other advisory lock of this service


class State(StrEnum):
    """What one may say about a run."""

    WAITING = "waiting"
    RUNNING = "running"
    AGREES = "agrees"
    DIFFERS = "differs"


# --- Asked for ------------------------------------------------------------------------------------------------------


@one_transaction
def ask_for_audit(*, actor: User, at: datetime) -> AuditRun:
    """The audit that a worker will take up soon: the one that waits already, or a new one of this person's."""
    _one_at_a_time()
    waiting = AuditRun.objects.filter(started_at=None, finished_at=None).order_by("id").first()
    run = waiting or AuditRun.objects.create(asked_at=at, asked_by=actor)
    transaction.on_commit(partial(send_hint, RUN_AUDITS))
    return run


@one_transaction
def plan_nightly(now: datetime) -> AuditRun:
    """The audit of this night, however many timetables tick: nobody's, asked for since two o'clock in Shanghai."""
    _one_at_a_time()
    tonight = AuditRun.objects.filter(asked_by=None, asked_at__gte=beginning_of_night(now))
    return tonight.order_by("id").first() or AuditRun.objects.create(asked_at=now)


def beginning_of_night(now: datetime) -> datetime:
    """The last two o'clock in the morning of local time."""
    local = timezone.localtime(now)
    two = local.replace(hour=NIGHT_BEGINS, minute=0, second=0, microsecond=0)
    return two if two <= local else two - timedelta(days=1)


def _one_at_a_time() -> None:
    """Let nobody else look and insert until the transaction ends; on SQLite nobody can."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def ask_for_rebuild(*, actor: User) -> bool:
    """Have all stored totals made anew from the ledger; False, and nothing happens, where no broker takes it."""
    sent = send_hint(REBUILD_TOTALS)
    if sent:
        logger.warning("User %s asked for all totals to be rebuilt.", actor.pk)
    return sent


# --- Taken up -------------------------------------------------------------------------------------------------------


def run_nightly(now: datetime) -> AuditRun | None:
    """Plan this night's audit and take up what waits."""
    plan_nightly(now)
    return run_waiting(now)


def run_waiting(now: datetime) -> AuditRun | None:
    """Take up the audit that waits longest, if there is one that nobody else takes; call it outside transactions."""
    for run in AuditRun.objects.filter(_is_free(now)).order_by("id"):
        if claim(run, now):
            perform(run)
            return run
    return None


def run_now(now: datetime) -> tuple[AuditRun, list[AuditDifference]]:
    """An audit in this process, for the command; the run and the differences that it keeps."""
    run = AuditRun.objects.create(asked_at=now, started_at=now)
    return run, perform(run)


def claim(run: AuditRun, now: datetime) -> bool:
    """Whether the run is ours: nobody has started it since it was read."""
    ours = AuditRun.objects.filter(pk=run.pk, started_at=run.started_at, finished_at=None)
    if not ours.update(started_at=now):
        return False
    run.started_at = now
    return True


def _is_free(now: datetime) -> Q:
    """Not started, or left by a worker that died."""
    return Q(finished_at=None) & (Q(started_at=None) | Q(started_at__lt=now - LEASE))


def perform(run: AuditRun) -> list[AuditDifference]:
    """Do the audit of a claimed run, log and store what it found; the differences that are kept, KEPT at most."""
    began = time.monotonic()
    found = [as_row(run, difference) for difference in audit.find_differences()]
    found += [as_row_of_release(run, *broken) for broken in proofs.broken()]
    kept = found[:KEPT]
    log(kept, len(found))
    assert run.started_at is not None
    run.finished_at = run.started_at + timedelta(seconds=time.monotonic() - began)
    run.found = len(found)
    if not finish(run, kept):
        logger.warning("Audit: somebody else has taken over what took too long here.")
    return kept


@one_transaction
def finish(run: AuditRun, kept: Iterable[AuditDifference]) -> bool:
    """Store what a run found; False, and nothing is stored, if another worker has taken it over."""
    ours = AuditRun.objects.filter(pk=run.pk, started_at=run.started_at, finished_at=None)
    if not ours.update(finished_at=run.finished_at, found=run.found):
        return False
    AuditDifference.objects.bulk_create(kept, batch_size=1000)
    return True


def log(kept: Iterable[AuditDifference], found: int) -> None:
    """Each difference that is kept as an error, and how many there are."""
    for row in kept:
        logger.error("Audit: %s", sentence(row))
    logger.log(logging.ERROR if found else logging.INFO, "Audit: %d differences.", found)


def as_row(run: AuditRun, difference: audit.Difference) -> AuditDifference:
    """A difference as it is stored."""
    return AuditDifference(
        run=run,
        where=difference.where,
        district=difference.district,
        quarter=difference.quarter,
        kind=difference.kind,
        figure=difference.figure,
        expected=str(difference.expected),
        found=str(difference.found),
    )


def as_row_of_release(run: AuditRun, release: Release, expected: str, found: str) -> AuditDifference:
    """A release that says something else than when it was proved; its figure is the number of the revision."""
    return AuditDifference(
        run=run,
        where=AuditDifference.Where.RELEASE,
        district=release.district.code,
        quarter=release.quarter,
        figure=str(release.revision),
        expected=expected,
        found=found,
    )


def sentence(row: AuditDifference) -> str:
    """For logs and the command."""
    source = "was released" if row.where == AuditDifference.Where.RELEASE else "follows from the milestones"
    return f"{row}: {row.found} stands there, {row.expected} {source}"


# --- Told -----------------------------------------------------------------------------------------------------------


def state_of(run: AuditRun, now: datetime) -> State:
    """How far a run is at this moment."""
    if run.finished_at is not None:
        return State.DIFFERS if run.found else State.AGREES
    if run.started_at is None or run.started_at < now - LEASE:
        return State.WAITING
    return State.RUNNING


def last_finished() -> AuditRun | None:
    """The finished audit that looked last."""
    return AuditRun.objects.filter(finished_at__isnull=False).order_by("-started_at", "-id").first()


def found_in_all() -> int:
    """How many differences all audits together have found."""
    return AuditRun.objects.aggregate(found=Sum("found"))["found"] or 0


@dataclass(frozen=True)
class Alarm:
    """What operators must know: the last audit found differences, or none has finished for too long."""

    run: AuditRun | None  # the last that finished
    differs: bool


def alarm(now: datetime) -> Alarm | None:
    """What operators must be warned of; None while all is well, and before the first audit."""
    last = last_finished()
    if last is not None and last.found:
        return Alarm(last, differs=True)
    since = (
        last.finished_at
        if last
        else AuditRun.objects.order_by("id").values_list("asked_at", flat=True).first()
    )
    silent = since is not None and since < now - SILENCE
    return Alarm(last, differs=False) if silent else None


def alarm_for(user: User | AnonymousUser, now: datetime) -> Alarm | None:
    """The same for operators; nobody else is troubled with it."""
    return alarm(now) if user.is_active and user.is_superuser else None
