"""The pages of releases 发布: what has been released, and one release beside the present."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from config.api.pagination import Keyset
from config.api.problems import Text
from projects.access import may_publish, paths_of, publishes_in, within
from projects.models import District, Kind, User
from tracking import definitions
from tracking.figures import Figure
from tracking.models import QuarterlyTotal, Release
from tracking.moments import NOW, Moment
from tracking.pages.asking import CURSOR, DISTRICT, QUARTER, page, reader, seconds_old
from tracking.pages.pipeline import COLUMNS, STEPS, Shown
from tracking.pages.places import Places
from tracking.released import Since, released_flows
from tracking.releases import changed_since
from tracking.sums import NOTHING, Sums
from tracking.totals import Of, Total, totals

PAGE_SIZE = 30
LATEST_QUARTER_FIRST = (("quarter", True), ("district__path", False), ("revision", True))
FIGURES: tuple[tuple[Of, Text], ...] = (
    ("entered", gettext_lazy("in the quarter")),
    ("stock", gettext_lazy("in this stage at the end of the quarter")),
)


# --- what has been released ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """A release in the list, with the district of the reader's that its links open: its own, or one that lies in it."""

    release: Release
    place: District
    since: list[Since] | None = None  # what has changed; null for one that has been revised

    @property
    def own(self) -> bool:
        """Whether the reader sees the whole of it."""
        return self.place == self.release.district

    @property
    def start(self) -> str:
        """The start page of the district and quarter as they were released."""
        asked = {"district": self.place.code, "quarter": self.release.quarter, "release": self.release.pk}
        return f"{reverse('start')}?{urlencode(asked)}"

    @property
    def revisions(self) -> str:
        """Every release of the quarter, beside what is recorded now."""
        asked = {"district": self.place.code, "quarter": self.release.quarter}
        return f"{reverse('revisions')}?{urlencode(asked)}"


def listed(user: User, releases: Iterable[Release]) -> list[Listed]:
    """These releases, which the user may see, each with the district that its links open."""
    paths = [""] if user.is_superuser else paths_of(user)
    own = {district.path: district for district in District.objects.filter(path__in=paths)}
    return [Listed(release, _place(release.district, paths, own)) for release in releases]


def _place(district: District, paths: Sequence[str], own: dict[str, District]) -> District:
    if any(district.path.startswith(path) for path in paths):
        return district
    return next(own[path] for path in paths if path.startswith(district.path))


def with_changes(found: Sequence[Listed]) -> list[Listed]:
    """The same, those that nothing revises each with what entered otherwise until now."""
    revised = set(
        Release.objects.filter(revises__in=[each.release for each in found]).values_list("revises", flat=True)
    )
    now = _entered_now(found)
    return [each if each.release.pk in revised else replace(each, since=_since(each, now)) for each in found]


def _entered_now(found: Sequence[Listed]) -> dict[tuple[int, str, str], Sums]:
    """From the stored cells, by district, quarter and kind."""
    asked = {"district__in": [each.place for each in found], "kind__in": COLUMNS}
    rows = QuarterlyTotal.objects.filter(
        **asked, quarter__in={each.release.quarter for each in found}
    ).order_by()
    return {
        (row["district_id"], row["quarter"], row["kind"]): Sums.of(row, "entered_") for row in rows.values()
    }


def _since(one: Listed, now: dict[tuple[int, str, str], Sums]) -> list[Since]:
    place, quarter = one.place, one.release.quarter
    then, moment = released_flows(one.release, place, quarter), Moment.of(one.release)
    told = (
        Since(
            Figure(place.code, quarter, (kind,), moment=moment),
            then.get(kind, NOTHING),
            now.get((place.pk, quarter, kind), NOTHING),
        )
        for kind in COLUMNS
    )
    return [since for since in told if since.changed]


@page(DISTRICT, QUARTER, CURSOR)
@seconds_old
def releases(
    request: HttpRequest, district: str | None = None, quarter: str | None = None, cursor: str | None = None
) -> HttpResponse:
    """Every release that the reader may see; of one district those that hold for it and those of its parts."""
    user = reader(request)
    found = Release.objects.visible_to(user).select_related("district", "revises")
    here = Places(user).get(district) if district else None
    if here:
        found = found.filter(within(here.path, "district__path") | Q(district__code__in=here.ancestor_codes))
    if quarter:
        found = found.filter(quarter=quarter)
    asked = {"district": here and here.code, "quarter": quarter}
    url = f"{reverse('releases')}?{urlencode({name: value for name, value in asked.items() if value})}"
    sheet = Keyset[Release](found, LATEST_QUARTER_FIRST, [url]).page(cursor, PAGE_SIZE)
    shown = {
        "listed": with_changes(listed(user, sheet.rows)),
        "district": here,
        "quarter": quarter,
        "publishes": District.objects.filter(publishes_in(user)).exists(),
        "next": f"{url}&{urlencode({'cursor': sheet.next})}" if sheet.next else "",
        "previous": f"{url}&{urlencode({'cursor': sheet.previous})}" if sheet.previous else "",
    }
    return render(request, "tracking/releases.html", shown)


# --- one release --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One figure as it was released and as it is now; the first is null where nothing was."""

    kind: Text
    of: Text
    then: Shown | None
    now: Shown
    explained: str

    @property
    def difference(self) -> Sums:
        """What has changed between them."""
        return self.now.sums - self.then.sums if self.then else NOTHING

    @property
    def changed(self) -> bool:
        """Whether anything has."""
        return self.difference != NOTHING


def lines(place: District, quarter: str, release: Release | None) -> list[Line]:
    """The figures of the steps of the pipeline, as released and now."""
    now = _by_kind(place, quarter, NOW)
    then = _by_kind(place, quarter, Moment.of(release)) if release else {}
    return [
        _line(Figure(place.code, quarter, (kind,), of=of), said, release, then.get(kind), now[kind])
        for kind in STEPS
        for of, said in FIGURES
    ]


def _by_kind(place: District, quarter: str, moment: Moment) -> dict[str, Total]:
    return {total.kind: total for total in totals(place, [quarter], STEPS, as_of=moment.at)}


def _line(figure: Figure, said: Text, release: Release | None, then: Total | None, now: Total) -> Line:
    released = replace(figure, moment=Moment.of(release)) if release else figure
    return Line(
        kind=Kind(now.kind).label,
        of=said,
        then=Shown(getattr(then, figure.of), released.url) if then else None,
        now=Shown(getattr(now, figure.of), figure.url),
        explained=released.explained() if release else "",
    )


@page()
@seconds_old
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """One release: what it said, what it revises, and whether anything has changed since."""
    user = reader(request)
    rows = Release.objects.visible_to(user).select_related("district", "released_by", "revises", "proof")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    (here,) = listed(user, [found])
    shown = {
        "release": found,
        "here": here,
        "lines": lines(here.place, found.quarter, found),
        "changed": changed_since(found, here.place),
        "revised_by": Release.objects.filter(revises=found).first(),
        "proof": getattr(found, "proof", None),
        "definitions": definitions.of_release(found),
        "may_publish": may_publish(user, found.district),
    }
    return render(request, "tracking/release.html", shown)
