"""The admin's pages of releases: everybody concerned reads them, publishers release a quarter, nobody changes one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import NothingNew
from projects.access import publishes_in, subtrees_of
from projects.admin.base import ReadOnlyAdmin
from projects.admin.filters import DistrictFilter, Options, SelectFilter
from projects.admin.forms import ServiceForm
from projects.models import District
from projects.quarters import parse_quarter
from tracking.models import Release
from tracking.releases import BUSY, release_quarter


class QuarterFormField(forms.CharField):
    """A quarter, written as 2023Q1."""

    def clean(self, value: Any) -> str:
        """The same text. Raises ValidationError."""
        try:
            return parse_quarter(super().clean(value))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from None


class ReleaseForm(ServiceForm):
    """Which quarter of which district is released."""

    quarter = QuarterFormField(label=_("Quarter"), max_length=6, help_text=_("As 2023Q1."))


class QuarterFilter(SelectFilter):
    """Quarters of which there is a release."""

    title = _("quarter")
    parameter_name = "quarter"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Options:
        """The latest first."""
        rows = Release.objects.visible_to(request.user).order_by("-quarter")
        return [(quarter, quarter) for quarter in rows.values_list("quarter", flat=True).distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the quarter."""
        return queryset.filter(quarter=self.value()) if self.value() else queryset


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """Quarters as they were published. Adding one is releasing a quarter."""

    form = ReleaseForm
    actions = None
    list_display = ["quarter", "district", "which", "provisional", "released_at", "releaser", "note"]
    list_display_links = ["quarter", "district"]
    list_select_related = ["district", "released_by", "revises__district"]
    list_filter = [DistrictFilter, QuarterFilter, "provisional"]
    search_fields = ["quarter", "district__name", "district__code", "note"]
    autocomplete_fields = ["district"]
    readonly_fields = ["which", "releaser", "page"]
    asked = ["district", "quarter", "note", "provisional"]
    shown = [
        ("quarter", "district"),
        ("which", "provisional"),
        ("released_at", "releaser"),
        "revises",
        "note",
        "page",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What holds in the user's districts, each with whether the whole of it is theirs to see."""
        whole = District.objects.filter(subtrees_of(request.user), pk=OuterRef("district_id"))
        rows = Release.objects.visible_to(request.user).annotate(whole=Exists(whole))
        return rows.order_by("-released_at", "-id")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is asked of a new one, what is told of one that is there."""
        return self.shown if obj else self.asked

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> Any:
        """The districts for which the user publishes."""
        if db_field.name == "district":
            return District.objects.filter(publishes_in(request.user)).order_by("path")
        return super().get_field_queryset(db, db_field, request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Publishers."""
        return District.objects.filter(publishes_in(request.user)).exists()

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """The form, under a title that says what it does."""
        return super().add_view(request, form_url, {"title": _("Release a quarter"), **(extra_context or {})})

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form; where nothing is new or an import is running, a sentence that says so."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except NothingNew as refusal:
            self.message_user(request, str(refusal.message), messages.WARNING)
            return HttpResponseRedirect(self.url("changelist"))
        except OperationalError:
            request.refusal = ValidationError(BUSY, code="busy")  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Through the service."""
        made = release_quarter(
            obj.district,
            obj.quarter,
            actor=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            note=obj.note,
            provisional=obj.provisional,
        )
        obj.__dict__.update(made.__dict__)

    @admin.display(description=_("revision"), ordering="revision")
    def which(self, release: Release) -> str:
        """In words."""
        return release.revision_label

    @admin.display(description=_("released by"))
    def releaser(self, release: Any) -> Any:
        """A person, for those who see the whole district."""
        return (release.released_by if release.whole else None) or self.get_empty_value_display()

    @admin.display(description=_("page"))
    def page(self, release: Release) -> SafeString:
        """Where its figures are."""
        return format_html(
            '<a href="{}">{}</a>',
            reverse("release", args=[release.pk]),
            _("What was released, and what has changed since"),
        )
