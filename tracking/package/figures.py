"""All figures of a release: every district of its subtree, and the breakdowns of the released district itself.

The rules are those of tracking.totals; the queries are five, however many districts and entries there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Aggregate, Q

from projects.models import COUNTABLE_KINDS, STOCK_KINDS
from projects.models.ledger import LedgerQuerySet
from tracking.models import Release
from tracking.sums import NOTHING, Sums, aggregates
from tracking.totals import By, Of, entries, member_of, rule_of

FLOWS: tuple[Of, ...] = ("entered", "left", "stock", "ytd")
UNDATED = "undated"
FIGURES = (*FLOWS, UNDATED)
FROM_ENTRIES: tuple[By, ...] = ("sector", "size_band", "project_type", "ownership")

Figures = Mapping[str, Sums]


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one kind, by the names of FIGURES: a district's, or of one part of a breakdown.

    `member` is null without a breakdown and where the record does not say; `stock` is missing where there is none.
    """

    district: str
    by: By | None
    member: str | None
    kind: str
    figures: Figures


def totals_of(release: Release) -> Iterator[Row]:
    """Every row that holds anything, in the order breakdown, district from the top down, member, kind."""
    by_node = _sums(entries_of(release), "district__path", release.quarter)
    for path, kinds in sorted(_raised(by_node, release.district.path).items()):
        yield from _rows(_code(path), None, None, kinds)
    yield from _broken_down(release, "district", _of_children(by_node, release.district.path))
    for by in FROM_ENTRIES:
        member = member_of(by, release.district, as_of=release.released_at)
        here = entries_of(release).annotate(member=member)
        yield from _broken_down(release, by, _sums(here, "member", release.quarter))


def entries_of(release: Release) -> LedgerQuerySet:
    """The entries that the release shows: of its quarter and those before it, and what is undated."""
    shown = Q(quarter__isnull=True) | Q(quarter__lte=release.quarter)
    return entries(release.district, as_of=release.released_at).filter(shown, kind__in=COUNTABLE_KINDS)


@dataclass
class _Kinds:
    """Figures by kind, added up."""

    found: dict[str, dict[str, Sums]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, kind: str, figures: Figures) -> None:
        """Add to what is there already."""
        held = self.found[kind]
        for name, sums in figures.items():
            held[name] = held.get(name, NOTHING) + sums


def _sums(here: LedgerQuerySet, column: str, quarter: str) -> dict[str | None, _Kinds]:
    """What the entries add up to by this column and kind, in one query."""
    found: dict[str | None, _Kinds] = defaultdict(_Kinds)
    for row in here.order_by().values(column, "kind").annotate(**_aggregates(quarter)).iterator():
        figures = {name: Sums.of(row, f"{name}_") for name in FIGURES}
        found[row[column] or None].add(row["kind"], figures)
    return found


def _aggregates(quarter: str) -> dict[str, Aggregate]:
    """The aggregates of all FIGURES of a quarter."""
    rules: dict[str, Q] = {of: rule_of(of, quarter) for of in FLOWS}
    rules[UNDATED] = Q(quarter__isnull=True)
    found: dict[str, Aggregate] = {}
    for name, rule in rules.items():
        for column, aggregate in aggregates(f"{name}_").items():
            aggregate.filter = rule
            found[column] = aggregate
    return found


def _raised(by_node: Mapping[str | None, _Kinds], top: str) -> dict[str, _Kinds]:
    """The same for every node from those up to the released one, by path."""
    raised: dict[str, _Kinds] = defaultdict(_Kinds)
    for path, kinds in by_node.items():
        for above in _from_top(str(path), top):
            _add_all(raised[above], kinds)
    return raised


def _of_children(by_node: Mapping[str | None, _Kinds], top: str) -> dict[str | None, _Kinds]:
    """The same by child district; what is recorded at the released one itself comes under its own code."""
    found: dict[str | None, _Kinds] = defaultdict(_Kinds)
    for path, kinds in by_node.items():
        _add_all(found[_code([*_from_top(str(path), top)][:2][-1])], kinds)
    return found


def _from_top(path: str, top: str) -> Iterator[str]:
    """The paths from the top down to this one."""
    yield top
    for code in path.removeprefix(top).split("/")[:-1]:
        top = f"{top}{code}/"
        yield top


def _add_all(held: _Kinds, kinds: _Kinds) -> None:
    for kind, figures in kinds.found.items():
        held.add(kind, figures)


def _code(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _broken_down(release: Release, by: By, parts: Mapping[str | None, _Kinds]) -> Iterator[Row]:
    members: Iterable[str | None] = sorted(parts, key=lambda member: (member is None, member or ""))
    for member in members:
        yield from _rows(release.district.code, by, member, parts[member])


def _rows(district: str, by: By | None, member: str | None, kinds: _Kinds) -> Iterator[Row]:
    for kind in COUNTABLE_KINDS:
        figures: dict[str, Any] = dict(kinds.found.get(kind, {}))
        if kind not in STOCK_KINDS:
            figures.pop("stock", None)
        if any(sums.count for sums in figures.values()):
            yield Row(district, by, member, kind.value, figures)
