"""The lists behind the figures: the entries of one figure, what is undated, and districts by name."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.api.pagination import Keyset
from config.api.parameters import Parameter, refuse_parameter
from config.api.problems import Text
from projects.models import (
    COUNTABLE_KINDS,
    District,
    Kind,
    LedgerEntry,
    Ownership,
    ProjectType,
    Sector,
    SizeBand,
)
from projects.models.ledger import LedgerQuerySet
from tracking.figures import EVERYTHING, OUTPUT_OR_REVENUE, Figure
from tracking.pages.asking import BY, CATEGORY, CURSOR, DISTRICT, KIND, MEMBER, OF, QUARTER, page, reader
from tracking.pages.places import Places
from tracking.questions import refuse_figure
from tracking.thresholds import bound_of, label_of
from tracking.totals import By, Of, sum_of, undated_entries

PAGE_SIZE = 50
LARGEST_FIRST = (("investment", True),)  # unknown amounts last
WHICH: dict[Of, Text] = {
    "entered": _("in the quarter"),
    "left": _("left in the quarter"),
    "ytd": _("from the beginning of the year to the end of the quarter"),  # 本年累计
    "stock": _("in this stage at the end of the quarter"),  # 季末在库
    "carried_over": _("under construction when the quarter began"),  # 续建
    "carried_over_year": _("under construction when the year began"),  # 续建（年初）
    "start_or_resume": _("started in the quarter or under construction when it began"),  # 开复工
    "start_or_resume_year": _(
        "started in the year up to the quarter’s end or under construction when it began"
    ),  # 开复工（本年）
}


@page(
    *(Parameter(name=p.name, read=p.read, required=True) for p in (DISTRICT, QUARTER, KIND)),
    OF, BY, MEMBER, CATEGORY, CURSOR,
)  # fmt: skip
def figures(  # noqa: PLR0917  one for each parameter of the address
    request: HttpRequest,
    district: str,
    quarter: str,
    kind: tuple[str, ...],
    of: Of = "entered",
    by: By | None = None,
    member: str = "",
    category: str = EVERYTHING,
    cursor: str | None = None,
) -> HttpResponse:
    """The milestones behind one figure; what stands at the head is their sum, which is the figure."""
    here = Places(reader(request)).get(district)
    figure = Figure(here.code, quarter, kind, of=of, by=by, member=member, category=category)
    check_figure(figure)
    shown = _list(figure.entries(here), figure.url, cursor)
    return render(
        request,
        "tracking/figures.html",
        {
            **shown,
            "district": here,
            "quarter": quarter,
            "kinds": [Kind(each).label for each in kind],
            "which": WHICH[of],
            "member": member_label(here, by, member) if by else "",
            "category": category if category != EVERYTHING else "",
        },
    )


@page(Parameter(name="district", required=True), KIND, CURSOR)
def undated(
    request: HttpRequest, district: str, kind: tuple[str, ...] = COUNTABLE_KINDS, cursor: str | None = None
) -> HttpResponse:
    """What happened without a known quarter: a list to chase."""
    here = Places(reader(request)).get(district)
    asked = {"district": here.code} | ({} if kind == COUNTABLE_KINDS else {"kind": ",".join(kind)})
    shown = _list(undated_entries(here, kind), f"{reverse('undated')}?{urlencode(asked)}", cursor)
    kinds = [] if kind == COUNTABLE_KINDS else [Kind(each).label for each in kind]
    return render(request, "tracking/undated.html", {**shown, "district": here, "kinds": kinds})


@page(Parameter(name="q", longest=60), QUARTER)
def districts(request: HttpRequest, q: str = "", quarter: str | None = None) -> HttpResponse:
    """Districts by part of their name or code; a single one is opened at once."""
    found = Places(reader(request)).named(q.strip()) if q.strip() else []
    season = {"quarter": quarter} if quarter else {}
    if len(found) == 1:
        return HttpResponseRedirect(f"{reverse('start')}?{urlencode({'district': found[0].code, **season})}")
    return render(request, "tracking/districts.html", {"q": q, "found": found, "quarter": quarter})


def check_figure(figure: Figure) -> None:
    """What only shows when parameters are seen together. Raises ParameterErrors."""
    if figure.member and not figure.by:
        raise refuse_parameter("member", _("Say which breakdown it is a member of, with `by`."))
    if figure.by and len(figure.kinds) > 1:
        raise refuse_parameter("by", _("A breakdown is of one kind of milestone."))
    refuse_figure(figure.of, figure.kinds)


def _list(found: LedgerQuerySet, url: str, cursor: str | None) -> dict[str, Any]:
    """One page of entries with their sums and the ways to its neighbours."""
    rows = found.select_related("project", "district").prefetch_related("milestone")
    sheet = Keyset[LedgerEntry](rows, LARGEST_FIRST, [url]).page(cursor, PAGE_SIZE)
    return {
        "entries": sheet.rows,
        "sums": sum_of(found),
        "either": _either(found),
        "next": f"{url}&{urlencode({'cursor': sheet.next})}" if sheet.next else "",
        "previous": f"{url}&{urlencode({'cursor': sheet.previous})}" if sheet.previous else "",
    }


def _either(found: QuerySet[LedgerEntry]) -> dict[str, int | None]:
    """Output and revenue as bulletins join them: per project the output, else the revenue."""
    return found.order_by().aggregate(known=Count(OUTPUT_OR_REVENUE), value=Sum(OUTPUT_OR_REVENUE))


def member_label(district: District, by: By, member: str) -> Text:
    """The name of a member of a breakdown; 404 where there is none such."""
    if by == "size_threshold":
        return _threshold_label(member)
    if not member:
        return pgettext_lazy("sector, size, ownership", "not recorded")
    if by == "project_type" and member in ProjectType.values:
        return ProjectType(member).label
    if by == "ownership" and member in Ownership.values:
        return Ownership(member).label
    rows: dict[str, QuerySet[Any]] = {
        "sector": Sector.objects.all(),
        "size_band": SizeBand.objects.all(),
        "district": District.objects.within(district),
    }
    found = rows[by].filter(code=member).first() if by in rows else None
    if found is None:
        raise Http404
    return str(found.label)


def _threshold_label(member: str) -> str:
    bound = bound_of(member)
    if bound is None:
        raise Http404
    return label_of(bound)
