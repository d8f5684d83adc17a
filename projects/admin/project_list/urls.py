"""The addresses of what belongs to the list of projects."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path

from projects.admin.project_list import bulk, exporting, layouts, pages, undoing, views


def list_pages(admin: Any) -> list[URLPattern]:
    """One for each page, for whoever may enter the admin."""
    about = {"pages": admin}
    wrap = admin.admin_site.admin_view
    name = "projects_project"
    return [
        path("bulk/", wrap(bulk.bulk_page), about, name=f"{name}_bulk"),
        path("bulk/changes/", wrap(undoing.changes_page), about, name=f"{name}_bulk_changes"),
        path("columns/", wrap(pages.columns_page), about, name=f"{name}_columns"),
        path("export/", wrap(exporting.export_page), about, name=f"{name}_export"),
        path("layouts/", wrap(layouts.layouts_page), about, name=f"{name}_layouts"),
        path("layouts/add/", wrap(layouts.new_layout), about, name=f"{name}_layout_add"),
        path("layouts/<int:pk>/", wrap(layouts.layout_page), about, name=f"{name}_layout"),
        path("unit/", wrap(pages.choose_unit), name=f"{name}_unit"),
        path("views/", wrap(views.views_page), about, name=f"{name}_views"),
        path("views/add/", wrap(views.new_view), about, name=f"{name}_view_add"),
        path("views/<int:pk>/", wrap(views.view_page), about, name=f"{name}_view"),
    ]
