"""The quarter package, to be saved from a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase

from tracking.pages.asking import page, reader, seconds_old
from tracking.serializers.packages import package_of, release_for


@page()
@seconds_old
def package(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The zip, under the same rules as in the API."""
    return package_of(release_for(reader(request), pk), request)
