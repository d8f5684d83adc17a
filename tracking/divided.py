"""Figures of nodes that were merged, split or renamed, put where their holders are: the ledger's sums on divisions.

At a quarter in which a holder changes, the stock moves along; it is kept apart from what entered and left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from projects.models import District
from projects.quarters import next_quarter
from tracking.divisions import Divisions
from tracking.sums import NOTHING, Sums

Key = tuple[int | None, str | None, str]  # the moved node's id (null for all others), member and kind
Cell = tuple[str | None, str, str]  # member, kind and quarter


@dataclass
class Flow:
    """What entered and left in one quarter, and the stock that came with a succession, less what went."""

    entered: Sums = NOTHING
    left: Sums = NOTHING
    moved: Sums = NOTHING


@dataclass
class Divided:
    """Sums of a district's entries, taken in by node and given out by the part of the district that holds it.

    `by_district` says that the child districts are the members.
    """

    divisions: Divisions
    district: District
    last: str
    by_district: bool = False
    found: dict[Key, dict[str, Flow]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Flow)))

    def add(self, node: int | None, member: str | None, kind: str, quarter: str, new: Flow) -> None:
        """Take in what entered or left in a quarter."""
        flow = self.found[node, member, kind][quarter]
        flow.entered += new.entered
        flow.left += new.left

    def cells(self) -> Mapping[Cell, Flow]:
        """The flows by member, kind and quarter."""
        cells: dict[Cell, Flow] = defaultdict(Flow)
        for (node, member, kind), flows in self.found.items():
            for place, quarter, flow in self._placed(node, member, flows):
                cell = cells[place, kind, quarter]
                cell.entered += flow.entered
                cell.left += flow.left
                cell.moved += flow.moved
        return cells

    def _placed(
        self, node: int | None, member: str | None, flows: Mapping[str, Flow]
    ) -> Iterator[tuple[str | None, str, Flow]]:
        if node is None:
            yield from ((member, quarter, flow) for quarter, flow in flows.items())
            return
        for quarter, flow in flows.items():
            if part := self._part(node, quarter):
                yield part if self.by_district else member, quarter, flow
        for quarter, part, stock in self._moves(node, flows):
            yield part if self.by_district else member, quarter, Flow(moved=stock)

    def _moves(self, node: int, flows: Mapping[str, Flow]) -> Iterator[tuple[str, str, Sums]]:
        """The quarters in which the node went to another part, or left or joined the district, with its stock."""
        for turn in self.divisions.turns:
            before, after = self._part(node, next_quarter(turn, -1)), self._part(node, turn)
            if before == after or turn > self.last:
                continue
            net = (flow.entered - flow.left for quarter, flow in flows.items() if quarter < turn)
            stock = sum(net, NOTHING)
            if before:
                yield turn, before, NOTHING - stock
            if after:
                yield turn, after, stock

    def _part(self, node: int, quarter: str) -> str | None:
        return self.divisions.part(self.district, self.divisions.paths[node], quarter)
