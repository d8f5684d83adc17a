"""Audits: each run with what it found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AuditRun(models.Model):
    """One audit: asked for by the timetable or by a person, taken up by a worker, finished with a number."""

    asked_at = models.DateTimeField(_("asked for at"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("asked for by"), null=True, related_name="+"
    )
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    found = models.PositiveIntegerField(
        _("differences"), null=True, help_text=_("How many there are; 0 is expected.")
    )

    class Meta:
        verbose_name = _("audit")
        verbose_name_plural = _("audits")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.asked_at):%Y-%m-%d %H:%M}"


class AuditDifference(models.Model):
    """One figure that an audit found to differ; of a great many only the first are kept, the number says how many."""

    class Where(models.TextChoices):
        """What does not agree with the milestones, or with what was released."""

        LEDGER = "ledger", _("Ledger")
        CELL = "cell", _("Stored total")
        RELEASE = "release", _("Release")

    run = models.ForeignKey(AuditRun, models.CASCADE, verbose_name=_("audit"), related_name="differences")
    where = models.CharField(_("where"), max_length=10, choices=Where.choices)
    district = models.CharField(_("district"), max_length=20)
    quarter = models.CharField(_("quarter"), max_length=6)
    kind = models.CharField(_("milestone"), max_length=20, blank=True)
    figure = models.CharField(_("figure"), max_length=60)
    expected = models.CharField(_("expected"), max_length=80)
    found = models.CharField(_("found"), max_length=80)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.where} {self.district} {self.quarter} {self.kind} {self.figure}"
