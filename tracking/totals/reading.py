"""Where the figures come from: the stored cells where they suffice, else the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from projects.models import District, LedgerEntry
from tracking.divided import Divided, Flow
from tracking.divisions import Mode, divisions_of
from tracking.models import QuarterlyTotal
from tracking.sums import NOTHING, Sums, aggregates
from tracking.totals.behind import undated_entries
from tracking.totals.history import History, Movement, Total, total_is_empty
from tracking.totals.rules import By, member_of, parts_of


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
    history = History(movements(district, quarters[-1], kinds, by=by, as_of=as_of, divisions=divisions))
    members = sorted(history.members, key=lambda m: (m is None, m)) if by else [None]
    return [
        total
        for quarter in quarters
        for kind in kinds
        for member in members
        if not total_is_empty(total := history.total(quarter, kind, member)) or by is None
    ]


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
