"""The history of the record: who changed which field of a project from what to what, when, why, by which door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.access import subtrees_of
from projects.models.base import TextField
from projects.models.projects import Project

if TYPE_CHECKING:
    from projects.access import Reader


class Door(models.TextChoices):
    """The way by which a change came in."""

    ADMIN = "admin", _("Entered by hand")
    API = "api", _("Interface for programs")
    IMPORT = "import", _("Workbook")
    COMMAND = "command", _("Command")
    SYSTEM = "system", _("The system itself")


class BulkChange(models.Model):
    """Changes of many projects that were made as one, and can be taken back as one."""

    at = models.DateTimeField(_("changed at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("changed by"),
        null=True,
        related_name="+",
        db_index=False,
    )
    door = models.CharField(_("door"), max_length=10, choices=Door.choices)
    title = TextField(_("title"), max_length=200, help_text=_("What was changed, in words."))
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("undone by"),
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )

    class Meta:
        verbose_name = _("bulk change")
        verbose_name_plural = _("bulk changes")
        ordering = ["-id"]
        indexes = [
            # one's own bulk changes, the latest first
            models.Index(fields=["actor", "id"], name="bulk_change_by_actor"),
        ]

    def __str__(self) -> str:
        return self.title


class RevisionQuerySet(models.QuerySet["Revision"]):
    """Which revisions."""

    def visible_to(self, user: Reader) -> RevisionQuerySet:
        """Those of projects that the user may see."""
        return self.filter(subtrees_of(user, field="project__district__path"))


class Revision(models.Model):
    """One change of one project: what was recorded before and after, field by field.

    `changes` lists `{"of": "project" or a kind of milestone, "field", "before", "after"}` in plain values: ids for
    relations, yuan, ISO dates, texts for decimals. The first version of a project changes nothing: its list is empty.
    What follows from the milestones (stage, dates) is not listed; they are. The database refuses to change a revision.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, verbose_name=_("project"), related_name="revisions", db_index=False
    )
    version = models.PositiveIntegerField(
        _("version"), help_text=_("The version of the project that came of it.")
    )
    at = models.DateTimeField(_("changed at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("changed by"),
        null=True,
        related_name="+",
        db_index=False,
    )
    door = models.CharField(_("door"), max_length=10, choices=Door.choices)
    reason = TextField(_("reason"), max_length=200, blank=True)
    bulk = models.ForeignKey(
        BulkChange,
        models.PROTECT,
        verbose_name=_("bulk change"),
        null=True,
        related_name="revisions",
        db_index=False,
    )
    posted_at = models.DateTimeField(
        _("posted at"),
        null=True,
        help_text=_("The moment under which its ledger entries were posted and closed; empty: none were."),
    )
    changes = models.JSONField(_("changes"), default=list)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of a project")
        verbose_name_plural = _("changes of projects")
        ordering = ["-id"]
        constraints = [
            # the history of one project, too: it is read through this rule's index
            models.UniqueConstraint(fields=["project", "version"], name="revision_once_per_version"),
        ]
        indexes = [
            # a bulk change's projects: its page, its undoing
            models.Index(
                fields=["bulk", "project"], condition=Q(bulk__isnull=False), name="revision_by_bulk_change"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} v{self.version}"
