"""The Celery tasks of the figures: each makes one call and may run twice, late or never."""

from datetime import datetime

from celery import shared_task
from django.utils import timezone

from config.api.idempotency import forget_old
from projects import services
from projects.services.announce import send_hint
from tracking import audits, cells, deliveries, parts, proofs, rebuilds
from tracking.parts import PART_SECONDS

AUDIT, REBUILD = "audit", "rebuild"  # as messages name them
WORKS: dict[str, parts.Work] = {AUDIT: audits.AUDIT, REBUILD: rebuilds.REBUILD}


@shared_task(name="tracking.roll_up")
def roll_up() -> None:
    """Recompute the cells that the ledger touched; announced after a commit, and repeated by the timetable's sweep."""
    cells.roll_up()


@shared_task(name="tracking.audit_totals")
def audit_totals() -> None:
    """Have all totals recomputed from the milestones once a night; differences are logged, none is repaired."""
    now = timezone.now()
    audits.plan_nightly(now)
    parts.share(audits.AUDIT, AUDIT, now)


@shared_task(name=audits.RUN_AUDITS)
def run_audits() -> None:
    """Share out an audit that waits; announced when somebody asks for one, and repeated by the timetable's sweep."""
    parts.share(audits.AUDIT, AUDIT, timezone.now())


@shared_task(name=rebuilds.REBUILD_TOTALS)
def rebuild_totals() -> None:
    """Share out a rebuild that waits; announced when somebody asks for one, and repeated by the timetable's sweep."""
    parts.share(rebuilds.REBUILD, REBUILD, timezone.now())


@shared_task(name=parts.WORK_PARTS, soft_time_limit=PART_SECONDS, time_limit=PART_SECONDS + 60)
def work_parts(kind: str, since: str) -> None:
    """Do one part that is free, and send the next hint; `since` when the first hint of the chain was sent."""
    parts.follow_hint(WORKS[kind], kind, datetime.fromisoformat(since), timezone.now())


@shared_task(name="tracking.prove_releases")
def prove_releases() -> None:
    """Keep the fingerprint of every release that has none yet."""
    proofs.prove_due(timezone.now())


@shared_task(name="tracking.reveal_projects")
def reveal_projects() -> None:
    """Let projects be confidential no longer whose day has come."""
    services.reveal_due(timezone.now())


@shared_task(name="tracking.find_duplicates")
def find_duplicates() -> None:
    """Compare what was recorded or changed since with all other projects."""
    services.compare_waiting(timezone.now())


@shared_task(name="tracking.forget_idempotency_keys")
def forget_idempotency_keys() -> None:
    """Forget the answers that are kept for retried requests, once they are a day old."""
    forget_old(timezone.now())


@shared_task(name="tracking.send_due_emails")
def send_due_emails() -> None:
    """Plan the emails that are due and send a few hints to workers, however many emails there are."""
    now = timezone.now()
    for _ in range(min(deliveries.HINTS, len(deliveries.due(now)))):
        send_hint(deliveries.SEND_NEXT, since=now.isoformat())


@shared_task(name=deliveries.SEND_NEXT)
def send_next_email(since: str) -> None:
    """Send one email that is due and no other worker's, and send the next hint."""
    deliveries.follow_hint(datetime.fromisoformat(since), timezone.now())
