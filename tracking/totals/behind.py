"""The entries behind the figures: those that hold at a moment, or all that there ever were; their sum is the figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q

from projects.access import within
from projects.models import District, LedgerEntry
from projects.models.ledger import LedgerQuerySet
from projects.quarters import next_quarter, year_quarters
from tracking.divisions import Mode, divisions_of
from tracking.sums import Sums, aggregates
from tracking.thresholds import bound_of
from tracking.totals.rules import UNDER_CONSTRUCTION, By, Of, member_of, rule_of


def ever(district: District) -> LedgerQuerySet:
    """All entries that there ever were in the district and everything below it."""
    subtree = District.objects.filter(within(district.path)).values("pk")
    return LedgerEntry.objects.filter(district__in=subtree)


def entries(district: District, *, as_of: datetime | None = None) -> LedgerQuerySet:
    """The entries of the district and everything below it that hold now, or that held as of a moment."""
    return ever(district).holding(as_of)


def undated_entries(
    district: District,
    kinds: Sequence[str],
    *,
    as_of: datetime | None = None,
    divisions: Mode | None = None,
) -> LedgerQuerySet:
    """The entries behind `undated`; on divisions they lie where their holders do today, for they have no quarter."""
    nodes = divisions_of(divisions, as_of=as_of).nodes_of(district, None)
    return LedgerEntry.objects.holding(as_of).filter(kind__in=kinds, quarter__isnull=True, district__in=nodes)


def ever_undated(district: District, kinds: Sequence[str]) -> LedgerQuerySet:
    """All entries that there ever were in no known quarter."""
    return ever(district).filter(kind__in=kinds, quarter__isnull=True)


def behind(
    district: District,
    quarter: str,
    kind: str,
    *,
    of: Of = "entered",
    by: By | None = None,
    member: str | None = None,
    as_of: datetime | None = None,
    divisions: Mode | None = None,
) -> LedgerQuerySet:
    """The entries behind one cell; their sum is the cell. `of` says which of its figures: the flow by default."""
    if divisions is None:
        return ever_behind(district, quarter, kind, of=of, by=by, member=member, as_of=as_of).holding(as_of)
    tree = divisions_of(divisions, as_of=as_of)
    part = (member or "") if by == "district" else None
    rules = (
        rule_of(flow, each) & Q(district__in=tree.nodes_of(district, each, part))
        for flow, each in _pieces(of, quarter)
    )
    here = LedgerEntry.objects.holding(as_of).filter(reduce(or_, rules), kind=kind)
    return here if part is not None else _of_member(here, district, by, member, as_of=as_of)


def _pieces(of: Of, quarter: str) -> list[tuple[Of, str]]:
    """The stocks and flows of single quarters that a figure is made of: each lies where it lay in its own quarter."""
    year = year_quarters(quarter)
    flows: dict[Of, list[str]] = {"ytd": year, "start_or_resume": [quarter], "start_or_resume_year": year}
    if of not in flows and of not in UNDER_CONSTRUCTION:
        return [(of, quarter)]
    first = year[0] if of.endswith("_year") else quarter
    stock: list[tuple[Of, str]] = [("stock", next_quarter(first, -1))] if of in UNDER_CONSTRUCTION else []
    return [*stock, *(("entered", each) for each in flows.get(of, []))]


def ever_behind(
    district: District,
    quarter: str,
    kind: str,
    *,
    of: Of = "entered",
    by: By | None = None,
    member: str | None = None,
    as_of: datetime | None = None,
) -> LedgerQuerySet:
    """All entries that there ever were behind one cell, for explaining its changes; size bands are of the moment."""
    here = _of_member(ever(district).filter(kind=kind), district, by, member, as_of=as_of)
    return here.filter(rule_of(of, quarter))


def _of_member(
    here: LedgerQuerySet, district: District, by: By | None, member: str | None, *, as_of: datetime | None
) -> LedgerQuerySet:
    """Those of the entries that count in this member of a breakdown; all without one."""
    if by == "size_threshold":
        return here.filter(investment__gte=bound_of(member or "")) if bound_of(member or "") else here.none()
    if by:
        found = here.annotate(member=member_of(by, district, as_of=as_of))
        return found.filter(Q(member=member) if member else Q(member__isnull=True) | Q(member=""))
    return here


def sum_of(found: LedgerQuerySet) -> Sums:
    """The sum of these entries."""
    return Sums.of(found.order_by().aggregate(**aggregates("n_")), "n_")
