"""Ending a subscription by the link in its emails: whoever holds the signed link may, without signing in."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from projects import services
from tracking.models import Subscription

SALT = "unsubscribe"


def link_to_end(subscription: Subscription) -> str:
    """The address that ends this subscription; it does not expire, for emails are kept for years."""
    token = signing.Signer(salt=SALT).sign(str(subscription.pk))
    return settings.PUBLIC_URL + reverse("unsubscribe", args=[token])


def subscription_of(token: str) -> Subscription | None:
    """The subscription that a link names; None where the link is not ours or the subscription is gone."""
    try:
        pk = int(signing.Signer(salt=SALT).unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    return Subscription.objects.select_related("district").filter(pk=pk).first()


@transaction.atomic
def end(subscription: Subscription, *, at: datetime) -> None:
    """No further emails; ending it twice is no error."""
    current = Subscription.objects.select_for_update(no_key=True).filter(pk=subscription.pk).first()
    if current and current.active:
        current.active = False
        services.save_versioned(current, at=at)
