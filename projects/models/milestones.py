"""The milestone: one dated step of one project, at most one of each kind. It is what is counted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects import quarters
from projects.access import subtrees_of
from projects.models.base import AmountField, LongTextField, Versioned, within_amounts
from projects.models.checks import Check
from projects.models.projects import Project
from projects.models.reference import Ceremony
from projects.models.stages import Stage

if TYPE_CHECKING:
    from projects.access import Reader


class Kind(models.TextChoices):
    """The steps of a project's life, in their order."""

    NEGOTIATING = "negotiating", _("Negotiating")
    FRAMEWORK_SIGNED = "framework_signed", _("Framework agreement signed")
    SIGNED = "signed", _("Signed")
    REGISTERED = "registered", _("Company registered")
    STARTED = "started", _("Started")
    ENROLLED = "enrolled", _("Enrolled in statistics")
    COMPLETED = "completed", _("Completed")
    IN_PRODUCTION = "in_production", _("In production")
    AT_CAPACITY = "at_capacity", _("At capacity")
    SUSPENDED = "suspended", _("Suspended")
    RESUMED = "resumed", _("Resumed")
    TERMINATED = "terminated", _("Terminated")


STAGE_KINDS = tuple(Kind(stage.value) for stage in Stage)  # in the order in which a project passes them
COUNTABLE_KINDS = tuple(kind for kind in Kind if kind != Kind.FRAMEWORK_SIGNED)
STOCK_KINDS = (*STAGE_KINDS, Kind.SUSPENDED)  # kinds that a project is in for a time, and leaves
KINDS_WITH_REASON = (Kind.SUSPENDED, Kind.TERMINATED)


class Precision(models.TextChoices):
    """How exactly the day is known on which something happened."""

    DAY = "day", _("Day")
    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Year")
    UNKNOWN = "unknown", _("Happened, date unknown")


class Reason(models.TextChoices):
    """Why a project was suspended or terminated."""

    MARKET = "market", _("Market changed")
    FUNDING = "funding", _("Funding fell short")
    LAND = "land", _("Land")
    APPROVAL = "approval", _("Approval")
    POLICY = "policy", _("Policy or planning changed")
    INVESTOR = "investor", _("Investor withdrew")
    OTHER = "other", _("Other reason")


class MilestoneQuerySet(models.QuerySet["Milestone"]):
    """Which milestones."""

    def visible_to(self, user: Reader) -> MilestoneQuerySet:
        """Those of projects that the user may see."""
        return self.filter(subtrees_of(user, field="project__district__path"))


class Milestone(Versioned):
    """One step of one project: its first plan, its latest plan, and when it happened, as exactly as is known."""

    project = models.ForeignKey(
        Project, models.PROTECT, verbose_name=_("project"), related_name="milestones", db_index=False
    )
    kind = models.CharField(_("milestone"), max_length=20, choices=Kind.choices)
    happened_on = models.DateField(
        _("happened on"),
        null=True,
        blank=True,
        help_text=_("The day itself, or the first day of the month, quarter or year if only that is known."),
    )
    precision = models.CharField(
        _("known to the"),
        max_length=10,
        choices=Precision.choices,
        blank=True,
        help_text=_(
            "Only what is known to the quarter or better enters a quarter's total. Empty: has not happened yet."
        ),
    )
    planned_first_on = models.DateField(
        _("first plan"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("The first planned date, kept for ever."),
    )
    planned_on = models.DateField(_("planned for"), null=True, blank=True, help_text=_("The latest plan."))
    total_investment = AmountField(
        _("investment announced"),
        help_text=_("Only if it differs from the project's: what was announced that day."),
    )
    expected_output = AmountField(
        _("output announced"), help_text=_("Only if it differs from the project's.")
    )
    expected_revenue = AmountField(
        _("revenue announced"), help_text=_("Only if it differs from the project's.")
    )
    ceremony = models.ForeignKey(
        Ceremony,
        models.PROTECT,
        verbose_name=_("ceremony"),
        null=True,
        blank=True,
        related_name="milestones",
        db_index=False,
    )
    reason = models.CharField(
        _("reason"),
        max_length=10,
        choices=Reason.choices,
        blank=True,
        help_text=_("For a suspension or a termination."),
    )
    note = LongTextField(_("note"), blank=True)

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["project", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind"],
                name="milestone_once_per_kind",
                violation_error_message=_("This project has such a milestone already; change that one."),
                violation_error_code="duplicate_kind",
            ),
            Check(
                condition=Q(precision__in=["", "unknown"], happened_on__isnull=True)
                | Q(precision__in=["day", "month", "quarter", "year"], happened_on__isnull=False),
                name="milestone_date_with_precision",
                violation_error_message=_("Give the date and how exactly it is known, or neither."),
            ),
            Check(
                condition=~Q(kind__in=["suspended", "terminated"]) | Q(precision="") | ~Q(reason=""),
                name="milestone_stop_with_reason",
                violation_error_message=_("Choose the reason of the suspension or termination."),
            ),
            Check(
                condition=within_amounts("total_investment", "expected_output", "expected_revenue"),
                name="milestone_amounts_in_range",
                violation_error_message=_("An amount is negative or impossibly large."),
            ),
        ]
        indexes = [
            # a headline's projects
            models.Index(
                fields=["ceremony"], condition=Q(ceremony__isnull=False), name="milestone_by_ceremony"
            ),
            # lists of projects: what was signed, started, completed in a quarter
            models.Index(
                fields=["kind", "happened_on"],
                condition=Q(happened_on__isnull=False),
                name="milestone_by_date",
            ),
            # what files tell of the steps of many projects, few of which have a note
            models.Index(fields=["project"], condition=~Q(note=""), name="milestone_with_note"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.happened_on or ''}".strip()

    def clean(self) -> None:
        """What has stopped says why."""
        super().clean()
        if self.kind in KINDS_WITH_REASON and self.has_happened and not self.reason:
            message = _("Choose the reason of the suspension or termination.")
            raise ValidationError({"reason": ValidationError(message, code="reason_required")})

    @property
    def has_happened(self) -> bool:
        """Whether it is more than a plan."""
        return bool(self.precision)

    @property
    def quarter(self) -> str | None:
        """The quarter it counts in, as `2023Q1`; None while it is a plan or undated."""
        if self.happened_on and self.precision in (Precision.DAY, Precision.MONTH, Precision.QUARTER):
            return quarters.quarter_of(self.happened_on)
        return None

    @property
    def period(self) -> tuple[date, date] | None:
        """The first and the last day on which it can have happened; None where nothing is known."""
        return period_of(self.happened_on, self.precision) if self.happened_on else None


def period_of(day: date, precision: str) -> tuple[date, date]:
    """The first and the last day of the day, month, quarter or year that a date stands for."""
    if precision == Precision.MONTH:
        first = day.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if precision == Precision.QUARTER:
        quarter = quarters.quarter_of(day)
        return quarters.first_day(quarter), quarters.last_day(quarter)
    if precision == Precision.YEAR:
        return day.replace(month=1, day=1), day.replace(month=12, day=31)
    return day, day
