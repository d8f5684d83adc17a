"""The project: what is invested, where, by whom; its stage and dates are derived from its milestones."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.codes import approval_code_validator
from projects.models.base import AmountField, LongTextField, TextField, Versioned, in_readers_language
from projects.models.districts import District
from projects.models.project_queryset import ProjectQuerySet
from projects.models.project_rules import CONSTRAINTS, HUNDRED, INDEXES, wrong_parent
from projects.models.reference import Organization, Ownership, Sector
from projects.models.stages import ExclusionReason, ProjectType, Review, Stage
from projects.models.tags import Tag


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
        constraints = CONSTRAINTS
        indexes = INDEXES

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
        if self.parent_id and (message := wrong_parent(self)):
            raise ValidationError({"parent": message})
