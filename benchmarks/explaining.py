"""Explaining the change of a figure between two moments: the same number of changes among few and many projects."""

from __future__ import annotations

from datetime import datetime
from itertools import cycle, islice

from django.db import transaction
from django.utils import timezone

from benchmarks.costs import in_turn
from benchmarks.facts import dice
from benchmarks.process import Measured, measured
from benchmarks.reading import LAST, node
from benchmarks.run import Run
from projects import sealing, services
from projects.models import Kind, Project
from projects.models.ledger import LedgerQuerySet
from tracking import cells
from tracking.explain import Explanation, explain
from tracking.sums import NOTHING
from tracking.totals import ever_behind, held_now

LIMIT = 1.3
# Of so many projects amounts are corrected: a city of the smaller database has no more.
PROJECTS = {"country": 1000, "city": 10}


def bench_explain(run: Run) -> None:
    """1,000 amounts are corrected between two seals, in the country, then in a city: the stock of signed projects."""
    sizes = run.sizes
    with measured(run.few) as small, measured(run.many) as large:
        run.title(f"Explain {sizes.explained:,} changes, medians of {sizes.runs}", large, small)
        for level in ("country", "city"):
            explain_both(run, level, large, small)


def explain_both(run: Run, level: str, large: Measured, small: Measured) -> None:
    """The same figure of both databases."""
    sizes = run.sizes
    moments = {
        process: process.ask("explaining.prepare", level, sizes.explained) for process in (large, small)
    }
    told = [process.ask("explaining.steps", level, *moments[process]) for process in (large, small)]
    print(f"Steps in the {level}: {told[0]:,} of {sizes.projects:,} projects, {told[1]:,} of {sizes.few:,}\n")
    costs = in_turn(
        sizes.runs,
        lambda: large.measure("explaining.steps", level, *moments[large]),
        lambda: small.measure("explaining.steps", level, *moments[small]),
    )
    sides = (f"with {sizes.projects:,} projects", f"with {sizes.few:,} projects")
    run.report.ratio(f"explain the {level}, many / few projects", list(zip(sides, costs, strict=True)), LIMIT)


def prepare(level: str, count: int) -> tuple[str, str]:
    """Correct amounts behind the figure between two seals, of as many projects in every database; the moments."""
    found = _figure(level).current().filter(investment__isnull=False, milestone__total_investment=None)
    projects = list(found.order_by("project_id").values_list("project_id", flat=True))
    chosen = dice.sample(projects, min(count, PROJECTS[level], len(projects)))
    start = _seal()
    for pk in islice(cycle(chosen), count):
        project = Project.objects.get(pk=pk)
        project.total_investment = (project.total_investment or 0) + dice.randint(1, 10**6)
        services.save_project(project, actor=None, at=timezone.now())
    end = _seal()
    cells.roll_up()
    return start, end


def steps(level: str, start: str, end: str) -> int:
    """Explain the figure; how many steps there are. Nothing may be left over."""
    explanation = _explain(level, start, end)
    assert explanation.unexplained == NOTHING
    return explanation.count


def _explain(level: str, start: str, end: str) -> Explanation:
    """As the page and the API do: the figure of now stands in the cells."""
    held = held_now(node(level), LAST, Kind.SIGNED, of="stock")
    return explain(_figure(level), datetime.fromisoformat(start), datetime.fromisoformat(end), now=held)


def _figure(level: str) -> LedgerQuerySet:
    """All entries that there ever were behind the stock of signed projects at the end of the last quarter."""
    return ever_behind(node(level), LAST, Kind.SIGNED, of="stock")


@transaction.atomic
def _seal() -> str:
    return sealing.seal(timezone.now()).isoformat()
