"""Which projects: whose they are to see, which of them count, and what is late or waits."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from projects.access import Role, knows_in, subtrees_of, within
from projects.models.districts import District
from projects.models.project_rules import DOUBLE_HUNDRED
from projects.models.stages import Review, Stage

if TYPE_CHECKING:
    from projects.access import Reader
    from projects.models.projects import Project  # noqa: F401  the name in brackets below

BEFORE_START = ("", Stage.NEGOTIATING, Stage.SIGNED)
BEFORE_COMPLETION = (*BEFORE_START, Stage.STARTED)


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
        phases = self.model.objects.kept().filter(parent=models.OuterRef("pk"))
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
        phases = self.model.objects.kept().filter(parent=models.OuterRef("pk"))
        rows = self._kept_and_counted().filter(total_investment__isnull=True)
        return rows.filter(~models.Exists(phases))

    def _kept_and_counted(self) -> ProjectQuerySet:
        return self.filter(voided_at__isnull=True, exclusion_reason="")

    def known_to(self, user: Reader, on: date) -> ProjectQuerySet:
        """Projects of which nothing is hidden from the user: open ones, those of the own districts, and one's charges.

        One must see a project to know it; being in charge of it shows it to nobody.
        """
        holding = Q(charges__until_on=None) | Q(charges__until_on__gte=on)
        mine = self.model.objects.filter(holding, charges__user=user.pk, charges__from_on__lte=on)
        rule = Q(confidential=False) | knows_in(user, "district__path") | Q(pk__in=mine.values("pk"))
        return self.visible_to(user).filter(rule)

    def double_hundred(self) -> ProjectQuerySet:
        """双百: 10 billion yuan or more to be invested, and as much expected output a year."""
        return self.filter(DOUBLE_HUNDRED)

    def with_details(self) -> ProjectQuerySet:
        """Everything a list or a detail shows, in a fixed number of queries."""
        return self.select_related("district", "sector", "parent").prefetch_related("investors", "tags")
