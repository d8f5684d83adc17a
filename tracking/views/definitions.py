"""What the figures mean."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from config.api import exports
from config.api.etags import is_unchanged
from config.api.parameters import Parameter, choice_parameter, fields_parameter, read_integer
from config.api.views import ApiMixin
from tracking import definitions
from tracking.serializers.definitions import (
    FIELDS,
    DefinitionSerializer,
    DefinitionsSerializer,
    definition_shown,
)

IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="An ETag; 304 where it is still current."
)


class DefinitionsView(ApiMixin):
    """The definitions in force; whoever is signed in reads them."""

    parameters = (
        fields_parameter(FIELDS),
        choice_parameter("format", ("json", "csv", "xlsx"), about="Instead of `Accept`."),
    )
    renderer_classes = [JSONRenderer, exports.CsvRenderer, exports.XlsxRenderer]

    @extend_schema(
        operation_id="definitions_list", responses=DefinitionsSerializer, parameters=[IF_NONE_MATCH]
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Every measure: id, version, name, formula in words, unit and reference."""
        fields = self.query.get("fields")
        results = [definition_shown(one, fields) for one in definitions.current()]
        if request.accepted_renderer.format != "json":
            rows = exports.rows_of([name for name in FIELDS if not fields or name in fields], results)
            csv = request.accepted_renderer.format == "csv"
            return (exports.csv_response if csv else exports.xlsx_response)(rows, "definitions")
        return _answer(request, {"next": None, "previous": None, "results": results})


class DefinitionView(ApiMixin):
    """One definition, in force or of a version."""

    parameters = (
        Parameter(
            name="version",
            read=read_integer(1, 2**31 - 1),
            about=_("An earlier version; the one in force if left out."),
            schema={"type": "integer", "minimum": 1},
        ),
        fields_parameter(FIELDS),
    )
    renderer_classes = [JSONRenderer]

    @extend_schema(
        operation_id="definitions_retrieve", responses=DefinitionSerializer, parameters=[IF_NONE_MATCH]
    )
    def get(self, request: Request, name: str) -> HttpResponseBase:
        """One measure; versions that are no longer in force stay here for ever."""
        try:
            found = definitions.definition(name, self.query.get("version"))
        except KeyError:
            raise Http404 from None
        return _answer(request, definition_shown(found, self.query.get("fields")))


def _answer(request: Request, body: dict[str, Any]) -> HttpResponseBase:
    """The body with its ETag, or 304."""
    said = json.dumps(body, sort_keys=True, default=str)
    etag = f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'
    if is_unchanged(request, etag):
        return HttpResponse(status=304, headers={"ETag": etag})
    return Response(body, headers={"ETag": etag})
