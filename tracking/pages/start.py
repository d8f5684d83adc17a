"""The start page: the pipeline of one district and quarter, its trend, its parts, and what bulletins claimed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from projects.models import District
from tracking.audits import alarm_for
from tracking.pages import breakdowns, pipeline
from tracking.pages.asking import DISTRICT, QUARTER, page, reader
from tracking.pages.places import Places, season
from tracking.reported import claims_beside_records


@page(DISTRICT, QUARTER)
def start(request: HttpRequest, district: str | None = None, quarter: str | None = None) -> HttpResponse:
    """The page; or, where there is nothing to see yet, what to do next."""
    places = Places(reader(request))
    here = places.get(district) if district is not None else places.home()
    if here is None:
        return render(request, "tracking/nothing.html", {"any_district": District.objects.exists()})
    shown = _shown(places, here, quarter)
    shown["audit_warning"] = alarm_for(reader(request), timezone.now())
    return render(request, "tracking/start.html", shown)


def _shown(places: Places, here: District, asked: str | None) -> dict[str, Any]:
    when = season(here, asked)
    quarter = when.quarter
    return {
        "district": here,
        "quarter": quarter,
        "season": when,
        "ancestors": places.ancestors(here),
        "choices": places.choices(here),
        "pipeline": pipeline.pipeline(here, quarter),
        "columns": [kind.label for kind in pipeline.COLUMNS],
        "by_district": breakdowns.by_district(here, quarter, places.children(here), reverse("start")),
        "by_sector": breakdowns.by_sector(here, quarter),
        "by_type": breakdowns.by_type(here, quarter),
        "by_size": breakdowns.by_size(here, quarter),
        "by_threshold": breakdowns.by_threshold(here, quarter),
        "claims": claims_beside_records(here, quarter),
    }
