"""The quarter package, to be saved from a page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from tracking.pages.asking import reader
from tracking.serializers.packages import package_of, release_for


@require_safe
@login_required
def package(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The zip, under the same rules as in the API."""
    return package_of(release_for(reader(request), pk), request)
