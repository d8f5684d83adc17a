"""Imports of workbooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.etags import check_if_match
from config.api.exports import XlsxRenderer
from config.api.idempotency import idempotent
from config.api.pagination import absolute_url
from config.api.parsers import MULTIPART, StrictJSONParser, StrictMultiPartParser, check_body_headers
from config.api.views import Creates
from projects import imports
from projects.access import edits_anywhere, edits_everywhere
from projects.models import Door, Import, ImportPart
from projects.serializers.imports import ImportSerializer, NothingSerializer

AROUND = 1024 * 1024  # bytes of a body beside its file: mapping and answers
FILES = ("errors", "template")
SHOWN = (ImportPart.Sort.ERRORS, ImportPart.Sort.WARNINGS, ImportPart.Sort.QUESTIONS)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of what was looked at, so that nothing else is done.",
)


class ImportViewSet(Creates[Import]):
    """Workbooks from being sent to being recorded: checked in the background, then committed as a whole or not."""

    serializer_class = ImportSerializer
    parser_classes = [StrictMultiPartParser]
    orderings = {"id": "id"}
    default_ordering = ("-id",)

    def check_body(self, request: Request) -> None:
        """A form with a file, no larger than one may be; a step needs no body."""
        if self.action == "create":
            check_body_headers(request, MULTIPART, settings.ATTACHMENT_MAX_BYTES + AROUND)
        elif request.META.get("CONTENT_LENGTH") not in (None, "", "0"):
            check_body_headers(request)

    def get_queryset(self) -> QuerySet[Import]:
        """Those that the reader may know of, with the first of what was found."""
        first = ImportPart.objects.filter(number=0, sort__in=SHOWN)
        rows = Import.objects.visible_to(self.request.user)
        people = ("district", "uploaded_by", "committed_by", "undone_by")
        return rows.select_related(*people).prefetch_related(
            Prefetch("parts", queryset=first, to_attr="first_parts")
        )

    def may_create(self) -> bool:
        return edits_anywhere(self.request.user)

    def make(self, data: dict[str, Any]) -> Import:
        user: Any = self.request.user
        everywhere = bool(data.get("whole_country"))
        if everywhere and not edits_everywhere(user):
            raise Http404  # like a district that one may not see
        into = imports.place_for(user, data.get("district"), everywhere=everywhere)
        return imports.take_in(
            data["file"],
            into=into,
            actor=user,
            at=timezone.now(),
            door=Door.API,
            mapping=data.get("mapping"),
            answers=data.get("answers"),
        )

    @extend_schema(summary="Send a workbook", responses={202: ImportSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """202 with Location: the workbook is being checked; ask there until `status` is another than checking."""
        if not self.may_create():
            raise PermissionDenied
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = self.make(given.validated_data)
        location = absolute_url(request, f"{request.path}{made.pk}/")
        shown = self.get_queryset().get(pk=made.pk)
        return self.show(shown, status.HTTP_202_ACCEPTED, {"Location": location, "Retry-After": "1"})

    @extend_schema(
        summary="Import what was checked",
        request=NothingSerializer,
        responses={202: ImportSerializer},
        parameters=[IF_MATCH],
    )
    @action(detail=True, methods=["post"], parser_classes=[StrictJSONParser])
    def commit(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """202: all of it is imported in the background, or none. 409 where it is not ready or nothing is new."""
        return self._ask(imports.ask_to_commit)

    @extend_schema(
        summary="Take an import back",
        request=NothingSerializer,
        responses={202: ImportSerializer},
        parameters=[IF_MATCH],
    )
    @action(detail=True, methods=["post"], parser_classes=[StrictJSONParser])
    def undo(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """202: all of it is taken back in the background, or none, as where any of it was changed since."""
        return self._ask(imports.ask_to_undo)

    @extend_schema(
        summary="Check a workbook again",
        request=NothingSerializer,
        responses={202: ImportSerializer},
        parameters=[IF_MATCH],
    )
    @action(detail=True, methods=["post"], parser_classes=[StrictJSONParser])
    def check(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """202: it is compared with the record as that is now."""
        return self._ask(imports.check_again)

    def _ask(self, step: Callable[..., Import]) -> Response:
        run = self.get_object()
        user: Any = self.request.user
        if not imports.is_editor_of(user, run.district):
            raise PermissionDenied
        if self.request.META.get("CONTENT_LENGTH") not in (None, "", "0"):
            NothingSerializer(data=self.request.data).is_valid(raise_exception=True)
        if "If-Match" in self.request.headers:
            check_if_match(self.request, self.etag(run))
        step(run, actor=self.request.user, at=timezone.now())
        return self.show(self.get_queryset().get(pk=run.pk), status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="The workbook with its errors marked",
        responses={(200, XlsxRenderer.media_type): OpenApiTypes.BINARY},
    )
    def errors(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The xlsx file itself, to who has sent it: wrong cells are red, with what to do as comments and on a sheet.

        Of other files, and to others, the same rows written anew: what to do stands at the end of each row.
        """
        return imports.marked_response(self.get_object(), request.user)

    @extend_schema(
        summary="The workbook to fill in",
        responses={(200, XlsxRenderer.media_type): OpenApiTypes.BINARY},
    )
    def template(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A workbook with drop-downs, units in its headings, and a sheet that explains each column."""
        if not self.may_create():
            raise PermissionDenied
        return imports.template_response(request.user)  # type: ignore[arg-type]

    def get_renderers(self) -> list[BaseRenderer]:
        """The marked workbook is a workbook, whatever else a client says that it takes."""
        return [XlsxRenderer(), JSONRenderer()] if self.action in FILES else super().get_renderers()
