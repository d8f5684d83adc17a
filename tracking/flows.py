"""What entered in one quarter, broken down: the quarter alone is read, not the history that stock and changes need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Q

from projects.models import District, LedgerEntry
from tracking.divided import Divided, Flow
from tracking.divisions import Mode, divisions_of
from tracking.models import ENTERED, QuarterlyTotal
from tracking.sums import NOTHING, Sums, aggregates
from tracking.totals import By, member_of, parts_of


def flows(
    district: District,
    quarter: str,
    kinds: Sequence[str],
    *,
    by: By | None,
    as_of: datetime | None = None,
    divisions: Mode | None = None,
) -> dict[str | None, dict[str, Sums]]:
    """What entered in one quarter, by member and kind, where something did; as of a past moment if one is given.

    Null is the member that is not recorded, and the only one without a breakdown.
    """
    stored = by == "district" and as_of is None and divisions is None
    found: dict[str | None, dict[str, Sums]] = defaultdict(dict)
    for member, kind, entered in (
        _child_flows(district, quarter, kinds)
        if stored
        else _flows(district, quarter, kinds, by, as_of=as_of, divisions=divisions)
    ):
        if entered.count:
            found[member][kind] = found[member].get(kind, NOTHING) + entered
    return dict(found)


def _flows(
    district: District,
    quarter: str,
    kinds: Sequence[str],
    by: By | None,
    *,
    as_of: datetime | None,
    divisions: Mode | None,
) -> Iterator[tuple[str | None, str, Sums]]:
    tree = divisions_of(divisions, as_of=as_of)
    held = tree.nodes_of(district, quarter)
    here = LedgerEntry.objects.holding(as_of).filter(kind__in=kinds, quarter=quarter, district__in=held)
    named = here.annotate(member=member_of(by, district, as_of=as_of), node=tree.moved_node()).order_by()
    divided = Divided(tree, district, quarter, by_district=by == "district")
    counts_in = parts_of(by, as_of=as_of)
    for row in named.values("node", "member", "kind").annotate(**aggregates("n_")):
        for member in counts_in(row["member"] or None):
            divided.add(row["node"], member, row["kind"], quarter, Flow(entered=Sums.of(row, "n_")))
    for (member, kind, _quarter), flow in divided.cells().items():
        yield member, kind, flow.entered


def _child_flows(
    district: District, quarter: str, kinds: Sequence[str]
) -> Iterator[tuple[str | None, str, Sums]]:
    """From the cells; what is recorded at the district itself is what its children leave of its own cell."""
    shown = District.objects.filter(Q(pk=district.pk) | Q(parent=district)).values("pk")
    rows = QuarterlyTotal.objects.filter(district__in=shown, quarter=quarter, kind__in=kinds).order_by()
    own: dict[str, Sums] = defaultdict(Sums)
    for row in rows.values("district__code", "kind", *ENTERED):
        entered = Sums.of(row, "entered_")
        if row["district__code"] == district.code:
            own[row["kind"]] += entered
        else:
            own[row["kind"]] -= entered
            yield row["district__code"], row["kind"], entered
    for kind, entered in own.items():
        yield district.code, kind, entered
