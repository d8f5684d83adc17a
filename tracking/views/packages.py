"""The quarter package of a release."""

from __future__ import annotations

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from config.api import replicas
from config.api.views import ApiMixin
from tracking.serializers.packages import ZIP, package_of, release_for


class ZipRenderer(BaseRenderer):
    """Stands for a zip in content negotiation; package_of() answers with it."""

    media_type = ZIP
    format = "zip"
    charset = None


class PackageView(ApiMixin):
    """Everything behind a release in one zip, for whoever may see the whole released district."""

    renderer_classes = [ZipRenderer]

    @extend_schema(
        operation_id="releases_package_retrieve",
        responses={(200, ZIP): OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter(
                "If-None-Match", str, OpenApiParameter.HEADER, description="An ETag; 304 where it is held."
            ),
        ],
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Totals, entries, definitions, checksums, and a script that recomputes every total; always the same bytes."""
        return replicas.may_be_old(
            lambda: package_of(release_for(request.user, pk), request), reader=request.user
        )
