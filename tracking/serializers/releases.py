"""What a release looks like in the API, and what one says who releases a quarter."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.pagination import absolute_url
from projects.access import paths_of
from projects.models import District
from projects.quarters import parse_quarter
from projects.serializers.fields import DistrictField, RecordSerializer
from tracking.models import Release

READ_ONLY = ("id", "released_at", "revision", "revises", "definitions")


@extend_schema_field({"type": "string", "pattern": "^[0-9]{4}Q[1-4]$", "example": "2023Q1"})
class QuarterField(serializers.Field[str, Any, str, Any]):
    """A quarter, written exactly as 2023Q1."""

    def to_internal_value(self, data: Any) -> str:
        """The same text."""
        try:
            return parse_quarter(data)
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from None

    def to_representation(self, value: str) -> str:
        """The same text."""
        return value


class ReleaseSerializer(RecordSerializer[Release]):
    """A frozen quarter: `totals/?release=<id>` answers what it said; nothing of it ever changes."""

    district = DistrictField(queryset=District.objects.all())
    quarter = QuarterField()
    released_by = serializers.SerializerMethodField(
        help_text=_("Who released it; null for those who may not see the released district itself.")
    )
    proof = serializers.SerializerMethodField(
        help_text=_("SHA-256 of the totals as the package holds them; null until it has been made.")
    )
    package = serializers.SerializerMethodField(help_text=_("Where its quarter package is."))

    class Meta:
        model = Release
        fields: ClassVar = [
            "id",
            "quarter",
            "district",
            "released_at",
            "note",
            "revision",
            "revises",
            "provisional",
            "released_by",
            "definitions",
            "proof",
            "package",
        ]
        read_only_fields = READ_ONLY

    @cached_property
    def _reader_paths(self) -> list[str]:
        """The subtrees that the reader sees; asked once for a whole list."""
        user = self.context["request"].user
        return [""] if user.is_superuser else paths_of(user)

    @extend_schema_field({"type": "string", "nullable": True, "example": "li.na"})
    def get_released_by(self, release: Release) -> str | None:
        seen = any(release.district.path.startswith(path) for path in self._reader_paths)
        return release.released_by.username if release.released_by and seen else None

    @extend_schema_field({"type": "string", "nullable": True})
    def get_proof(self, release: Release) -> str | None:
        return proof_of(release)

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_package(self, release: Release) -> str:
        return absolute_url(self.context["request"], reverse("release_package_api", args=[release.pk]))


def proof_of(release: Release) -> str | None:
    """The fingerprint of what it said, once a worker has made it."""
    proof = getattr(release, "proof", None)
    return proof.digest if proof else None
