"""One figure of a page named so that it can be opened: its address, and the ledger entries behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import urlencode

from django.db.models import BigIntegerField, Q
from django.db.models.functions import Coalesce
from django.urls import reverse

from projects.models import District, ProjectType
from projects.models.ledger import LedgerQuerySet
from tracking.moments import NOW, Moment
from tracking.sums import NOTHING, Sums
from tracking.totals import By, Of, behind, ever_behind, held_now

EVERYTHING = "all"
THRESHOLD = re.compile(r"ge_([1-9][0-9]{0,5})(m|bn)")
UNITS = {"m": 10**6, "bn": 10**9}
# 产业项目 in the bulletins includes manufacturing, which they give as a part of it.
TYPES = {
    "industrial": (ProjectType.INDUSTRIAL, ProjectType.MANUFACTURING),
    "manufacturing": (ProjectType.MANUFACTURING,),
}

# What is announced as output and revenue in one sum: per project the output, else the revenue.
OUTPUT_OR_REVENUE = Coalesce("expected_output", "expected_revenue", output_field=BigIntegerField())


@dataclass(frozen=True, slots=True)
class Figure:
    """The milestones of these kinds of a district and quarter; `of`, `by` and `member` as totals.behind() takes them.

    `category` narrows them further as a bulletin does: industrial, manufacturing, ge_1bn. With several kinds there is
    no breakdown. `moment` says as of when.
    """

    district: str
    quarter: str
    kinds: tuple[str, ...]
    of: Of = "entered"
    by: By | None = None
    member: str = ""
    category: str = EVERYTHING
    moment: Moment = NOW

    @property
    def url(self) -> str:
        """The page that lists them."""
        return f"{reverse('figures')}?{urlencode({**self._asked, **self.moment.asked}, safe=',')}"

    @property
    def _asked(self) -> dict[str, str]:
        asked = {
            "district": self.district,
            "quarter": self.quarter,
            "kind": ",".join(self.kinds),
            "of": self.of,
        }
        if self.by:
            asked |= {"by": self.by, "member": self.member}
        if self.category != EVERYTHING:
            asked["category"] = self.category
        return asked

    def explained(self, end: Moment = NOW) -> str:
        """The page that explains its change from its moment to a later one, project by project."""
        asked = {**self._asked, "from": self.moment.written, "to": end.written}
        return f"{reverse('explain')}?{urlencode(asked, safe=',:')}"

    def entries(self, district: District) -> LedgerQuerySet:
        """The entries behind it; their sum is the figure."""
        if self.moment.divisions:
            return self._joined(behind, district, as_of=self.moment.at, divisions=self.moment.divisions)
        return self.ever(district, as_of=self.moment.at).holding(self.moment.at)

    def ever(self, district: District, *, as_of: datetime | None = None) -> LedgerQuerySet:
        """All entries that there ever were behind it, for explaining its changes; size bands are of the moment."""
        return self._joined(ever_behind, district, as_of=as_of)

    def held_now(self, district: District) -> Sums | None:
        """The figure of now, where the cells hold it; null where only the entries can tell."""
        if self.category != EVERYTHING:
            return None
        member = self.member or None
        parts = [
            held_now(district, self.quarter, kind, of=self.of, by=self.by, member=member)
            for kind in self.kinds
        ]
        held = [part for part in parts if part is not None]
        return sum(held, NOTHING) if len(held) == len(parts) else None

    def _joined(
        self, entries: Callable[..., LedgerQuerySet], district: District, **rest: Any
    ) -> LedgerQuerySet:
        """The entries of all its kinds."""
        member = self.member or None
        parts = [
            entries(district, self.quarter, kind, of=self.of, by=self.by, member=member, **rest)
            for kind in self.kinds
        ]
        rule = category_rule(self.category)
        assert rule is not None
        found: LedgerQuerySet = reduce(or_, parts)
        return found.filter(rule)


def category_rule(category: str) -> Q | None:
    """Which entries a bulletin's category means; None where the records cannot tell.

    An amount that is not known passes no threshold.
    """
    if category == EVERYTHING:
        return Q()
    if category in TYPES:
        return Q(project_type__in=TYPES[category])
    smallest = threshold(category)
    return None if smallest is None else Q(investment__gte=smallest)


def threshold(category: str) -> int | None:
    """The yuan of a category written as ge_1bn or ge_500m; None for any other."""
    match = THRESHOLD.fullmatch(category)
    return int(match[1]) * UNITS[match[2]] if match else None
