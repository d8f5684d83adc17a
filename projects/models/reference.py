"""Reference data: sectors by scheme, size bands, organizations, ceremonies."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.access import subtrees_of
from projects.codes import clean_uscc
from projects.models.base import LineOrNull, LongTextField, TextField, Versioned, in_readers_language
from projects.models.checks import Check
from projects.models.districts import District

if TYPE_CHECKING:
    from projects.access import Reader

slug_shape = RegexValidator(
    r"\A[a-z0-9]+([-_][a-z0-9]+)*\Z",
    _("Use small letters, digits and hyphens, as in new-materials."),
    code="invalid",
)


class Named(models.Model):
    """Something with a stable code and a name in both languages."""

    code = models.CharField(_("code"), max_length=60, unique=True, validators=[slug_shape])
    name = TextField(_("name"), max_length=100)
    name_en = TextField(_("English name"), max_length=200, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return in_readers_language(self.name, self.name_en)


class SectorScheme(Named):
    """A classification of sectors: a city's own clusters, or the sections of GB/T 4754."""

    district = models.ForeignKey(
        District,
        models.PROTECT,
        verbose_name=_("district"),
        null=True,
        blank=True,
        related_name="sector_schemes",
        help_text=_("Whose classification it is; empty for a national one."),
    )

    class Meta:
        verbose_name = _("sector scheme")
        verbose_name_plural = _("sector schemes")
        ordering = ["code"]


class Sector(Named):
    """A node of a classification scheme; a project has one main sector."""

    scheme = models.ForeignKey(SectorScheme, models.PROTECT, verbose_name=_("scheme"), related_name="sectors")
    parent = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("part of"), null=True, blank=True, related_name="children"
    )

    class Meta:
        verbose_name = _("sector")
        verbose_name_plural = _("sectors")
        ordering = ["scheme__code", "code"]
        constraints = [
            Check(
                condition=~Q(parent=F("id")),
                name="sector_not_its_own_parent",
                violation_error_message=_("A sector cannot be part of itself."),
            )
        ]


class SizeBand(Named):
    """A range of total investment, lower bound included, upper bound not. Bands are data, not constants."""

    lower = models.BigIntegerField(_("from (yuan)"), help_text=_("Included. In whole yuan."))
    upper = models.BigIntegerField(
        _("below (yuan)"), null=True, blank=True, help_text=_("Not included; empty: no upper bound.")
    )

    class Meta:
        verbose_name = _("size band")
        verbose_name_plural = _("size bands")
        ordering = ["lower"]
        constraints = [
            models.UniqueConstraint(fields=["lower"], name="size_band_lower_once"),
            Check(
                condition=Q(lower__gte=0) & (Q(upper__isnull=True) | Q(lower__lt=F("upper"))),
                name="size_band_lower_below_upper",
                violation_error_message=_("A band ends above where it begins."),
            ),
        ]


class PastBands(models.Model):
    """The size bands as they were until a moment, kept so that a breakdown of the past stays what it was."""

    until = models.DateTimeField(_("until"), unique=True)
    bands = models.JSONField(_("bands"))  # [[code, lower, upper or null], …] in yuan

    class Meta:
        verbose_name = _("past size bands")
        verbose_name_plural = _("past size bands")
        ordering = ["until"]

    def __str__(self) -> str:
        return self.until.isoformat()


def bands_holding(as_of: datetime | None) -> list[SizeBand]:
    """The bands in force at a past moment, or now if none is given, the smallest first."""
    past = PastBands.objects.filter(until__gt=as_of).order_by("until").first() if as_of else None
    if past is None:
        return list(SizeBand.objects.all())
    return [SizeBand(code=code, name=code, lower=lower, upper=upper) for code, lower, upper in past.bands]


class Ownership(models.TextChoices):
    """Who owns an investor or a project company."""

    STATE = "state", _("State-owned")
    PRIVATE = "private", _("Private")
    FOREIGN = "foreign", _("Foreign")
    HK_MO_TW = "hk_mo_tw", _("Hong Kong, Macao, Taiwan")
    MIXED = "mixed", _("Mixed")
    OTHER = "other", _("Other")


class UsccField(LineOrNull):
    """An 18-character unified social credit code, raised to capitals and verified; null where not known."""

    def clean(self, value: Any, model_instance: models.Model | None) -> str | None:
        """The verified code, or None for an empty one."""
        return clean_uscc(value) if value else None


class Organization(Versioned):
    """An investor or a project company."""

    uscc = UsccField(
        _("unified social credit code"),
        max_length=18,
        null=True,
        blank=True,
        unique=True,
        help_text=_("18 characters; the last one is checked. Leave it empty if you do not know it."),
        error_messages={"unique": _("Another organization has this code already.")},
    )
    name = TextField(_("name"), max_length=200, help_text=_("The full registered name where you know it."))
    name_en = TextField(_("English name"), max_length=200, blank=True)
    ownership = models.CharField(_("ownership"), max_length=10, choices=Ownership.choices, blank=True)

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return in_readers_language(self.name, self.name_en)

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """An empty credit code is null: two organizations without one do not clash."""
        self.uscc = self.uscc or None
        super().clean_fields(exclude)


class CeremonyQuerySet(models.QuerySet["Ceremony"]):
    """Which ceremonies."""

    def visible_to(self, user: Reader) -> CeremonyQuerySet:
        """Those of districts that the user may see."""
        return self.filter(subtrees_of(user, field="district__path"))


class Ceremony(Versioned):
    """A signing or ground-breaking event that milestones can be attached to."""

    district = models.ForeignKey(
        District, models.PROTECT, verbose_name=_("district"), related_name="ceremonies"
    )
    name = TextField(_("name"), max_length=200)
    held_on = models.DateField(_("held on"))
    note = LongTextField(_("note"), blank=True)

    objects = CeremonyQuerySet.as_manager()

    class Meta:
        verbose_name = _("ceremony")
        verbose_name_plural = _("ceremonies")
        ordering = ["-held_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["district", "name", "held_on"],
                name="ceremony_once",
                violation_error_message=_("This ceremony is recorded already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.held_on})"
