"""Where and when: the district and quarter that a page is about, and the ways to others."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Max, Min, Q, Sum
from django.http import Http404
from django.utils import timezone

from projects.models import District, Kind, User
from projects.models.districts import DistrictQuerySet
from projects.quarters import YEAR_MAX, YEAR_MIN, next_quarter, quarter_of, quarters_between
from tracking.models import QuarterlyTotal
from tracking.moments import NOW, Moment

TELLING_KINDS = (Kind.SIGNED, Kind.STARTED)  # where one of these happened, there is something to see
MOST_CHOICES = 300  # districts in one select; where there are more, only those around are offered
INDENT = "\u3000"  # an ideographic space, which a select keeps
FIRST_QUARTER, LAST_QUARTER = f"{YEAR_MIN}Q1", f"{YEAR_MAX}Q4"


@dataclass(frozen=True, slots=True)
class Choice:
    """One district to choose, indented as it lies in the tree."""

    code: str
    label: str


class Places:
    """What one reader may see of the tree; the rule is worked out once for a page."""

    def __init__(self, user: User) -> None:
        self.visible: DistrictQuerySet = District.objects.visible_to(user).order_by("path")

    def get(self, code: str) -> District:
        """The district, if it exists for this reader; else 404."""
        found = self.visible.filter(code=code).first()
        if found is None:
            raise Http404
        return found

    def home(self) -> District | None:
        """The topmost of the reader's districts; among several on one level the one with most that happened."""
        tops = list(self.visible.filter(Q(parent=None) | ~Q(parent__in=self.visible.order_by().values("pk"))))
        if len(tops) < 2:
            return tops[0] if tops else None
        rows = QuarterlyTotal.objects.filter(district__in=tops, kind__in=TELLING_KINDS).order_by()
        happened = dict(rows.values_list("district").annotate(Sum("entered_count")))
        return min(tops, key=lambda d: (d.path.count("/"), -happened.get(d.pk, 0), d.path))

    def ancestors(self, district: District) -> list[District]:
        """From the highest that the reader may see down to the parent."""
        return list(self.visible.filter(code__in=district.ancestor_codes[:-1]))

    def children(self, district: District) -> list[District]:
        """The next lower districts."""
        return list(self.visible.filter(parent=district))

    def choices(self, district: District) -> list[Choice]:
        """Every district to choose from, or those around this one where there are too many."""
        found = list(self.visible[: MOST_CHOICES + 1])
        if len(found) > MOST_CHOICES:
            around = (
                Q(code__in=district.ancestor_codes) | Q(parent=district) | Q(parent_id=district.parent_id)
            )
            found = list(self.visible.filter(around)[:MOST_CHOICES])
        highest = min((place.path.count("/") for place in found), default=0)
        return [Choice(d.code, INDENT * (d.path.count("/") - highest) + d.label) for d in found]

    def named(self, text: str) -> list[District]:
        """Districts whose name, English name or code holds this text; at most a page of them."""
        rule = Q(name__icontains=text) | Q(name_en__icontains=text) | Q(code__startswith=text.upper())
        return list(self.visible.filter(rule).annotate(parts=Count("children"))[:50])


@dataclass(frozen=True, slots=True)
class Season:
    """A quarter and its neighbours, null beyond what may be asked, and those to choose from."""

    quarter: str
    previous: str | None
    next: str | None
    choices: list[str]


def season(district: District, asked: str | None, moment: Moment = NOW) -> Season:
    """The quarter asked for, or that of the release; else the last in which something was signed or started by then.

    Else the present one. What was not released with a release has no next quarter.
    """
    rows = QuarterlyTotal.objects.filter(district=district, kind__in=TELLING_KINDS, entered_count__gt=0)
    known = rows.aggregate(first=Min("quarter"), last=Max("quarter"))
    present = quarter_of(timezone.localdate())
    by_then = quarter_of(timezone.localdate(moment.at))
    limit = moment.release.quarter if moment.release else LAST_QUARTER
    quarter = asked or (moment.release and limit) or min(known["last"] or by_then, by_then)
    first = min(known["first"] or present, next_quarter(present, -11), quarter)
    return Season(
        quarter,
        previous=next_quarter(quarter, -1) if quarter > FIRST_QUARTER else None,
        next=next_quarter(quarter) if quarter < limit else None,
        choices=quarters_between(first, max(present, quarter))[::-1],
    )
