"""Audits as jobs: asked for by the timetable or a person, done part by part by workers, stored with what they found.

The row is the job; tracking/parts.py shares it out. What a part found is stored in the transaction that marks the part
as done, so nothing is stored twice and nothing is lost, whoever dies when. Nothing here repairs anything.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from projects.models import User
from projects.services.announce import send_hint
from projects.services.transactions import one_transaction
from tracking import audit, parts, proofs
from tracking.models import AuditDifference, AuditPart, AuditRun, Part, Release, Run

logger = logging.getLogger(__name__)

RUN_AUDITS = "tracking.run_audits"
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
def ask_for_audit(*, actor: User | None, at: datetime) -> AuditRun:
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


# --- Done in parts --------------------------------------------------------------------------------------------------


class Audit(parts.Work):
    """An audit's parts: the nodes of audit.parts(), and the releases as one more."""

    runs, parts = AuditRun, AuditPart
    of_one_moment = True

    def lay_out(self) -> list[int | None]:
        return [None, *audit.parts()]

    def look(self, part: Part) -> list[AuditDifference]:
        if part.district_id is None:
            return [as_row_of_release(*broken) for broken in proofs.broken()]
        return [as_row(difference) for difference in audit.find_differences_of(part.district_id)]

    def store(self, part: Part, seen: list[AuditDifference]) -> int:
        assert isinstance(part, AuditPart)
        if part.district_id is None:
            AuditRun.objects.filter(pk=part.run_id).update(left_out=len(audit.left_out()))
        stored = AuditDifference.objects.filter(run_id=part.run_id).count() if seen else 0
        kept = seen[: max(0, KEPT - stored)]
        for row in kept:
            row.run_id = part.run_id
            logger.error("Audit: %s", sentence(row))
        AuditDifference.objects.bulk_create(kept, batch_size=1000)
        return len(seen)

    def tell(self, run: Run) -> None:
        logger.log(logging.ERROR if run.found else logging.INFO, "Audit: %d differences.", run.found)


AUDIT = Audit()


def run_now(now: datetime) -> tuple[AuditRun, list[AuditDifference]]:
    """An audit in this process, for the command; the run and the differences that it keeps."""
    run = AuditRun.objects.create(asked_at=now)
    parts.complete(AUDIT, run, now)
    return run, list(run.differences.order_by("id"))


def as_row(difference: audit.Difference) -> AuditDifference:
    """A difference as it is stored."""
    return AuditDifference(
        where=difference.where,
        district=difference.district,
        quarter=difference.quarter,
        kind=difference.kind,
        sector=difference.sector,
        figure=difference.figure,
        expected=str(difference.expected),
        found=str(difference.found),
    )


def as_row_of_release(release: Release, expected: str, found: str) -> AuditDifference:
    """A release that says something else than when it was proved; its figure is the number of the revision."""
    return AuditDifference(
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


def state_of(run: AuditRun) -> State:
    """How far a run is."""
    if run.finished_at is not None:
        return State.DIFFERS if run.found else State.AGREES
    return State.WAITING if run.started_at is None else State.RUNNING


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
