"""What others said and demanded: totals that bulletins claimed, targets that were set."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, cast

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.access import subtrees_of
from projects.models import Ceremony, District, LongTextField, TextField, Versioned

if TYPE_CHECKING:
    from projects.access import Reader

period_shape = RegexValidator(
    r"\A(19|20|21)[0-9]{2}(Q[1-4]|-(0[1-9]|1[0-2]))?\Z",
    _("Write a period as 2023, 2023Q1 or 2023-01."),
    code="period",
)
measure_shape = RegexValidator(
    r"\A[a-z0-9]+(_[a-z0-9]+)*\Z",
    _("Use small letters, digits and _, as in started_investment."),
    code="measure",
)


class Unit(models.TextChoices):
    """What a claimed or demanded value is counted in."""

    PROJECTS = "projects", _("projects")
    CNY = "CNY", _("yuan")
    USD = "USD", _("US dollars")
    PERCENT = "percent", _("percent")
    SQUARE_METRES = "sqm", _("m²")
    ENTERPRISES = "enterprises", _("enterprises")


COUNTED_WHOLE = (Unit.PROJECTS, Unit.ENTERPRISES, Unit.CNY)
LARGEST_CLAIM = 10**15  # far above what a country invests in a year


class ClaimQuerySet(models.QuerySet["ReportedTotal"]):
    """Which claims."""

    def visible_to(self, user: Reader) -> ClaimQuerySet:
        """Those about districts that the user may see."""
        return self.filter(subtrees_of(user, field="district__path"))


class ReportedTotal(Versioned):
    """A figure that a bulletin or a ceremony claimed, kept as it stands, to be held beside the records."""

    class Nature(models.TextChoices):
        """Whether the claim speaks of what has happened or of what is intended."""

        ACTUAL = "actual", _("Actual")
        PLANNED = "planned", _("Planned")

    key = models.CharField(_("key"), max_length=40, unique=True, null=True, blank=True)
    district = models.ForeignKey(
        District, models.PROTECT, verbose_name=_("district"), related_name="reported_totals"
    )
    period = models.CharField(
        _("period"), max_length=7, validators=[period_shape], help_text=_("2023, 2023Q1 or 2023-01.")
    )
    measure = models.CharField(
        _("measure"),
        max_length=60,
        validators=[measure_shape],
        help_text=_(
            "A kind and what of it: started_count, signed_investment, started_expected_output_and_revenue."
        ),
    )
    category = TextField(
        _("category"), max_length=120, default="all", help_text=_("all, or which projects it means.")
    )
    value = models.DecimalField(
        _("value"), max_digits=20, decimal_places=2, help_text=_("As printed: yuan, a number, or percent.")
    )
    unit = models.CharField(_("unit"), max_length=12, choices=Unit.choices)
    nature = models.CharField(_("nature"), max_length=8, choices=Nature.choices, default=Nature.ACTUAL)
    approximate = models.BooleanField(_("approximate"), default=False, help_text=_("The text says 约."))
    ceremony = models.ForeignKey(
        Ceremony,
        models.PROTECT,
        verbose_name=_("ceremony"),
        null=True,
        blank=True,
        related_name="reported_totals",
    )
    note = LongTextField(_("note"), blank=True)
    source = models.CharField(_("source"), max_length=100, blank=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("reported total")
        verbose_name_plural = _("reported totals")
        ordering = ["-period", "district__path", "id"]

    def __str__(self) -> str:
        return f"{self.district} {self.period} {self.measure}"

    def clean(self) -> None:
        """Projects, enterprises and yuan are whole and not negative; a change in percent may be anything."""
        super().clean()
        value = cast("Decimal | None", self.value)  # a form may have found none
        if value is None or self.unit not in COUNTED_WHOLE:
            return
        if value < 0 or value != int(value):
            message = _("A number of projects or of yuan is whole and not negative.")
            raise ValidationError({"value": ValidationError(message, code="not_whole")})


class Target(Versioned):
    """A goal (目标, 军令状) set for a district and year."""

    class Comparator(models.TextChoices):
        """How the actual value is held against the goal."""

        AT_LEAST = ">=", _("at least")
        MORE_THAN = ">", _("more than")
        EXACTLY = "=", _("exactly")
        ABOUT = "~", _("about")
        AT_MOST = "<=", _("at most")

    key = models.CharField(_("key"), max_length=40, unique=True, null=True, blank=True)
    district = models.ForeignKey(District, models.PROTECT, verbose_name=_("district"), related_name="targets")
    year = models.PositiveSmallIntegerField(
        _("year"), validators=[MinValueValidator(1949), MaxValueValidator(2100)]
    )
    measure = models.CharField(_("measure"), max_length=60, validators=[measure_shape])
    comparator = models.CharField(_("comparator"), max_length=2, choices=Comparator.choices)
    value = models.DecimalField(_("value"), max_digits=20, decimal_places=2)
    unit = models.CharField(_("unit"), max_length=12, choices=Unit.choices)
    note = LongTextField(_("note"), blank=True)
    source = models.CharField(_("source"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        ordering = ["-year", "district__path", "id"]

    def __str__(self) -> str:
        return f"{self.district} {self.year} {self.measure}"
