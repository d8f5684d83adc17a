"""Monthly progress reports of a project: recorded and corrected, each told in its history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects.amounts import format_wan
from projects.models import Door, ProgressReport, Project, User
from projects.models.reports import AMOUNTS
from projects.services.annexes import REPORT, FieldChange
from projects.services.recording import save_annex
from projects.services.transactions import one_transaction

OURS = {"project", "version", "created_at", "updated_at"}  # set here, never by who fills in


@dataclass(slots=True)
class Reports:
    """One month's report, new or changed."""

    given: ProgressReport
    at: datetime

    def faults(self, project: Project) -> dict[str, list[ValidationError]]:
        """What is wrong with it, by its fields. Raises StaleVersion."""
        stored = _stored(self.given)
        if self.given.pk and (stored is None or stored.version != self.given.version):
            raise StaleVersion(stored.version if stored else 0)
        errors: dict[str, list[ValidationError]] = defaultdict(list)
        self.given.project, self.given.month = project, self.given.month.replace(day=1)
        try:
            self.given.full_clean(exclude=OURS - {"project"})
        except ValidationError as refusal:
            errors.update(refusal.error_dict)
        if self.given.month > timezone.localdate(self.at):
            errors["month"].append(ValidationError(_("This month has not begun yet."), code="future"))
        return dict(errors)

    def write(self, project: Project, *, at: datetime) -> list[FieldChange]:
        """Write it, unless it says what it said before."""
        stored, report = _stored(self.given), self.given
        if stored is not None and stored.told == report.told:
            return []
        report.project, report.updated_at = project, at
        if stored is None:
            report.created_at = at
        else:
            report.version += 1
        report.save()
        return list(_changes(stored, report))


@one_transaction
def save_report(
    report: ProgressReport, *, actor: User | None, at: datetime, door: Door = Door.SYSTEM
) -> ProgressReport:
    """Record a month of a recorded project, or correct it.

    Raises ValidationError with everything wrong at once, StaleVersion where somebody else has changed it since.
    """
    save_annex(report.project, Reports(report, at), actor=actor, at=at, door=door)
    return report


def _stored(report: ProgressReport) -> ProgressReport | None:
    return ProgressReport.objects.filter(pk=report.pk).first() if report.pk else None


def _changes(before: ProgressReport | None, after: ProgressReport) -> Iterator[FieldChange]:
    """In one line; a report that changes its month is gone from one and new in the other."""
    if before is not None and before.month != after.month:
        yield FieldChange(of=REPORT, field=str(before), before=_line(before), after=None)
        before = None
    yield FieldChange(of=REPORT, field=str(after), before=_line(before), after=_line(after))


def _line(report: ProgressReport | None) -> str | None:
    """Amounts in 万元 in the order of the form, then how far the works are, then the words."""
    if report is None:
        return None
    percent = report.physical_progress_percent
    parts = [
        " / ".join(format_wan(getattr(report, name)) for name in AMOUNTS) + " 万元",
        "" if percent is None else f"{percent}%",
        report.narrative,
        report.next_steps,
    ]
    return " · ".join(part for part in parts if part)
