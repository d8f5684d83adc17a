"""The admin's pages of who is told, and what was sent."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from projects.admin.base import ReadOnlyAdmin
from projects.admin.forms import VersionedForm
from projects.admin.people import PeopleAdmin
from tracking import deliveries
from tracking.models import Delivery, Subscription


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
