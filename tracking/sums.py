"""One sum of a set of ledger entries: how many, how many amounts are known, and the known amounts in whole yuan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import add, attrgetter, sub
from typing import Any, Self

from django.db.models import Aggregate, Count, Q, Sum

from tracking.models import MEASURES


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts and sums in whole yuan. An amount of which none is known is null, not 0."""

    count: int = 0
    with_investment: int = 0
    with_output: int = 0
    with_revenue: int = 0
    known_investment: int = 0
    known_output: int = 0
    known_revenue: int = 0

    @classmethod
    def of(cls, row: Mapping[str, Any], prefix: str) -> Self:
        """From a row that has the columns of MEASURES behind a prefix; a missing sum is 0."""
        return cls(*(int(row[prefix + measure] or 0) for measure in MEASURES))

    @property
    def investment(self) -> int | None:
        """The known investment, null if none is known."""
        return self.known_investment if self.with_investment else None

    @property
    def expected_output(self) -> int | None:
        """The known expected output, null if none is known."""
        return self.known_output if self.with_output else None

    @property
    def expected_revenue(self) -> int | None:
        """The known expected revenue, null if none is known."""
        return self.known_revenue if self.with_revenue else None

    def __add__(self, other: Sums) -> Sums:
        return Sums(*map(add, VALUES(self), VALUES(other)))

    def __sub__(self, other: Sums) -> Sums:
        return Sums(*map(sub, VALUES(self), VALUES(other)))


VALUES = attrgetter(*(field.name for field in fields(Sums)))  # pages add thousands; astuple() copies deeply
NOTHING = Sums()
Values = tuple[int, ...]  # the numbers of a Sums in the order of MEASURES: where ten thousands are added up
ZEROS: Values = VALUES(NOTHING)


def aggregates(prefix: str, only: Q | None = None) -> dict[str, Aggregate]:
    """The aggregates over ledger entries that make a Sums, under the names of MEASURES behind a prefix.

    `only` narrows them to some of the entries.
    """
    return {
        f"{prefix}count": Count("id", filter=only),
        f"{prefix}with_investment": Count("investment", filter=only),
        f"{prefix}with_output": Count("expected_output", filter=only),
        f"{prefix}with_revenue": Count("expected_revenue", filter=only),
        f"{prefix}investment": Sum("investment", filter=only),
        f"{prefix}output": Sum("expected_output", filter=only),
        f"{prefix}revenue": Sum("expected_revenue", filter=only),
    }
