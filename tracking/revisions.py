"""The revision table of a quarter: what each release said, what is recorded now, and the differences by cause.

What is recorded now is read, everything since the first release is taken away from it by cause: four queries, however
many releases there are, and no more work than has changed since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Case, F, IntegerField, Value, When

from projects.models import COUNTABLE_KINDS, STOCK_KINDS, District
from projects.models.ledger import LedgerQuerySet
from tracking.models import Release
from tracking.moments import NOW, Moment
from tracking.sums import NOTHING, Sums, aggregates
from tracking.totals import Of, ever, is_settled, rule_of, totals

MOST_RELEASES = 12  # of a quarter, the last
FIGURES: tuple[Of, ...] = ("entered", "stock")

Place = tuple[str, Of]  # kind and figure


@dataclass(frozen=True, slots=True)
class Gap:
    """The change of one figure between two consecutive moments: `by_cause` adds up to the difference."""

    start: Moment
    end: Moment
    by_cause: Mapping[str, Sums]

    @property
    def difference(self) -> Sums:
        """The later figure − the earlier."""
        return sum(self.by_cause.values(), NOTHING)


@dataclass(frozen=True, slots=True)
class Course:
    """One figure through all moments, and the gap before each but the first."""

    kind: str
    of: Of
    figures: Sequence[Sums]
    gaps: Sequence[Gap]


@dataclass(frozen=True, slots=True)
class RevisionTable:
    """The releases that hold for a district's quarter in order, then now; `left_out` earlier ones are not in it."""

    moments: Sequence[Moment]
    courses: Mapping[Place, Course]
    left_out: int


def revision_table(district: District, quarter: str) -> RevisionTable | None:
    """The table, None where nothing was released. Call it in `snapshot()`, so that nobody writes in between."""
    found = Release.objects.covering(district).filter(quarter=quarter)
    newest = list(
        found.select_related("district", "released_by").order_by("-released_at", "-id")[:MOST_RELEASES]
    )
    if not newest:
        return None
    moments = [*(Moment.of(release) for release in reversed(newest)), NOW]
    here = ever(district).filter(kind__in=COUNTABLE_KINDS, quarter__lte=quarter).order_by()
    last = _last(district, here, quarter)
    changes = _changes(here, quarter, moments)
    return RevisionTable(
        moments,
        {place: _course(place, moments, last[place], changes[place]) for place in _places()},
        left_out=found.count() - len(newest) if len(newest) == MOST_RELEASES else 0,
    )


def _places() -> Iterator[Place]:
    for kind in COUNTABLE_KINDS:
        yield kind, "entered"
        if kind in STOCK_KINDS:
            yield kind, "stock"


def _last(district: District, here: LedgerQuerySet, quarter: str) -> dict[Place, Sums]:
    """Every figure as it is now: from the cells where nothing waits to be rolled up, else from the entries."""
    found: dict[Place, Sums] = defaultdict(Sums)
    if is_settled(district, quarter):
        for total in totals(district, [quarter], COUNTABLE_KINDS):
            for of in FIGURES:
                found[total.kind, of] = getattr(total, of) or NOTHING
        return found
    for row in here.current().values("kind").annotate(**_columns(quarter)):
        for of in FIGURES:
            found[row["kind"], of] = Sums.of(row, f"{of}_")
    return found


Changes = dict[int, dict[str, Sums]]  # by the number of the gap, then by cause


def _changes(here: LedgerQuerySet, quarter: str, moments: Sequence[Moment]) -> dict[Place, Changes]:
    """What was posted less what was closed between each two moments; an entry and its successor have one cause."""
    found: dict[Place, Changes] = defaultdict(lambda: defaultdict(lambda: defaultdict(Sums)))
    for time, cause in (("recorded_at", "cause"), ("superseded_at", "closing_cause")):
        rows = here.filter(**{f"{time}__gt": moments[0].at}).annotate(gap=_gap(time, moments), why=F(cause))
        for row in rows.values("gap", "kind", "why").annotate(**_columns(quarter)):
            for of in FIGURES:
                sums = Sums.of(row, f"{of}_")
                change = sums if cause == "cause" else NOTHING - sums
                found[row["kind"], of][row["gap"]][row["why"]] += change
    return found


def _gap(time: str, moments: Sequence[Moment]) -> Case:
    """The number of the gap in which an entry was posted or closed: the first that ends at or after it."""
    ends = [
        When(**{f"{time}__lte": moment.at}, then=Value(number)) for number, moment in enumerate(moments[1:-1])
    ]
    return Case(*ends, default=Value(len(moments) - 2), output_field=IntegerField())


def _columns(quarter: str) -> dict[str, Any]:
    return {
        name: column
        for of in FIGURES
        for name, column in aggregates(f"{of}_", only=rule_of(of, quarter)).items()
    }


def _course(place: Place, moments: Sequence[Moment], last: Sums, changes: Changes) -> Course:
    kind, of = place
    figures, gaps = [last], []
    for number, (start, end) in reversed(list(enumerate(pairwise(moments)))):
        by_cause = {cause: sums for cause, sums in changes[number].items() if sums != NOTHING}
        heaviest = sorted(by_cause.items(), key=lambda item: (-abs(item[1].known_investment), item[0]))
        gaps.append(Gap(start, end, dict(heaviest)))
        figures.append(figures[-1] - gaps[-1].difference)
    return Course(kind, of, figures[::-1], gaps[::-1])
