"""The page of signing cohorts: what has become of what was signed, lead times, and what was on time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from config.api.parameters import choice_parameter
from config.api.problems import Text
from projects.models import District
from projects.quarters import next_quarter, quarters_between
from tracking.cohorts import (
    COHORT_BREAKDOWNS,
    DELAY_BANDS,
    DELAY_CELLS,
    LEAD_TIME_CELLS,
    OUTCOMES,
    PUNCTUAL_KINDS,
    PUNCTUALITY_CELLS,
    RATES,
    SPANS,
    WITHIN,
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
from tracking.moments import NOW, Moment
from tracking.pages.asking import (
    AS_OF,
    DISTRICT,
    QUARTER,
    RELEASE,
    AskedRelease,
    moment_for,
    page,
    reader,
    seconds_old,
)
from tracking.pages.breakdowns import sector_names
from tracking.pages.places import FIRST_QUARTER, Places, Season, season
from tracking.sums import Sums

SHOWN = 12  # quarters
COHORT_BY = choice_parameter("by", COHORT_BREAKDOWNS)
TITLES: dict[str, Text] = {
    "performance": gettext_lazy("Performance rate"),  # 履约率
    "start": gettext_lazy("Start rate"),  # 开工率
    "production": gettext_lazy("Production rate"),  # 投产率
}
SPAN_TITLES: dict[str, Text] = {
    "signed_started": gettext_lazy("From signing to start"),  # 签约到开工
    "started_completed": gettext_lazy("From start to completion"),  # 开工到竣工
}
PART_TITLES: dict[str, Text] = {
    "count": gettext_lazy("took the first step"),
    "known": gettext_lazy("both days known"),
    "unknown": gettext_lazy("days not known"),
    "waiting": gettext_lazy("second step still to come"),
}
OUTCOME_TITLES: dict[str, Text] = {
    "count": gettext_lazy("all"),  # 全部
    "ahead": pgettext_lazy("of plan", "ahead"),
    "on_time": gettext_lazy("on time"),
    "delayed": gettext_lazy("delayed"),
    "without_plan": gettext_lazy("without a plan"),
    "without_date": gettext_lazy("without a date"),
}
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


def column_title(column: str) -> str:
    """What a cell counts, in words."""
    if column in WITHIN:
        words = {
            "started": _("Started within %(months)d months of signing"),
            "completed": _("Completed within %(months)d months of signing"),
        }
        return words[column.partition("_")[0]] % {"months": WITHIN[column][1]}
    if column in LEAD_TIME_CELLS:
        span, part = LEAD_TIME_CELLS[column]
        return f"{SPAN_TITLES[span]} · {PART_TITLES[part]}"
    if column in PUNCTUALITY_CELLS:
        kind, part = PUNCTUALITY_CELLS[column]
        bands = dict(zip(DELAY_CELLS, band_titles(), strict=True))
        title = (
            _("delayed by %(months)s") % {"months": bands[part]} if part in bands else OUTCOME_TITLES[part]
        )
        return f"{kind.label} · {title}"
    return str(TITLES[column]) if column in RATES else pgettext("heading of a list", "Signed")


def band_titles() -> list[str]:
    """The bands of delay, in months."""
    return [
        _("%(first)d–%(last)d months") % {"first": first, "last": last}
        if last
        else _("over %(months)d months") % {"months": first - 1}
        for first, last in DELAY_BANDS
    ]


@page(DISTRICT, QUARTER, COHORT_BY, AS_OF, RELEASE)
@seconds_old
def signing_cohorts(  # noqa: PLR0917  one for each parameter of the address
    request: HttpRequest,
    district: str | None = None,
    quarter: str | None = None,
    by: CohortBy | None = None,
    as_of: Moment | None = None,
    release: AskedRelease = None,
) -> HttpResponse:
    """The last twelve quarters up to the one asked for; or, where there is nothing to see yet, what to do next."""
    places = Places(reader(request))
    here = places.get(district) if district is not None else places.home()
    if here is None:
        return render(request, "tracking/nothing.html", {"any_district": District.objects.exists()})
    moment = moment_for(here, quarter, as_of, release)
    when = season(here, quarter, moment)
    first = max(FIRST_QUARTER, next_quarter(when.quarter, 1 - SHOWN))
    sheet = Sheet(here, quarters_between(first, when.quarter), moment, by, places)
    lines = sheet.triangle()
    shown = {
        "district": here,
        "quarter": when.quarter,
        "first": first,
        "moment": moment,
        "by": by or "",
        "choices": places.choices(here),
        "season": when,
        "kept": {} if moment.release else moment.asked,
        "lines": lines if any(line.signed.count for line in lines) else [],
        "lead_times": sheet.lead_times(),
        "punctuality": sheet.punctuality(),
        "bands": band_titles(),
        "months": _months(),
        "titles": [(f"{column}_rate", title) for column, title in TITLES.items()],
    }
    return render(request, "tracking/cohorts.html", shown | _ways(sheet, when))


def _ways(sheet: Sheet, when: Season) -> dict[str, Any]:
    """The addresses of the neighbouring pages; a release is of its own district and has no meaning above it."""
    here, moment = sheet.district, sheet.moment
    above = NOW if moment.release else moment
    switch = ((None, _("By quarter")), ("district", _("By district")), ("sector", _("By sector")))
    return {
        "ancestors": [
            (place, cohorts_address(place, when.quarter, sheet.by, above))
            for place in sheet.places.ancestors(here)
        ],
        "previous": when.previous and cohorts_address(here, when.previous, sheet.by, moment),
        "next": when.next and cohorts_address(here, when.next, sheet.by, moment),
        "now_url": cohorts_address(here, when.quarter, sheet.by, NOW),
        "switch": [
            (label, cohorts_address(here, when.quarter, by, moment), by == sheet.by) for by, label in switch
        ],
    }


def cohorts_address(district: District, quarter: str, by: str | None, moment: Moment) -> str:
    """The page of cohorts up to a quarter."""
    asked = {"district": district.code, "quarter": quarter} | ({"by": by} if by else {})
    return f"{reverse('cohorts')}?{urlencode(asked | moment.asked)}"


def _months() -> dict[str, list[int]]:
    """The months of the columns, for their headings."""
    return {
        name: [months for column, (_kinds, months) in WITHIN.items() if column.startswith(name)]
        for name in ("started", "completed")
    }
