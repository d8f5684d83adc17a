"""The admin's pages of what was claimed and what was demanded."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from projects.admin.base import PlacedAdmin
from projects.amounts import format_yi
from tracking.measures import Measure
from tracking.models import ReportedTotal, Target, Unit


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

    def view_on_site(self, record: ReportedTotal) -> str:
        """The claim beside what the records hold."""
        return reverse("claim", args=[record.pk])

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
