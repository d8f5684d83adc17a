"""Rates with their numerator and denominator, and what is typical of many numbers of days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self


@dataclass(frozen=True, slots=True)
class Rate:
    """A part of a whole: projects, or yuan. `uncertain` of the rest may belong to the part; nobody can tell."""

    numerator: int
    denominator: int
    uncertain: int = 0

    @property
    def share(self) -> float | None:
        """Numerator / denominator, as 0.9 for 90 %, to six places; null where the denominator is 0."""
        return round(self.numerator / self.denominator, 6) if self.denominator else None

    def percent(self, places: int = 1) -> Decimal | None:
        """The share in percent, rounded half up to so many places; null where the denominator is 0."""
        if not self.denominator:
            return None
        hundredths = 200 * 10**places * self.numerator + self.denominator
        return Decimal(hundredths // (2 * self.denominator)).scaleb(-places)

    def __add__(self, other: Rate) -> Rate:
        return Rate(
            self.numerator + other.numerator,
            self.denominator + other.denominator,
            self.uncertain + other.uncertain,
        )


def funds_rate(in_place_yuan: int, agreed_yuan: int) -> Rate:
    """资金到位率: the funds in place of those agreed, both in whole yuan."""
    return Rate(in_place_yuan, agreed_yuan)


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the 90th percentile of so many known numbers of days, by nearest rank; null of none."""

    known: int = 0
    median: int | None = None
    p90: int | None = None

    @classmethod
    def of(cls, days: Mapping[int, int]) -> Self:
        """From how often each number of days occurs."""
        known = sum(days.values())
        return cls(known, nearest_rank(days, 50), nearest_rank(days, 90))


def nearest_rank(days: Mapping[int, int], percent: int) -> int | None:
    """The smallest number of days that at least so many percent of all do not exceed: a value that occurs."""
    rank = -(-sum(days.values()) * percent // 100)
    seen = 0
    for value in sorted(days):
        seen += days[value]
        if seen >= rank:
            return value
    return None
