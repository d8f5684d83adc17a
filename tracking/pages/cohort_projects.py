"""The list behind a cell of the cohorts: the projects that it counts, or those of which nobody can tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.api.parameters import (
    Parameter,
    boolean_parameter,
    choice_parameter,
    read_integer,
    refuse_parameter,
)
from projects.models import Kind, LedgerEntry
from projects.quarters import parse_quarter, quarters_between
from tracking.cohorts import CELLS, COLUMNS, Asked, projects_behind
from tracking.moments import NOW, Moment
from tracking.pages.asking import (
    AS_OF,
    DISTRICT,
    MEMBER,
    QUARTER,
    RELEASE,
    moment_for,
    page,
    reader,
    seconds_old,
)
from tracking.pages.cohort_titles import column_title
from tracking.pages.cohorts import COHORT_BY, cohorts_address
from tracking.pages.lists import PAGE_SIZE, member_label
from tracking.pages.places import Places
from tracking.questions import MOST_QUARTERS

STEPS = (Kind.SIGNED, Kind.REGISTERED, Kind.STARTED, Kind.COMPLETED, Kind.IN_PRODUCTION)


@dataclass(frozen=True, slots=True)
class Row:
    """One project: its signing entry, whether the reader may see its name now, and the entries of its STEPS."""

    entry: LedgerEntry
    visible: bool
    steps: Sequence[LedgerEntry | None]


@page(
    *(Parameter(name=p.name, read=p.read, required=True) for p in (DISTRICT, QUARTER)),
    choice_parameter("column", CELLS, required=True),
    Parameter(name="from", read=parse_quarter),
    boolean_parameter("uncertain"),
    Parameter(name="page", read=read_integer(1, 1_000_000)),
    COHORT_BY, MEMBER, AS_OF, RELEASE,
)  # fmt: skip
@seconds_old
def cohort_projects(request: HttpRequest, **asked: Any) -> HttpResponse:
    """The projects behind one cell, the largest first; what stands at the head is their number and sum."""
    places = Places(reader(request))
    here = places.get(asked["district"])
    quarters = _quarters(asked)
    moment = moment_for(here, quarters[-1], asked.get("as_of"), asked.get("release"))
    by, member, number = asked.get("by"), asked.get("member", ""), asked.get("page", 1)
    if member and not by:
        raise refuse_parameter("member", _("Say which breakdown it is a member of, with `by`."))
    label = member_label(here, by, member) if by else ""
    found = projects_behind(
        Asked(here, quarters, by, member or None, moment.at),
        asked["column"],
        today=timezone.localdate(moment.at),
        uncertain=asked.get("uncertain", False),
    )
    start = (number - 1) * PAGE_SIZE
    if start and start >= len(found.entries):
        raise Http404
    return render(
        request,
        "tracking/cohort_projects.html",
        {
            "district": here,
            "quarter": quarters[-1],
            "span": quarters[-1] if len(quarters) == 1 else f"{quarters[0]}–{quarters[-1]}",
            "of_signing": asked["column"] in COLUMNS or asked["column"].startswith("signed_"),
            "moment": moment,
            "now_url": _url(asked, NOW, 1),
            "back": cohorts_address(here, quarters[-1], by, moment),
            "member": label,
            "title": column_title(asked["column"]),
            "uncertain": asked.get("uncertain", False),
            "sums": found.sums,
            "steps": [kind.label for kind in STEPS],
            "rows": _rows(places, moment, found.entries[start : start + PAGE_SIZE]),
            "previous": _url(asked, moment, number - 1) if number > 1 else "",
            "next": _url(asked, moment, number + 1) if start + PAGE_SIZE < len(found.entries) else "",
        },
    )


def _quarters(asked: dict[str, Any]) -> list[str]:
    """The quarters of the cohort. Raises ParameterErrors."""
    quarters = quarters_between(asked.get("from", asked["quarter"]), asked["quarter"])
    if not quarters:
        raise refuse_parameter("quarter", _("The last quarter is before the first."), "backwards")
    if len(quarters) > MOST_QUARTERS:
        raise refuse_parameter("quarter", _("Ask for at most 80 quarters."), "too_many")
    return quarters


def _url(asked: dict[str, Any], moment: Moment, number: int) -> str:
    kept = {
        name: asked[name]
        for name in ("district", "from", "quarter", "column", "by", "member")
        if name in asked
    }
    more = {"uncertain": "true"} if asked.get("uncertain") else {}
    return f"{reverse('cohort_projects')}?{urlencode(kept | more | moment.asked | {'page': number})}"


def _rows(places: Places, moment: Moment, chosen: Sequence[int]) -> list[Row]:
    """The projects of these signing entries, in this order."""
    signed = LedgerEntry.objects.select_related("project", "district").in_bulk(chosen)
    seen = _seen(places, signed.values())
    taken: dict[int, dict[str, LedgerEntry]] = defaultdict(dict)
    projects = [entry.project_id for entry in signed.values()]
    for step in LedgerEntry.objects.holding(moment.at).filter(project__in=projects, kind__in=STEPS):
        taken[step.project_id][step.kind] = step
    return [
        Row(entry, entry.project.district_id in seen, [taken[entry.project_id].get(kind) for kind in STEPS])
        for entry in map(signed.__getitem__, chosen)
    ]


def _seen(places: Places, entries: Iterable[LedgerEntry]) -> set[int]:
    """Where the projects now lie, of what the reader may see; a project may have moved since the moment."""
    now: list[int] = [entry.project.district_id for entry in entries]
    return set(places.visible.order_by().filter(pk__in=now).values_list("pk", flat=True))
