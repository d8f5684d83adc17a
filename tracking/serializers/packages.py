"""A release's package as an answer: for whom, under which ETag, as which file. Page and API answer alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.request import Request

from config.api.etags import is_unchanged
from projects.access import may_see
from tracking import package, proofs
from tracking.models import Release

if TYPE_CHECKING:
    from projects.access import Reader

ZIP = "application/zip"


def release_for(user: Reader, pk: int) -> Release:
    """The release whose package this user may have: who sees only a part of its district sees its figures alone.

    Raises Http404, PermissionDenied.
    """
    release = Release.objects.visible_to(user).select_related("district").filter(pk=pk).first()
    if release is None:
        raise Http404
    if not may_see(user, release.district):
        raise PermissionDenied
    return release


def package_of(release: Release, request: HttpRequest | Request) -> HttpResponseBase:
    """The zip as a file to save, or 304 where the reader has it: it never changes."""
    etag = f'"{proofs.digest_of(release)}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_unchanged(cast("Request", request), etag):
        return HttpResponse(status=304, headers=headers)
    return FileResponse(
        package.build(release),
        as_attachment=True,
        filename=package.name_of(release),
        content_type=ZIP,
        headers=headers,
    )
