"""Remembers how somebody likes their lists. Nothing here touches the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from projects.access import shares_in
from projects.models import AmountUnit, District, ListPreference, SavedView, User
from projects.services.reference import save_versioned
from projects.services.transactions import one_transaction

MOST_VIEWS = 100  # of one user


def preference_of(user: User) -> ListPreference:
    """What the user has chosen; the defaults, unsaved, where nothing was chosen yet."""
    found = ListPreference.objects.select_related("default_view").filter(user_id=user.pk).first()
    return found or ListPreference(user_id=user.pk)


@one_transaction
def choose_columns(user: User, columns: Sequence[str]) -> None:
    """Remember the columns of the list, in their order; none: those that everybody begins with."""
    ListPreference.objects.update_or_create(user_id=user.pk, defaults={"columns": list(columns)})


@one_transaction
def choose_unit(user: User, unit: AmountUnit) -> None:
    """Remember in what amounts are shown."""
    ListPreference.objects.update_or_create(user_id=user.pk, defaults={"unit": unit})


@one_transaction
def save_view(view: SavedView, *, at: datetime) -> SavedView:
    """Record a new or changed view. Raises ValidationError; StaleVersion where it was changed since it was read."""
    if view.district_id and not District.objects.filter(shares_in(view.owner), pk=view.district_id).exists():
        raise ValidationError({"district": ValidationError(_("Choose a district of yours."), code="foreign")})
    if view._state.adding and SavedView.objects.filter(owner=view.owner).count() >= MOST_VIEWS:
        message = _("You have %(most)d views already. Delete some first.")
        raise ValidationError(message, code="too_many", params={"most": MOST_VIEWS})
    return save_versioned(view, at=at)


@one_transaction
def delete_view(view: SavedView) -> None:
    """Delete a view; the list of those who opened it first opens as at the beginning."""
    view.delete()


@one_transaction
def choose_default_view(user: User, view: SavedView | None) -> None:
    """Remember with which view the list opens. Raises ValidationError for one that the user may not read."""
    if view is not None and not SavedView.objects.readable_by(user).filter(pk=view.pk).exists():
        raise ValidationError(_("There is no such view."), code="unknown")
    ListPreference.objects.update_or_create(user_id=user.pk, defaults={"default_view": view})
