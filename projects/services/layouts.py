"""Keeps layouts of tables. Nothing here touches the record."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from projects.access import shares_in
from projects.models import District, ExportLayout
from projects.services.reference import save_versioned
from projects.services.transactions import one_transaction

MOST_LAYOUTS = 100  # of one user


@one_transaction
def save_layout(layout: ExportLayout, *, at: datetime) -> ExportLayout:
    """Record a new or changed layout. Raises ValidationError; StaleVersion where it was changed since it was read."""
    owner, place = layout.owner, layout.district_id
    if place and not District.objects.filter(shares_in(owner), pk=place).exists():
        raise ValidationError({"district": ValidationError(_("Choose a district of yours."), code="foreign")})
    if layout._state.adding and ExportLayout.objects.filter(owner=owner).count() >= MOST_LAYOUTS:
        message = _("You have %(most)d layouts already. Delete some first.")
        raise ValidationError(message, code="too_many", params={"most": MOST_LAYOUTS})
    return save_versioned(layout, at=at)


@one_transaction
def delete_layout(layout: ExportLayout) -> None:
    """Delete a layout; what was exported by it stays what it is."""
    layout.delete()
