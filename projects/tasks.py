"""The Celery tasks of the record: each makes one call and may run twice, late or never."""

from celery import shared_task
from django.utils import timezone

from projects import imports

LONGEST = 1500  # seconds; RabbitMQ waits half an hour for an answer


@shared_task(name=imports.WORK, soft_time_limit=LONGEST, time_limit=LONGEST + 60)
def work_imports() -> None:
    """Check, commit or take back the import that waits longest and is nobody else's."""
    imports.work_next(timezone.now())


@shared_task(name="projects.share_imports")
def share_imports() -> None:
    """Find imports whose message or worker was lost."""
    imports.share(timezone.now())
