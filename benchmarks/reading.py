"""Reading totals beside the bare SQL on what is stored, beside a bare aggregate, and as of a past moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import plain_totals
from benchmarks.costs import in_turn
from benchmarks.process import Measured, measured
from benchmarks.run import Run
from projects.models import COUNTABLE_KINDS, STOCK_KINDS, District, Kind, Sector
from projects.quarters import next_quarter
from tracking.sums import VALUES
from tracking.totals import Total, ever, totals

LIMIT, COUNTRY_LIMIT, AS_OF_LIMIT = 1.5, 0.1, 20
LEVELS = "district", "city", "province"
QUARTERS, FEW_QUARTERS = 40, 8
LAST = "2025Q4"
KINDS = [str(kind) for kind in Kind if kind in COUNTABLE_KINDS]
TIMES = {"district": 20, "city": 10, "province": 5, "country": 3}


def bench_totals(run: Run) -> None:
    """40 quarters, all kinds, plain and by sector."""
    with measured(run.many) as process:
        run.title(f"Totals of {QUARTERS} quarters and all kinds, medians of {run.sizes.runs}", process)
        for level in LEVELS:
            for by in (None, "sector"):
                beside_bare_sql(run, process, level, by)
        country_by_sector(run, process)


def beside_bare_sql(run: Run, process: Measured, level: str, by: str | None) -> None:
    """One node's totals beside the bare SQL that gives the same; the answers are compared first."""
    if different := process.ask("reading.differences", level, by):
        raise SystemExit(f"The service and the bare SQL differ in {different} figures of a {level} by {by}.")
    times = TIMES[level]
    costs = in_turn(
        run.sizes.runs,
        lambda: process.measure("reading.by_service", level, by, times=times),
        lambda: process.measure("reading.by_bare_sql", level, by, times=times),
    )
    what = f"a {level} {'by sector' if by else 'plain'}"
    run.report.ratio(what, list(zip(("the service", "bare SQL"), costs, strict=True)), LIMIT)


def country_by_sector(run: Run, process: Measured) -> None:
    """What is stored by sector beside a bare aggregate over the current ledger."""
    costs = in_turn(
        run.sizes.runs,
        lambda: process.measure("reading.by_service", "country", "sector"),
        lambda: process.measure("reading.bare_aggregate"),
    )
    sides = ("the service", "bare aggregate over the current entries")
    limit = COUNTRY_LIMIT if run.sizes.projects >= 1_000_000 else None
    run.report.ratio("the country by sector", list(zip(sides, costs, strict=True)), limit)


def bench_as_of(run: Run) -> None:
    """A city's totals as they were a year ago, beside the same from the cells; no other city is looked at."""
    with measured(run.many) as process:
        run.title(f"A city's {FEW_QUARTERS} quarters as of a year ago, medians of {run.sizes.runs}", process)
        read, there = process.ask("reading.entries_read")
        print(f"The plan reads {read:,} rows of the ledger; the city ever had {there:,} entries.\n")
        run.report.hold("rows read as of a year ago, of the city's own twice over", read, 2 * there)
        costs = in_turn(
            run.sizes.runs,
            lambda: process.measure("reading.city", True, times=5),
            lambda: process.measure("reading.city", False, times=5),
        )
    sides = ("as of a year ago", "now, from the cells")
    run.report.ratio("as of / now", list(zip(sides, costs, strict=True)), AS_OF_LIMIT)


# --- in the measured process --------------------------------------------------------------------------------------


def node(level: str) -> District:
    """The node of a level that stands in the middle of the tree: always the same."""
    found = District.objects.filter(level=level).order_by("path")
    return found[found.count() // 2]


def quarters(count: int = QUARTERS) -> list[str]:
    """So many quarters, the last ones."""
    return [next_quarter(LAST, -back) for back in reversed(range(count))]


def by_service(level: str, by: Any) -> None:
    """As the API asks for them."""
    totals(node(level), quarters(), KINDS, by=by)


def by_bare_sql(level: str, by: Any) -> None:
    """The same by bare SQL, with the same look-up of the node."""
    place = node(level)
    stored = plain_totals.source(place, LAST, by_sector=by is not None)
    plain_totals.fetch(plain_totals.figures(stored, quarters(), KINDS))


def bare_aggregate() -> None:
    """All current entries by quarter, kind and sector."""
    plain_totals.fetch(plain_totals.BARE_AGGREGATE)


def city(past: bool) -> None:  # noqa: FBT001  (it comes as a line of JSON)
    """A city's last quarters, now or as of a year ago."""
    moment = timezone.now() - timedelta(days=365) if past else None
    totals(node("city"), quarters(FEW_QUARTERS), KINDS, as_of=moment)


def differences(level: str, by: Any) -> int:
    """How many cells the service and the bare SQL do not show alike."""
    place = node(level)
    stored = plain_totals.source(place, LAST, by_sector=by is not None)
    codes = {0: None, **dict(Sector.objects.values_list("pk", "code"))}
    theirs = {
        (quarter, kind, codes[member]): values
        for quarter, kind, member, *values in plain_totals.fetch(
            plain_totals.figures(stored, quarters(), KINDS)
        )
    }
    ours = {(t.quarter, t.kind, t.member): t for t in totals(place, quarters(), KINDS, by=by)}
    unknown = sum(by is not None and key not in theirs for key in ours)
    return unknown + sum(_differs(ours.get(key), key[1], values) for key, values in theirs.items())


def _differs(total: Total | None, kind: str, values: list[Any]) -> bool:
    """Whether a cell of the service's and a row of the bare SQL's are not the same; a cell left out holds nothing."""
    parts = [tuple(values[at : at + len(plain_totals.MEASURES)]) for at in range(0, len(values), 7)]
    entered, left, stock, ytd, _year_before, _quarter_before, carried_over, carried_over_year = parts
    shown = {"entered": entered, "left": left, "ytd": ytd}
    if kind in STOCK_KINDS:
        shown["stock"] = stock
    if kind == Kind.STARTED:
        shown |= {"carried_over": carried_over, "carried_over_year": carried_over_year}
    if total is None:
        return any(value[0] for value in shown.values())
    return any(VALUES(getattr(total, name)) != value for name, value in shown.items())


def entries_read() -> tuple[int, int]:
    """How many rows of the ledger the plans of an answer as of a year ago read, and how many the city ever had."""
    with CaptureQueriesContext(connection) as captured:
        city(True)
    read = 0
    for query in captured.captured_queries:
        if "projects_ledgerentry" in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}")
                found = cursor.fetchone()[0]
            plan = json.loads(found) if isinstance(found, str) else found
            read += sum(_rows(step) for step in _steps(plan[0]["Plan"]))
    return read, ever(node("city")).count()


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _steps(below)


def _rows(step: dict[str, Any]) -> int:
    if step.get("Relation Name") != "projects_ledgerentry":
        return 0
    removed = step.get("Rows Removed by Filter", 0) + step.get("Rows Removed by Index Recheck", 0)
    return int((step["Actual Rows"] + removed) * step["Actual Loops"])
