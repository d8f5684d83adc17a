"""The Celery tasks of the figures: each makes one call and may run twice, late or never."""

import logging

from celery import shared_task
from django.utils import timezone

from config.api.idempotency import forget_old
from tracking import audits, cells, deliveries, proofs
from tracking.audits import AUDIT_SECONDS

logger = logging.getLogger(__name__)

MAIL_TICK = 300  # seconds between two looks at what is due


@shared_task(name="tracking.roll_up")
def roll_up() -> None:
    """Recompute the cells that the ledger touched; announced after a commit, and repeated by the timetable's sweep."""
    cells.roll_up()


@shared_task(name="tracking.audit_totals", soft_time_limit=AUDIT_SECONDS, time_limit=AUDIT_SECONDS + 60)
def audit_totals() -> None:
    """Recompute all totals from the milestones once a night; differences are logged as errors, none is repaired."""
    audits.run_nightly(timezone.now())


@shared_task(name=audits.RUN_AUDITS, soft_time_limit=AUDIT_SECONDS, time_limit=AUDIT_SECONDS + 60)
def run_audits() -> None:
    """Take up an audit that waits; announced when somebody asks for one, and repeated by the timetable's sweep."""
    audits.run_waiting(timezone.now())


@shared_task(name=audits.REBUILD_TOTALS, soft_time_limit=AUDIT_SECONDS, time_limit=AUDIT_SECONDS + 60)
def rebuild_totals() -> None:
    """Recompute every cell from the ledger, because somebody asked for it."""
    logger.warning("Totals rebuilt because somebody asked: %d cells.", cells.rebuild().cells)


@shared_task(name="tracking.prove_releases")
def prove_releases() -> None:
    """Keep the fingerprint of every release that has none yet."""
    proofs.prove_due(timezone.now())


@shared_task(name="tracking.forget_idempotency_keys")
def forget_idempotency_keys() -> None:
    """Forget the answers that are kept for retried requests, once they are a day old."""
    forget_old(timezone.now())


@shared_task(name="tracking.send_due_emails")
def send_due_emails() -> None:
    """Plan the emails that are due and hand each to a worker; a hint that is not taken by the next tick is void."""
    for delivery_id in deliveries.due(timezone.now()):
        send_email.apply_async(kwargs={"delivery_id": delivery_id}, expires=MAIL_TICK)


@shared_task(name="tracking.send_email")
def send_email(delivery_id: int) -> None:
    """Send one email, unless another worker has claimed it."""
    deliveries.deliver(delivery_id, timezone.now())
