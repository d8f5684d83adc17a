"""Who is in charge of a project, in which role, from when until when."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import TextField, Versioned
from projects.models.checks import Check
from projects.models.projects import Project

if TYPE_CHECKING:
    from projects.models.users import User

EARLIEST, LATEST = date(1949, 1, 1), date(2100, 12, 31)


class ChargeQuerySet(models.QuerySet["Charge"]):
    """Which charges."""

    def holding(self, day: date) -> ChargeQuerySet:
        """Those whose period holds this day."""
        return self.filter(Q(until_on=None) | Q(until_on__gte=day), from_on__lte=day)

    def of(self, user: User) -> ChargeQuerySet:
        """Those of one user."""
        return self.filter(user=user)


class Charge(Versioned):
    """One person in charge of one project for a time: a user, or a name, for leaders often have no account."""

    class Role(models.TextChoices):
        """What the person is in charge as: one leader at a time, any number of officers."""

        LEADER = "leader", _("Leader in charge")
        OFFICER = "officer", _("Officer in charge")

    project = models.ForeignKey(
        Project, models.PROTECT, verbose_name=_("project"), related_name="charges", editable=False
    )
    role = models.CharField(
        _("role"),
        max_length=10,
        choices=Role.choices,
        help_text=_("One leader at a time; as many officers as work on it."),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("user"),
        null=True,
        blank=True,
        related_name="charges",
        db_index=False,
        help_text=_("Who signs in here. For somebody without an account write the name instead."),
    )
    name = TextField(
        _("name"), max_length=60, blank=True, help_text=_("Of somebody who has no account here.")
    )
    unit = TextField(_("unit"), max_length=100, blank=True, help_text=_("Where the person works."))
    telephone = models.CharField(
        _("telephone"),
        max_length=30,
        blank=True,
        validators=[
            RegexValidator(
                r"\A[0-9+][0-9 ()+-]{2,28}[0-9]\Z", _("Write the number as 020-82111111 or 13800000000.")
            )
        ],
        help_text=_("As in 020-82111111 or 13800000000."),
    )
    from_on = models.DateField(_("from"), help_text=_("The first day."))
    until_on = models.DateField(
        _("until"), null=True, blank=True, help_text=_("The last day, included; empty: to this day.")
    )

    objects = ChargeQuerySet.as_manager()

    class Meta:
        verbose_name = _("person in charge")
        verbose_name_plural = _("people in charge")
        ordering = ["role", "-from_on", "-id"]
        constraints = [
            Check(
                condition=Q(user__isnull=False, name="") | Q(Q(user__isnull=True), ~Q(name="")),
                name="charge_of_a_user_or_a_name",
                violation_error_message=_("Choose a user or write a name: one of the two."),
            ),
            Check(
                condition=Q(from_on__gte=EARLIEST)
                & (Q(until_on__isnull=True) | Q(until_on__gte=F("from_on"), until_on__lte=LATEST)),
                name="charge_ends_after_it_began",
                violation_error_message=_(
                    "The last day lies before the first, or a day is not between 1949 and 2100."
                ),
            ),
        ]
        indexes = [
            # lists of what somebody is in charge of
            models.Index(fields=["user", "project"], condition=Q(user__isnull=False), name="charge_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.person}"

    @property
    def person(self) -> str:
        """The name of the person, as colleagues know it."""
        return self.user.get_full_name() if self.user else self.name

    @property
    def period(self) -> str:
        """2026-01-01 – 2026-06-30, or open at its end."""
        return f"{self.from_on:%Y-%m-%d} – " + (f"{self.until_on:%Y-%m-%d}" if self.until_on else "")

    def holds(self, day: date) -> bool:
        """Whether the person is in charge on this day."""
        return self.from_on <= day <= (self.until_on or LATEST)

    def overlaps(self, other: Charge) -> bool:
        """Whether both hold on some day."""
        return self.from_on <= (other.until_on or LATEST) and other.from_on <= (self.until_on or LATEST)
