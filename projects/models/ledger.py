"""The ledger: what counts, from when until when it was so recorded. Append-only, dated twice, never edited."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from projects.models.checks import Check
from projects.models.districts import District
from projects.models.milestones import Kind, Milestone, Precision
from projects.models.projects import Project
from projects.models.reference import Ownership, Sector
from projects.models.stages import ProjectType

AMOUNTS = ("investment", "expected_output", "expected_revenue")


class Cause(models.TextChoices):
    """Why an entry was posted or closed."""

    REPORTED = "reported", _("Reported")
    REPORTED_LATE = "reported_late", _("Reported late")
    AMOUNT_CORRECTED = "amount_corrected", _("Amount corrected")
    DATE_MOVED = "date_moved", _("Date moved")
    STAGE_MOVED = "stage_moved", _("Stage moved")
    DISTRICT_MOVED = "district_moved", _("District moved")
    SECTOR_MOVED = "sector_moved", _("Sector moved")
    RECLASSIFIED = "reclassified", _("Type or ownership changed")
    EXCLUDED = "excluded", _("Excluded")
    INCLUDED = "included", _("Counted again")
    SPLIT = "split", _("Split into phases")
    WITHDRAWN = "withdrawn", _("Milestone withdrawn")
    VOIDED = "voided", _("Voided")
    MERGED = "merged", _("Duplicates merged")
    PLAN_RECORDED = "plan_recorded", _("First plan recorded")


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    """Which entries: now, or as of a moment."""

    def current(self) -> "LedgerQuerySet":
        """The entries that hold now."""
        return self.filter(superseded_at__isnull=True)

    def holding(self, as_of: datetime | None) -> "LedgerQuerySet":
        """The entries that held at a past moment, or hold now if none is given."""
        if as_of is None:
            return self.current()
        later = Q(superseded_at__isnull=True) | Q(superseded_at__gt=as_of)
        return self.filter(later, recorded_at__lte=as_of)


class LedgerEntry(models.Model):
    """From `recorded_at` until `superseded_at` this project counts as having reached `kind` in `quarter`.

    It left that stage in `left_quarter`. A null `quarter` is an undated milestone: listed, in no quarter's total.
    `happened_on`, `precision` and `planned_first_on` are the milestone's, so that lead times and cohorts can be asked
    as of any moment, too.
    The database refuses to update a posted entry, other than closing it once, and to delete it.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, verbose_name=_("project"), related_name="ledger_entries", db_index=False
    )
    milestone = models.ForeignKey(
        Milestone,
        models.DO_NOTHING,
        verbose_name=_("milestone"),
        db_constraint=False,
        db_index=False,
        related_name="ledger_entries",
    )
    kind = models.CharField(_("milestone"), max_length=20, choices=Kind.choices)
    quarter = models.CharField(_("quarter"), max_length=6, null=True)
    left_quarter = models.CharField(_("left in"), max_length=6, null=True)
    district = models.ForeignKey(
        District, models.PROTECT, verbose_name=_("district"), related_name="+", db_index=False
    )
    sector = models.ForeignKey(
        Sector, models.PROTECT, verbose_name=_("sector"), null=True, related_name="+", db_index=False
    )
    project_type = models.CharField(_("project type"), max_length=20, choices=ProjectType.choices)
    ownership = models.CharField(_("ownership"), max_length=10, choices=Ownership.choices, blank=True)
    happened_on = models.DateField(_("happened on"), null=True)
    precision = models.CharField(
        _("known to the"), max_length=10, choices=Precision.choices, blank=True, default="", db_default=""
    )
    planned_first_on = models.DateField(_("first plan"), null=True)
    investment = models.BigIntegerField(_("investment"), null=True)
    expected_output = models.BigIntegerField(_("expected output"), null=True)
    expected_revenue = models.BigIntegerField(_("expected revenue"), null=True)
    recorded_at = models.DateTimeField(_("recorded at"))
    cause = models.CharField(_("cause"), max_length=20, choices=Cause.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("recorded by"),
        null=True,
        related_name="+",
        db_index=False,
    )
    superseded_at = models.DateTimeField(_("superseded at"), null=True)
    closing_cause = models.CharField(_("closed because"), max_length=20, choices=Cause.choices, blank=True)
    closing_actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("superseded by"),
        null=True,
        related_name="+",
        db_index=False,
    )

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind"],
                condition=Q(superseded_at__isnull=True),
                name="ledger_one_current_entry_per_kind",
            ),
            Check(
                condition=Q(superseded_at__isnull=True) | Q(superseded_at__gte=F("recorded_at")),
                name="ledger_closed_after_posted",
            ),
            Check(
                condition=Q(left_quarter__isnull=True)
                | (Q(quarter__isnull=False) & Q(left_quarter__gte=F("quarter"))),
                name="ledger_left_after_reached",
            ),
        ]
        indexes = [
            # roll-up, breakdowns, trace: what was reached in a district's quarter, and of it what is of one sector
            models.Index(
                "district",
                "quarter",
                Coalesce("sector", 0),
                condition=Q(superseded_at__isnull=True),
                name="ledger_current_reached",
            ),
            # roll-up, breakdowns, trace: what was left in a district's quarter, and of it what is of one sector
            models.Index(
                "district",
                "left_quarter",
                Coalesce("sector", 0),
                condition=Q(superseded_at__isnull=True, left_quarter__isnull=False),
                name="ledger_current_left",
            ),
            # a quarter, or what has none, of a whole country or province by any breakdown: read without the table
            models.Index(
                fields=["quarter", "kind", "district"],
                include=["id", *AMOUNTS, "sector", "project_type", "ownership"],
                condition=Q(superseded_at__isnull=True),
                name="ledger_current_of_quarter",
            ),
            # posting: the entries of one project
            models.Index(fields=["project", "kind"], name="ledger_by_project"),
            # as of a moment: everything a district ever had in a quarter
            models.Index(fields=["district", "quarter"], name="ledger_ever_reached"),
            # the moment of a release, the first moment that may be asked for: the last and the first posting
            models.Index(fields=["recorded_at"], name="ledger_by_posting"),
            # the moment of a release: the last closing
            models.Index(
                fields=["superseded_at"],
                condition=Q(superseded_at__isnull=False),
                name="ledger_by_closing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.kind} {self.quarter}"


class TouchedCell(models.Model):
    """What a change moves in the totals of a district, quarter, sector and kind: a row in the change's transaction.

    The stored cells are the ledger's sums without what waits here. A row without a kind moves nothing: it asks for all
    kinds there to be recomputed. Append-only and without a unique key, so that writers of one district never wait for
    each other.
    """

    district = models.ForeignKey(District, models.CASCADE, related_name="+", db_index=False)
    quarter = models.CharField(max_length=6)
    sector_id = models.BigIntegerField(null=True)  # null where the record does not say
    kind = models.CharField(max_length=20, default="", db_default="")
    leaving = models.BooleanField(default=False, db_default=False)  # it is left in this quarter, not reached
    count = models.IntegerField(default=0, db_default=0)
    with_investment = models.IntegerField(default=0, db_default=0)
    with_output = models.IntegerField(default=0, db_default=0)
    with_revenue = models.IntegerField(default=0, db_default=0)
    investment = models.BigIntegerField(default=0, db_default=0)
    output = models.BigIntegerField(default=0, db_default=0)
    revenue = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.district_id} {self.quarter}"


class LedgerSeal(models.Model):
    """A moment up to which the ledger is complete: whatever is posted or closed later is dated after it."""

    sealed_at = models.DateTimeField(_("sealed at"), unique=True)

    class Meta:
        verbose_name = _("seal of the ledger")
        verbose_name_plural = _("seals of the ledger")
        ordering = ["sealed_at"]

    def __str__(self) -> str:
        return self.sealed_at.isoformat()
