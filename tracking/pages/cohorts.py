"""The page of signing cohorts: what has become of what was signed, lead times, and what was on time."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from config.api.parameters import choice_parameter
from projects.models import District
from projects.quarters import next_quarter, quarters_between
from tracking.cohorts import COHORT_BREAKDOWNS, WITHIN, CohortBy
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
from tracking.pages.cohort_sheet import Sheet
from tracking.pages.cohort_titles import TITLES, band_titles
from tracking.pages.places import FIRST_QUARTER, Places, Season, season

SHOWN = 12  # quarters
COHORT_BY = choice_parameter("by", COHORT_BREAKDOWNS)


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
