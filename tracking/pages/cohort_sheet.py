"""What the page of cohorts shows: its lines and groups of lines, each number with the list behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from config.api.problems import Text
from projects.models import District
from tracking.cohorts import (
    DELAY_CELLS,
    OUTCOMES,
    PUNCTUAL_KINDS,
    SPANS,
    Cohort,
    CohortBy,
    LeadTime,
    OnPlan,
    Per,
    Punctuality,
    Rate,
    Share,
    Spread,
    cohorts,
    lead_times,
    punctuality,
)
from tracking.moments import Moment
from tracking.pages.breakdowns import sector_names
from tracking.pages.cohort_titles import SPAN_TITLES
from tracking.pages.places import Places
from tracking.sums import Sums

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cell:
    """One rate with the lists of those it counts and of those of which nobody can tell."""

    rate: Rate
    cohort: str
    url: str
    uncertain_url: str


@dataclass(frozen=True, slots=True)
class Line:
    """One cohort: `cells` has null where it is too young."""

    label: str
    signed: Sums
    url: str
    cells: Sequence[Cell | None]
    together: bool = False


@dataclass(frozen=True, slots=True)
class Numbers:
    """A line of numbers, each with the list behind it; then what is typical of their days."""

    label: str
    links: Sequence[tuple[int, str]]
    days: Sequence[Spread]


@dataclass(frozen=True, slots=True)
class Group:
    """Some lines of a table beneath a heading of their own."""

    label: Text
    lines: Sequence[Numbers]


@dataclass
class Sheet:
    """What the page shows of one district and these quarters at a moment, by quarter or by the parts of a breakdown."""

    district: District
    quarters: Sequence[str]
    moment: Moment
    by: CohortBy | None
    places: Places
    names: Mapping[str, str] = field(default_factory=dict)

    def triangle(self) -> list[Line]:
        """The cohorts, oldest first and then all together; or their parts over all quarters."""
        today = timezone.localdate(self.moment.at)
        per: list[Per] = ["span"] if self.by else ["quarter", "span"]
        found = cohorts(self.district, self.quarters, today=today, per=per, **self._asked)
        self._name(found)
        return [self._line(cohort) for cohort in self._ordered(found, lambda c: c.signed.known_investment)]

    def lead_times(self) -> list[Group]:
        """The lead times of each span by year, or by the parts of the breakdown; no lines where nothing was begun."""
        groups = []
        for span in SPANS:
            found = lead_times(self.district, self.quarters, span, per=self._years, **self._asked)
            self._name(found)
            lines = [self._lead_time(each) for each in self._ordered(found, lambda each: each.count)]
            groups.append(Group(SPAN_TITLES[span], lines if any(each.count for each in found) else []))
        return groups

    def _lead_time(self, found: LeadTime) -> Numbers:
        parts = {
            "count": found.count,
            "known": found.days.known,
            "unknown": found.unknown,
            "waiting": found.waiting,
        }
        return Numbers(self._label(found), self._links(found, found.span, parts), [found.days])

    def punctuality(self) -> list[Group]:
        """What started and was completed, beside the first plans; last what is undated, of all parts together."""
        found = punctuality(self.district, self.quarters, per=self._years, **self._asked)
        self._name(found)
        groups = []
        for kind in PUNCTUAL_KINDS:
            mine = [each for each in found if each.kind == kind and each.on_plan.count]
            dated = self._ordered([each for each in mine if each.first], lambda each: each.on_plan.count)
            undated = sum((each.on_plan for each in mine if not each.first), OnPlan())
            lines = [self._punctual(each) for each in dated]
            groups.append(
                Group(kind.label, [*lines, self._undated(kind, undated)] if undated.count else lines)
            )
        return groups

    def _punctual(self, found: Punctuality) -> Numbers:
        plan = found.on_plan
        links = self._links(found, found.kind, _counted(plan))
        return Numbers(self._label(found), links, [plan.ahead, plan.delay])

    def _undated(self, kind: str, plan: OnPlan) -> Numbers:
        asked = {"district": self.district.code, "kind": str(kind)} | self.moment.asked
        address = f"{reverse('undated')}?{urlencode(asked)}"
        links = [(number, address) for number in _counted(plan).values()]
        return Numbers(_("Date unknown"), links, [plan.ahead, plan.delay])

    @property
    def _asked(self) -> dict[str, Any]:
        return {"by": self.by, "as_of": self.moment.at}

    @property
    def _years(self) -> list[Per]:
        return ["span"] if self.by else ["year", "span"]

    def _name(self, found: Iterable[Any]) -> None:
        codes = {each.member for each in found if each.member} - self.names.keys()
        if self.by == "district":
            known = {place.code: place.label for place in self.places.children(self.district)}
            # 黄埔区本级
            known[self.district.code] = _("%(district)s itself") % {"district": self.district.label}
            self.names = {**self.names, **known}
        elif codes:
            self.names = {**self.names, **sector_names(codes)}

    def _ordered(self, found: Sequence[T], size: Callable[[T], int]) -> list[T]:
        """Parts by size, the largest first; quarters and years as they are."""
        return sorted(found, key=size, reverse=True) if self.by else list(found)

    def _label(self, found: Any) -> str:
        if self.by:
            return self.names.get(found.member, found.member) if found.member else _("Not recorded")
        if (found.first, found.last) == (self.quarters[0], self.quarters[-1]):
            return _("Together")  # 合计
        return str(found.first if found.first == found.last else self._year(found))

    def _year(self, found: Any) -> str:
        """A year, with its quarters where not all of them are asked for."""
        year, first, last = found.first[:4], found.first[4:], found.last[4:]
        return year if (first, last) == ("Q1", "Q4") else f"{year} {first}–{last}"

    def _line(self, cohort: Cohort) -> Line:
        shares = {**cohort.within, **cohort.rates}
        return Line(
            self._label(cohort),
            cohort.signed,
            self._url(cohort, "signed", cohort.first, cohort.last),
            [self._cell(cohort, column, share) for column, share in shares.items()],
            together=not self.by and cohort.first != cohort.last,
        )

    def _cell(self, cohort: Cohort, column: str, share: Share | None) -> Cell | None:
        if share is None:
            return None
        address = self._url(cohort, column, share.first, share.last)
        span = share.first if share.first == share.last else f"{share.first}–{share.last}"
        return Cell(share.rate, span, address, f"{address}&uncertain=true")

    def _links(self, found: Any, group: str, parts: Mapping[str, int]) -> list[tuple[int, str]]:
        """Numbers with the lists behind them."""
        return [
            (number, self._url(found, f"{group}_{part}", found.first, found.last))
            for part, number in parts.items()
        ]

    def _url(self, cohort: Any, column: str, first: str, last: str) -> str:
        asked = {"district": self.district.code, "from": first, "quarter": last, "column": column}
        if self.by:
            asked |= {"by": self.by, "member": cohort.member or ""}
        return f"{reverse('cohort_projects')}?{urlencode(asked | self.moment.asked)}"


def _counted(plan: OnPlan) -> dict[str, int]:
    """The numbers of one line of punctuality in the order of its columns."""
    outcomes: dict[str, int] = {name: plan.outcomes[name] for name in OUTCOMES}
    bands = {name: plan.bands[band] for name, band in DELAY_CELLS.items()}
    order = ("count", "ahead", "on_time", "delayed", *bands, "without_plan", "without_date")
    numbers = {"count": plan.count, **outcomes, **bands}
    return {name: numbers[name] for name in order}
