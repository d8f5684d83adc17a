"""Where the figures come from: the stored cells where they suffice, else the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from projects.access import within
from projects.models import District, LedgerEntry, Sector, TouchedCell
from tracking.divided import Divided, Flow
from tracking.divisions import Mode, divisions_of
from tracking.models import AMOUNT_COLUMNS, BY_SECTOR_LEVELS, ENTERED, QuarterlyTotal, SectorTotal
from tracking.sums import NOTHING, VALUES, ZEROS, Sums, Values, aggregates
from tracking.totals.behind import undated_entries
from tracking.totals.history import Movement, Total, history
from tracking.totals.rules import By, Of, member_of, parts_of

HALF = len(ENTERED)  # of AMOUNT_COLUMNS are of what entered, the rest of what left


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
    found = movements(district, quarters[-1], kinds, by=by, as_of=as_of, divisions=divisions)
    return history(quarters, kinds, found, broken_down=by is not None)


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


def held_now(
    district: District, quarter: str, kind: str, *, of: Of, by: By | None = None, member: str | None = None
) -> Sums | None:
    """A figure of now where the cells hold it up to the last change; null where only the ledger can tell."""
    if not (_is_stored(district, by) and is_settled(district, quarter)):
        return None
    for total in totals(district, [quarter], [kind], by=by):
        if total.member == member:
            found: Sums = getattr(total, of)
            return found
    return NOTHING


def is_settled(district: District, quarter: str) -> bool:
    """Whether the cells up to this quarter hold every change: no touched row of the district waits to be rolled up."""
    subtree = District.objects.filter(within(district.path)).values("pk")
    return not TouchedCell.objects.filter(quarter__lte=quarter, district__in=subtree).exists()


def _is_stored(district: District, by: By | None) -> bool:
    """Whether the cells hold this breakdown of the district."""
    return by in (None, "district") or (by == "sector" and district.level in BY_SECTOR_LEVELS)


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
    if as_of or divisions or not _is_stored(district, by):
        return _from_ledger(district, last, kinds, by=by, as_of=as_of, divisions=divisions)
    if by == "district":
        return _children_from_cells(district, last, kinds)
    if by == "sector":
        return _from_sector_cells(district, last, kinds)
    return _from_cells(district, last, kinds)


def _from_cells(district: District, last: str, kinds: Sequence[str]) -> Iterator[Movement]:
    cells = QuarterlyTotal.objects.filter(district=district, quarter__lte=last, kind__in=kinds)
    for row in cells.order_by().values_list("kind", "quarter", *AMOUNT_COLUMNS):
        yield Movement(None, row[0], row[1], *_halves(row[2:]))


def _from_sector_cells(district: District, last: str, kinds: Sequence[str]) -> Iterator[Movement]:
    codes: dict[int, str] = dict(Sector.objects.order_by().values_list("pk", "code"))
    cells = SectorTotal.objects.filter(district=district, quarter__lte=last, kind__in=kinds)
    for row in cells.order_by().values_list("sector_id", "kind", "quarter", *AMOUNT_COLUMNS):
        yield Movement(codes.get(row[0]), row[1], row[2], *_halves(row[3:]))


def _children_from_cells(district: District, last: str, kinds: Sequence[str]) -> Iterator[Movement]:
    """By child district; what is recorded at the district itself comes under its own code: the whole less the rest."""
    for _member, kind, quarter, entered, left, _moved in _from_cells(district, last, kinds):
        yield Movement(district.code, kind, quarter, entered, left)
    cells = QuarterlyTotal.objects.filter(district__parent=district, quarter__lte=last, kind__in=kinds)
    for row in cells.order_by().values_list("district__code", "kind", "quarter", *AMOUNT_COLUMNS):
        entered, left = _halves(row[3:])
        yield Movement(row[0], row[1], row[2], entered, left)
        yield Movement(district.code, row[1], row[2], _minus(entered), _minus(left))


def _halves(amounts: Values) -> tuple[Values, Values]:
    """What entered and what left; where no project did, there is nothing to add."""
    return amounts[:HALF] if amounts[0] else ZEROS, amounts[HALF:] if amounts[HALF] else ZEROS


def _minus(values: Values) -> Values:
    return tuple(-value for value in values)


def _from_ledger(
    district: District,
    last: str,
    kinds: Sequence[str],
    *,
    by: By | None,
    as_of: datetime | None,
    divisions: Mode | None,
) -> Iterator[Movement]:
    """From the entries themselves; two queries, one for what entered and one for what left.

    What lies in a node with a succession is first put where its holder lies.
    """
    tree = divisions_of(divisions, as_of=as_of)
    here = LedgerEntry.objects.holding(as_of).filter(kind__in=kinds, district__in=tree.nodes_ever(district))
    named = here.annotate(member=member_of(by, district, as_of=as_of), node=tree.moved_node()).order_by()
    counts_in = parts_of(by, as_of=as_of)
    divided = Divided(tree, district, last, by_district=by == "district")
    for column in ("quarter", "left_quarter"):
        rows = named.filter(**{f"{column}__lte": last}).values_list("node", "member", "kind", column)
        for node, reached, kind, quarter, *sums in rows.annotate(**aggregates("n_")):
            amounts = tuple(value or 0 for value in sums)
            entered, left = (amounts, ZEROS) if column == "quarter" else (ZEROS, amounts)
            for member in counts_in(reached or None):
                if node is None:
                    yield Movement(member, kind, quarter, entered, left)
                else:
                    divided.add(node, member, kind, quarter, Flow(Sums(*entered), Sums(*left)))
    for (member, kind, quarter), flow in divided.cells().items():
        yield Movement(member, kind, quarter, VALUES(flow.entered), VALUES(flow.left), VALUES(flow.moved))
