"""The Celery tasks of the figures: each makes one call and may run twice, late or never."""

from celery import shared_task
from django.utils import timezone

from tracking import cells, deliveries

MAIL_TICK = 300  # seconds between two looks at what is due


@shared_task(name="tracking.roll_up")
def roll_up() -> None:
    """Recompute the cells that the ledger touched; announced after a commit, and repeated by the timetable's sweep."""
    cells.roll_up()


@shared_task(name="tracking.send_due_emails")
def send_due_emails() -> None:
    """Plan the emails that are due and hand each to a worker; a hint that is not taken by the next tick is void."""
    for delivery_id in deliveries.due(timezone.now()):
        send_email.apply_async(kwargs={"delivery_id": delivery_id}, expires=MAIL_TICK)


@shared_task(name="tracking.send_email")
def send_email(delivery_id: int) -> None:
    """Send one email, unless another worker has claimed it."""
    deliveries.deliver(delivery_id, timezone.now())
