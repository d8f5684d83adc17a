"""Who wants which email, and every email that is due, claimed and sent."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.access import may_see
from projects.models import District, Versioned

if TYPE_CHECKING:
    from projects.access import Reader


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Which subscriptions."""

    def visible_to(self, user: Reader) -> SubscriptionQuerySet:
        """One's own; superusers see all."""
        if user.is_active and user.is_superuser:
            return self
        return self.filter(user_id=user.pk) if user.pk else self.none()


class Subscription(Versioned):
    """Progress emails about one district subtree, in one language, to one person."""

    class Frequency(models.TextChoices):
        """How often."""

        QUARTERLY = "quarterly", _("Quarterly")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("user"),
        related_name="subscriptions",
        help_text=_("Whose rights decide what the email may show."),
    )
    email = models.EmailField(_("email"))
    district = models.ForeignKey(
        District, models.PROTECT, verbose_name=_("district"), related_name="subscriptions"
    )
    frequency = models.CharField(
        _("frequency"), max_length=12, choices=Frequency.choices, default=Frequency.QUARTERLY
    )
    language = models.CharField(
        _("language"), max_length=7, choices=[("zh-hans", "简体中文"), ("en", "English")], default="zh-hans"
    )
    active = models.BooleanField(_("active"), default=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["email", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["email", "district", "frequency"],
                name="subscription_once",
                violation_error_message=_("This address is subscribed to this district already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.district}"

    def clean(self) -> None:
        """While it is active, its user may see the district."""
        super().clean()
        if self.active and self.user_id and self.district_id and not may_see(self.user, self.district):
            message = _("This user may not see this district. Choose one of theirs.")
            raise ValidationError({"district": ValidationError(message, code="not_allowed")})


def new_message_id() -> str:
    """A Message-ID, fixed when the delivery is created, so that a repeat can be known as one."""
    return f"<{uuid.uuid4()}@mingzhang>"


class Delivery(models.Model):
    """One email of one subscription for one period: due, claimed, sent, or stopped."""

    class State(models.TextChoices):
        """Where it stands."""

        DUE = "due", _("Due")
        CLAIMED = "claimed", _("Being sent")
        HELD = "held", _("Held: perhaps sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Given up")
        NOT_ALLOWED = "not_allowed", _("No longer allowed")

    subscription = models.ForeignKey(
        Subscription, models.CASCADE, verbose_name=_("subscription"), related_name="deliveries"
    )
    period = models.CharField(
        _("period"), max_length=10, help_text=_("The quarter it reports on, as 2023Q1.")
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DUE)
    message_id = models.CharField(
        _("Message-ID"), max_length=80, unique=True, default=new_message_id, editable=False
    )
    created_at = models.DateTimeField(_("created at"))
    claimed_until = models.DateTimeField(_("claimed until"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    error = models.CharField(_("last error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "period"], name="delivery_once_per_period"),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="delivery_sent_with_time"
            ),
        ]
        indexes = [
            # the sweep that claims
            models.Index(fields=["state", "next_attempt_at"], name="delivery_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription} {self.period} {self.state}"
