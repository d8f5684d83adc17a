"""Reading the figures: flow, stock, year to date, 同比 and 环比 of a district subtree, and the entries behind them.

Plain totals come from the stored cells; breakdowns and totals as of a past moment come from the ledger. Either way one
function answers, so that no reader knows the difference. Definitions: docs/definitions.md.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from itertools import accumulate
from operator import or_
from typing import Literal

from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.expressions import Combinable

from projects.access import within
from projects.models import STOCK_KINDS, District, Kind, LedgerEntry, SizeBand, bands_holding
from projects.models.ledger import LedgerQuerySet
from projects.quarters import next_quarter, year_quarters
from tracking.divided import Divided, Flow
from tracking.divisions import Mode, divisions_of
from tracking.models import QuarterlyTotal
from tracking.sums import NOTHING, Sums, aggregates
from tracking.thresholds import Parts, bound_of, highest_reached, nested

By = Literal["sector", "size_band", "size_threshold", "project_type", "ownership", "district"]
BREAKDOWNS: tuple[By, ...] = (
    "sector",
    "size_band",
    "size_threshold",
    "project_type",
    "ownership",
    "district",
)
OVERLAPPING: tuple[By, ...] = ("size_threshold",)  # members hold each other and do not add up to the total
Of = Literal[
    "entered",
    "left",
    "stock",
    "ytd",
    "carried_over",
    "carried_over_year",
    "start_or_resume",
    "start_or_resume_year",
]
# 续建, 开复工 of quarter and year: what was under construction when the period began, without and with its starts.
UNDER_CONSTRUCTION: tuple[Of, ...] = (
    "carried_over",
    "carried_over_year",
    "start_or_resume",
    "start_or_resume_year",
)
FIGURES: tuple[Of, ...] = ("entered", "left", "stock", "ytd", *UNDER_CONSTRUCTION)
MEMBER_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Movement:
    """What entered and what left one kind in one quarter; `member` is the part of a breakdown, null where unknown."""

    member: str | None
    kind: str
    quarter: str
    entered: Sums = NOTHING
    left: Sums = NOTHING
    moved: Sums = NOTHING  # the stock that came with a district, less what went, on the divisions of then


@dataclass(frozen=True, slots=True)
class Total:
    """One cell as it is shown. `stock` is null for kinds that a project passes but is not in (registered, enrolled).

    The figures of UNDER_CONSTRUCTION are those of `started`, and null for every other kind.
    `yoy` and `qoq` compare the quarter's flow: value / base − 1, null where the base is 0 or missing.
    """

    quarter: str
    kind: str
    member: str | None
    entered: Sums
    left: Sums
    stock: Sums | None
    ytd: Sums
    yoy: Change
    qoq: Change
    carried_over: Sums | None = None
    carried_over_year: Sums | None = None
    start_or_resume: Sums | None = None
    start_or_resume_year: Sums | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A relative change, as 0.56 for +56 %."""

    count: float | None
    investment: float | None

    @classmethod
    def between(cls, base: Sums, value: Sums) -> Change:
        """From a base to a value; null where the base is 0 or either is missing."""
        return cls(relative(base.count, value.count), relative(base.investment, value.investment))


def relative(base: int | None, value: int | None) -> float | None:
    """Value / base − 1, rounded to six places; null where that says nothing."""
    return None if not base or value is None else round(value / base - 1, 6)


def totals(
    district: District,
    quarters: Sequence[str],
    kinds: Sequence[str],
    *,
    by: By | None = None,
    as_of: datetime | None = None,
    divisions: Mode | None = None,
) -> list[Total]:
    """The totals of these consecutive quarters, in the order quarter, kind, member; as recorded, or on other divisions.

    Without a breakdown every quarter and kind has its row; with one, every member that ever had anything by then.
    """
    history = _History(movements(district, quarters[-1], kinds, by=by, as_of=as_of, divisions=divisions))
    members = sorted(history.members, key=lambda m: (m is None, m)) if by else [None]
    return [
        total
        for quarter in quarters
        for kind in kinds
        for member in members
        if not total_is_empty(total := history.total(quarter, kind, member)) or by is None
    ]


def total_is_empty(total: Total) -> bool:
    """Whether nothing at all stands in it."""
    return not any(shown and shown.count for shown in (getattr(total, of) for of in FIGURES))


def has_figure(kind: str, of: str) -> bool:
    """Whether a kind has this figure: stock only where a project is in it for a time, construction where it starts."""
    if of in UNDER_CONSTRUCTION:
        return kind == Kind.STARTED
    return of != "stock" or kind in STOCK_KINDS


