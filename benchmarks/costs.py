"""What was measured: costs, their medians, and the report that sets them beside each other and knows the limits."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock and of the processors."""

    wall: float
    cpu: float


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each."""
    return Cost(statistics.median(c.wall for c in costs), statistics.median(c.cpu for c in costs))


def in_turn(runs: int, *sides: Callable[[], Cost]) -> list[Cost]:
    """The medians of all sides, measured alternately; once before that for nothing, so that caches are warm for all."""
    costs: list[list[Cost]] = [[] for _ in sides]
    for side in sides:
        side()
    for _ in range(runs):
        for side, found in zip(sides, costs, strict=True):
            found.append(side())
    return [median(found) for found in costs]


@dataclass
class Report:
    """Tables for docs/performance.md, printed as they come, and which limits were missed."""

    missed: list[str] = field(default_factory=list)

    def title(self, words: str, *remarks: str) -> None:
        """What is measured now."""
        print(f"### {words}\n", *(f"{remark}\n" for remark in remarks), sep="\n", flush=True)

    def ratio(
        self, name: str, rows: Sequence[tuple[str, Cost]], limit: float | None, *, by: str = "wall"
    ) -> None:
        """All sides and the ratio of the first to the second, which may be at most the limit, by the clock or `cpu`."""
        print("| | by the clock | processors |\n| --- | ---: | ---: |")
        for label, cost in rows:
            print(f"| {label} | {cost.wall * 1000:,.1f} ms | {cost.cpu * 1000:,.1f} ms |")
        (_, ours), (_, theirs) = rows[:2]
        wall, cpu = _over(ours.wall, theirs.wall), _over(ours.cpu, theirs.cpu)
        judged = "" if limit is None else f" (at most {limit:g}{' of the processors' if by == 'cpu' else ''})"
        print(f"| **{name}{judged}** | **{wall:.3g}** | **{cpu:.3g}** |\n", flush=True)
        self.hold(name, cpu if by == "cpu" else wall, limit)

    def hold(self, name: str, value: float, limit: float | None) -> None:
        """Note a limit that is missed; no number holds no limit."""
        if limit is not None and not value <= limit:
            self.missed.append(f"{name}: {value:.3g}, allowed {limit:g}")


def _over(ours: float, theirs: float) -> float:
    return ours / theirs if theirs else float("nan")
