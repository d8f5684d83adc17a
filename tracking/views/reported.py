"""Reported totals: what bulletins claimed, recorded by editors, beside what the records hold."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from config.api.etags import check_if_match
from config.api.parameters import Parameter, choice_parameter
from config.api.views import Changes, Creates, Removes
from projects import services
from projects.access import edits_anywhere, may_edit
from projects.filtering import district_parameter, equal
from projects.models import District
from tracking.models import ReportedTotal
from tracking.models.claims import measure_shape, period_shape
from tracking.reported import compare_all, compare_ceremonies
from tracking.serializers.reported import ReportedTotalSerializer


def shaped(name: str, shape: RegexValidator, about: Any) -> Parameter:
    """A filter by a text of a fixed shape."""

    def read(text: str) -> str:
        shape(text)
        return text

    return Parameter(name=name, read=read, apply=equal(name), about=about)


BULLETIN = OpenApiExample(
    "What a bulletin said of a ground-breaking day",
    request_only=True,
    value={
        "district": "440112",
        "period": "2023Q1",
        "measure": "started_investment",
        "value": "约1026亿",
        "unit": "CNY",
    },
)


@extend_schema_view(create=extend_schema(examples=[BULLETIN]))
class ReportedTotalViewSet(Creates[ReportedTotal], Changes[ReportedTotal], Removes[ReportedTotal]):
    """Figures that bulletins claimed, each with the recorded value and the gap where the records can answer."""

    serializer_class = ReportedTotalSerializer
    parameters = (
        district_parameter("district__path"),
        shaped("period", period_shape, _("2023, 2023Q1 or 2023-01, exactly as recorded.")),
        shaped("measure", measure_shape, _("As started_investment, exactly as recorded.")),
        choice_parameter("nature", ReportedTotal.Nature.values, apply=equal("nature")),
    )
    orderings = {"id": "id", "period": "period", "district": "district__path", "updated_at": "updated_at"}
    default_ordering = ("-period", "district", "id")

    def get_queryset(self) -> QuerySet[ReportedTotal]:
        return ReportedTotal.objects.visible_to(self.request.user).select_related("district", "ceremony")

    def etag(self, instance: ReportedTotal) -> str:
        """The claim's version and what the records answer, which moves without it."""
        comparison = compare_all([instance])[instance.pk]
        there = compare_ceremonies([instance])
        shown = (comparison.recorded, comparison.answer, comparison.contradictions, there)
        answered = hashlib.sha256(repr(shown).encode()).hexdigest()
        return f'{super().etag(instance)[:-1]}-{answered[:16]}"'

    def get_current(self, request: Request) -> ReportedTotal:
        """The claim that If-Match names, whatever the records have come to answer since it was read."""
        instance = self.get_object()
        if not self.may_change(instance):
            raise PermissionDenied
        version = super().etag(instance)[:-1]
        held = parse_etags(request.headers.get("If-Match", ""))
        check_if_match(request, next((tag for tag in held if tag.startswith(f"{version}-")), version))
        return instance

    def may_create(self) -> bool:
        return edits_anywhere(self.request.user)

    def may_change(self, instance: ReportedTotal) -> bool:
        return may_edit(self.request.user, instance.district)

    def make(self, data: dict[str, Any]) -> ReportedTotal:
        return self._save(ReportedTotal(), data)

    def change(self, instance: ReportedTotal, data: dict[str, Any]) -> None:
        self._save(instance, data)

    def remove(self, instance: ReportedTotal) -> None:
        services.delete_reference(instance)

    def _save(self, claim: ReportedTotal, data: dict[str, Any]) -> ReportedTotal:
        """Raises PermissionDenied where the claim would be about a district that the reader does not edit."""
        district: District | None = data.get("district")
        if district and not may_edit(self.request.user, district):
            raise PermissionDenied
        for name, value in data.items():
            setattr(claim, name, value)
        return services.save_versioned(claim, at=timezone.now())
