"""The project: what is invested, where, by whom; its stage and dates are derived from its milestones."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.access import Role, knows_in, subtrees_of, within
from projects.codes import approval_code_validator
from projects.models.base import (
    AmountField,
    LongTextField,
    TextField,
    Versioned,
    in_readers_language,
    within_amounts,
)
from projects.models.checks import Check
from projects.models.districts import District
from projects.models.reference import Organization, Ownership, Sector
from projects.models.stages import ExclusionReason, ProjectType, Review, Stage
from projects.models.tags import Tag

if TYPE_CHECKING:
    from projects.access import Reader


BEFORE_START = ("", Stage.NEGOTIATING, Stage.SIGNED)
BEFORE_COMPLETION = (*BEFORE_START, Stage.STARTED)

HUNDRED = 10_000_000_000  # 100亿
DOUBLE_HUNDRED = Q(total_investment__gte=HUNDRED, expected_output__gte=HUNDRED)


class ProjectQuerySet(models.QuerySet["Project"]):
    """Which projects: whose they are to see, and which of them count."""

    def visible_to(self, user: Reader) -> ProjectQuerySet:
        """Projects in the user's districts; void ones too, for they are kept."""
        return self.filter(subtrees_of(user, field="district__path"))

    def editable_by(self, user: Reader) -> ProjectQuerySet:
        """Projects in districts where the user is an editor."""
        return self.filter(subtrees_of(user, Role.EDITOR, field="district__path"))

    def reviewable_by(self, user: Reader) -> ProjectQuerySet:
        """Projects in districts where the user is a reviewer."""
        return self.filter(subtrees_of(user, Role.REVIEWER, field="district__path"))

    def in_review(self, review: str) -> ProjectQuerySet:
        """What has come so far on its way to approval, in the words of its index."""
        return self.exclude(review=Review.APPROVED).filter(review=review)

    def submitted(self) -> ProjectQuerySet:
        """What waits for a reviewer, the longest first."""
        return self.in_review(Review.SUBMITTED).order_by("submitted_at", "id")

    def within(self, district: District) -> ProjectQuerySet:
        """Projects of the district and everything below it."""
        return self.filter(within(district.path, "district__path"))

    def kept(self) -> ProjectQuerySet:
        """Projects that are not void."""
        return self.filter(voided_at__isnull=True)

    def countable(self) -> ProjectQuerySet:
        """Not void, not excluded, and not a parent with phases that are kept."""
        phases = Project.objects.kept().filter(parent=models.OuterRef("pk"))
        return self.kept().filter(~models.Exists(phases), exclusion_reason="")

    def overdue(self, on: date) -> ProjectQuerySet:
        """Counted projects whose planned start or completion lies before this day and has not happened."""
        before_start = ["", Stage.NEGOTIATING, Stage.SIGNED]
        start = Q(planned_start_on__lt=on, stage__in=before_start)
        completion = Q(planned_completion_on__lt=on, stage__in=[*before_start, Stage.STARTED])
        return self.countable().filter(start | completion)

    def late_to_start(self, on: date) -> list[ProjectQuerySet]:
        """Kept projects whose planned start lies before this day and has not happened, the longest ago first.

        Stage by stage, so that an index has each in this order and nothing else.
        """
        rows = self._kept_and_counted().filter(started_on__isnull=True, planned_start_on__lt=on)
        return [rows.filter(stage=stage).order_by("planned_start_on") for stage in BEFORE_START]

    def late_to_complete(self, on: date) -> list[ProjectQuerySet]:
        """The same of their planned completion."""
        rows = self._kept_and_counted().filter(completed_on__isnull=True, planned_completion_on__lt=on)
        return [rows.filter(stage=stage).order_by("planned_completion_on") for stage in BEFORE_COMPLETION]

    def without_amount(self) -> ProjectQuerySet:
        """Kept projects, or the phases of such, whose investment is not known."""
        phases = Project.objects.kept().filter(parent=models.OuterRef("pk"))
        rows = self._kept_and_counted().filter(total_investment__isnull=True)
        return rows.filter(~models.Exists(phases))

    def _kept_and_counted(self) -> ProjectQuerySet:
        return self.filter(voided_at__isnull=True, exclusion_reason="")

    def known_to(self, user: Reader, on: date) -> ProjectQuerySet:
        """Projects of which nothing is hidden from the user: open ones, those of the own districts, and one's charges.

        One must see a project to know it; being in charge of it shows it to nobody.
        """
        holding = Q(charges__until_on=None) | Q(charges__until_on__gte=on)
        mine = Project.objects.filter(holding, charges__user=user.pk, charges__from_on__lte=on)
        rule = Q(confidential=False) | knows_in(user, "district__path") | Q(pk__in=mine.values("pk"))
        return self.visible_to(user).filter(rule)

    def double_hundred(self) -> ProjectQuerySet:
        """双百: 10 billion yuan or more to be invested, and as much expected output a year."""
        return self.filter(DOUBLE_HUNDRED)

    def with_details(self) -> ProjectQuerySet:
        """Everything a list or a detail shows, in a fixed number of queries."""
        return self.select_related("district", "sector", "parent").prefetch_related("investors", "tags")


