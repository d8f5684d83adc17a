"""核对: a claim beside what the records hold, and a ceremony with the projects attached to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from config.api.pagination import Keyset
from config.api.parameters import Parameter, choice_parameter
from projects.access import within
from projects.models import Ceremony, Kind, LedgerEntry, Milestone
from projects.models.ledger import LedgerQuerySet
from projects.quarters import quarter_of
from tracking.figures import OUTPUT_OR_REVENUE, Figure
from tracking.models import ReportedTotal
from tracking.pages.asking import CURSOR, page, reader, seconds_old
from tracking.reported import Comparison, attached, attached_to_claim, compare_all, compare_ceremonies
from tracking.sums import Sums, aggregates
from tracking.totals import sum_of

PAGE_SIZE = 100
LARGEST_FIRST = (("investment", True),)  # unknown amounts last
KIND: Parameter = choice_parameter("kind", Kind.values)


@dataclass(frozen=True, slots=True)
class Behind:
    """The list behind one figure: where it is, its sums, and output or revenue with how many are known."""

    url: str
    sums: Sums
    either: dict[str, int | None]
    name: str = ""


@page()
@seconds_old
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """What was claimed, what the records hold, the gap, and what contradicts it."""
    claims = ReportedTotal.objects.visible_to(reader(request)).select_related("district", "ceremony")
    found = claims.filter(pk=pk).first()
    if found is None:
        raise Http404
    compared = compare_all([found])[found.pk]
    others = {pk for each in compared.contradictions for pk in each.claims}
    shown = {
        "row": compared,
        "claim": found,
        "quarter": _quarter(found.period),
        "behind": _of_figure(compared, compared.figure),
        "before": _of_figure(compared, compared.base),
        "others": [row for _pk, row in sorted(compare_all(list(claims.filter(pk__in=others))).items())],
        **_ceremony_of(request, found),
    }
    return render(request, "tracking/claim.html", shown)


@page(KIND, CURSOR)
@seconds_old
def ceremony(
    request: HttpRequest, pk: int, kind: str | None = None, cursor: str | None = None
) -> HttpResponse:
    """The projects attached to a ceremony by their milestones, their sums, and what was claimed of it."""
    held = Ceremony.objects.visible_to(reader(request)).select_related("district").filter(pk=pk).first()
    if held is None:
        raise Http404
    claims = ReportedTotal.objects.visible_to(reader(request)).filter(ceremony=held)
    found = attached(held)
    here = found.filter(kind=kind) if kind else found
    shown = {
        "ceremony": held,
        "kinds": _by_kind(held, found),
        "kind": Kind(kind).label if kind else "",
        "claims": _at_ceremony(list(claims.select_related("district").order_by("-period", "id"))),
        **_uncounted(held, found),
        **_list(held, here, kind, cursor),
    }
    return render(request, "tracking/ceremony.html", shown)


def _quarter(period: str) -> str:
    """The quarter of the start page on which a claim of this period stands."""
    if "Q" in period:
        return period
    return quarter_of(date.fromisoformat(f"{period}-01")) if "-" in period else f"{period}Q4"


def _of_figure(compared: Comparison, figure: Figure | None) -> Behind | None:
    if figure is None:
        return None
    found = figure.entries(compared.claim.district)
    return Behind(figure.url, sum_of(found), either(found))


def ceremony_url(held: Ceremony) -> str:
    """The page of a ceremony."""
    return reverse("ceremony", args=[held.pk])


def either(found: QuerySet[LedgerEntry]) -> dict[str, int | None]:
    """Output and revenue as bulletins join them: per project the output, else the revenue."""
    return found.order_by().aggregate(known=Count(OUTPUT_OR_REVENUE), value=Sum(OUTPUT_OR_REVENUE))


def _ceremony_of(request: HttpRequest, found: ReportedTotal) -> dict[str, Any]:
    """The claim's ceremony, what is attached to it, and whether the reader may open it."""
    if found.ceremony is None:
        return {}
    at_ceremony = compare_ceremonies([found]).get(found.pk)
    entries = attached_to_claim(found)
    seen = Ceremony.objects.visible_to(reader(request)).filter(pk=found.ceremony.pk).exists()
    return {
        "ceremony": found.ceremony if seen else None,
        "at_ceremony": at_ceremony,
        "attached": Behind(ceremony_url(found.ceremony), at_ceremony.sums, either(entries))
        if at_ceremony and entries is not None
        else None,
    }


def _at_ceremony(claims: list[ReportedTotal]) -> list[Comparison]:
    """The claims of a ceremony, each beside what is attached to it; those that cannot be as they are."""
    at_ceremony, compared = compare_ceremonies(claims), compare_all(claims)
    return [
        replace(at_ceremony[each.pk].comparison, contradictions=compared[each.pk].contradictions)
        if each.pk in at_ceremony
        else Comparison(each, compared[each.pk].measure, contradictions=compared[each.pk].contradictions)
        for each in claims
    ]


def _by_kind(held: Ceremony, found: LedgerQuerySet) -> list[Behind]:
    """What is attached, by kind of milestone, in the order of their steps."""
    rows = found.order_by().values("kind")
    sums = rows.annotate(**aggregates("n_"), known=Count(OUTPUT_OR_REVENUE), value=Sum(OUTPUT_OR_REVENUE))
    by_kind = {row["kind"]: row for row in sums}
    return [
        Behind(
            f"{ceremony_url(held)}?{urlencode({'kind': kind.value})}",
            Sums.of(by_kind[kind], "n_"),
            {name: by_kind[kind][name] for name in ("known", "value")},
            str(kind.label),
        )
        for kind in Kind
        if kind in by_kind
    ]


def _uncounted(held: Ceremony, found: LedgerQuerySet) -> dict[str, int]:
    """How many attached milestones do not count, and how many are of projects of other districts."""
    milestones = Milestone.objects.filter(ceremony=held)
    own = milestones.filter(within(held.district.path, "project__district__path")).count()
    return {"uncounted": own - found.count(), "elsewhere": milestones.count() - own}


def _list(held: Ceremony, found: LedgerQuerySet, kind: str | None, cursor: str | None) -> dict[str, Any]:
    """One page of what is attached, the largest first, with the ways to its neighbours."""
    address = ceremony_url(held)
    asked = {"kind": kind} if kind else {}
    rows = found.select_related("project", "district", "milestone")
    sheet = Keyset[LedgerEntry](rows, LARGEST_FIRST, [address, kind or ""]).page(cursor, PAGE_SIZE)
    ways = {"next": sheet.next, "previous": sheet.previous}
    return {
        "entries": sheet.rows,
        **{
            name: f"{address}?{urlencode({**asked, 'cursor': to})}" if to else "" for name, to in ways.items()
        },
    }
