"""Releases: quarters frozen for a district subtree; publishers make them, nobody changes them."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.exceptions import PermissionDenied

from config.api.etags import etag_of
from config.api.parameters import Parameter
from config.api.views import Creates
from projects.access import may_publish
from projects.filtering import DistrictParameter, district_parameter, equal
from projects.models import District, User
from projects.permissions import Scope
from projects.quarters import parse_quarter
from tracking.models import Release
from tracking.releases import NOT_A_PUBLISHER, release_quarter
from tracking.serializers.releases import ReleaseSerializer, proof_of


def covering(releases: QuerySet[Any], district: District) -> QuerySet[Any]:
    """Those that hold for the district: its own and those of the districts that it lies in."""
    return releases.filter(district__code__in=district.ancestor_codes)


ASKED = OpenApiExample(
    "Release the first quarter of a district",
    request_only=True,
    value={"district": "440112", "quarter": "2023Q1", "note": "季度通报"},
)
ANSWERED = OpenApiExample(
    "The first revision of a quarter",
    response_only=True,
    value={
        "id": 7,
        "quarter": "2023Q1",
        "district": "440112",
        "released_at": "2023-05-06T10:00:00+08:00",
        "note": "补报两个项目",
        "revision": 1,
        "revises": 4,
        "provisional": False,
        "released_by": "li.na",
        "definitions": {"signed": 1, "started": 1},
        "proof": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "package": "https://mingzhang.example/api/v1/releases/7/package/",
    },
)


@extend_schema_view(
    create=extend_schema(
        examples=[ASKED, ANSWERED],
        description=(
            "Freeze a quarter for a district and everything below it; the token needs the scope `publish`, its user "
            "the role publisher. The same quarter again is a revision of the last release; where nothing has changed "
            "since, the answer is 409. A quarter that has not ended is released as `provisional`. While a long import "
            "runs the answer is 503."
        ),
    ),
    retrieve=extend_schema(examples=[ANSWERED]),
)
class ReleaseViewSet(Creates[Release]):
    """Quarters as they were published; `totals/?release=<id>` answers for ever what it answered then."""

    serializer_class = ReleaseSerializer
    scope_to_write = Scope.PUBLISH
    parameters = (
        district_parameter("district__path"),
        Parameter(name="quarter", read=parse_quarter, apply=equal("quarter"), about=_("As 2023Q1.")),
        DistrictParameter(
            name="covering",
            apply=covering,
            about=_("A code; releases that hold for it: its own and those of the districts it lies in."),
        ),
    )
    orderings = {"id": "id", "released_at": "released_at"}
    default_ordering = ("-released_at",)

    def get_queryset(self) -> QuerySet[Release]:
        rows = Release.objects.visible_to(self.request.user)
        return rows.select_related("district", "released_by", "proof")

    def etag(self, instance: Release) -> str:
        """Nothing changes but that the proof is made; who released it is not for every reader."""
        shown = self.get_serializer(instance)
        return etag_of(instance, {"proof": proof_of(instance), "by": shown.get_released_by(instance)})  # type: ignore[attr-defined]

    def make(self, data: dict[str, Any]) -> Release:
        """Raises PermissionDenied for a district that the reader sees but does not publish for."""
        user = cast("User", self.request.user)
        if not may_publish(user, data["district"]):
            raise PermissionDenied(str(NOT_A_PUBLISHER))
        return release_quarter(
            data["district"],
            data["quarter"],
            actor=user,
            at=timezone.now(),
            note=data.get("note", ""),
            provisional=data.get("provisional", False),
        )
