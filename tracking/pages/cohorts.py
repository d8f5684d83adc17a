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
from django.utils.translation import gettext_lazy, pgettext

from config.api.parameters import choice_parameter
from config.api.problems import Text
from projects.models import District
from projects.quarters import next_quarter, quarters_between
from tracking.cohorts import (
    COHORT_BREAKDOWNS,
    DELAY_BANDS,
    PUNCTUAL_KINDS,
    RATES,
    SPANS,
    WITHIN,
    Cohort,
    CohortBy,
    OnPlan,
    Per,
    Rate,
    Share,
    cohorts,
    lead_times,
    punctuality,
)
from tracking.moments import NOW, Moment
from tracking.pages.asking import AS_OF, DISTRICT, QUARTER, RELEASE, AskedRelease, moment_for, page, reader
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
class Group:
    """Some lines of a table beneath a heading of their own."""

    label: Text
    lines: Sequence[tuple[str, Any]]


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
            lines = [(self._label(each), each) for each in self._ordered(found, lambda each: each.count)]
            groups.append(Group(SPAN_TITLES[span], lines if any(each.count for each in found) else []))
        return groups

    def punctuality(self) -> list[Group]:
        """What started and was completed, beside the first plans; last what is undated, of all parts together."""
        found = punctuality(self.district, self.quarters, per=self._years, **self._asked)
        self._name(found)
        groups = []
        for kind in PUNCTUAL_KINDS:
            mine = [each for each in found if each.kind == kind and each.on_plan.count]
            dated = self._ordered([each for each in mine if each.first], lambda each: each.on_plan.count)
            lines = [(self._label(each), _counted(each.on_plan)) for each in dated]
            undated = sum((each.on_plan for each in mine if not each.first), OnPlan())
            if undated.count:
                lines.append((_("Date unknown"), _counted(undated)))
            groups.append(Group(kind.label, lines))
        return groups

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

    def _url(self, cohort: Cohort, column: str, first: str, last: str) -> str:
        asked = {"district": self.district.code, "from": first, "quarter": last, "column": column}
        if self.by:
            asked |= {"by": self.by, "member": cohort.member or ""}
        return f"{reverse('cohort_projects')}?{urlencode(asked | self.moment.asked)}"


def _counted(plan: OnPlan) -> dict[str, Any]:
    """The numbers of one line of punctuality in the order of its columns."""
    outcomes = [plan.outcomes[name] for name in ("ahead", "on_time", "delayed")]
    bands = [plan.bands[band] for band in DELAY_BANDS]
    missing = [plan.outcomes[name] for name in ("without_plan", "without_date")]
    return {
        "count": plan.count,
        "numbers": [*outcomes, *bands, *missing],
        "ahead": plan.ahead,
        "delay": plan.delay,
    }


def column_title(column: str) -> str:
    """What a column counts, in words."""
    if column in WITHIN:
        words = {
            "started": _("Started within %(months)d months of signing"),
            "completed": _("Completed within %(months)d months of signing"),
        }
        return words[column.partition("_")[0]] % {"months": WITHIN[column][1]}
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
