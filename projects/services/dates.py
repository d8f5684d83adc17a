"""The dates that a project shows and takes itself, `signed_on` and the like: short names for its milestones."""

from collections.abc import Mapping
from datetime import date

from projects.models import Kind, Milestone, Precision, Project, Stage

DATE_FIELDS: dict[str, tuple[Kind, str]] = {
    "signed_on": (Kind.SIGNED, "happened_on"),
    "started_on": (Kind.STARTED, "happened_on"),
    "completed_on": (Kind.COMPLETED, "happened_on"),
    "in_production_on": (Kind.IN_PRODUCTION, "happened_on"),
    "planned_start_on": (Kind.STARTED, "planned_on"),
    "planned_completion_on": (Kind.COMPLETED, "planned_on"),
}
FURTHEST_FIRST = [stage.value for stage in reversed(Stage)]
OVER = {Kind.RESUMED, Kind.TERMINATED}
NAMES: dict[tuple[str, str], str] = {(kind.value, field): name for name, (kind, field) in DATE_FIELDS.items()}


def dated_milestones(project: Project, dates: Mapping[str, date | None]) -> list[Milestone]:
    """The milestones that these dates (names of DATE_FIELDS) make or change, not saved yet.

    A date given here is known to the day. None takes the date away and leaves a plan, or an empty milestone that the
    service then removes.
    """
    stored = {m.kind: m for m in project.milestones.all()} if project.pk else {}
    changed: dict[str, Milestone] = {}
    for name, value in dates.items():
        kind, field = DATE_FIELDS[name]
        milestone = changed.get(kind) or stored.get(kind)
        if milestone is None:
            if value is None:
                continue
            milestone = Milestone(project=project, kind=kind)
        if getattr(milestone, field) == value and (field == "planned_on" or value is not None):
            continue
        setattr(milestone, field, value)
        if field == "happened_on":
            milestone.precision = Precision.DAY if value else ""
        changed[kind] = milestone
    return list(changed.values())


def is_empty(milestone: Milestone) -> bool:
    """Whether it says nothing any more: neither planned nor happened."""
    return not milestone.has_happened and milestone.planned_on is None and milestone.planned_first_on is None


def derive(project: Project, milestones: list[Milestone]) -> None:
    """Set the project's stage, flag and dates from its milestones."""
    by_kind: dict[str, Milestone] = {m.kind: m for m in milestones}
    happened = {kind for kind, m in by_kind.items() if m.precision}
    project.stage = next((stage for stage in FURTHEST_FIRST if stage in happened), "")
    project.suspended = Kind.SUSPENDED in happened and not happened & OVER
    for name, (kind, field) in DATE_FIELDS.items():
        setattr(project, name, getattr(by_kind[kind], field) if kind in by_kind else None)


DERIVED = ("stage", "suspended", *DATE_FIELDS)
