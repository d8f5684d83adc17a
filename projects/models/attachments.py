"""Files that belong to a project: contracts, permits, photographs. Their contents lie in a folder, by hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.access import subtrees_of
from projects.file_types import FileType
from projects.models.base import TextField
from projects.models.projects import Project

if TYPE_CHECKING:
    from projects.access import Reader


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Which attachments."""

    def visible_to(self, user: Reader) -> AttachmentQuerySet:
        """Those of projects that the user may see."""
        return self.filter(subtrees_of(user, field="project__district__path"))

    def kept(self) -> AttachmentQuerySet:
        """Those that were not removed."""
        return self.filter(removed_at=None)


class Attachment(models.Model):
    """One file of one project. Who removes it marks it removed: the row and the content stay for the history."""

    class Kind(models.TextChoices):
        """What the file is for."""

        CONTRACT = "contract", _("Contract")
        PERMIT = "permit", _("Permit")
        PHOTO = "photo", _("Photograph")
        OTHER = "other", _("Other file")

    project = models.ForeignKey(
        Project,
        models.PROTECT,
        verbose_name=_("project"),
        related_name="attachments",
        db_index=False,
        editable=False,
    )
    kind = models.CharField(_("kind of file"), max_length=10, choices=Kind.choices)
    name = TextField(_("file name"), max_length=150)
    file_type = models.CharField(
        _("file type"),
        max_length=10,
        choices=FileType.choices,
        help_text=_("By its content, not by its name."),
    )
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(
        _("SHA-256"), max_length=64, help_text=_("Of the content; the name under which it is kept.")
    )
    added_at = models.DateTimeField(_("added at"))
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("added by"),
        null=True,
        related_name="+",
        db_index=False,
    )
    removed_at = models.DateTimeField(_("removed at"), null=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("removed by"),
        null=True,
        related_name="+",
        db_index=False,
    )

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["-id"]
        constraints = [
            # a project's list of files, too: it is read through this rule's index
            models.UniqueConstraint(
                fields=["project", "sha256"],
                condition=Q(removed_at=None),
                name="attachment_once_per_project",
                violation_error_message=_("This file is attached already."),
            )
        ]

    def __str__(self) -> str:
        return self.name
