"""The tables of the service itself: requests that must not be carried out twice, and its sign of life."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class IdempotentRequest(models.Model):
    """A POST with an Idempotency-Key: claimed before it runs, answered in the transaction of its effect."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    claimed_at = models.DateTimeField(_("claimed at"))
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    body = models.TextField(_("body"), blank=True)
    headers = models.JSONField(_("headers"), default=dict)

    class Meta:
        verbose_name = _("idempotent request")
        verbose_name_plural = _("idempotent requests")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotent_request_once")]
        indexes = [models.Index(fields=["claimed_at"], name="idempotent_request_age")]

    def __str__(self) -> str:
        return self.key


class Heartbeat(models.Model):
    """When a part of the service was last seen to work."""

    TIMETABLE = "timetable"

    name = models.CharField(_("name"), max_length=50, primary_key=True)
    beaten_at = models.DateTimeField(_("last seen at"))

    class Meta:
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")

    def __str__(self) -> str:
        return self.name
