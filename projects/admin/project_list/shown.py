"""How the list is shown to who asks for it: as which view, in which columns and unit. Read once per request."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest

from projects import services
from projects.admin.project_list.addresses import EVERYTHING, UNIT, VIEW
from projects.admin.project_list.columns import Column, columns_named
from projects.models import AmountUnit, ListPreference, SavedView, User

LONGEST_ID = 18


@dataclass(frozen=True)
class Shown:
    """What holds for one request."""

    view: SavedView | None
    columns: list[Column]
    unit: AmountUnit


def preference(request: HttpRequest) -> ListPreference:
    """What the user has chosen for lists."""
    if "_preference" not in request.__dict__:
        request.__dict__["_preference"] = services.preference_of(request.user)  # type: ignore[arg-type]
    found: ListPreference = request.__dict__["_preference"]
    return found


def shown(request: HttpRequest) -> Shown:
    """As the view says that the address names, else as the user has chosen. A view of others does not exist (404)."""
    if "_shown" not in request.__dict__:
        user: User = request.user  # type: ignore[assignment]
        view = readable_view(user, request.GET.get(VIEW, EVERYTHING))
        chosen = preference(request)
        asked = request.GET.get(UNIT)
        unit = AmountUnit(asked if asked in AmountUnit.values else chosen.unit)
        names = (view and view.columns) or chosen.columns
        columns = [column.shown_to(user, unit) for column in columns_named(names)]
        request.__dict__["_shown"] = Shown(view, columns, unit)
    found: Shown = request.__dict__["_shown"]
    return found


def readable_view(user: User, named: str) -> SavedView | None:
    """The view of this number, or none where everything is asked for; raises Http404."""
    if named == EVERYTHING:
        return None
    if not (named.isascii() and named.isdigit() and len(named) <= LONGEST_ID):
        raise Http404
    view = SavedView.objects.readable_by(user).select_related("owner", "district").filter(pk=named).first()
    if view is None:
        raise Http404
    return view
