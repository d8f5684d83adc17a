"""Divisions in time: which districts hold a node today, or held it in a quarter, after mergers, splits and renamings.

A node is known by its path, as in `130000/130300/130323/`, which it keeps for ever. What was recorded there is counted
where its holder lies: of today (`now`), or of each quarter (`then`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, reduce
from operator import or_
from typing import Any, Literal

from django.db.models import BigIntegerField, Case, F, Q, QuerySet, When
from django.db.models.expressions import Combinable

from projects.access import within
from projects.models import District, Succession
from projects.quarters import next_quarter, quarter_of

Mode = Literal["now", "then"]
Nodes = QuerySet[District, Any]  # of ids, for a subquery
MODES: tuple[Mode, ...] = ("now", "then")


@dataclass(frozen=True, slots=True)
class Step:
    """One succession between two nodes, in force from a day on."""

    predecessor: str
    successor: str
    kind: str
    happened_on: date

    def in_force(self, quarter: str | None) -> bool:
        """Whether it counted at the end of the quarter; null is today, when every recorded one does."""
        return quarter is None or quarter_of(self.happened_on) <= quarter


class Divisions:
    """The successions of districts as one way of counting knows them; without any, everything is as recorded.

    `moved` gives the ids of all nodes that lie in a district with a succession, by path.
    """

    def __init__(
        self, mode: Mode, steps: Iterable[Step] = (), moved: Mapping[str, int] | None = None
    ) -> None:
        self.mode = mode
        self.moved = moved or {}
        self.steps = tuple(steps)
        self._after: dict[str, list[Step]] = defaultdict(list)
        self._before: dict[str, list[Step]] = defaultdict(list)
        self._above: dict[tuple[str, str | None], list[str]] = {}
        for step in self.steps:
            self._after[step.predecessor].append(step)
            self._before[step.successor].append(step)

    def holder(self, node: str, quarter: str | None) -> str:
        """The node that stands for this one at the end of the quarter, or today; itself where nothing changed.

        A split district stays itself, for a person must place each of its projects anew.
        """
        seen = {node}
        while (following := self._following(node, quarter)) and following not in seen:
            seen.add(following)
            node = following
        return node

    def _following(self, node: str, quarter: str | None) -> str | None:
        """The successor of a node that had ended, the predecessor of one that did not exist yet, else none."""
        after = [step for step in self._after.get(node, ()) if step.in_force(quarter)]
        if after:
            alone = len(after) == 1 and after[0].kind != Succession.Kind.SPLIT
            return after[0].successor if alone else None
        before = self._before.get(node, [])
        made_by = [step for step in before if step.kind != Succession.Kind.MERGED]
        if len(made_by) == 1 and not any(step.in_force(quarter) for step in before):
            return made_by[0].predecessor
        return None

    def above(self, node: str, quarter: str | None) -> list[str]:
        """The holder of a node and of each that it lies in, from itself to the top; each once, so that it ends."""
        key = (node, quarter)
        if key not in self._above:
            trail: list[str] = []
            while node and node not in trail:
                held = self.holder(node, quarter)
                trail.append(node if held in trail else held)
                node = parent_of(trail[-1])
            self._above[key] = trail
        return self._above[key]

    def part(self, district: District, node: str, quarter: str | None) -> str | None:
        """The code of the child district under which a district holds this node, its own for itself; null if not."""
        above = self.above(node, self.asked(quarter))
        if district.path not in above:
            return None
        place = above.index(district.path)
        return code_of(above[max(place - 1, 0)])

    def parts(self, district: District) -> set[str]:
        """The codes under which a district holds moved nodes in any quarter, as `part` gives them."""
        found = (self.part(district, node, quarter) for node in self.moved for quarter in self.epochs)
        return {code for code in found if code}

    def asked(self, quarter: str | None) -> str | None:
        """The quarter whose divisions count; on the divisions of now none does."""
        return quarter if self.mode == "then" else None

    @cached_property
    def turns(self) -> list[str]:
        """The quarters from whose end on other divisions counted than before; none on the divisions of now."""
        return sorted({quarter_of(s.happened_on) for s in self.steps}) if self.mode == "then" else []

    @property
    def epochs(self) -> list[str | None]:
        """A quarter before the first turn, every turn, and today: together they show every state."""
        return [*(next_quarter(turn, -1) for turn in self.turns[:1]), *self.turns, None]

    # --- as rules for the database ---

    def nodes_of(self, district: District, quarter: str | None, part: str | None = None) -> Nodes:
        """The ids of the nodes that a district holds in this quarter, or today; with `part` those under this child."""
        parts = {node: self.part(district, node, quarter) for node in self.moved}
        if part is None:
            return self._nodes(within(district.path), {node for node, code in parts.items() if code})
        here = Q(pk=district.pk) if part == district.code else within(f"{district.path}{part}/")
        return self._nodes(here, {node for node, code in parts.items() if code == part})

    def nodes_ever(self, district: District) -> Nodes:
        """The ids of the nodes that a district holds in any quarter."""
        held = {node for node in self.moved if any(self.part(district, node, q) for q in self.epochs)}
        return self._nodes(within(district.path), held)

    def _nodes(self, plain: Q, held: Iterable[str]) -> Nodes:
        if self.moved:
            plain &= ~Q(pk__in=list(self.moved.values()))
        moved_here = Q(pk__in=[self.moved[node] for node in held])
        return District.objects.filter(plain | moved_here).order_by().values("pk")

    def moved_node(self) -> Combinable:
        """The expression for an entry's district where successions have to be followed; null elsewhere."""
        moved = When(district_id__in=list(self.moved.values()), then=F("district_id"))
        return Case(moved, default=None, output_field=BigIntegerField())

    @cached_property
    def paths(self) -> dict[int, str]:
        """The paths of the moved nodes by their ids."""
        return {pk: path for path, pk in self.moved.items()}


AS_RECORDED = Divisions("now")


def divisions_of(mode: Mode | None, *, as_of: datetime | None = None) -> Divisions:
    """The divisions of now or of then; as recorded without a mode. Two queries, the second only after successions.

    On those of then count the successions that were recorded at the moment; on those of now all that are known now.
    """
    if mode is None:
        return AS_RECORDED
    known = Q(recorded_at__lte=as_of) if mode == "then" and as_of else Q()
    rows = Succession.objects.filter(known).order_by("id")
    steps = [
        Step(*row) for row in rows.values_list("predecessor__path", "successor__path", "kind", "happened_on")
    ]
    concerned = {path for step in steps for path in (step.predecessor, step.successor)}
    if not concerned:
        return Divisions(mode)
    nodes = District.objects.filter(reduce(or_, map(within, sorted(concerned)))).order_by("path")
    return Divisions(mode, steps, dict(nodes.values_list("path", "pk")))


def parent_of(path: str) -> str:
    """The path of the next higher node; empty at the top."""
    return path[: path.rstrip("/").rfind("/") + 1]


def code_of(path: str) -> str:
    """The code of the node itself."""
    return path.rstrip("/").rpartition("/")[2]
