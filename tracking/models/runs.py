"""Long work that workers share: runs, and the parts of which they consist."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models import District


class Run(models.Model):
    """Asked for by the timetable or by a person, begun by the first worker, finished with its last part."""

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
        abstract = True
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.asked_at):%Y-%m-%d %H:%M}"


class Part(models.Model):
    """A piece of a run that one worker does in one transaction: a node of the tree, or what belongs to none."""

    district = models.ForeignKey(District, models.CASCADE, null=True, related_name="+", db_index=False)
    finished_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)  # parts that failed are tried again after all others
    found = models.PositiveIntegerField(null=True)

    class Meta:
        abstract = True
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.district_id}"


class RebuildRun(Run):
    """One rebuild of the stored totals; it finds how many places were not right."""

    class Meta(Run.Meta):
        verbose_name = _("rebuild")
        verbose_name_plural = _("rebuilds")


class RebuildPart(Part):
    """The cells of a city and all in it, those by sector of a province, or those of all that lies above the cities."""

    run = models.ForeignKey(RebuildRun, models.CASCADE, related_name="parts")

    class Meta(Part.Meta):
        indexes = [
            # a worker that looks for the next free part
            models.Index(
                fields=["run", "id"], condition=models.Q(finished_at=None), name="rebuild_part_free"
            ),
        ]
