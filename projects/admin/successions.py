"""Successions of districts: recorded once by those who keep the tree, and read by everybody."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from projects import services
from projects.access import subtrees_of
from projects.admin.base import ServiceAdmin, is_superuser
from projects.models import Succession


@admin.register(Succession)
class SuccessionAdmin(ServiceAdmin):
    """What became of which district, since when."""

    fields = ["predecessor", "successor", "kind", "happened_on"]
    autocomplete_fields = ["predecessor", "successor"]
    list_display = ["happened_on", "predecessor", "kind", "successor", "recorded_at", "recorded_by"]
    list_select_related = ["predecessor", "successor", "recorded_by"]
    list_filter = ["kind"]
    search_fields = ["predecessor__code", "predecessor__name", "successor__code", "successor__name"]
    ordering = ["-happened_on", "-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those of which the user sees either side."""
        user = request.user
        either = subtrees_of(user, field="predecessor__path") | subtrees_of(user, field="successor__path")
        return super().get_queryset(request).filter(either)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Once recorded, also when and by whom."""
        return [*self.fields, "recorded_at", "recorded_by"] if obj else self.fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers, as for districts."""
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What is recorded stays as it is; a mistake is deleted and recorded anew."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Through the service, which ends the one district and begins the other."""
        services.save_succession(obj, actor=request.user, at=timezone.now())  # type: ignore[arg-type]

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Through the service, as long as no figures were given out with it."""
        services.delete_succession(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Through the service, all or none."""
        for succession in queryset:
            services.delete_succession(succession)
