"""The admin's pages of what was claimed, what was demanded, who is told, and what was sent."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from projects.admin.base import PlacedAdmin, ReadOnlyAdmin
from projects.admin.forms import VersionedForm
from projects.admin.people import PeopleAdmin
from projects.amounts import format_yi
from tracking import deliveries
from tracking.measures import Measure
from tracking.models import Delivery, ReportedTotal, Subscription, Target, Unit


def shown_value(record: ReportedTotal | Target) -> str:
    """Yuan in 亿元, everything else as it is."""
    if record.unit == Unit.CNY:
        return f"{format_yi(int(record.value))} 亿元"
    return f"{record.value.normalize():,f} {record.get_unit_display()}"


@admin.register(ReportedTotal)
class ReportedTotalAdmin(PlacedAdmin):
    """What bulletins and ceremonies claimed, as it stands."""

    fields = [
        ("district", "period"),
        ("measure", "category"),
        ("value", "unit"),
        ("nature", "approximate"),
        "ceremony",
        "note",
        "source",
    ]
    autocomplete_fields = ["district", "ceremony"]
    list_display = ["district", "period", "measured", "category", "claimed", "nature", "source"]
    list_display_links = ["district", "period", "measured"]
    list_select_related = ["district"]
    search_fields = ["period", "measure", "category", "source", "district__name"]

    @admin.display(description=_("measure"), ordering="measure")
    def measured(self, record: ReportedTotal) -> str:
        """In words."""
        return Measure.read(record.measure).label

    @admin.display(description=_("claimed"), ordering="value")
    def claimed(self, record: ReportedTotal) -> str:
        """With its unit."""
        return ("≈ " if record.approximate else "") + shown_value(record)


@admin.register(Target)
class TargetAdmin(PlacedAdmin):
    """Goals for a district and year."""

    fields = [("district", "year"), "measure", ("comparator", "value", "unit"), "note", "source"]
    autocomplete_fields = ["district"]
    list_display = ["district", "year", "measured", "comparator", "demanded", "source"]
    list_display_links = ["district", "year", "measured"]
    list_select_related = ["district"]
    list_filter = ["year"]
    search_fields = ["measure", "source", "district__name"]

    @admin.display(description=_("measure"), ordering="measure")
    def measured(self, record: Target) -> str:
        """In words."""
        return Measure.read(record.measure).label

    @admin.display(description=_("value"), ordering="value")
    def demanded(self, record: Target) -> str:
        """With its unit."""
        return shown_value(record)


@admin.register(Subscription)
class SubscriptionAdmin(PeopleAdmin):
    """Who gets which progress emails."""

    form = VersionedForm
    fields = ["user", "email", "district", ("frequency", "language"), "active"]
    autocomplete_fields = ["user", "district"]
    list_display = ["email", "user", "district", "frequency", "language", "active"]
    list_select_related = ["user", "district"]
    list_filter = ["active", "language"]
    search_fields = ["email", "user__username", "user__name"]


@admin.register(Delivery)
class DeliveryAdmin(PeopleAdmin, ReadOnlyAdmin):
    """Every email that was due, with what became of it."""

    list_display = ["subscription", "period", "state", "attempts", "created_at", "sent_at", "error"]
    list_select_related = ["subscription__district"]
    list_filter = ["state", "period"]
    search_fields = ["subscription__email", "message_id"]
    actions = ["send_again"]

    @admin.action(description=_("Send again what was held, given up or not allowed"), permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Somebody has decided: the next tick sends them, under their old Message-ID, if rights allow."""
        count = deliveries.send_again(list(queryset.values_list("pk", flat=True)))
        said = ngettext("%(n)d email will be sent again.", "%(n)d emails will be sent again.", count)
        self.message_user(request, said % {"n": count})

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: deliveries come about by the timetable."""
        return False
