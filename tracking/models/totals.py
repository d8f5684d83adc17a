"""The stored cells: per district node, quarter and kind what was reached and what was left."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.models import District, Kind


def _count(label: str) -> Any:
    return models.IntegerField(label, default=0)


def _sum(label: str) -> Any:
    return models.BigIntegerField(label, default=0)


class Amounts(models.Model):
    """What entered and what left a cell."""

    entered_count = _count("entered")
    entered_with_investment = _count("entered, investment known")
    entered_with_output = _count("entered, output known")
    entered_with_revenue = _count("entered, revenue known")
    entered_investment = _sum("entered, investment")
    entered_output = _sum("entered, output")
    entered_revenue = _sum("entered, revenue")
    left_count = _count("left")
    left_with_investment = _count("left, investment known")
    left_with_output = _count("left, output known")
    left_with_revenue = _count("left, revenue known")
    left_investment = _sum("left, investment")
    left_output = _sum("left, output")
    left_revenue = _sum("left, revenue")

    class Meta:
        abstract = True


class QuarterlyTotal(Amounts):
    """A cache of the ledger's sums for one node of the tree and everything below it.

    Sums are in whole yuan over the known amounts; the `with_*` counts say how many are known. The stock at the end of
    a quarter is the running sum of entered − left, taken when read.
    """

    district = models.ForeignKey(District, models.CASCADE, related_name="+", db_index=False)
    quarter = models.CharField(_("quarter"), max_length=6)
    kind = models.CharField(_("milestone"), max_length=20, choices=Kind.choices)

    class Meta:
        verbose_name = _("quarterly total")
        verbose_name_plural = _("quarterly totals")
        ordering = ["district", "quarter", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["district", "quarter", "kind"], name="total_once_per_cell")
        ]

    def __str__(self) -> str:
        return f"{self.district_id} {self.quarter} {self.kind}"


class SectorTotal(Amounts):
    """The same by sector, only for the nodes of BY_SECTOR_LEVELS: below them the ledger answers fast enough."""

    district = models.ForeignKey(District, models.CASCADE, related_name="+", db_index=False)
    quarter = models.CharField(_("quarter"), max_length=6)
    kind = models.CharField(_("milestone"), max_length=20, choices=Kind.choices)
    sector_id = models.BigIntegerField(_("sector"), help_text=_("0 where the record does not say."))

    class Meta:
        verbose_name = _("quarterly total by sector")
        verbose_name_plural = _("quarterly totals by sector")
        ordering = ["district", "quarter", "kind", "sector_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["district", "quarter", "kind", "sector_id"], name="sector_total_once_per_cell"
            )
        ]

    def __str__(self) -> str:
        return f"{self.district_id} {self.sector_id} {self.quarter} {self.kind}"


BY_SECTOR_LEVELS = (District.Level.COUNTRY, District.Level.PROVINCE)
MEASURES = ("count", "with_investment", "with_output", "with_revenue", "investment", "output", "revenue")
ENTERED = tuple(f"entered_{measure}" for measure in MEASURES)
LEFT = tuple(f"left_{measure}" for measure in MEASURES)
AMOUNT_COLUMNS = (*ENTERED, *LEFT)
