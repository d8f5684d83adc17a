"""Monthly progress reports of a project: what is invested and in place by then, and how far the works are."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.access import subtrees_of
from projects.models.base import AmountField, LongTextField, Versioned, within_amounts
from projects.models.checks import Check
from projects.models.projects import Project

if TYPE_CHECKING:
    from projects.access import Reader

EARLIEST = date(1990, 1, 1)
PARTS = ("funds_foreign_to_date", "funds_outside_to_date")
AMOUNTS = ("invested_to_date", "funds_in_place_to_date", *PARTS)


class ProgressReportQuerySet(models.QuerySet["ProgressReport"]):
    """Which reports."""

    def visible_to(self, user: Reader) -> ProgressReportQuerySet:
        """Those of projects that the user may see."""
        return self.filter(subtrees_of(user, field="project__district__path"))


class ProgressReport(Versioned):
    """One month of one project. Amounts count from the beginning; each is empty where it is not known."""

    project = models.ForeignKey(
        Project,
        models.PROTECT,
        verbose_name=_("project"),
        related_name="reports",
        db_index=False,
        editable=False,
    )
    month = models.DateField(
        _("month"), help_text=_("Any day of the month that is reported; kept as its first.")
    )
    invested_to_date = AmountField(
        _("invested to date"), help_text=_("累计完成投资, from the beginning to the end of the month.")
    )
    funds_in_place_to_date = AmountField(
        _("funds in place to date"), help_text=_("累计到位资金, from the beginning to the end of the month.")
    )
    funds_foreign_to_date = AmountField(
        _("of which foreign"), help_text=_("其中外资, with Hong Kong, Macao and Taiwan. 0 if there is none.")
    )
    funds_outside_to_date = AmountField(
        _("of which from outside the province"), help_text=_("其中省外内资. 0 if there is none.")
    )
    physical_progress_percent = models.PositiveSmallIntegerField(
        _("physical progress, %"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    narrative = LongTextField(_("progress"), blank=True)
    next_steps = LongTextField(_("next steps"), blank=True)

    objects = ProgressReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("progress report")
        verbose_name_plural = _("progress reports")
        ordering = ["project", "-month"]
        constraints = [
            # a project's reports, and its latest up to a month: read through this rule's index
            models.UniqueConstraint(
                fields=["project", "month"],
                name="progress_report_once_a_month",
                violation_error_message=_("This month is reported already; change that report."),
            ),
            Check(
                condition=within_amounts(*AMOUNTS),
                name="progress_report_amounts_in_range",
                violation_error_message=_("An amount is negative or impossibly large."),
            ),
            Check(
                condition=Q(month__gte=EARLIEST),
                name="progress_report_month_in_range",
                violation_error_message=_("Before 1990 nothing was reported."),
            ),
            Check(
                condition=Q(physical_progress_percent__isnull=True) | Q(physical_progress_percent__lte=100),
                name="progress_report_percent",
                violation_error_message=_("Physical progress is a percentage from 0 to 100."),
            ),
            models.CheckConstraint(  # Check knows no sums; where an amount is not known, nothing is said
                condition=Q(funds_in_place_to_date__gte=F(PARTS[0]))
                & Q(funds_in_place_to_date__gte=F(PARTS[1]))
                & Q(funds_in_place_to_date__gte=F(PARTS[0]) + F(PARTS[1])),
                name="progress_report_parts_within_whole",
                violation_error_message=_(
                    "The foreign part and that from outside the province are more than all funds in place."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def told(self) -> tuple[object, ...]:
        """What it says."""
        return tuple(getattr(self, name) for name in TOLD)


TOLD = (
    "month",
    *AMOUNTS,
    "physical_progress_percent",
    "narrative",
    "next_steps",
)
