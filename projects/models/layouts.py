"""Layouts of tables that a bureau hands on, kept as data: columns with their words, groups, sums, unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.access import paths_above
from projects.models.base import TextField, Versioned
from projects.models.districts import District
from projects.models.lists import ExportUnit

if TYPE_CHECKING:
    from projects.models.users import User

MOST_COLUMNS = 40
LONGEST_WORDS = 60  # characters of one heading
COLUMN_KEYS = {"what", "of", "upper", "lower"}


class LayoutColumn(TypedDict):
    """One column: a field or a figure, the part of it that counts, and its words in two rows."""

    what: str
    of: str
    upper: str
    lower: str


class GroupedBy(models.TextChoices):
    """By what the rows of a table are put together."""

    NOTHING = "", _("nothing")
    COUNTY = "county", _("district or county")
    CITY = "city", _("city")
    SECTOR = "sector", _("sector")
    OWNERSHIP = "ownership", _("ownership")
    PROJECT_TYPE = "project_type", _("project type")
    STAGE = "stage", _("stage")


class ExportLayoutQuerySet(models.QuerySet["ExportLayout"]):
    """Which layouts."""

    def readable_by(self, user: User) -> ExportLayoutQuerySet:
        """Their own, and those shared with a district in whose subtree they hold a role."""
        if user.is_superuser:
            return self.filter(Q(owner_id=user.pk) | Q(district__isnull=False))
        return self.filter(Q(owner_id=user.pk) | Q(district__path__in=paths_above(user)))


class ExportLayout(Versioned):
    """A table as somebody above asks for it. Whoever fills it finds in it what they may see."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("owner"), related_name="export_layouts"
    )
    title = TextField(
        _("title"),
        max_length=80,
        help_text=_("Stands above the table, as in 招商引资项目月报表."),
    )
    district = models.ForeignKey(
        District,
        models.PROTECT,
        verbose_name=_("shared with"),
        null=True,
        blank=True,
        related_name="export_layouts",
        help_text=_("Everybody with a role in this district or below it finds the layout. Empty: only you."),
    )
    detailed = models.BooleanField(
        _("a row for each project"),
        default=True,
        help_text=_("Otherwise one row for each group, with its sums alone."),
    )
    group = models.CharField(
        _("grouped by"),
        max_length=20,
        choices=GroupedBy.choices,
        blank=True,
        help_text=_("Each group ends with a row 小计."),
    )
    sheets = models.CharField(_("a sheet for each"), max_length=20, choices=GroupedBy.choices, blank=True)
    unit = models.CharField(_("unit"), max_length=5, choices=ExportUnit.choices, default=ExportUnit.WAN)
    columns: models.JSONField[Any, list[LayoutColumn]] = models.JSONField(_("columns"), default=list)

    objects = ExportLayoutQuerySet.as_manager()

    class Meta:
        verbose_name = _("layout of a table")
        verbose_name_plural = _("layouts of tables")
        ordering = ["title", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "title"],
                name="export_layout_once",
                violation_error_message=_("You have a layout with this title already."),
            )
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Columns are a list of what a column is; which fields and figures there are is for those who fill it."""
        super().clean()
        columns: Any = self.columns
        if not isinstance(columns, list) or not 0 < len(columns) <= MOST_COLUMNS:
            message = _("A table has between 1 and %(most)d columns.")
            raise ValidationError(
                {"columns": ValidationError(message, code="number", params={"most": MOST_COLUMNS})}
            )
        for column in columns:
            if (
                not isinstance(column, dict)
                or set(column) != COLUMN_KEYS
                or not all(isinstance(text, str) and len(text) <= LONGEST_WORDS for text in column.values())
            ):
                raise ValidationError(
                    {"columns": ValidationError(_("A column is not readable."), code="invalid")}
                )
