"""The list as a file: asks for which columns, in which unit, as xlsx or csv; and sends it while it is read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from projects.admin.project_list.addresses import address, query_of
from projects.admin.project_list.pages import back_to_list, only_known
from projects.admin.project_list.shown import shown
from projects.exporting import (
    ExportField,
    Frame,
    csv_response,
    fields_of_list,
    importable,
    listed_ids,
    too_many,
    xlsx_response,
)
from projects.models import ExportUnit, Project

Admin = Any  # the admin of projects
FORMATS = {"xlsx": xlsx_response, "csv": csv_response}
AS_LISTED, ALL = "list", "all"
TOO_MANY = _("A sheet cannot hold so many. Choose fewer by a filter, or take CSV.")


class ExportForm(forms.Form):
    """Which file."""

    columns = forms.ChoiceField(
        label=_("Columns"),
        choices=[
            (AS_LISTED, _("as the list shows them, with the project code")),
            (ALL, _("everything that can be imported again")),
        ],
        widget=forms.RadioSelect,
        initial=AS_LISTED,
    )
    unit = forms.ChoiceField(
        label=_("Amounts in"), choices=ExportUnit.choices, help_text=_("Stands in the header of each amount.")
    )
    file_format = forms.ChoiceField(
        label=_("File"),
        choices=[("xlsx", _("Excel workbook (.xlsx)")), ("csv", _("Text with commas (.csv)"))],
        widget=forms.RadioSelect,
        initial="xlsx",
    )


def export_page(request: HttpRequest, pages: Admin) -> HttpResponseBase:
    """Asks, or sends the file."""
    if not pages.has_view_or_change_permission(request):
        raise PermissionDenied
    changes = pages.get_changelist_instance(request)
    form = ExportForm(request.POST or None, initial={"unit": shown(request).unit.value})
    if request.method == "POST":
        only_known(request, form.fields)
        if form.is_valid() and (answer := _file(request, changes, form)):
            return answer
    context = {
        **pages.admin_site.each_context(request),
        "title": _("Export"),
        "form": form,
        "cl": changes,
        "listed": [field.title for field in _fields(request, AS_LISTED)],
        "action": address(query_of(request)),
        "back": back_to_list(request),
        "opts": pages.opts,
    }
    return TemplateResponse(request, "admin/projects/project/export.html", context)


def _file(request: HttpRequest, changes: Any, form: ExportForm) -> HttpResponseBase | None:
    """The file; None, with the reason in the form, where the list is longer than a sheet."""
    asked = form.cleaned_data
    frame = Frame(request.user, ExportUnit(asked["unit"]), timezone.localdate())
    fields, ids = _fields(request, asked["columns"]), listed_ids(changes.all_rows())
    if asked["file_format"] == "xlsx" and too_many(ids, fields):
        form.add_error("file_format", TOO_MANY)
        return None
    title = f"{capfirst(str(Project._meta.verbose_name_plural))} {frame.today:%Y-%m-%d}"
    return FORMATS[asked["file_format"]](frame, ids, fields, title)


def _fields(request: HttpRequest, columns: str) -> list[ExportField]:
    if columns == ALL:
        return importable()
    return fields_of_list(column.name for column in shown(request).columns)
