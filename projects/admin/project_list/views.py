"""Saved views of the list: opened by their address, saved from the list as it stands, renamed, shared, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects import services
from projects.access import shares_in
from projects.admin.project_list.addresses import EVERYTHING, UNIT, VIEW, address, query_of
from projects.admin.project_list.pages import back_to_list, only_known
from projects.admin.project_list.shown import preference, readable_view, shown
from projects.models import District, Project, SavedView, User

Admin = Any  # the admin of projects
SHOWN = 30  # tabs
LONGEST = 200  # characters of one condition
DEFAULT = "default"
LOST = _("No longer there, or not for you to see, and left out of this view: %(filters)s.")


class Tab(NamedTuple):
    """One view over the list."""

    name: str
    address: str
    is_open: bool
    owner: str  # of a view of somebody else


class ViewForm(forms.Form):
    """A view's name, with whom it is shared, and whether the list opens with it."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=SavedView._meta.get_field("name").help_text
    )
    district: Any = forms.ModelChoiceField(
        District.objects.none(),
        label=_("Shared with"),
        required=False,
        empty_label=_("Only me"),
        help_text=SavedView._meta.get_field("district").help_text,
    )
    default = forms.BooleanField(label=_("The list opens with this view"), required=False)
    anew = forms.BooleanField(
        label=_("Take over filters, order and unit from the list as it was"), required=False
    )

    def __init__(self, user: User, data: Any = None, *, initial: Any = None, is_new: bool) -> None:
        super().__init__(data, initial=initial)
        self.fields["district"].queryset = District.objects.filter(shares_in(user))  # type: ignore[attr-defined]
        self.fields["district"].label_from_instance = described  # type: ignore[attr-defined]
        if is_new:
            del self.fields["anew"]


def described(district: District) -> str:
    """A district as a choice, further to the right for lying deeper."""
    return "\u3000" * (len(district.ancestor_codes) - 1) + district.label


# --- opened -----------------------------------------------------------------------------------------------------------


def opening(request: HttpRequest, pages: Admin) -> str | None:
    """Where a view's bare address, or the list's, leads: to the view's conditions written out; None if it stays."""
    if request.method != "GET" or set(request.GET) - {VIEW}:
        return None
    view = shown(request).view if VIEW in request.GET else _default(request)
    if view is None:
        return None
    kept, lost = usable(view.query, request, pages)
    if lost:
        messages.warning(request, LOST % {"filters": "、".join(lost)})
    more = {**kept, **({UNIT: view.unit} if view.unit != preference(request).unit else {})}
    return None if VIEW in request.GET and not more else address({}, view=str(view.pk), **more)


def _default(request: HttpRequest) -> SavedView | None:
    chosen = preference(request).default_view
    user: User = request.user  # type: ignore[assignment]
    if chosen and SavedView.objects.readable_by(user).filter(pk=chosen.pk).exists():
        return chosen
    return None


def usable(query: Mapping[str, Any], request: HttpRequest, pages: Admin) -> tuple[dict[str, str], list[str]]:
    """What of a view's conditions still holds for this reader; and by their names those that do not."""
    known = {getattr(each, "parameter_name", ""): each for each in pages.get_list_filter(request)}
    kept: dict[str, str] = {}
    lost: list[str] = []
    for name, value in query.items():
        if name in (SEARCH_VAR, ORDER_VAR) or (name in known and _holds(known[name], value, request, pages)):
            kept[name] = str(value)[:LONGEST]
        else:
            lost.append(str(getattr(known.get(name), "title", name)))
    return kept, lost


def _holds(each: Any, value: Any, request: HttpRequest, pages: Admin) -> bool:
    """Whether a filter still offers this value to the reader."""
    try:
        spec = each(request, {each.parameter_name: [str(value)]}, Project, pages)
    except IncorrectLookupParameters:
        return False
    return str(value) in {str(offered) for offered, _label in spec.lookup_choices}


def tabs(request: HttpRequest) -> list[Tab]:
    """Everything, and the views that the reader finds: their own first."""
    user: User = request.user  # type: ignore[assignment]
    now = shown(request).view
    found = SavedView.objects.readable_by(user).select_related("owner")
    views = sorted(found[:SHOWN], key=lambda view: view.owner_id != user.pk)
    whole = address({}, view=EVERYTHING) if preference(request).default_view_id or now else "?"
    return [
        Tab(str(_("All projects")), whole, now is None, ""),
        *(
            Tab(
                view.name,
                address({}, view=str(view.pk)),
                view == now,
                "" if view.owner_id == user.pk else str(view.owner),
            )
            for view in views
        ),
    ]


