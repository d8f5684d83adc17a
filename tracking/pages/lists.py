"""The lists behind the figures: the entries of one figure, what is undated, and districts by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from django.db.models import Count, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.api.pagination import Keyset
from config.api.parameters import Parameter, refuse_parameter
from config.api.problems import Text
from projects.access import Sight, within
from projects.models import (
    COUNTABLE_KINDS,
    District,
    Kind,
    LedgerEntry,
    Ownership,
    ProjectType,
    Sector,
)
from projects.models.ledger import LedgerQuerySet
from tracking.divisions import divisions_of
from tracking.figures import EVERYTHING, OUTPUT_OR_REVENUE, Figure
from tracking.moments import NOW, Moment
from tracking.pages.asking import (
    AS_OF,
    BY,
    CATEGORY,
    CURSOR,
    DISTRICT,
    DIVISIONS,
    KIND,
    MEMBER,
    OF,
    QUARTER,
    RELEASE,
    moment_for,
    page,
    reader,
    seconds_old,
)
from tracking.pages.breakdowns import band_labels
from tracking.pages.downloads import FORMAT, download
from tracking.pages.places import Places
from tracking.questions import refuse_figure
from tracking.released import Since
from tracking.releases import standing
from tracking.sums import Sums
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
    OF, BY, MEMBER, CATEGORY, AS_OF, RELEASE, DIVISIONS, CURSOR, FORMAT,
)  # fmt: skip
@seconds_old
def figures(request: HttpRequest, **asked: Any) -> HttpResponseBase:
    """The milestones behind one figure; what stands at the head is their sum, which is the figure."""
    here = Places(reader(request)).get(asked["district"])
    moment = moment_for(
        here, asked["quarter"], asked.get("as_of"), asked.get("release"), asked.get("divisions")
    )
    figure = Figure(
        here.code,
        asked["quarter"],
        asked["kind"],
        of=asked.get("of", "entered"),
        by=asked.get("by"),
        member=asked.get("member", ""),
        category=asked.get("category", EVERYTHING),
        moment=moment,
    )
    check_figure(figure)
    label = member_label(here, figure.by, figure.member, moment) if figure.by else ""
    sight = Sight(reader(request))
    if "format" in asked:
        name = "-".join(("figures", here.code, figure.quarter, *figure.kinds))
        return download(_in_order(figure.entries(here)), asked["format"], name, sight)
    shown = _list(figure.entries(here), figure.url, asked.get("cursor"), sight)
    return render(
        request,
        "tracking/figures.html",
        {
            **shown,
            "district": here,
            "quarter": figure.quarter,
            "kinds": [Kind(each).label for each in figure.kinds],
            "which": WHICH[figure.of],
            "member": label,
            "category": figure.category if figure.category != EVERYTHING else "",
            "moment": moment,
            "now_url": replace(figure, moment=Moment(divisions=moment.divisions)).url,
            **_beside(figure, here, shown["sums"]),
        },
    )


def _beside(figure: Figure, here: District, shown: Sums) -> dict[str, Any]:
    """The release that stands for the quarter, and the figure at another moment: as released, or as it is now.

    Nothing on other divisions: releases are of figures as recorded.
    """
    if figure.moment.divisions:
        return {}
    release = standing(here, figure.quarter)
    if figure.moment.at:
        since = Since(figure, shown, sum_of(replace(figure, moment=NOW).entries(here)))
    elif release:
        then = replace(figure, moment=Moment.of(release))
        since = Since(then, sum_of(then.entries(here)), shown)
    else:
        return {}
    return {"release": release, "since": since}


@page(Parameter(name="district", required=True), KIND, AS_OF, RELEASE, DIVISIONS, CURSOR, FORMAT)
@seconds_old
def undated(request: HttpRequest, **asked: Any) -> HttpResponseBase:
    """What happened without a known quarter: a list to chase."""
    here = Places(reader(request)).get(asked["district"])
    moment = moment_for(here, None, asked.get("as_of"), asked.get("release"), asked.get("divisions"))
    kind = asked.get("kind", COUNTABLE_KINDS)
    found = undated_entries(here, kind, as_of=moment.at, divisions=moment.divisions)
    sight = Sight(reader(request))
    if "format" in asked:
        return download(_in_order(found), asked["format"], f"undated-{here.code}", sight)
    named = {"district": here.code} | ({} if kind == COUNTABLE_KINDS else {"kind": ",".join(kind)})
    url = f"{reverse('undated')}?{urlencode({**named, **moment.asked})}"
    return render(
        request,
        "tracking/undated.html",
        {
            **_list(found, url, asked.get("cursor"), sight),
            "district": here,
            "kinds": [] if kind == COUNTABLE_KINDS else [Kind(each).label for each in kind],
            "moment": moment,
            "now_url": f"{reverse('undated')}?{urlencode(named)}",
        },
    )


@page(Parameter(name="q", longest=60), QUARTER, AS_OF)
@seconds_old
def districts(
    request: HttpRequest, q: str = "", quarter: str | None = None, as_of: Moment = NOW
) -> HttpResponse:
    """Districts by part of their name or code; a single one is opened at once."""
    found = Places(reader(request)).named(q.strip()) if q.strip() else []
    season = {**({"quarter": quarter} if quarter else {}), **as_of.asked}
    ways = [f"{reverse('start')}?{urlencode({'district': place.code, **season})}" for place in found]
    if len(ways) == 1:
        return HttpResponseRedirect(ways[0])
    shown = {"q": q, "found": list(zip(found, ways, strict=True)), "season": season}
    return render(request, "tracking/districts.html", shown)


def check_figure(figure: Figure) -> None:
    """What only shows when parameters are seen together. Raises ParameterErrors."""
    if figure.member and not figure.by:
        raise refuse_parameter("member", _("Say which breakdown it is a member of, with `by`."))
    if figure.by and len(figure.kinds) > 1:
        raise refuse_parameter("by", _("A breakdown is of one kind of milestone."))
    refuse_figure(figure.of, figure.kinds)


def _in_order(found: LedgerQuerySet) -> LedgerQuerySet:
    """As the pages show them."""
    return cast("LedgerQuerySet", Keyset[LedgerEntry](found, LARGEST_FIRST, []).rows())


def _list(found: LedgerQuerySet, url: str, cursor: str | None, sight: Sight) -> dict[str, Any]:
    """One page of entries, each with whether its project is the reader's, their sums, the files, the neighbours."""
    rows = found.select_related("project__district", "district")
    sheet = Keyset[LedgerEntry](rows, LARGEST_FIRST, [url]).page(cursor, PAGE_SIZE)
    return {
        "entries": [(entry, sight.sees(entry.project.district)) for entry in sheet.rows],
        "files": {name: f"{url}&{urlencode({'format': name})}" for name in ("xlsx", "csv")},
        "sums": sum_of(found),
        "either": _either(found),
        "next": f"{url}&{urlencode({'cursor': sheet.next})}" if sheet.next else "",
        "previous": f"{url}&{urlencode({'cursor': sheet.previous})}" if sheet.previous else "",
    }


