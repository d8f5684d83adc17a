"""Audits: each run with its parts and with what it found."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tracking.models.runs import Part, Run


class AuditRun(Run):
    """One audit: of ledger and stored totals, node by node, and of the releases."""

    left_out = models.PositiveIntegerField(
        _("projects left out"),
        null=True,
        help_text=_("Their last changes wait for approval, so their milestones do not say what counts."),
    )

    class Meta(Run.Meta):
        verbose_name = _("audit")
        verbose_name_plural = _("audits")


class AuditPart(Part):
    """The figures of a city and everything in it, those of one node above the cities, or the releases."""

    run = models.ForeignKey(AuditRun, models.CASCADE, related_name="parts")

    class Meta(Part.Meta):
        indexes = [
            # a worker that looks for the next free part
            models.Index(fields=["run", "id"], condition=models.Q(finished_at=None), name="audit_part_free"),
        ]


class AuditDifference(models.Model):
    """One figure that an audit found to differ; of a great many only the first are kept, the number says how many."""

    class Where(models.TextChoices):
        """What does not agree with the milestones, or with what was released."""

        LEDGER = "ledger", _("Ledger")
        CELL = "cell", _("Stored total")
        SECTOR = "sector", _("Stored total by sector")
        RELEASE = "release", _("Release")

    run = models.ForeignKey(AuditRun, models.CASCADE, verbose_name=_("audit"), related_name="differences")
    where = models.CharField(_("where"), max_length=10, choices=Where.choices)
    district = models.CharField(_("district"), max_length=20)
    quarter = models.CharField(_("quarter"), max_length=6)
    kind = models.CharField(_("milestone"), max_length=20, blank=True)
    sector = models.CharField(_("sector"), max_length=60, blank=True, db_default="")
    figure = models.CharField(_("figure"), max_length=60)
    expected = models.CharField(_("expected"), max_length=80)
    found = models.CharField(_("found"), max_length=80)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ["id"]

    def __str__(self) -> str:
        place = f"{self.where} {self.sector}".strip()
        return f"{place} {self.district} {self.quarter} {self.kind} {self.figure}"
