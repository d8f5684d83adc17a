"""Deliveries: what is due is planned as rows, claimed by one worker, sent and marked; Celery only carries a few hints.

A mail cannot be sent and marked in one transaction. So a claim is a lease with an end: a worker that dies between
sending and marking leaves a delivery that is in doubt. It is sent again under the Message-ID that it got when it was
planned, by which servers and readers see that it is the same; or, with MAIL_REPEAT_AFTER_CRASH=false, it is held until
somebody decides. Nothing is skipped. Leases run by the database's clock, the one that all workers share.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Now
from django.utils import timezone

from projects.access import may_see
from projects.quarters import next_quarter, quarter_of
from projects.sealing import seal
from projects.services.announce import send_hint
from tracking import cells
from tracking.emails import progress_report, render
from tracking.models import Delivery, Subscription
from tracking.moments import Moment
from tracking.unsubscribing import link_to_end

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # longer than a worker may spend on one mail
MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=5)  # doubled after each further failure: eight attempts in some ten hours
AT_ONCE = 1_000  # deliveries looked up or written together
SEND_NEXT = "tracking.send_next_email"
HINTS = 8  # workers that begin at once at a tick; each sends the next hint itself
HINTS_LAST = timedelta(
    minutes=10
)  # a chain of hints outlives the next tick and then leaves the rest to its chains
IN_VIEW = 20  # deliveries from which a worker picks one, so that no two go for the same
ERROR_LENGTH = 300

State = Delivery.State


class Outcome(StrEnum):
    """What became of one attempt."""

    SENT = "sent"
    FAILED = "failed"  # to be tried again
    GIVEN_UP = "given up"
    HELD = "held"
    NOT_ALLOWED = "not allowed"
    SKIPPED = "left to another worker"


# --- Due ------------------------------------------------------------------------------------------------------------


def due(now: datetime) -> list[int]:
    """Plan what is due at this moment; the ids of what waits to be sent, at most AT_ONCE."""
    cells.roll_up()
    plan_deliveries(now)
    settle_broken()
    return list(Delivery.objects.filter(_ready(now)).order_by("id").values_list("id", flat=True)[:AT_ONCE])


def plan_deliveries(now: datetime) -> int:
    """A row for the last ended quarter of each active subscription that has none; how many were missing.

    A new subscription gets the last ended quarter too, so that one sees that it works. Of quarters that were missed
    only the last is caught up. A second timetable meets the unique (subscription, period) and adds nothing.
    """
    period = next_quarter(quarter_of(timezone.localdate(now)), -1)
    active = Subscription.objects.filter(active=True, frequency=Subscription.Frequency.QUARTERLY)
    missing = active.exclude(deliveries__period=period).order_by("id").values_list("id", flat=True)
    rows = [Delivery(subscription_id=pk, period=period, created_at=now) for pk in missing]
    Delivery.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
    return len(rows)


def settle_broken() -> None:
    """Hold or give up what a dead worker left and must not be tried again by itself."""
    broken = Delivery.objects.filter(_expired())
    if not settings.MAIL_REPEAT_AFTER_CRASH:
        broken.update(state=State.HELD, error="The worker died while sending.")
    broken.filter(attempts__gte=MOST_ATTEMPTS).update(state=State.FAILED, error="Workers died while sending.")


def send_again(ids: list[int]) -> int:
    """Put deliveries that were held or given up back to due, by somebody's decision; how many there were."""
    stopped = Delivery.objects.filter(pk__in=ids, state__in=[State.HELD, State.FAILED, State.NOT_ALLOWED])
    return stopped.update(state=State.DUE, attempts=0, next_attempt_at=None, error="")


# --- Claimed --------------------------------------------------------------------------------------------------------


def claim(delivery_id: int, now: datetime) -> Delivery | None:
    """The delivery if it is ours to send for the time of a lease; None if it is not due or somebody else's."""
    lease_end = ExpressionWrapper(Now() + Value(LEASE), output_field=DateTimeField())
    ours = (
        Delivery.objects.filter(_ready(now), pk=delivery_id)
        .order_by()
        .update(state=State.CLAIMED, claimed_until=lease_end, attempts=F("attempts") + 1)
    )
    if not ours:
        return None
    return Delivery.objects.select_related("subscription__user", "subscription__district").get(pk=delivery_id)


def _ready(now: datetime) -> Q:
    """Due and not paused, or left by a worker that died."""
    ready = Q(state=State.DUE) & (Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=now))
    if settings.MAIL_REPEAT_AFTER_CRASH:
        ready |= _expired() & Q(attempts__lt=MOST_ATTEMPTS)
    return ready


def _expired() -> Q:
    return Q(state=State.CLAIMED, claimed_until__lt=Now())


# --- Sent -----------------------------------------------------------------------------------------------------------


def deliver(delivery_id: int, now: datetime) -> Outcome:
    """Send one delivery if it can be claimed; safe to call twice, late or at once by several workers."""
    delivery = claim(delivery_id, now)
    if delivery is None:
        return Outcome.SKIPPED
    if not _is_allowed(delivery.subscription):
        return _finish(delivery, Outcome.NOT_ALLOWED, state=State.NOT_ALLOWED)
    try:
        _send(compose(delivery, now))
    except InDoubt as doubt:
        return _failed(delivery, doubt.error, now, in_doubt=True)
    except Exception as error:  # noqa: BLE001  whatever it is, nothing has been sent
        return _failed(delivery, error, now)
    Delivery.objects.filter(pk=delivery.pk).exclude(state=State.SENT).update(
        state=State.SENT, sent_at=Now(), claimed_until=None, error=""
    )
    return Outcome.SENT


