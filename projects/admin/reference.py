"""What projects refer to: districts, sectors, bands, organizations, ceremonies; and the ledger, to be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from projects import services
from projects.access import Role, subtrees_of
from projects.admin.base import PlacedAdmin, ReadOnlyAdmin, ServiceAdmin, may_edit
from projects.admin.forms import VersionedForm
from projects.admin.history import revisions_behind
from projects.amounts import format_yi
from projects.models import (
    Ceremony,
    District,
    LedgerEntry,
    Organization,
    Sector,
    SectorScheme,
    SizeBand,
    Succession,
)


@admin.register(District)
class DistrictAdmin(ServiceAdmin):
    """The tree of districts."""

    place = "path"
    fields = ["code", "name", "name_en", "level", "parent", "valid_from", "valid_to"]
    readonly_fields = ["came_from", "became"]
    autocomplete_fields = ["parent"]
    list_display = ["code", "label", "level", "parent", "valid_from", "valid_to"]
    list_select_related = ["parent"]
    list_filter = ["level"]
    search_fields = ["code", "name", "name_en"]

    @admin.display(description=_("name"), ordering="name")
    def label(self, district: District) -> str:
        """In the reader's language."""
        return district.label

    def described(self, record: District) -> str:
        """With its code, for names repeat themselves."""
        return f"{record.label} {record.code}"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Once recorded, also what it came from and what became of it."""
        return [*self.fields, *self.readonly_fields] if obj else self.fields

    @admin.display(description=_("came from"))  # 由来
    def came_from(self, district: District) -> str:
        """The districts that were renamed to it, merged into it or split."""
        return _listed(
            _told(each, each.predecessor) for each in district.origins.select_related("predecessor")
        )

    @admin.display(description=_("became"))  # 去向
    def became(self, district: District) -> str:
        """The districts that took its place."""
        return _listed(
            _told(each, each.successor) for each in district.successions.select_related("successor")
        )

    def choices(self, request: HttpRequest) -> QuerySet[Any]:
        """Districts where the user records projects."""
        return District.objects.filter(subtrees_of(request.user, Role.EDITOR))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """With its place in the tree."""
        services.save_district(obj)


def _told(succession: Succession, other: District) -> str:
    return f"{other.label} {other.code} · {succession.get_kind_display()} · {succession.happened_on}"


def _listed(lines: Iterable[str]) -> str:
    return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines)) or "—"


@admin.register(SectorScheme)
class SectorSchemeAdmin(ServiceAdmin):
    """Classifications."""

    fields = ["code", "name", "name_en", "district"]
    autocomplete_fields = ["district"]
    list_display = ["code", "name", "name_en"]
    search_fields = ["code", "name", "name_en"]


@admin.register(Sector)
class SectorAdmin(ServiceAdmin):
    """The nodes of the classifications."""

    fields = ["code", "name", "name_en", "scheme", "parent"]
    autocomplete_fields = ["scheme", "parent"]
    list_display = ["code", "name", "name_en", "scheme"]
    list_select_related = ["scheme"]
    list_filter = ["scheme"]
    search_fields = ["code", "name", "name_en"]


@admin.register(SizeBand)
class SizeBandAdmin(ServiceAdmin):
    """Ranges of total investment."""

    fields = ["code", "name", "name_en", "lower", "upper"]
    list_display = ["code", "name", "lower_yi", "upper_yi"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Through the service that keeps the bands of the past."""
        services.save_band(obj, at=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Through the service that keeps the bands of the past."""
        services.delete_band(obj, at=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Through the service that keeps the bands of the past."""
        for band in queryset:
            services.delete_band(band, at=timezone.now())

    @admin.display(description=_("from, 亿元"), ordering="lower")
    def lower_yi(self, band: SizeBand) -> str:
        """In 亿元."""
        return format_yi(band.lower)

    @admin.display(description=_("below, 亿元"), ordering="upper")
    def upper_yi(self, band: SizeBand) -> str:
        """In 亿元."""
        return format_yi(band.upper)


@admin.register(Organization)
class OrganizationAdmin(ServiceAdmin):
    """Investors and project companies: shared by all districts, entered by editors of any."""

    form = VersionedForm
    fields = ["name", "uscc", "ownership", "name_en"]
    list_display = ["name", "uscc", "ownership"]
    list_filter = ["ownership"]
    search_fields = ["name", "name_en", "uscc"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever records projects."""
        return may_edit(request)


@admin.register(Ceremony)
class CeremonyAdmin(PlacedAdmin):
    """Signing and ground-breaking events."""

    fields = ["name", "district", "held_on", "note"]
    autocomplete_fields = ["district"]
    list_display = ["name", "district", "held_on"]
    list_select_related = ["district"]
    search_fields = ["name"]

    def view_on_site(self, ceremony: Ceremony) -> str:
        """Its projects, their sums, and what was claimed of it."""
        return reverse("ceremony", args=[ceremony.pk])


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """The ledger as it is written: what counts, what counted, since when, until when, why."""

    fields = [
        "project",
        ("kind", "quarter", "left_quarter"),
        ("district", "sector"),
        ("project_type", "ownership"),
        ("investment", "expected_output", "expected_revenue"),
        ("recorded_at", "cause", "actor"),
        ("superseded_at", "closing_cause", "closing_actor"),
        "changed_by",
    ]
    readonly_fields = ["changed_by"]
    list_display = [
        "recorded_at",
        "project",
        "kind",
        "quarter",
        "left_quarter",
        "district",
        "investment_yi",
        "cause",
        "actor",
        "superseded_at",
        "closing_cause",
    ]
    sortable_by = ["recorded_at", "project", "district", "superseded_at"]
    list_select_related = ["project", "district", "actor"]
    project = "project__"
    search_fields = ["project__search__text"]
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Entries about the user's districts, of projects that still lie in them."""
        user = request.user
        return (
            super()
            .get_queryset(request)
            .filter(
                subtrees_of(user, field="district__path"), subtrees_of(user, field="project__district__path")
            )
        )

    @admin.display(description=_("history"))
    def changed_by(self, entry: LedgerEntry) -> SafeString | str:
        """The changes by which it was posted and closed."""
        return revisions_behind(entry)

    @admin.display(description=_("investment, 亿元"), ordering="investment")
    def investment_yi(self, entry: LedgerEntry) -> str:
        """In 亿元."""
        return format_yi(entry.investment)
