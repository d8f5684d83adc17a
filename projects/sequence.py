"""The order of a project's milestones: dates never run backwards, and nothing has happened in the future.

A project passes its stages in the order of STAGE_KINDS; steps may be skipped. A date known to the month or year is
taken as the whole of that period, so only what is certainly backwards is refused.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from projects.models import STAGE_KINDS, Kind, Milestone, Precision, period_of

EARLIEST = date(1949, 1, 1)
LATEST_PLAN = date(2100, 12, 31)
ORDER = STAGE_KINDS[:-1]  # terminated comes after everything, whatever its kind
STOPS = frozenset((Kind.SUSPENDED, Kind.RESUMED, Kind.TERMINATED))


def settle(milestone: Milestone) -> None:
    """Bring a milestone into its one form: precision given, the first day of its period, the first plan kept."""
    if milestone.happened_on and not milestone.precision:
        milestone.precision = Precision.DAY
    if milestone.happened_on:
        milestone.happened_on = period_of(milestone.happened_on, milestone.precision)[0]
    if milestone.planned_first_on is None:
        milestone.planned_first_on = milestone.planned_on


def faults(milestones: Sequence[Milestone], today: date) -> list[tuple[Milestone, str, ValidationError]]:
    """Everything wrong with the dates of one project's milestones: the milestone, its field, the sentence."""
    if _is_plainly_right(milestones, today):
        return []
    found = [fault for milestone in milestones for fault in _own_faults(milestone, today)]
    wrong = {id(milestone) for milestone, _field, _error in found}
    dated = [m for m in milestones if m.happened_on and id(m) not in wrong]
    for earlier, later in _must_not_run_backwards(dated):
        if later.period and earlier.period and later.period[1] < earlier.period[0]:
            found.append((later, "happened_on", backwards(earlier, later)))
    return found


def _is_plainly_right(milestones: Sequence[Milestone], today: date) -> bool:
    """Whether certainly nothing is wrong, by the days alone: periods run backwards only where their days do, too."""
    days: dict[str, date] = {}
    for milestone in milestones:
        happened, planned = milestone.happened_on, milestone.planned_on
        if planned is not None and not EARLIEST <= planned <= LATEST_PLAN:
            return False
        if happened is not None:
            if not EARLIEST <= happened <= today:
                return False
            days[milestone.kind] = happened
    if len(days) < 2:
        return True
    passed = [days[kind] for kind in ORDER if kind in days]
    return STOPS.isdisjoint(days) and passed == sorted(passed)


def backwards(earlier: Milestone, later: Milestone) -> ValidationError:
    """The sentence for two dates in the wrong order, with both dates."""
    return ValidationError(
        _("%(later)s (%(later_on)s) is before %(earlier)s (%(earlier_on)s). Correct one of the two dates."),
        code="dates_backwards",
        params={
            "later": later.get_kind_display(),
            "later_on": later.happened_on,
            "earlier": earlier.get_kind_display(),
            "earlier_on": earlier.happened_on,
        },
    )


def _own_faults(milestone: Milestone, today: date) -> Iterable[tuple[Milestone, str, ValidationError]]:
    happened, planned = milestone.happened_on, milestone.planned_on
    if happened and happened > today:
        message = _("%(date)s lies in the future. Enter what has not happened yet as a plan.")
        yield milestone, "happened_on", ValidationError(message, code="future", params={"date": happened})
    if happened and happened < EARLIEST:
        yield (
            milestone,
            "happened_on",
            ValidationError(_("Dates begin in 1949. Check the year."), code="too_early"),
        )
    if planned and not EARLIEST <= planned <= LATEST_PLAN:
        message = _("A plan lies between 1949 and 2100. Check the year.")
        yield milestone, "planned_on", ValidationError(message, code="out_of_range")


def _must_not_run_backwards(dated: Sequence[Milestone]) -> Iterable[tuple[Milestone, Milestone]]:
    by_kind = {m.kind: m for m in dated}
    passed = [by_kind[kind] for kind in ORDER if kind in by_kind]
    for index, later in enumerate(passed):
        yield from ((earlier, later) for earlier in passed[:index])
    if Kind.SUSPENDED in by_kind and Kind.RESUMED in by_kind:
        yield by_kind[Kind.SUSPENDED], by_kind[Kind.RESUMED]
    if end := by_kind.get(Kind.TERMINATED):
        yield from ((m, end) for m in dated if m is not end)
