"""Layouts of tables: found, made from a ready one or anew, changed column by column, looked at before they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects import services
from projects.access import shares_in
from projects.admin.project_list.addresses import address, query_of
from projects.admin.project_list.pages import back_to_list, only_known
from projects.admin.project_list.views import described
from projects.exporting import (
    EXPORTED,
    FIGURES,
    READY,
    Frame,
    Origin,
    Table,
    listed_ids,
    preview_of,
    ready_layout,
)
from projects.models import District, ExportLayout, ExportUnit, GroupedBy, User
from projects.models.layouts import LONGEST_WORDS, MOST_COLUMNS, LayoutColumn

Admin = Any  # the admin of projects
LAYOUT = "layout:"  # how a form names one
SPARE = 4  # empty rows for further columns
PREVIEWED = 12  # rows
LONGEST_ID = 18


def _sources() -> list[tuple[Any, Any]]:
    """What a column can show."""
    fields = [(name, capfirst(str(field.title))) for name, field in EXPORTED.items()]
    figures = [(f"sum:{name}", capfirst(str(figure.title))) for name, figure in FIGURES.items()]
    return [("", _("— none —")), (_("Added up"), figures), (_("Of each project"), fields)]


class LayoutForm(forms.Form):
    """A layout: what holds for the table, and a row for each column."""

    title = forms.CharField(
        label=_("Title"), max_length=80, help_text=_("Stands above the table, as in 招商引资项目月报表.")
    )
    detailed = forms.BooleanField(
        label=_("A row for each project"), required=False, help_text=_("Otherwise one row for each group.")
    )
    group = forms.ChoiceField(label=_("Grouped by"), choices=GroupedBy.choices, required=False)
    sheets = forms.ChoiceField(label=_("A sheet for each"), choices=GroupedBy.choices, required=False)
    unit = forms.ChoiceField(label=_("Amounts in"), choices=ExportUnit.choices)
    district: Any = forms.ModelChoiceField(
        District.objects.none(), label=_("Shared with"), required=False, empty_label=_("Only me")
    )

    def __init__(self, user: User, layout: ExportLayout, data: Any = None) -> None:
        names = ("title", "detailed", "group", "sheets", "unit", "district")
        super().__init__(data, initial={name: getattr(layout, name) for name in names})
        self.fields["district"].queryset = District.objects.filter(shares_in(user))  # type: ignore[attr-defined]
        self.fields["district"].label_from_instance = described  # type: ignore[attr-defined]
        self.numbers = range(1, min(len(layout.columns) + SPARE, MOST_COLUMNS) + 1)
        for number in self.numbers:
            given = layout.columns[number - 1] if number <= len(layout.columns) else None
            self._add_column(number, given)

    def _add_column(self, number: int, given: LayoutColumn | None) -> None:
        """The fields of one column, with what it was."""
        at = {"n": number}
        made: dict[str, forms.Field] = {
            "what": forms.ChoiceField(label=_("Column %(n)d shows") % at, choices=_sources, required=False),
            "of": forms.ChoiceField(
                label=_("Column %(n)d: origin") % at, choices=Origin.choices, required=False
            ),
            "upper": forms.CharField(
                label=_("Column %(n)d: upper heading") % at, max_length=LONGEST_WORDS, required=False
            ),
            "lower": forms.CharField(
                label=_("Column %(n)d: heading") % at, max_length=LONGEST_WORDS, required=False
            ),
            "place": forms.IntegerField(
                label=_("Column %(n)d: place") % at, min_value=1, max_value=99, required=False
            ),
        }
        for name, field in made.items():
            field.initial = number if name == "place" else given[name] if given else ""  # type: ignore[literal-required]
            self.fields[f"{name}.{number}"] = field

    def head(self) -> Iterator[Any]:
        """The fields of the whole table."""
        return (self[name] for name in self.fields if "." not in name)

    def rows(self) -> Iterator[list[Any]]:
        """The fields of each column."""
        for number in self.numbers:
            yield [self[f"{name}.{number}"] for name in ("what", "of", "upper", "lower", "place")]

    def clean(self) -> dict[str, Any]:
        """At least one column; sums alone need groups."""
        found = self.cleaned_data
        if not self.columns():
            self.add_error(None, _("Choose at least one column."))
        if not found.get("detailed") and not found.get("group"):
            self.add_error(
                "group", _("Without a row for each project, choose by what the rows are put together.")
            )
        return found

    def columns(self) -> list[LayoutColumn]:
        """The columns that show something, by their places; those alike as they stood."""
        given = self.cleaned_data
        chosen = [number for number in self.numbers if given.get(f"what.{number}")]
        chosen.sort(key=lambda number: given.get(f"place.{number}") or MOST_COLUMNS)
        return [
            {
                "what": given[f"what.{n}"],
                "of": given.get(f"of.{n}", ""),
                "upper": given.get(f"upper.{n}", ""),
                "lower": given.get(f"lower.{n}", ""),
            }
            for n in chosen
        ]

    def fill(self, layout: ExportLayout) -> None:
        """Set what was asked for."""
        for name in ("title", "detailed", "group", "sheets", "unit", "district"):
            setattr(layout, name, self.cleaned_data[name])
        layout.columns = self.columns()


# --- pages ------------------------------------------------------------------------------------------------------------


def layouts_page(request: HttpRequest, pages: Admin) -> HttpResponse:
    """All layouts that one finds, and the ready ones."""
    user: User = request.user  # type: ignore[assignment]
    context = {
        "title": _("Layouts of tables"),
        "layouts": ExportLayout.objects.readable_by(user).select_related("owner", "district"),
        "ready": [(name, ready_layout(name, user)) for name in READY],
    }
    return _page(request, pages, "layouts", context)


def new_layout(request: HttpRequest, pages: Admin) -> HttpResponse:
    """A layout of one's own: from ?of= a ready one, or one that is there already; else empty."""
    user: User = request.user  # type: ignore[assignment]
    start = layout_named(user, request.GET.get("of", ""))
    if start is None:
        start = ExportLayout(owner=user, columns=[])
    copy = ExportLayout(owner=user)
    for name in ("title", "detailed", "group", "sheets", "unit", "columns"):
        setattr(copy, name, getattr(start, name))
    return _edited(request, pages, copy)


