"""Projects that look like one and the same: why, the pairs that wait for somebody's word, and every word that was said.

Which of two projects was recorded first stands first. What was decided is kept for ever, undone or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.access import Role, subtrees_of
from projects.models.base import TextField
from projects.models.checks import Check
from projects.models.projects import Project
from projects.models.revisions import BulkChange

if TYPE_CHECKING:
    from projects.access import Reader


class Likeness(models.TextChoices):
    """Why two projects may be one and the same, the weightiest first."""

    APPROVAL_CODE = "approval_code", _("Same approval code")
    NAME_AND_AMOUNT = "name_and_amount", _("Alike name and amount")
    CREDIT_CODE = "credit_code", _("Same investor in the same district")
    NAME = "name", _("Alike name, an amount not known")
    NAME_ALONE = "name_alone", _("Alike name, another amount")


# What only somebody who types is told: by itself it is no reason to ask whether two projects are the same.
HINT = Likeness.NAME_ALONE


class Verdict(models.TextChoices):
    """What two projects that look alike are."""

    SAME = "same", _("The same project, recorded twice")
    PHASE = "phase", _("Phases of one project")
    INCREASE = "increase", _("One is a capital increase of the other")
    DIFFERENT = "different", _("Different projects")


class DuplicatePairQuerySet(models.QuerySet["DuplicatePair"]):
    """Which pairs."""

    def visible_to(self, user: Reader) -> DuplicatePairQuerySet:
        """Those of which the user may see both projects."""
        return self._both(user)

    def editable_by(self, user: Reader) -> DuplicatePairQuerySet:
        """Those on which the user decides: an editor of both districts."""
        return self._both(user, Role.EDITOR)

    def waiting(self) -> DuplicatePairQuerySet:
        """Those that wait for somebody's word, the latest first."""
        return self.filter(waits=True).order_by("-id")

    def _both(self, user: Reader, *roles: Role) -> DuplicatePairQuerySet:
        first, second = (
            subtrees_of(user, *roles, field=f"{one}__district__path") for one in ("first", "second")
        )
        return self.filter(first, second)


class DuplicatePair(models.Model):
    """Two projects that look like one and the same. It waits until somebody has decided what they are."""

    first = models.ForeignKey(
        Project, models.PROTECT, verbose_name=_("project"), related_name="+", db_index=False
    )
    second = models.ForeignKey(
        Project, models.PROTECT, verbose_name=_("possible duplicate"), related_name="+", db_index=False
    )
    reasons = models.JSONField(_("reasons"), default=list)  # of Likeness; empty where somebody named the pair
    found_at = models.DateTimeField(_("found at"))
    waits = models.BooleanField(_("waits"), default=True)

    objects = DuplicatePairQuerySet.as_manager()

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        ordering = ["-id"]
        constraints = [
            # a project's pairs, too: they are read through this rule's index
            models.UniqueConstraint(fields=["first", "second"], name="duplicate_pair_once"),
            Check(condition=Q(first__lt=F("second")), name="duplicate_pair_in_order"),
        ]
        indexes = [
            # a project's pairs
            models.Index(fields=["second"], name="duplicate_pair_by_second"),
            # the queue
            models.Index(fields=["id"], condition=Q(waits=True), name="duplicate_pair_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} {self.second_id}"

    @property
    def why(self) -> list[str]:
        """The reasons in words."""
        return [str(Likeness(reason).label) for reason in self.reasons]


class DuplicateDecision(models.Model):
    """What somebody has said of a pair, once. A later word is another row; whether it was undone says its change."""

    pair = models.ForeignKey(
        DuplicatePair, models.PROTECT, verbose_name=_("possible duplicate"), related_name="decisions"
    )
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices)
    main = models.ForeignKey(
        Project,
        models.PROTECT,
        verbose_name=_("main project"),
        null=True,
        related_name="+",
        db_index=False,
        help_text=_("Which was kept, or became the larger project; empty where they are different."),
    )
    reason = TextField(_("reason"), max_length=200)
    reasons = models.JSONField(_("reasons"), default=list)  # of Likeness: what was known when it was decided
    at = models.DateTimeField(_("decided at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("decided by"),
        null=True,
        related_name="+",
        db_index=False,
    )
    bulk = models.OneToOneField(
        BulkChange,
        models.PROTECT,
        verbose_name=_("bulk change"),
        null=True,
        related_name="duplicate_decision",
        help_text=_("What was changed by it, as one; empty where nothing was."),
    )
    carried = models.JSONField(
        default=dict
    )  # ids of the people in charge and the files that the main project took over

    class Meta:
        verbose_name = _("decision on duplicates")
        verbose_name_plural = _("decisions on duplicates")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.pair} {self.verdict}"

    @property
    def is_undone(self) -> bool:
        """Whether what it did was taken back."""
        return self.bulk is not None and self.bulk.undone_at is not None


class DuplicateCheck(models.Model):
    """A project that is to be compared with all others: a row in the transaction that changed it. It may wait twice."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.project_id)
