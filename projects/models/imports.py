"""Imports of workbooks: the file, how far it has come, what it would do, and what a bureau calls its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.access import KNOWING, Role, subtrees_of
from projects.models.base import TextField, Versioned
from projects.models.districts import District
from projects.models.revisions import BulkChange, Door

if TYPE_CHECKING:
    from projects.access import Reader


class ImportQuerySet(models.QuerySet["Import"]):
    """Which imports: a workbook may hold what is confidential, so only those know of it who know such projects."""

    def visible_to(self, user: Reader) -> ImportQuerySet:
        """Those into districts whose editors, reviewers or administrators the user is among.

        Those into the whole country have no district: superusers' alone.
        """
        return self.filter(subtrees_of(user, *KNOWING, field="district__path"))

    def editable_by(self, user: Reader) -> ImportQuerySet:
        """Those that the user may answer, commit and undo: as an editor of the whole district, or of everything."""
        return self.filter(subtrees_of(user, Role.EDITOR, field="district__path"))

    def waiting(self) -> ImportQuerySet:
        """Those with something to be done by a worker, the longest asked for first."""
        return self.exclude(job="").order_by("asked_at", "id")


class Import(Versioned):
    """One workbook that somebody sent. The row is the job: `job` says what a worker is still to do."""

    class Status(models.TextChoices):
        """How far it has come."""

        CHECKING = "checking", _("Being checked")
        READY = "ready", _("Ready to import")
        INVALID = "invalid", _("To be corrected")
        FAILED = "failed", _("Failed")
        COMMITTING = "committing", _("Being imported")
        COMMITTED = "committed", _("Imported")
        UNDONE = "undone", _("Taken back")

    class Job(models.TextChoices):
        """What a worker is to do."""

        CHECK = "check", "check"
        COMMIT = "commit", "commit"
        UNDO = "undo", "undo"

    class Notice(models.TextChoices):
        """What has to be said about the last step."""

        CHANGED = (
            "changed",
            _("The records have changed since the preview was made: nothing was imported. Look at it again."),
        )
        BUILT_UPON = (
            "built_upon",
            _("It was not taken back: projects of it have been changed since. Nothing was changed."),
        )
        REFUSED = "refused", _("It was not taken back: a rule stands against it. Nothing was changed.")
        FORBIDDEN = (
            "forbidden",
            _("Nothing was done: whoever asked for it no longer records projects there."),
        )

    district = models.ForeignKey(
        District,
        models.PROTECT,
        verbose_name=_("district"),
        related_name="imports",
        null=True,  # the whole country
        db_index=False,
        help_text=_("All rows of the workbook lie in it or below it."),
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("sent by"),
        null=True,
        related_name="+",
        db_index=False,
    )
    door = models.CharField(_("door"), max_length=10, choices=Door.choices)
    file_name = TextField(_("file name"), max_length=150)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.CHECKING)
    notice = models.CharField(max_length=20, choices=Notice.choices, blank=True)
    job = models.CharField(max_length=10, choices=Job.choices, blank=True, default=Job.CHECK)
    asked_at = models.DateTimeField(_("asked for at"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    tries = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    of = models.PositiveIntegerField(default=0)

    rows = models.PositiveIntegerField(_("rows"), default=0)
    created = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("left alone"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    error_count = models.PositiveIntegerField(_("errors"), default=0)
    warning_count = models.PositiveIntegerField(_("warnings"), default=0)

    mapping = models.JSONField(default=dict, blank=True)
    answers = models.JSONField(default=dict, blank=True)
    columns = models.JSONField(default=list, blank=True)
    checked_at = models.DateTimeField(_("checked at"), null=True)
    committed_at = models.DateTimeField(_("imported at"), null=True)
    committed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("imported by"),
        null=True,
        related_name="+",
        db_index=False,
    )
    undone_at = models.DateTimeField(_("taken back at"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("taken back by"),
        null=True,
        related_name="+",
        db_index=False,
    )
    bulk = models.OneToOneField(
        BulkChange, models.PROTECT, verbose_name=_("bulk change"), null=True, related_name="imported"
    )

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name

    @property
    def path(self) -> str:
        """What the paths of its rows' districts begin with: nothing where it is into the whole country."""
        return self.district.path if self.district else ""

    @property
    def where(self) -> str:
        """Where its rows lie, in the reader's language."""
        return self.district.label if self.district else gettext("The whole country")

    @property
    def is_busy(self) -> bool:
        """Whether a worker has something to do with it."""
        return bool(self.job)

    @property
    def has_news(self) -> bool:
        """Whether there is anything in it that is not recorded yet."""
        return bool(self.created or self.changed)


class ImportPart(models.Model):
    """A page of what a check found: rows by what would become of them, errors, warnings, questions."""

    class Sort(models.TextChoices):
        """What stands on the page."""

        CREATED = "created", _("New")
        CHANGED = "changed", _("Changed")
        UNCHANGED = "unchanged", _("Left alone")
        ERRORS = "errors", _("Errors")
        WARNINGS = "warnings", _("Warnings")
        QUESTIONS = "questions", _("Questions")

    run = models.ForeignKey(Import, models.CASCADE, related_name="parts", db_index=False)
    sort = models.CharField(max_length=10, choices=Sort.choices)
    number = models.PositiveIntegerField()
    lines: Any = models.JSONField(default=list)

    class Meta:
        ordering = ["run", "sort", "number"]
        constraints = [
            # a page of one import, and all of them in turn: read through this rule's index
            models.UniqueConstraint(fields=["run", "sort", "number"], name="import_part_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sort} {self.number}"


class ImportMapping(models.Model):
    """What a bureau means by the words above a column; remembered from what somebody chose there."""

    district = models.ForeignKey(
        District,
        models.CASCADE,
        related_name="import_mappings",
        null=True,  # of workbooks of the whole country
        db_index=False,
    )
    words = TextField(_("header words"), max_length=200)
    field = models.CharField(_("field"), max_length=40, blank=True)
    unit = models.PositiveBigIntegerField(_("yuan in one"), null=True, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    set_at = models.DateTimeField(_("set at"))

    class Meta:
        verbose_name = _("meaning of a column")
        verbose_name_plural = _("meanings of columns")
        ordering = ["district", "words"]
        constraints = [
            models.UniqueConstraint(fields=["district", "words"], name="import_mapping_once_per_district"),
            models.UniqueConstraint(
                fields=["words"], condition=Q(district=None), name="import_mapping_once_per_country"
            ),
        ]

    def __str__(self) -> str:
        return self.words
