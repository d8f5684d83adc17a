"""How somebody likes their lists: columns and unit, and views of them that were saved and shared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.access import paths_above
from projects.models.base import TextField, Versioned
from projects.models.districts import District

if TYPE_CHECKING:
    from projects.models.users import User


class AmountUnit(models.TextChoices):
    """In what amounts are shown."""

    YI = "yi", _("亿元")
    WAN = "wan", _("万元")


class ExportUnit(models.TextChoices):
    """In what the amounts of a file are given."""

    WAN = "wan", _("万元")
    YI = "yi", _("亿元")
    YUAN = "yuan", _("元")


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Which views."""

    def readable_by(self, user: User) -> SavedViewQuerySet:
        """Their own, and those shared with a district in whose subtree they hold a role."""
        if user.is_superuser:
            return self.filter(Q(owner_id=user.pk) | Q(district__isnull=False))
        return self.filter(Q(owner_id=user.pk) | Q(district__path__in=paths_above(user)))


class SavedView(Versioned):
    """A list of projects under a name: filters, order, columns, unit. Each reader sees in it what they may see."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("owner"), related_name="saved_views"
    )
    name = TextField(_("name"), max_length=60, help_text=_("As in 一季度签约 or 本周要跟的项目."))
    district = models.ForeignKey(
        District,
        models.PROTECT,
        verbose_name=_("shared with"),
        null=True,
        blank=True,
        related_name="saved_views",
        help_text=_("Everybody with a role in this district or below it finds the view. Empty: only you."),
    )
    query: models.JSONField[Any, dict[str, str]] = models.JSONField(
        _("filters and order"), default=dict, blank=True
    )
    columns: models.JSONField[Any, list[str]] = models.JSONField(_("columns"), default=list, blank=True)
    unit = models.CharField(_("unit"), max_length=5, choices=AmountUnit.choices, default=AmountUnit.YI)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="saved_view_once",
                violation_error_message=_("You have a view of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class ListPreference(models.Model):
    """What one user has chosen for the list of projects."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="list_preference"
    )
    columns: models.JSONField[Any, list[str]] = models.JSONField(_("columns"), default=list, blank=True)
    unit = models.CharField(_("unit"), max_length=5, choices=AmountUnit.choices, default=AmountUnit.YI)
    default_view = models.ForeignKey(
        SavedView, models.SET_NULL, verbose_name=_("opens with"), null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("list preference")
        verbose_name_plural = _("list preferences")

    def __str__(self) -> str:
        return str(self.user)