class Project(Versioned):
    """One investment project, or a phase of one. A parent with phases is never counted, its phases are."""

    code = models.CharField(
        _("project code"),
        max_length=40,
        unique=True,
        blank=True,
        validators=[
            RegexValidator(r"\A[0-9A-Za-z][0-9A-Za-z._/-]*\Z", _("Use letters, digits and . _ / - only."))
        ],
        help_text=_("The bureau's own code. Leave it empty and one is given."),
        error_messages={"unique": _("Another project has this code already.")},
    )
    approval_code = models.CharField(
        _("national approval code"),
        max_length=24,
        blank=True,
        validators=[approval_code_validator],
        help_text=_("As in 2301-440112-04-01-123456. Only its shape is checked."),
    )
    name = TextField(_("name"), max_length=200, help_text=_("The project's full name, without the phase."))
    name_en = TextField(_("English name"), max_length=300, blank=True)
    district = models.ForeignKey(
        District,
        models.PROTECT,
        verbose_name=_("district"),
        related_name="projects",
        db_index=False,
        help_text=_(
            "Where it is counted: the zone where it lies in one, else the district. Higher levels follow by themselves."
        ),
    )
    sector = models.ForeignKey(
        Sector,
        models.PROTECT,
        verbose_name=_("sector"),
        null=True,
        blank=True,
        related_name="projects",
        db_index=False,
        help_text=_("The main sector. Type part of its name."),
    )
    project_type = models.CharField(
        _("project type"), max_length=20, choices=ProjectType.choices, default=ProjectType.OTHER
    )
    ownership = models.CharField(
        _("ownership"),
        max_length=10,
        choices=Ownership.choices,
        blank=True,
        help_text=_("Of the main investor. Leave it empty if you do not know it."),
    )
    investors = models.ManyToManyField(
        Organization,
        verbose_name=_("investors"),
        blank=True,
        related_name="projects",
        help_text=_("Who invests."),
    )
    tags = models.ManyToManyField(
        Tag,
        verbose_name=_("tags"),
        blank=True,
        related_name="projects",
        help_text=_("Marks such as 链主. 双百 follows from the amounts and is not chosen."),
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("phase of"),
        null=True,
        blank=True,
        related_name="phases",
        db_index=False,
        help_text=_(
            "The project that this is a phase or a capital increase of. Only its phases are counted."
        ),
    )
    phase = TextField(_("phase"), max_length=40, blank=True, help_text=_("As in 一期 or 首开区."))

    total_investment = AmountField(
        _("total investment"),
        help_text=_("计划总投资. Write 34亿, 3.4亿元, 约20亿 or 34000万元; empty if not known."),
    )
    investment_estimated = models.BooleanField(
        _("estimated"), default=False, help_text=_("The total investment is approximate (约).")
    )
    fixed_asset_investment = AmountField(
        _("fixed-asset investment"), help_text=_("The part that builds and equips.")
    )
    expected_output = AmountField(_("expected annual output"), help_text=_("预计达产年产值."))
    expected_revenue = AmountField(_("expected annual revenue"), help_text=_("预计年营业收入."))
    expected_tax = AmountField(_("expected annual tax"), help_text=_("预计年税收."))
    currency = models.CharField(
        _("foreign currency"),
        max_length=3,
        blank=True,
        validators=[RegexValidator(r"\A[A-Z]{3}\Z", _("Three capital letters, as in USD."))],
        help_text=_("If the contract names foreign money: its code, the original amount and the rate used."),
    )
    original_amount = models.BigIntegerField(
        _("original amount"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    exchange_rate = models.DecimalField(
        _("exchange rate"),
        max_digits=14,
        decimal_places=6,
        null=True,
        blank=True,
        help_text=_("Yuan for one unit of the foreign currency."),
    )
    expected_jobs = models.PositiveIntegerField(
        _("expected jobs"), null=True, blank=True, validators=[MaxValueValidator(2**31 - 1)]
    )
    land_area_mu = models.DecimalField(
        _("land area (mu)"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    floor_area_m2 = models.DecimalField(
        _("floor area (m²)"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    remark = LongTextField(_("remark"), blank=True)
    source = models.CharField(
        _("source"), max_length=100, blank=True, help_text=_("The document it was taken from.")
    )

    confidential = models.BooleanField(
        _("confidential before signing"),
        default=False,
        help_text=_(
            "Name, codes, investors, remark, source, files and comments are hidden from all but its editors, "
            "reviewers, administrators and the people in charge, until it is signed. Its figures count as always."
        ),
    )
    confidential_until = models.DateField(
        _("confidential until"),
        null=True,
        blank=True,
        help_text=_("From this day on it is open, signed or not. Empty: until it is signed."),
    )
    exclusion_reason = models.CharField(
        _("not counted because"),
        max_length=20,
        choices=ExclusionReason.choices,
        blank=True,
        help_text=_("An excluded project is kept and shown, but enters no total."),
    )
    voided_at = models.DateTimeField(_("void since"), null=True, blank=True, editable=False)
    void_reason = TextField(_("void because"), max_length=200, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("merged into"),
        null=True,
        blank=True,
        editable=False,
        related_name="merged",
        db_index=False,
        help_text=_("The project that was recorded twice: this one is void, that one is kept."),
    )

    # Kept by the services (services.counting, services.reviewing); where nobody reviews, everything is approved.
    review = models.CharField(
        _("review"),
        max_length=10,
        choices=Review.choices,
        default=Review.APPROVED,
        db_default=Review.APPROVED,
        editable=False,
    )
    approved_version = models.PositiveIntegerField(
        _("approved version"),
        null=True,
        editable=False,
        help_text=_("What counts while a later version waits for approval; empty if none was ever approved."),
    )
    submitted_at = models.DateTimeField(_("submitted at"), null=True, editable=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("submitted by"),
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
    )

    # Derived from the milestones by the services at every change; never typed.
    stage = models.CharField(_("stage"), max_length=20, choices=Stage.choices, blank=True, editable=False)
    suspended = models.BooleanField(_("suspended"), default=False, editable=False)
    signed_on = models.DateField(_("signed on"), null=True, editable=False)
    started_on = models.DateField(_("started on"), null=True, editable=False)
    completed_on = models.DateField(_("completed on"), null=True, editable=False)
    in_production_on = models.DateField(_("in production on"), null=True, editable=False)
    planned_start_on = models.DateField(_("planned start"), null=True, editable=False)
    planned_completion_on = models.DateField(_("planned completion"), null=True, editable=False)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        ordering = ["-id"]
        constraints = [
            Check(
                condition=within_amounts(
                    "total_investment",
                    "fixed_asset_investment",
                    "expected_output",
                    "expected_revenue",
                    "expected_tax",
                ),
                name="project_amounts_in_range",
                violation_error_message=_("An amount is negative or impossibly large."),
            ),
            Check(
                condition=~Q(parent=F("id")),
                name="project_not_its_own_parent",
                violation_error_message=_("A project cannot be a phase of itself."),
            ),
            Check(
                condition=Q(currency="", original_amount__isnull=True, exchange_rate__isnull=True)
                | Q(
                    ~Q(currency=""),
                    original_amount__isnull=False,
                    original_amount__gte=0,
                    exchange_rate__isnull=False,
                    exchange_rate__gt=0,
                ),
                name="project_foreign_money_complete",
                violation_error_message=_(
                    "Foreign money needs its currency, the original amount and the exchange rate."
                ),
            ),
            Check(
                condition=Q(confidential=True) | Q(confidential_until__isnull=True),
                name="project_confidential_has_until",
                violation_error_message=_("Only a confidential project has a day until which it is."),
            ),
            Check(
                condition=Q(voided_at__isnull=True) | ~Q(void_reason=""),
                name="project_void_with_reason",
                violation_error_message=_("Say why the project is void."),
            ),
            Check(
                condition=Q(merged_into__isnull=True) | Q(voided_at__isnull=False),
                name="project_merged_is_void",
                violation_error_message=_("Only a void project is merged into another."),
            ),
            Check(
                condition=~Q(merged_into=F("id")),
                name="project_not_merged_into_itself",
                violation_error_message=_("A project is not merged into itself."),
            ),
        ]
        indexes = [
            # lists of a district
            models.Index(
                fields=["district", "stage", "id"],
                include=[
                    "total_investment",
                    "expected_output",
                    "project_type",
                    "voided_at",
                ],  # what lists add up
                name="project_by_district_stage",
            ),
            # saving: whether a project has phases
            models.Index(fields=["parent"], condition=Q(parent__isnull=False), name="project_by_parent"),
            # duplicates: the projects of one approval code
            models.Index(
                fields=["approval_code"], condition=~Q(approval_code=""), name="project_by_approval_code"
            ),
            # clients that keep a copy
            models.Index(fields=["updated_at", "id"], name="project_by_updated_at"),
            # lists of a country in the order of each column by which they can be sorted, either way
            models.Index(fields=["name", "id"], name="project_by_name"),
            models.Index(fields=["total_investment", "id"], name="project_by_investment"),
            models.Index(fields=["signed_on", "id"], name="project_by_signing"),
            models.Index(fields=["started_on", "id"], name="project_by_start"),
            models.Index(fields=["completed_on", "id"], name="project_by_completion"),
            models.Index(fields=["planned_start_on", "id"], name="project_by_planned_start"),
            models.Index(fields=["planned_completion_on", "id"], name="project_by_planned_completion"),
            models.Index(fields=["created_at", "id"], name="project_by_creation"),
            # lists of the few that are void, excluded or suspended
            models.Index(fields=["id"], condition=Q(voided_at__isnull=False), name="project_void"),
            models.Index(fields=["id"], condition=~Q(exclusion_reason=""), name="project_excluded"),
            models.Index(fields=["id"], condition=Q(suspended=True), name="project_suspended"),
            # desks: what is late; of all whose plan has passed most have happened long ago, if nobody knows when
            models.Index(
                fields=["stage", "planned_start_on"],
                condition=Q(planned_start_on__isnull=False, started_on__isnull=True),
                name="project_late_to_start",
            ),
            models.Index(
                fields=["stage", "planned_completion_on"],
                condition=Q(planned_completion_on__isnull=False, completed_on__isnull=True),
                name="project_late_to_complete",
            ),
            # ending the confidentiality of those whose day has come
            models.Index(
                fields=["confidential_until"],
                condition=Q(confidential_until__isnull=False),
                name="project_confidential_until",
            ),
            # lists of the few that are 双百
            models.Index(fields=["id"], condition=DOUBLE_HUNDRED, name="project_double_hundred"),
            # pages and histories of projects into which others were merged
            models.Index(
                fields=["merged_into"], condition=Q(merged_into__isnull=False), name="project_merged"
            ),
            # the reviewers' queue, desks, the audit, approving whatever waits
            models.Index(
                fields=["review", "submitted_at", "id"],
                condition=~Q(review="approved"),
                name="project_in_review",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language, with its phase where the name does not say it already."""
        name = in_readers_language(self.name, self.name_en)
        return name if self.phase in self.name else f"{name} {self.phase}"

    @property
    def double_hundred(self) -> bool:
        """双百: whether 10 billion yuan or more are to be invested, and as much output a year is expected."""
        amounts = (self.total_investment, self.expected_output)
        return all(amount is not None and amount >= HUNDRED for amount in amounts)

    @property
    def marks(self) -> list[str]:
        """双百 where the amounts say so, then its tags, in the reader's language."""
        return [
            *([str(_("Double hundred"))] if self.double_hundred else []),
            *(t.label for t in self.tags.all()),
        ]

    @property
    def excluded(self) -> bool:
        """Whether it is kept but not counted."""
        return bool(self.exclusion_reason)

    @property
    def is_approved(self) -> bool:
        """Whether it counts as it is recorded now."""
        return self.review == Review.APPROVED

    @property
    def counting_version(self) -> int | None:
        """The version that counts: the one approved last; None if none was."""
        return self.version if self.is_approved else self.approved_version

    @property
    def is_void(self) -> bool:
        """Whether it was recorded by mistake; void projects are kept for ever."""
        return self.voided_at is not None

    def clean(self) -> None:
        """A phase stands below one project of the same city that has no milestones of its own."""
        super().clean()
        if self.parent_id and (message := self._wrong_parent()):
            raise ValidationError({"parent": message})

    def _wrong_parent(self) -> ValidationError | None:
        parent = self.parent
        assert parent is not None
        faults = (
            (parent.pk == self.pk, "own_parent", _("A project cannot be a phase of itself.")),
            (parent.parent_id, "phase_of_phase", _("That is a phase itself; choose the whole project.")),
            (
                self.pk and self.phases.exists(),
                "phase_of_phase",
                _("This project has phases, so it cannot become a phase."),
            ),
            (parent.is_void, "void_parent", _("That project is void; choose another.")),
            (
                self.district_id and parent.district.city_code() != self.district.city_code(),
                "other_city",
                _("That project lies in another city."),
            ),
            (
                parent.milestones.exists(),
                "parent_has_milestones",
                _("That project has milestones of its own; move them to a first phase, then add this one."),
            ),
        )
        return next((ValidationError(message, code=code) for wrong, code, message in faults if wrong), None)
