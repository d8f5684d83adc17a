"""The start page: the pipeline of one district and quarter, its trend, its parts, and what bulletins claimed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from projects.access import may_publish
from projects.models import District
from tracking.audits import alarm_for
from tracking.divisions import Mode
from tracking.moments import NOW, Moment
from tracking.pages import breakdowns, pipeline
from tracking.pages.asking import (
    AS_OF,
    DISTRICT,
    DIVISIONS,
    QUARTER,
    RELEASE,
    AskedRelease,
    moment_for,
    page,
    reader,
    seconds_old,
)
from tracking.pages.places import Places, season
from tracking.pages.successions import history_of
from tracking.releases import standing
from tracking.reported import claims_beside_records


@page(DISTRICT, QUARTER, AS_OF, RELEASE, DIVISIONS)
@seconds_old
def start(  # noqa: PLR0917  one for each parameter of the address
    request: HttpRequest,
    district: str | None = None,
    quarter: str | None = None,
    as_of: Moment | None = None,
    release: AskedRelease = None,
    divisions: Mode | None = None,
) -> HttpResponse:
    """The page; or, where there is nothing to see yet, what to do next."""
    places = Places(reader(request))
    here = places.get(district) if district is not None else _home(places, release)
    if here is None:
        return render(request, "tracking/nothing.html", {"any_district": District.objects.exists()})
    shown = _shown(places, here, quarter, moment_for(here, quarter, as_of, release, divisions))
    shown["audit_warning"] = alarm_for(reader(request), timezone.now())
    shown["may_release"] = shown["moment"] == NOW and may_publish(reader(request), here)
    return render(request, "tracking/start.html", shown)


def _home(places: Places, release: AskedRelease) -> District | None:
    """Where the page opens: at the district of the release, if the reader may see it, else at home."""
    asked = release().release if release else None
    return (asked and places.visible.filter(pk=asked.district_id).first()) or places.home()


def _shown(places: Places, here: District, asked: str | None, moment: Moment) -> dict[str, Any]:
    when = season(here, asked, moment)
    quarter = when.quarter
    release = standing(here, quarter)
    asked_here = {"district": here.code, "quarter": quarter}
    return {
        "moment": moment,
        "history": history_of(here, places, asked_here, moment),
        "release": release,
        "now_url": f"{reverse('start')}?{urlencode({**asked_here, **Moment(divisions=moment.divisions).asked})}",
        "district": here,
        "quarter": quarter,
        "season": when,
        "ancestors": places.ancestors(here),
        "choices": places.choices(here),
        "pipeline": pipeline.pipeline(here, quarter, moment, release),
        "columns": [kind.label for kind in pipeline.COLUMNS],
        "by_district": breakdowns.by_district(here, quarter, places.children(here), reverse("start"), moment),
        "by_sector": breakdowns.by_sector(here, quarter, moment),
        "by_type": breakdowns.by_type(here, quarter, moment),
        "by_size": breakdowns.by_size(here, quarter, moment),
        "by_threshold": breakdowns.by_threshold(here, quarter, moment),
        "claims": [] if moment.at else claims_beside_records(here, quarter),
    }
