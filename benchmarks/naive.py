"""The loop that a first version would have, a query for each district and quarter, beside the rebuild."""

from __future__ import annotations

from django.db.models import Count, Sum

from benchmarks.costs import Cost, median
from benchmarks.facts import dice
from benchmarks.process import measured
from benchmarks.run import Run
from projects.models import District, Milestone
from projects.quarters import first_day, last_day
from tracking.models import QuarterlyTotal

LIMIT = 0.01


def bench_naive(run: Run) -> None:
    """On a sample, scaled up to all districts and quarters that have cells."""
    count = run.sizes.sample
    with measured(run.many) as process:
        run.title(f"The naive first version, on a sample of {count} districts and quarters", process)
        sample, all_places = process.ask("naive.places", count)
        naive = process.measure("naive.ask_each", sample)
        ours = median([process.measure("rebuild.by_service") for _ in range(run.sizes.runs)])
    whole = Cost(naive.wall / count * all_places, naive.cpu / count * all_places)
    print(f"{all_places:,} districts and quarters have cells; the sample is scaled up to them.\n")
    rows = [("`rebuild_totals`", ours), ("one ORM query each", whole)]
    limit = LIMIT if run.sizes.projects >= 10_000 else None  # with a handful of projects either takes no time
    run.report.ratio("rebuild / naive", rows, limit)


def places(count: int) -> tuple[list[tuple[int, str]], int]:
    """So many places that have cells, and how many there are."""
    stored = QuarterlyTotal.objects.order_by("district_id", "quarter")
    found = list(stored.values_list("district_id", "quarter").distinct())
    return dice.sample(found, count), len(found)


def ask_each(sample: list[tuple[int, str]]) -> None:
    """These districts and quarters by one ORM query each over projects and milestones."""
    districts = District.objects.in_bulk([pk for pk, _quarter in sample])
    for pk, quarter in sample:
        here = Milestone.objects.filter(
            project__district__path__startswith=districts[pk].path,
            project__voided_at=None,
            project__exclusion_reason="",
            happened_on__range=(first_day(quarter), last_day(quarter)),
        )
        kinds = here.exclude(kind="framework_signed").order_by().values("kind")
        list(kinds.annotate(Count("id"), Sum("project__total_investment"), Sum("project__expected_output")))
