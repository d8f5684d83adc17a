"""The revision table of a quarter."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config.api.parameters import Parameter
from tracking.pages.asking import DISTRICT, QUARTER, page, reader
from tracking.pages.places import Places


@page(*(Parameter(name=p.name, read=p.read, required=True) for p in (DISTRICT, QUARTER)))
def revisions(request: HttpRequest, district: str, quarter: str) -> HttpResponse:
    """What each release of the quarter said, and what is recorded now."""
    here = Places(reader(request)).get(district)
    return render(request, "tracking/revisions.html", {"district": here, "quarter": quarter})