def deliver_next(now: datetime) -> Outcome | None:
    """Send one delivery of those that are due; None where nothing is due that others have not taken."""
    ready = Delivery.objects.filter(_ready(now)).order_by("state", "next_attempt_at")  # as the index has them
    ids = list(ready.values_list("id", flat=True)[:IN_VIEW])
    random.shuffle(ids)
    outcomes = (deliver(pk, now) for pk in ids)
    return next((outcome for outcome in outcomes if outcome is not Outcome.SKIPPED), None)


def follow_hint(since: datetime, now: datetime) -> None:
    """Send one email and the next hint, unless nothing is due or this chain of hints has lasted long enough."""
    if deliver_next(now) and now - since < HINTS_LAST:
        send_hint(SEND_NEXT, since=since.isoformat())


class InDoubt(Exception):
    """The connection broke while sending: the message may have arrived or not."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def _send(message: EmailMultiAlternatives) -> None:
    """Send it; raises InDoubt, or any other error where it has surely not been sent."""
    connection = get_connection()
    connection.open()
    try:
        accepted = connection.send_messages([message])
    except (SMTPResponseException, SMTPRecipientsRefused, ValueError):
        raise
    except Exception as error:
        raise InDoubt(error) from error
    finally:
        with suppress(OSError):
            connection.close()
    if not accepted:
        raise ValueError("The message was not accepted.")


def deliver_due(now: datetime) -> Counter[Outcome]:
    """Plan and send everything that is due, in this process; how many came to what."""
    outcomes: Counter[Outcome] = Counter()
    tried: set[int] = set()
    while ids := [pk for pk in due(now) if pk not in tried]:
        tried.update(ids)
        outcomes.update(deliver(pk, now) for pk in ids)
    return outcomes


def compose(delivery: Delivery, now: datetime) -> EmailMultiAlternatives:
    """The message of a delivery, under the Message-ID that it got when it was planned."""
    subscription = delivery.subscription
    report = progress_report(subscription.district, delivery.period, now, _sealed(now))
    end_url = link_to_end(subscription)
    subject, text, html = render(report, subscription.language, end_url=end_url)
    headers = {"Message-ID": delivery.message_id, "Auto-Submitted": "auto-generated"}
    if end_url.startswith("https:"):  # which RFC 8058 demands
        headers |= {"List-Unsubscribe": f"<{end_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    message = EmailMultiAlternatives(subject, text, to=[subscription.email], headers=headers)
    message.attach_alternative(html, "text/html")
    return message


def _sealed(now: datetime) -> Moment:
    """The moment as of which a mail is written: nothing that is recorded later will ever be dated before it.

    Never in the future, whatever is to count as now: no page answers about that, and whatever is recorded next would be
    dated after it.
    """
    with transaction.atomic():
        return Moment(seal(min(now, timezone.now())))


def _is_allowed(subscription: Subscription) -> bool:
    """Whether it still holds, and its user may still see the district: rights are asked when the mail goes out."""
    user = subscription.user
    return subscription.active and user.is_active and may_see(user, subscription.district)


def _failed(delivery: Delivery, error: Exception, now: datetime, *, in_doubt: bool = False) -> Outcome:
    """Pause before the next attempt, or stop."""
    said = describe(error)
    logger.warning("Delivery %s failed, attempt %s: %s", delivery.pk, delivery.attempts, type(error).__name__)
    if in_doubt and not settings.MAIL_REPEAT_AFTER_CRASH:
        return _finish(delivery, Outcome.HELD, state=State.HELD, error=said)
    if delivery.attempts >= MOST_ATTEMPTS:
        return _finish(delivery, Outcome.GIVEN_UP, state=State.FAILED, error=said)
    pause = FIRST_PAUSE * 2 ** (delivery.attempts - 1)
    return _finish(delivery, Outcome.FAILED, state=State.DUE, error=said, next_attempt_at=now + pause)


def _finish(delivery: Delivery, outcome: Outcome, **changes: object) -> Outcome:
    """Give the claim back, unless its lease ran out and somebody else holds it now."""
    held = Delivery.objects.filter(pk=delivery.pk, state=State.CLAIMED, attempts=delivery.attempts)
    held.update(claimed_until=None, **changes)
    return outcome


def describe(error: Exception) -> str:
    """What went wrong, short and without secrets: what the server answered, the system's words, else only the kind."""
    said = type(error).__name__
    if isinstance(error, SMTPRecipientsRefused):
        said += f": {'; '.join(_answer(*one) for one in error.recipients.values())}"
    elif isinstance(error, SMTPResponseException):
        said += f": {_answer(error.smtp_code, error.smtp_error)}"
    elif isinstance(error, OSError) and error.strerror:
        said += f": {error.strerror}"
    for secret in (settings.EMAIL_HOST_PASSWORD, settings.EMAIL_HOST_USER):
        if secret:
            said = said.replace(secret, "…")
    return " ".join(said.split())[:ERROR_LENGTH]


def _answer(code: int, words: bytes | str) -> str:
    return f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"
