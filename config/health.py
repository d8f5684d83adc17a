"""`/healthz`: whether the database answers, the timetable runs, and how much waits to be recomputed. No secrets."""

from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.models import Heartbeat
from projects.models import TouchedCell

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
    """Seconds since the timetable's last beat (null before the first), and touched cells not yet recomputed."""
    beat = Heartbeat.objects.filter(name=Heartbeat.TIMETABLE).first()
    seconds = None if beat is None else int((timezone.now() - beat.beaten_at).total_seconds())
    waiting = TouchedCell.objects.order_by()[:LONG_QUEUE].count()
    late = seconds is None or seconds > TIMETABLE_IS_LATE_AFTER
    return {
        "status": "degraded" if late or waiting == LONG_QUEUE else "ok",
        "database": "ok",
        "timetable_seconds": seconds,
        "waiting_cells": waiting,
    }
