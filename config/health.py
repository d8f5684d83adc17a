"""`/healthz`: whether database and timetable work, what waits, and whether the figures agree. No secrets."""

from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.models import Heartbeat
from projects.models import TouchedCell
from tracking import audits

TIMETABLE_IS_LATE_AFTER = 60  # seconds; it beats every ten
LONG_QUEUE = 10_000  # beyond which nobody needs the exact number


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """200 with `status` ok or degraded; 503 where the database is away and nothing can be served."""
    try:
        return JsonResponse(state_of_the_service())
    except DatabaseError:
        away = {"status": "unavailable", "database": "away"}
        return JsonResponse(away, status=503, headers={"Retry-After": "2"})


def state_of_the_service() -> dict[str, Any]:
    """What /healthz tells.

    Seconds since the timetable's last beat, touched cells not yet recomputed, differences that the last finished audit
    found and the hours since then; null where there was none yet.
    """
    now = timezone.now()
    seconds, waiting, audit = seconds_since_the_last_beat(now), waiting_cells(), audits.last_finished()
    late = seconds is None or seconds > TIMETABLE_IS_LATE_AFTER
    differences = audit.found if audit else None
    return {
        "status": "degraded" if late or waiting == LONG_QUEUE or differences else "ok",
        "database": "ok",
        "timetable_seconds": seconds,
        "waiting_cells": waiting,
        "audit_differences": differences,
        "audit_hours": hours_since(audit.finished_at, now) if audit else None,
    }


def seconds_since_the_last_beat(now: datetime) -> int | None:
    """How long ago timetable, broker and worker were last seen to work together; None before the first time."""
    beat = Heartbeat.objects.filter(name=Heartbeat.TIMETABLE).first()
    return None if beat is None else int((now - beat.beaten_at).total_seconds())


def waiting_cells() -> int:
    """Touched cells that are not recomputed yet, counted up to LONG_QUEUE."""
    return TouchedCell.objects.order_by()[:LONG_QUEUE].count()


def hours_since(moment: datetime | None, now: datetime) -> float | None:
    """With one decimal."""
    return None if moment is None else round((now - moment).total_seconds() / 3600, 1)
