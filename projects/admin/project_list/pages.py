"""Choosing how the list is shown: its columns and their order, and the unit of its amounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects import services
from projects.admin.project_list.addresses import EVERYTHING, UNIT, VIEW, address, query_of
from projects.admin.project_list.columns import BY_NAME, COLUMNS, Column
from projects.admin.project_list.shown import shown
from projects.models import AmountUnit, User

MOST_PLACES = 99
Admin = Any  # the admin of projects


class ColumnsForm(forms.Form):
    """For each column whether it is shown, and a number by which it is put in its place."""

    def __init__(self, chosen: list[Column], data: Any = None) -> None:
        super().__init__(data)
        self.ordered = [*chosen, *(column for column in COLUMNS if column not in chosen)]
        for place, column in enumerate(self.ordered, start=1):
            self.fields[f"show.{column.name}"] = forms.BooleanField(
                label=column.title, required=False, initial=column in chosen
            )
            self.fields[f"place.{column.name}"] = forms.IntegerField(
                label=_("Place"), min_value=1, max_value=MOST_PLACES, initial=place, required=False
            )

    def rows(self) -> list[tuple[Any, Any]]:
        """The two fields of each column."""
        return [(self[f"show.{column.name}"], self[f"place.{column.name}"]) for column in self.ordered]

    def clean(self) -> dict[str, Any]:
        """At least one column."""
        if not self.chosen():
            raise forms.ValidationError(_("Choose at least one column."), code="required")
        return self.cleaned_data

    def chosen(self) -> list[str]:
        """The names of the columns that are shown, by their numbers; those alike as they stood."""
        names = [column.name for column in self.ordered if self.cleaned_data.get(f"show.{column.name}")]
        return sorted(names, key=lambda name: self.cleaned_data.get(f"place.{name}") or MOST_PLACES)


def back_to_list(request: HttpRequest, *, without: Iterable[str] = (), **more: str) -> str:
    """The list as it was left: its query goes along in each of these pages' own."""
    return reverse("admin:projects_project_changelist") + address(query_of(request), without=without, **more)


def only_known(request: HttpRequest, names: Iterable[str]) -> None:
    """Refuse a form with a field that it does not have."""
    if unknown := set(request.POST) - {*names, "csrfmiddlewaretoken"}:
        raise SuspiciousOperation(f"A form has no field {min(unknown)}.")


def read_month(text: str) -> date:
    """The first day of 2026-10. Raises ValidationError."""
    year, _stroke, month = text.strip().partition("-")
    readable = all(part.isascii() and part.isdecimal() for part in (year, month))
    if readable and len(year) == 4 and int(year) > 0 and 1 <= int(month) <= 12:
        return date(int(year), int(month), 1)
    raise ValidationError(_("Write the month as 2026-10."), code="invalid")


def columns_page(request: HttpRequest, pages: Admin) -> HttpResponse:
    """Asks for the columns, and remembers them."""
    chosen = [BY_NAME[column.name] for column in shown(request).columns]
    form = ColumnsForm(chosen, request.POST or None)
    if request.method == "POST":
        only_known(request, [*form.fields, "reset"])
        if "reset" in request.POST or form.is_valid():
            return _remember(request, [] if "reset" in request.POST else form.chosen())
    context = {
        **pages.admin_site.each_context(request),
        "title": _("Columns of the list"),
        "form": form,
        "view": shown(request).view,
        "back": back_to_list(request),
        "opts": pages.opts,
    }
    return TemplateResponse(request, "admin/projects/project/columns.html", context)


def _remember(request: HttpRequest, names: list[str]) -> HttpResponse:
    """In the open view if it is one's own; else for oneself, and then somebody else's view is left."""
    user: User = request.user  # type: ignore[assignment]
    view = shown(request).view
    messages.success(request, _("The list shows these columns from now on."))
    if view is not None and view.owner_id == user.pk:
        view.columns = names
        services.save_view(view, at=timezone.now())
        return HttpResponseRedirect(back_to_list(request))
    services.choose_columns(user, names)
    return HttpResponseRedirect(back_to_list(request, **({VIEW: EVERYTHING} if view else {})))


def choose_unit(request: HttpRequest) -> HttpResponse:
    """Remembers the unit, and goes back to the list."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    only_known(request, ["unit"])
    unit = request.POST.get("unit", "")
    if unit not in AmountUnit.values:
        raise SuspiciousOperation("There is no such unit.")
    services.choose_unit(request.user, AmountUnit(unit))  # type: ignore[arg-type]
    return HttpResponseRedirect(back_to_list(request, without=[UNIT]))