def layout_page(request: HttpRequest, pages: Admin, pk: int) -> HttpResponse:
    """Changes or deletes a layout of one's own; others' do not exist here."""
    layout = ExportLayout.objects.filter(owner_id=request.user.pk, pk=pk).select_related("owner").first()
    if layout is None:
        raise Http404
    if "delete" in request.POST:
        only_known(request, ["delete"])
        services.delete_layout(layout)
        messages.success(request, _("Deleted: %(view)s.") % {"view": layout.title})
        return HttpResponseRedirect(reverse("admin:projects_project_layouts"))
    return _edited(request, pages, layout)


def _edited(request: HttpRequest, pages: Admin, layout: ExportLayout) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    if not pages.has_view_or_change_permission(request):
        raise PermissionDenied
    form = LayoutForm(user, layout, request.POST or None)
    context: dict[str, Any] = {"title": layout.title or _("New layout"), "form": form, "layout": layout}
    if request.method == "POST":
        only_known(request, [*form.fields, "preview", "more"])
        if form.is_valid():
            form.fill(layout)
            if "preview" not in request.POST and _saved(layout, form):
                messages.success(request, _("Saved: %(view)s.") % {"view": layout.title})
                after = "layout" if "more" in request.POST else "layouts"
                return HttpResponseRedirect(
                    reverse(f"admin:projects_project_{after}", args=[layout.pk] if after == "layout" else [])
                )
    if layout.columns and not form.errors:
        context["preview"] = preview(request, pages, layout)
    return _page(request, pages, "layout_form", context)


def _saved(layout: ExportLayout, form: LayoutForm) -> bool:
    """Whether it could be saved; else the form says why not."""
    try:
        services.save_layout(layout, at=timezone.now())
    except ValidationError as refusal:
        for name, errors in refusal.update_error_dict({}).items():
            form.add_error(name if name in form.fields else None, errors)
        return False
    except StaleVersion:
        form.add_error(None, _("This layout was changed in between. Open it again."))
        return False
    return True


def preview(request: HttpRequest, pages: Admin, layout: ExportLayout) -> Any:
    """The head of the table and its first rows, with the projects that one sees."""
    rows = pages.get_queryset(request).kept().order_by("-id")[:PREVIEWED]
    frame = Frame(request.user, ExportUnit(layout.unit), timezone.localdate())
    return preview_of(Table(layout, frame), listed_ids(rows))


def layout_named(user: User, named: str) -> ExportLayout | None:
    """A ready layout by its name, or one that the user finds by its number; None for no name. Raises Http404."""
    if not named:
        return None
    if named in READY:
        return ready_layout(named, user)
    if not (named.isascii() and named.isdigit() and len(named) <= LONGEST_ID):
        raise Http404
    found = ExportLayout.objects.readable_by(user).filter(pk=named).first()
    if found is None:
        raise Http404
    return found


def choices_for(user: User) -> list[tuple[str, str]]:
    """The layouts that a file can be asked for in: ready ones, then those that the user finds."""
    ready = [(f"{LAYOUT}{name}", ready_layout(name, user).title) for name in READY]
    found = ExportLayout.objects.readable_by(user).values_list("pk", "title")
    return [*ready, *((f"{LAYOUT}{pk}", title) for pk, title in found)]


def _page(request: HttpRequest, pages: Admin, name: str, context: dict[str, Any]) -> HttpResponse:
    whole = {
        **pages.admin_site.each_context(request),
        "opts": pages.opts,
        "back": back_to_list(request),
        "here": address(query_of(request)),
        **context,
    }
    return TemplateResponse(request, f"admin/projects/project/{name}.html", whole)