@dataclass
class _History:
    """Movements by kind and member, with the running stock."""

    given: Iterable[Movement]
    flows: dict[tuple[str, str | None], dict[str, Movement]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    stocks: dict[tuple[str, str | None], tuple[list[str], list[Sums]]] = field(default_factory=dict)
    members: set[str | None] = field(default_factory=set)

    def __post_init__(self) -> None:
        for movement in self.given:
            self.flows[movement.kind, movement.member][movement.quarter] = movement
            self.members.add(movement.member)
        for key, by_quarter in self.flows.items():
            quarters = sorted(by_quarter)
            net = (_net(by_quarter[quarter]) for quarter in quarters)
            self.stocks[key] = quarters, list(accumulate(net))

    def entered(self, quarter: str, kind: str, member: str | None) -> Sums:
        """The flow of a quarter."""
        movement = self.flows.get((kind, member), {}).get(quarter)
        return movement.entered if movement else NOTHING

    def stock(self, quarter: str, kind: str, member: str | None) -> Sums:
        """The stock at the end of a quarter: the running sum of entered − left."""
        quarters, stocks = self.stocks.get((kind, member), ([], []))
        earlier = bisect_right(quarters, quarter)
        return stocks[earlier - 1] if earlier else NOTHING

    def total(self, quarter: str, kind: str, member: str | None) -> Total:
        """One cell with everything that is shown of it."""
        movement = self.flows.get((kind, member), {}).get(quarter)
        entered = movement.entered if movement else NOTHING
        ytd = sum((self.entered(q, kind, member) for q in year_quarters(quarter)), NOTHING)
        return Total(
            quarter=quarter,
            kind=kind,
            member=member,
            entered=entered,
            left=movement.left if movement else NOTHING,
            stock=self.stock(quarter, kind, member) if kind in STOCK_KINDS else None,
            ytd=ytd,
            yoy=Change.between(self.entered(next_quarter(quarter, -4), kind, member), entered),
            qoq=Change.between(self.entered(next_quarter(quarter, -1), kind, member), entered),
            **self.under_construction(quarter, member, entered, ytd) if kind == Kind.STARTED else {},
        )

    def under_construction(
        self, quarter: str, member: str | None, entered: Sums, ytd: Sums
    ) -> dict[str, Sums]:
        """The figures of UNDER_CONSTRUCTION: the stock before the period, and with it what started in the period."""
        before = self.stock(next_quarter(quarter, -1), Kind.STARTED, member)
        before_year = self.stock(next_quarter(year_quarters(quarter)[0], -1), Kind.STARTED, member)
        return {
            "carried_over": before,
            "carried_over_year": before_year,
            "start_or_resume": before + entered,
            "start_or_resume_year": before_year + ytd,
        }


def _net(movement: Movement) -> Sums:
    return movement.entered - movement.left + movement.moved


# --- where the figures come from ----------------------------------------------------------------------------------


def movements(
    district: District,
    last: str,
    kinds: Sequence[str],
    *,
    by: By | None,
    as_of: datetime | None,
    divisions: Mode | None = None,
) -> Iterator[Movement]:
    """Everything that entered and left up to the end of quarter `last`, by member of the breakdown."""
    stored = as_of is None and divisions is None
    if stored and by is None:
        return _from_cells(district, last, kinds)
    if stored and by == "district":
        return _children_from_cells(district, last, kinds)
    return _from_ledger(district, last, kinds, by=by, as_of=as_of, divisions=divisions)


def _from_cells(
    district: District, last: str, kinds: Sequence[str], member: str | None = None
) -> Iterator[Movement]:
    rows = (
        QuarterlyTotal.objects.filter(district=district, quarter__lte=last, kind__in=kinds)
        .order_by()
        .values()
    )
    for row in rows:
        yield Movement(member, row["kind"], row["quarter"], Sums.of(row, "entered_"), Sums.of(row, "left_"))


def _children_from_cells(district: District, last: str, kinds: Sequence[str]) -> Iterator[Movement]:
    """By child district; what is recorded at the district itself comes under its own code."""
    own = {(m.kind, m.quarter): m for m in _from_cells(district, last, kinds)}
    rows = QuarterlyTotal.objects.filter(
        district__parent=district, quarter__lte=last, kind__in=kinds
    ).order_by()
    for row in rows.values("district__code", *(f.attname for f in QuarterlyTotal._meta.concrete_fields)):
        kind, quarter = row["kind"], row["quarter"]
        movement = Movement(
            row["district__code"], kind, quarter, Sums.of(row, "entered_"), Sums.of(row, "left_")
        )
        rest = own[kind, quarter]
        own[kind, quarter] = Movement(
            None, kind, quarter, rest.entered - movement.entered, rest.left - movement.left
        )
        yield movement
    for (kind, quarter), rest in own.items():
        if rest.entered != NOTHING or rest.left != NOTHING:
            yield Movement(district.code, kind, quarter, rest.entered, rest.left)


def _from_ledger(
    district: District,
    last: str,
    kinds: Sequence[str],
    *,
    by: By | None,
    as_of: datetime | None,
    divisions: Mode | None,
) -> Iterator[Movement]:
    """From the entries themselves; two queries, one for what entered and one for what left."""
    tree = divisions_of(divisions, as_of=as_of)
    here = LedgerEntry.objects.holding(as_of).filter(kind__in=kinds, district__in=tree.nodes_ever(district))
    members = here.annotate(member=member_of(by, district, as_of=as_of), node=tree.moved_node()).order_by()
    counts_in = parts_of(by, as_of=as_of)
    divided = Divided(tree, district, last, by_district=by == "district")
    for column in ("quarter", "left_quarter"):
        rows = members.filter(**{f"{column}__lte": last}).values("node", "member", "kind", column)
        for row in rows.annotate(**aggregates("n_")):
            sums = Sums.of(row, "n_")
            flow = Flow(entered=sums) if column == "quarter" else Flow(left=sums)
            for member in counts_in(row["member"] or None):
                divided.add(row["node"], member, row["kind"], row[column], flow)
    for (member, kind, quarter), flow in divided.cells().items():
        yield Movement(member, kind, quarter, flow.entered, flow.left, flow.moved)


def entries(district: District, *, as_of: datetime | None = None) -> LedgerQuerySet:
    """The entries of the district and everything below it that hold now, or that held as of a moment."""
    return ever(district).holding(as_of)


def ever(district: District) -> LedgerQuerySet:
    """All entries that there ever were in the district and everything below it."""
    subtree = District.objects.filter(within(district.path)).values("pk")
    return LedgerEntry.objects.filter(district__in=subtree)


def member_of(by: By | None, district: District, *, as_of: datetime | None = None) -> Combinable:
    """The expression that names an entry's member of a breakdown; null where the record does not say.

    Size bands are those of the moment. Of size thresholds it is the highest reached; `parts_of` says which it implies.
    """
    if by == "sector":
        return F("sector__code")
    if by == "district":
        return _child_of(district)
    if by == "size_band":
        bands = [When(band_rule(band), then=Value(band.code)) for band in bands_holding(as_of)]
        return Case(*bands, default=Value(None), output_field=CharField(max_length=MEMBER_LENGTH))
    if by == "size_threshold":
        return highest_reached(as_of)
    if by is None:
        return Value(None, output_field=CharField(max_length=MEMBER_LENGTH))
    return F(by)


def parts_of(by: By | None, *, as_of: datetime | None = None) -> Parts:
    """What says in which members an entry counts, given its `member_of`: in this one, or in nested thresholds."""
    return nested(as_of) if by == "size_threshold" else lambda member: (member,)


def band_rule(band: SizeBand) -> Q:
    """Which entries' investment lies in the band."""
    rule = Q(investment__gte=band.lower)
    return rule if band.upper is None else rule & Q(investment__lt=band.upper)


def _child_of(district: District) -> Case:
    children = [
        When(within(child.path, "district__path"), then=Value(child.code))
        for child in district.children.all()
    ]
    return Case(*children, default=Value(district.code), output_field=CharField(max_length=MEMBER_LENGTH))


def undated(
    district: District,
    kinds: Sequence[str],
    *,
    as_of: datetime | None = None,
    divisions: Mode | None = None,
) -> Sums:
    """The milestones that happened but whose quarter is not known: in no total, and a list to chase."""
    rows = undated_entries(district, kinds, as_of=as_of, divisions=divisions).aggregate(**aggregates("n_"))
    return Sums.of(rows, "n_")


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


def ever_undated(district: District, kinds: Sequence[str]) -> LedgerQuerySet:
    """All entries that there ever were in no known quarter."""
    return ever(district).filter(kind__in=kinds, quarter__isnull=True)


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


def rule_of(of: Of, quarter: str) -> Q:
    """Which entries of a kind make up this figure of a quarter."""
    if of == "left":
        return Q(left_quarter=quarter)
    if of == "stock":
        return (Q(left_quarter__isnull=True) | Q(left_quarter__gt=quarter)) & Q(quarter__lte=quarter)
    if of == "ytd":
        return Q(quarter__gte=year_quarters(quarter)[0], quarter__lte=quarter)
    if of in UNDER_CONSTRUCTION:
        return _under_construction(of, quarter)
    return Q(quarter=quarter)


def _under_construction(of: Of, quarter: str) -> Q:
    """Not left before the period began; carried over what was reached before it, with starts what was until its end."""
    first = year_quarters(quarter)[0] if of.endswith("_year") else quarter
    there = Q(left_quarter__isnull=True) | Q(left_quarter__gte=first)
    return there & (Q(quarter__lt=first) if of.startswith("carried_over") else Q(quarter__lte=quarter))


def sum_of(found: LedgerQuerySet) -> Sums:
    """The sum of these entries."""
    return Sums.of(found.order_by().aggregate(**aggregates("n_")), "n_")
