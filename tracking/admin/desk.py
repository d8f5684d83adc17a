"""On the admin's index: the running quarter of the reader's districts, from the stored totals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from projects.admin_site import MingzhangAdminSite
from projects.models import District, Kind
from projects.quarters import quarter_of
from tracking.totals import Total, totals

KINDS = (Kind.SIGNED, Kind.STARTED, Kind.COMPLETED)
MOST = 3  # districts; whoever has more finds them on the overview


@dataclass
class Place:
    """One district's quarter so far."""

    district: District
    columns: list[tuple[Any, Total]]  # the milestone, lazily translated, and its total
    address: str


@MingzhangAdminSite.block(place=2)
def quarter_block(request: HttpRequest) -> str:
    """What was signed, started and completed since the quarter began, in the reader's highest districts."""
    quarter = quarter_of(timezone.localdate())
    here = list(_highest(request.user)[: MOST + 1])
    places = [
        Place(
            district,
            [(Kind(total.kind).label, total) for total in totals(district, [quarter], KINDS)],
            f"{reverse('start')}?{urlencode({'district': district.code, 'quarter': quarter})}",
        )
        for district in here[:MOST]
    ]
    shown = {"quarter": quarter, "places": places, "more": len(here) > MOST}
    return render_to_string("tracking/parts/desk_quarter.html", shown, request)


def _highest(user: Any) -> Any:
    """The districts that the reader sees without seeing the one above."""
    visible = District.objects.visible_to(user)
    above = visible.filter(pk=OuterRef("parent_id"))
    return visible.filter(~Exists(above)).order_by("path")
