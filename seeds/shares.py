"""How the seeds are distributed: sizes, stages, types, and how much is not known. Generated sets follow it."""

from __future__ import annotations

import math
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from statistics import fmean, stdev

from seeds.tables import Row, seed_rows


@dataclass(frozen=True, slots=True)
class Choice:
    """Values with their weights, drawn by one random number."""

    values: tuple[str, ...]
    bounds: tuple[float, ...]

    @classmethod
    def of(cls, found: Iterable[str]) -> Choice:
        """The values as often as they were found."""
        counts = sorted(Counter(found).items())
        return cls.weighted([value for value, _count in counts], [count for _value, count in counts])

    @classmethod
    def weighted(cls, values: Sequence[str], weights: Sequence[float]) -> Choice:
        """The values with these weights."""
        return cls(tuple(values), tuple(accumulate(weights)))

    def draw(self, random: Random) -> str:
        """One of the values."""
        return self.values[bisect(self.bounds, random.random() * self.bounds[-1])]


@dataclass(frozen=True, slots=True)
class Shares:
    """The seeds' shares, of projects that are counted themselves; `size` is the mean and spread of ln(yuan)."""

    stage: Choice
    project_type: Choice
    precision: Choice
    size: tuple[float, float]
    amount_known: float
    estimated: float
    output_known: float
    revenue_known: float
    sector_known: float
    investor_known: float
    in_phases: float

    @classmethod
    def of_the_seeds(cls) -> Shares:
        """Counted from the seeds' tables."""
        rows = seed_rows("projects")
        parents = {row["parent_code"] for row in rows}
        projects = [row for row in rows if row["code"] not in parents]
        milestones = seed_rows("milestones")
        stages = {row["project_code"]: row["kind"] for row in milestones}
        amounts = [math.log(int(row["total_investment"])) for row in projects if row["total_investment"]]
        known = [row for row in projects if row["total_investment"]]
        return cls(
            stage=Choice.of(stages.get(row["code"], "") for row in projects),
            project_type=Choice.of(row["project_type"] for row in projects),
            precision=Choice.of(row["precision"] for row in milestones),
            size=(fmean(amounts), stdev(amounts)),
            amount_known=_share(projects, "total_investment"),
            estimated=sum(row["investment_estimated"] == "1" for row in known) / len(known),
            output_known=_share(projects, "expected_output"),
            revenue_known=_share(projects, "expected_revenue"),
            sector_known=_share(projects, "sector_code"),
            investor_known=_share(projects, "investors"),
            in_phases=_share(projects, "parent_code"),
        )


def _share(rows: Sequence[Row], column: str) -> float:
    return sum(bool(row[column]) for row in rows) / len(rows)
