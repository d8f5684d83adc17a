"""What the quarterly progress email says about a district: its totals, the projects behind them, and what is late.

Every figure comes from tracking.totals; this module adds up nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, DateField, F, Q, When
from django.utils import timezone

from projects.models import District, Kind, Project, Stage
from projects.quarters import last_day
from tracking.figures import Figure
from tracking.models import Release
from tracking.moments import NOW, Moment
from tracking.released import Since, released_flows
from tracking.releases import standing
from tracking.sums import NOTHING, Sums
from tracking.totals import Total, behind, totals, undated
from tracking.wording import whole_months

PIPELINE = (Kind.SIGNED, Kind.STARTED, Kind.COMPLETED)
STAGES = (
    Kind.NEGOTIATING,
    Kind.SIGNED,
    Kind.STARTED,
    Kind.COMPLETED,
    Kind.IN_PRODUCTION,
    Kind.AT_CAPACITY,
)
MOST_PROJECTS = 30


@dataclass(frozen=True, slots=True)
class Step:
    """A project that took a step in the quarter; the amount in whole yuan, the day as exactly as `precision` says."""

    project: Project
    district: District
    investment: int | None
    day: date | None
    precision: str


@dataclass(frozen=True, slots=True)
class Flow:
    """One kind's total of the quarter, and the largest projects behind it; `since` where the quarter is released."""

    total: Total
    projects: tuple[Step, ...]
    since: Since | None = None

    @property
    def kind(self) -> Kind:
        """The step that is counted."""
        return Kind(self.total.kind)

    @property
    def more(self) -> int:
        """How many projects are counted and not listed."""
        return max(0, self.total.entered.count - len(self.projects))


@dataclass(frozen=True, slots=True)
class Late:
    """A project whose plan has passed: what was planned, for which day, and the whole months since."""

    project: Project
    kind: Kind
    planned_on: date
    months: int


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """A district's quarter; `stock` has what stood in each stage at its end, `suspended` is contained in it.

    `moment` is the one as of which all figures were read, `release` the one that held for the quarter then.
    """

    district: District
    quarter: str
    on: date
    flows: tuple[Flow, ...]
    stock: tuple[tuple[Kind, Sums], ...]
    suspended: Sums
    undated: Sums
    late: tuple[Late, ...]
    late_count: int
    moment: Moment = NOW
    release: Release | None = None

    @property
    def late_more(self) -> int:
        """How many are late and not listed."""
        return self.late_count - len(self.late)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was signed, started or completed."""
        return not any(flow.total.entered.count for flow in self.flows)


def progress_report(district: District, quarter: str, now: datetime, moment: Moment = NOW) -> ProgressReport:
    """The report on a district and everything below it; what is late is late on the day of `now`.

    Its figures are as of the moment, so that what its links open adds up to what it says, whenever it is opened.
    """
    at = moment.at
    cells = {total.kind: total for total in totals(district, [quarter], (*STAGES, Kind.SUSPENDED), as_of=at)}
    release = standing(district, quarter)
    if release and at and release.released_at > at:
        release = None  # it was made while this mail was written
    changes = _since(district, quarter, release, moment, cells)
    on = timezone.localdate(now)
    late, late_count = _late(district, quarter, on)
    return ProgressReport(
        district=district,
        quarter=quarter,
        on=on,
        flows=tuple(
            Flow(cells[kind], _steps(district, quarter, kind, at), changes.get(kind)) for kind in PIPELINE
        ),
        stock=tuple((kind, cells[kind].stock or Sums()) for kind in STAGES),
        suspended=cells[Kind.SUSPENDED].stock or Sums(),
        undated=undated(district, PIPELINE, as_of=at),
        late=late,
        late_count=late_count,
        moment=moment,
        release=release,
    )


def _since(
    district: District, quarter: str, release: Release | None, moment: Moment, found: dict[str, Total]
) -> dict[Kind, Since]:
    """What each figure was when it was released, beside what it is."""
    if release is None:
        return {}
    then = released_flows(release, district, quarter)
    return {
        kind: Since(
            Figure(district.code, quarter, (kind.value,), moment=Moment.of(release)),
            then.get(kind, NOTHING),
            found[kind].entered,
            moment,
        )
        for kind in PIPELINE
    }


def _steps(district: District, quarter: str, kind: Kind, as_of: datetime | None) -> tuple[Step, ...]:
    """The largest projects behind a total; those without an amount come last."""
    largest = F("investment").desc(nulls_last=True)
    found = behind(district, quarter, kind, as_of=as_of).order_by(largest, "project_id")
    return tuple(
        Step(entry.project, entry.district, entry.investment, entry.happened_on, entry.precision)
        for entry in found.select_related("project", "district")[:MOST_PROJECTS]
    )


def _late(district: District, quarter: str, on: date) -> tuple[tuple[Late, ...], int]:
    """What was planned for this quarter or before and has not happened, the longest first; and how many there are."""
    limit = min(on, last_day(quarter) + timedelta(days=1))
    missed_start = ~Q(stage=Stage.STARTED) & Q(planned_start_on__lt=limit)
    missed_on = Case(
        When(missed_start, then=F("planned_start_on")),
        default=F("planned_completion_on"),
        output_field=DateField(),
    )
    found = Project.objects.within(district).overdue(limit)
    longest = found.annotate(missed_on=missed_on).order_by("missed_on", "id").select_related("district")
    rows = tuple(_missed(project, on) for project in longest[:MOST_PROJECTS])
    return rows, found.count()


def _missed(project: Any, on: date) -> Late:
    """The first plan that the project has missed, which the query has put into `missed_on`."""
    is_start = project.stage != Stage.STARTED and project.planned_start_on == project.missed_on
    kind = Kind.STARTED if is_start else Kind.COMPLETED
    return Late(project, kind, project.missed_on, whole_months(project.missed_on, on))
