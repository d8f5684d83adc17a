"""The list as a file: asks for which columns or which layout, in which unit; and sends it while it is read."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from projects.admin.project_list.addresses import address, query_of
from projects.admin.project_list.layouts import LAYOUT, choices_for, layout_named
from projects.admin.project_list.pages import back_to_list, only_known, read_month
from projects.admin.project_list.shown import shown
from projects.exporting import (
    ExportField,
    Frame,
    Table,
    csv_response,
    fields_of_list,
    importable,
    listed_ids,
    table_response,
    too_many,
    xlsx_response,
)
from projects.models import ExportLayout, ExportUnit, Project, User

Admin = Any  # the admin of projects
XLSX, CSV = "xlsx", "csv"
AS_LISTED, ALL = "list", "all"
TOO_MANY = _("A sheet cannot hold so many. Choose fewer by a filter, or take CSV.")


class ExportForm(forms.Form):
    """Which file."""

    columns = forms.ChoiceField(label=_("Columns"), widget=forms.RadioSelect, initial=AS_LISTED)
    month = forms.CharField(
        label=_("Up to the month"),
        max_length=7,
        required=False,
        help_text=_("For layouts with monthly reports, as in 2026-10."),
    )
    unit = forms.ChoiceField(
        label=_("Amounts in"),
        choices=ExportUnit.choices,
        help_text=_("Stands in the header of each amount. A layout has its own."),
    )
    file_format = forms.ChoiceField(
        label=_("File"),
        choices=[(XLSX, _("Excel workbook (.xlsx)")), (CSV, _("Text with commas (.csv)"))],
        widget=forms.RadioSelect,
        initial=XLSX,
    )

    def __init__(self, user: User, data: Any = None, *, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.fields["columns"].choices = [  # type: ignore[attr-defined]
            (AS_LISTED, _("as the list shows them, with the project code")),
            (ALL, _("everything that can be imported again")),
            *choices_for(user),
        ]

    def clean_month(self) -> date | None:
        """Its first day; None for the present one."""
        return read_month(self.cleaned_data["month"]) if self.cleaned_data["month"] else None

    def clean(self) -> dict[str, Any]:
        """A layout has merged headings: there is none in a text."""
        found = self.cleaned_data
        if found.get("columns", "").startswith(LAYOUT) and found.get("file_format") == CSV:
            self.add_error("file_format", _("A layout comes as a workbook."))
        return found


def export_page(request: HttpRequest, pages: Admin) -> HttpResponseBase:
    """Asks, or sends the file."""
    if not pages.has_view_or_change_permission(request):
        raise PermissionDenied
    user: User = request.user  # type: ignore[assignment]
    changes = pages.get_changelist_instance(request)
    before = timezone.localdate().replace(day=1)
    first = {"unit": shown(request).unit.value, "month": f"{before:%Y-%m}"}
    form = ExportForm(user, request.POST or None, initial=first)
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
    asked, ids = form.cleaned_data, listed_ids(changes.all_rows())
    user: User = request.user  # type: ignore[assignment]
    today = timezone.localdate()
    if asked["columns"].startswith(LAYOUT):
        layout = layout_named(user, asked["columns"].removeprefix(LAYOUT))
        assert layout is not None  # the form knows only such
        return _table(layout, Frame(user, ExportUnit(layout.unit), today, asked["month"]), ids, form)
    frame, fields = Frame(user, ExportUnit(asked["unit"]), today), _fields(request, asked["columns"])
    title = f"{capfirst(str(Project._meta.verbose_name_plural))} {today:%Y-%m-%d}"
    if asked["file_format"] == CSV:
        return csv_response(frame, ids, fields, title)
    if too_many(len(ids), len(fields)):
        form.add_error("file_format", TOO_MANY)
        return None
    return xlsx_response(frame, ids, fields, title)


def _table(layout: ExportLayout, frame: Frame, ids: Any, form: ExportForm) -> HttpResponseBase | None:
    table = Table(layout, frame)
    if too_many(
        2 * len(ids), len(table.looks)
    ):  # each group has a line more, and there are no more groups than rows
        form.add_error("columns", TOO_MANY)
        return None
    return table_response(table, ids)


def _fields(request: HttpRequest, columns: str) -> list[ExportField]:
    if columns == ALL:
        return importable()
    return fields_of_list(column.name for column in shown(request).columns)
