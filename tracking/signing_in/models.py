"""Sign-ins that last, what happened at the door, recovery codes and past passwords."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_AGENT = 200


class Event(models.Model):
    """What happened at the door: rows are added, and the database refuses to change one."""

    class Kind(models.TextChoices):
        """What happened."""

        SUCCEEDED = "succeeded", _("Sign-in succeeded")
        FAILED = "failed", _("Wrong name or password")
        LOCKED_OUT = "locked_out", _("Locked out")
        CODE_FAILED = "code_failed", _("Wrong code")
        SIGNED_OUT = "signed_out", _("Signed out")
        ENDED = "ended", _("Sign-in ended")

    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("what"), max_length=12, choices=Kind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("user"),
        null=True,
        related_name="sign_in_events",
        help_text=_("Empty where nobody has the name that was typed."),
    )
    username = models.CharField(_("Sign-in name"), max_length=150, help_text=_("As it was typed."))
    address = models.GenericIPAddressField(_("address"), null=True)
    agent = models.CharField(_("program"), max_length=LONGEST_AGENT, blank=True)

    class Meta:
        verbose_name = _("sign-in event")
        verbose_name_plural = _("sign-in events")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="event_latest"),  # the admin's list
            models.Index(
                fields=["user", "-at", "-id"], name="event_of_user"
            ),  # my sign-ins, an administrator's list
        ]

    def __str__(self) -> str:
        return f"{self.username} · {self.get_kind_display()}"


class SignIn(models.Model):
    """A browser that is signed in."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user"), related_name="sign_ins"
    )
    session_key = models.CharField(max_length=40, unique=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    agent = models.CharField(_("program"), max_length=LONGEST_AGENT, blank=True)
    since = models.DateTimeField(_("since"))
    seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        ordering = ["-seen_at", "-id"]

    def __str__(self) -> str:
        return f"{self.user} · {self.since}"


class RecoveryCode(models.Model):
    """A code that stands for a lost device, once; only its SHA-256 is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.digest[:8]}"


class PastPassword(models.Model):
    """The hash of a password that was in use."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="past_passwords")
    password = models.CharField(max_length=128)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.user} · {self.pk}"
