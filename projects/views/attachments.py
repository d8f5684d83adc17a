"""The files of a project."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from config.api.parsers import MULTIPART, StrictMultiPartParser, check_body_headers
from config.api.renderers import AnyFileRenderer
from config.api.views import Creates, Removes
from projects import services
from projects.filters import ATTACHMENT_FILTERS
from projects.handing_out import attachment_response
from projects.models import Attachment, Door
from projects.serializers.attachments import AttachmentSerializer
from projects.unmasking import may_know
from projects.views.projects import OfOneProject

AROUND = 64 * 1024  # bytes of a body beside its file


class AttachmentViewSet(OfOneProject, Creates[Attachment], Removes[Attachment]):
    """Contracts, permits, photographs of one project. What a file is, is seen from its content; no name decides it."""

    serializer_class = AttachmentSerializer
    parser_classes = [StrictMultiPartParser]
    parameters = ATTACHMENT_FILTERS
    orderings = {"id": "id"}
    default_ordering = ("-id",)

    def check_body(self, request: Request) -> None:
        """A form with a file, no larger than one may be."""
        check_body_headers(request, MULTIPART, settings.ATTACHMENT_MAX_BYTES + AROUND)

    def get_queryset(self) -> QuerySet[Attachment]:
        """Those of the project that were not removed, if the reader may see it. Raises Http404."""
        if getattr(self, "swagger_fake_view", False):
            return Attachment.objects.none()
        rows = Attachment.objects.filter(project=self.project).kept()
        if not may_know(self.project, self.request.user, timezone.localdate()):
            rows = rows.none()
        return rows.select_related("project__district", "added_by")

    def make(self, data: dict[str, Any]) -> Attachment:
        return services.attach_file(
            self.project,
            data["file"],
            data["kind"],
            actor=self.request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            door=Door.API,
        )

    def remove(self, instance: Attachment) -> None:
        services.detach_file(
            instance,
            actor=self.request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            door=Door.API,
        )

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], renderer_classes=[AnyFileRenderer])
    def content(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The file itself, as a download."""
        return attachment_response(self.get_object())