def _either(found: QuerySet[LedgerEntry]) -> dict[str, int | None]:
    """Output and revenue as bulletins join them: per project the output, else the revenue."""
    return found.order_by().aggregate(known=Count(OUTPUT_OR_REVENUE), value=Sum(OUTPUT_OR_REVENUE))


def member_label(district: District, by: By, member: str, moment: Moment = NOW) -> Text:
    """The name of a member of a breakdown; 404 where there is none such."""
    if by == "size_threshold":
        return _threshold_label(member)
    if not member:
        return pgettext_lazy("sector, size, ownership", "not recorded")
    if by == "project_type" and member in ProjectType.values:
        return ProjectType(member).label
    if by == "ownership" and member in Ownership.values:
        return Ownership(member).label
    if by == "size_band":
        return _band_label(member, moment)
    rows: dict[str, QuerySet[Any]] = {
        "sector": Sector.objects.all(),
        "district": District.objects.filter(
            within(district.path) | Q(code__in=_moved_here(district, moment))
        ),
    }
    found = rows[by].filter(code=member).first() if by in rows else None
    if found is None:
        raise Http404
    return str(found.label)


def _moved_here(district: District, moment: Moment) -> set[str]:
    """The codes of the parts that came to a district by successions, on the divisions that are shown."""
    return divisions_of(moment.divisions, as_of=moment.at).parts(district)


def _band_label(member: str, moment: Moment) -> str:
    labels = band_labels(moment)
    if member not in labels:
        raise Http404
    return labels[member]


def _threshold_label(member: str) -> str:
    bound = bound_of(member)
    if bound is None:
        raise Http404
    return label_of(bound)