# --- kept -------------------------------------------------------------------------------------------------------------


def views_page(request: HttpRequest, pages: Admin) -> HttpResponse:
    """All views that one finds, and the choice of the one with which the list opens."""
    user: User = request.user  # type: ignore[assignment]
    if request.method == "POST":
        only_known(request, [DEFAULT])
        chosen = request.POST.get(DEFAULT, EVERYTHING)
        services.choose_default_view(user, readable_view(user, chosen))
        messages.success(request, _("Remembered."))
        return HttpResponseRedirect(request.get_full_path())
    context = {
        "title": _("Saved views"),
        "views": SavedView.objects.readable_by(user).select_related("owner", "district"),
        "default": preference(request).default_view_id,
    }
    return _page(request, pages, "views", context)


def new_view(request: HttpRequest, pages: Admin) -> HttpResponse:
    """Saves the list as it stands under a name."""
    user: User = request.user  # type: ignore[assignment]
    columns = [column.name for column in shown(request).columns]
    return _edited(request, pages, SavedView(owner=user, columns=columns))


def view_page(request: HttpRequest, pages: Admin, pk: int) -> HttpResponse:
    """Renames, shares, brings to the list as it was, or deletes a view of one's own; others' do not exist here."""
    view = SavedView.objects.filter(owner_id=request.user.pk, pk=pk).select_related("owner").first()
    if view is None:
        raise Http404
    if "delete" in request.POST:
        only_known(request, ["delete"])
        services.delete_view(view)
        messages.success(request, _("Deleted: %(view)s.") % {"view": view.name})
        return HttpResponseRedirect(reverse("admin:projects_project_changelist"))
    return _edited(request, pages, view)


def _edited(request: HttpRequest, pages: Admin, view: SavedView) -> HttpResponse:
    user, is_new = view.owner, view._state.adding
    chosen = preference(request).default_view_id
    initial = {
        "name": view.name,
        "district": view.district_id,
        "default": bool(view.pk and view.pk == chosen),
    }
    form = ViewForm(user, request.POST or None, initial=initial, is_new=is_new)
    if request.method == "POST":
        only_known(request, form.fields)
        if form.is_valid() and _saved(request, pages, view, form):
            messages.success(request, _("Saved: %(view)s.") % {"view": view.name})
            return HttpResponseRedirect(_address(view))
    title = _("Save the list as a view") if is_new else _("Saved view")
    return _page(request, pages, "view_form", {"title": title, "form": form, "view": view})


def _saved(request: HttpRequest, pages: Admin, view: SavedView, form: ViewForm) -> bool:
    """Whether the view could be saved; else the form says why not."""
    asked = form.cleaned_data
    view.name, view.district = asked["name"], asked["district"]
    if view._state.adding or asked["anew"]:
        view.query, _lost = usable(_conditions(request), request, pages)
        view.unit = shown(request).unit
    try:
        services.save_view(view, at=timezone.now())
    except ValidationError as refusal:
        for name, errors in refusal.update_error_dict({}).items():
            form.add_error(name if name in form.fields else None, errors)
        return False
    except StaleVersion:
        form.add_error(None, _("This view was changed in between. Look at it again, then save."))
        return False
    if asked["default"] or preference(request).default_view_id == view.pk:
        services.choose_default_view(view.owner, view if asked["default"] else None)
    return True


def _conditions(request: HttpRequest) -> dict[str, str]:
    """What the list is narrowed and sorted by, as far as a view keeps it."""
    own = {VIEW, UNIT}
    return {
        name: values[-1]
        for name, values in query_of(request).items()
        if name not in own and not name.startswith("_") and values[-1]
    }


def _address(view: SavedView) -> str:
    return reverse("admin:projects_project_changelist") + address({}, view=str(view.pk))


def _page(request: HttpRequest, pages: Admin, name: str, context: dict[str, Any]) -> HttpResponse:
    whole = {
        **pages.admin_site.each_context(request),
        "opts": pages.opts,
        "back": back_to_list(request),
        **context,
    }
    return TemplateResponse(request, f"admin/projects/project/{name}.html", whole)
