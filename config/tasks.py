"""The service's own tasks: the timetable's sign of life."""

from celery import shared_task
from django.utils import timezone

from config.models import Heartbeat


@shared_task(name="config.heartbeat")
def heartbeat() -> None:
    """Says that timetable, broker and worker all work: /healthz tells how long ago that was."""
    Heartbeat.objects.update_or_create(name=Heartbeat.TIMETABLE, defaults={"beaten_at": timezone.now()})
