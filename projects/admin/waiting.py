"""What waits for one person among the projects: on the desk, and as a filter of the list behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.admin.filters import Options, SelectFilter
from projects.models import LedgerEntry, Project, Review
from projects.services import approval_required

Rows = QuerySet[Project]


@dataclass(frozen=True)
class Waiting:
    """One reason for which projects wait for somebody."""

    title: Any  # lazily translated
    # of those projects, for that person on that day: in pieces, each of which has an index
    rows: Callable[[Rows, Any, date], list[Rows]]
    in_review: bool = False  # only where changes are reviewed


def _returned(rows: Rows, user: Any, _on: date) -> list[Rows]:
    managed: Any = rows.order_by()
    return [managed.in_review(Review.RETURNED).filter(submitted_by=user)]


def _drafts(rows: Rows, user: Any, _on: date) -> list[Rows]:
    managed: Any = rows.order_by()
    others = managed.in_review(Review.RETURNED).exclude(submitted_by=user)
    return [managed.in_review(Review.DRAFT), others]


def _late(rows: Rows, _user: Any, on: date) -> list[Rows]:
    managed: Any = rows
    return [*managed.late_to_start(on), *managed.late_to_complete(on)]


def _undated(rows: Rows, _user: Any, _on: date) -> list[Rows]:
    entries = LedgerEntry.objects.current().filter(quarter__isnull=True).order_by().values("project_id")
    return [rows.order_by().filter(pk__in=entries, review=Review.APPROVED)]


def _without_amount(rows: Rows, _user: Any, _on: date) -> list[Rows]:
    managed: Any = rows.order_by()
    return [managed.without_amount()]


WAITING = {
    "returned": Waiting(_("Returned to me"), _returned, in_review=True),
    "drafts": Waiting(_("Not submitted yet"), _drafts, in_review=True),
    "late": Waiting(_("Planned date passed"), _late),
    "undated": Waiting(_("Happened, without a quarter"), _undated),
    "no_amount": Waiting(_("Investment not known"), _without_amount),
}


def offered() -> dict[str, Waiting]:
    """Those that can be here."""
    return {name: each for name, each in WAITING.items() if approval_required() or not each.in_review}


class WaitingFilter(SelectFilter):
    """What waits for the reader, in the districts where they record projects."""

    title = _("what waits for me")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Options:
        """The reasons."""
        return [(name, each.title) for name, each in offered().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Whatever waits for that reason."""
        waiting = offered().get(self.value() or "")
        if waiting is None:
            return queryset
        mine = Project.objects.editable_by(request.user)
        rule = Q()
        for piece in waiting.rows(mine, request.user, timezone.localdate()):
            rule |= Q(pk__in=piece.order_by().values("pk"))
        return queryset.filter(rule)
