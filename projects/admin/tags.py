"""Tags of projects: kept by superusers, chosen on a project's page, looked for in the list, shown as small marks."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from projects.admin.base import ServiceAdmin
from projects.admin.filters import Options, SelectFilter
from projects.models import Project, Tag

DOUBLE = "DOUBLE-HUNDRED"  # no tag's code has capitals


@admin.register(Tag)
class TagAdmin(ServiceAdmin):
    """The tags that there are."""

    fields = ["code", "name", "name_en"]
    list_display = ["code", "name", "name_en"]
    search_fields = ["code", "name", "name_en"]


class TagFilter(SelectFilter):
    """Projects with a tag, and those that are 双百 by their amounts."""

    title = _("tag")
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Options:
        """What follows from amounts first."""
        return [(DOUBLE, _("Double hundred")), *((tag.code, tag.label) for tag in Tag.objects.all())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Through the table of tags, for a join would repeat projects."""
        code = self.value()
        if not code:
            return queryset
        if code == DOUBLE:
            double: QuerySet[Any] = queryset.double_hundred()  # type: ignore[attr-defined]
            return double
        tag = Tag.objects.filter(code=code).first()
        if tag is None:
            raise IncorrectLookupParameters
        return queryset.filter(pk__in=Project.tags.through.objects.filter(tag=tag).values("project"))
