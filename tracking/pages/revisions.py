"""The revision table of a quarter: each release and now, and between them the differences with their causes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from config.api import exports
from config.api.parameters import Parameter, choice_parameter
from config.api.problems import Text
from config.api.transactions import snapshot
from projects.access import Sight, may_publish
from projects.models import Cause, District, Kind
from tracking.figures import Figure
from tracking.moments import Moment
from tracking.pages.asking import DISTRICT, QUARTER, page, reader, seconds_old
from tracking.pages.pipeline import STEPS
from tracking.pages.places import Places
from tracking.revisions import MOST_RELEASES, Course, Gap, RevisionTable, revision_table
from tracking.sums import NOTHING, Sums

FORMAT = choice_parameter("format", ("csv", "xlsx"))
FIGURE_NAMES: dict[str, Text] = {
    "entered": gettext_lazy("in the quarter"),
    "stock": gettext_lazy("in this stage at the end of the quarter"),  # 季末在库
}


@dataclass(frozen=True, slots=True)
class Value:
    """A figure as of one moment; `same` as at the moment before."""

    sums: Sums
    url: str
    same: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """What lies between two figures: the page that explains it, and what each cause adds."""

    sums: Sums
    url: str
    causes: Sequence[tuple[Text, Sums]]


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a kind: pairs of the difference before each moment (none before the first) and the value at it."""

    of: str
    cells: Sequence[tuple[Difference | None, Value]]


@dataclass(frozen=True, slots=True)
class Block:
    """What is shown of one kind."""

    label: Text
    lines: Sequence[Line]

    @property
    def empty(self) -> bool:
        """Whether there was nothing of it at any moment."""
        return all(value.sums == NOTHING for line in self.lines for _gap, value in line.cells)


@page(*(Parameter(name=p.name, read=p.read, required=True) for p in (DISTRICT, QUARTER)), FORMAT)
@seconds_old
def revisions(request: HttpRequest, district: str, quarter: str, **asked: str) -> HttpResponseBase:
    """The page, or the table as a file; where nothing was released, what to do next."""
    here = Places(reader(request)).get(district)
    with snapshot():
        table = revision_table(here, quarter)
    if table is None:
        return _not_released(request, here, quarter)
    if "format" in asked:
        write = exports.csv_response if asked["format"] == "csv" else exports.xlsx_response
        return write(list(rows(table)), f"revisions-{here.code}-{quarter}")
    sight = Sight(reader(request))  # who released for a higher district is not known to its parts
    heads = [
        (moment, moment.release is None or sight.sees(moment.release.district)) for moment in table.moments
    ]
    return render(request, "tracking/revisions.html", {**_shown(here, quarter, table), "heads": heads})


def _not_released(request: HttpRequest, here: District, quarter: str) -> HttpResponse:
    release = f"{reverse('new_release')}?{urlencode({'district': here.code, 'quarter': quarter})}"
    return render(
        request,
        "tracking/revisions.html",
        {
            "district": here,
            "quarter": quarter,
            "release_url": release if may_publish(reader(request), here) else "",
        },
    )


def _shown(here: District, quarter: str, table: RevisionTable) -> dict[str, Any]:
    url = f"{reverse('revisions')}?{urlencode({'district': here.code, 'quarter': quarter})}"
    others = [kind for kind, of in table.courses if of == "entered" and kind not in STEPS]
    return {
        "district": here,
        "quarter": quarter,
        "table": table,
        "width": 2 * len(table.moments),
        "blocks": [block(here, quarter, table, kind) for kind in STEPS],
        "others": [block(here, quarter, table, kind) for kind in others],
        "most": MOST_RELEASES,
        "files": {name: f"{url}&format={name}" for name in ("xlsx", "csv")},
    }


def block(here: District, quarter: str, table: RevisionTable, kind: str) -> Block:
    """The flow of a kind, and its stock where it has one."""
    courses = [course for (of_kind, _of), course in table.courses.items() if of_kind == kind]
    return Block(Kind(kind).label, [line(here, quarter, table.moments, course) for course in courses])


def line(here: District, quarter: str, moments: Sequence[Moment], course: Course) -> Line:
    """One figure at every moment, each with its address, and the differences between them with theirs."""
    at = [Figure(here.code, quarter, (course.kind,), of=course.of, moment=moment) for moment in moments]
    first = Value(course.figures[0], at[0].url, same=False)
    cells: list[tuple[Difference | None, Value]] = [(None, first)]
    for number, gap in enumerate(course.gaps):
        value = Value(course.figures[number + 1], at[number + 1].url, same=gap.difference == NOTHING)
        cells.append((_difference(at[number], gap), value))
    return Line(course.of, cells)


def _difference(figure: Figure, gap: Gap) -> Difference:
    causes = [(Cause(cause).label, sums) for cause, sums in gap.by_cause.items()]
    return Difference(gap.difference, figure.explained(gap.end), causes)


# --- as a file ----------------------------------------------------------------------------------------------------

HEADING: Sequence[Text] = (
    gettext_lazy("milestone"),
    gettext_lazy("figure"),
    pgettext_lazy("a moment", "from"),
    pgettext_lazy("a moment", "to"),
    gettext_lazy("cause"),
    pgettext_lazy("of projects", "number"),
    gettext_lazy("amounts known"),
    gettext_lazy("investment, yuan"),
    gettext_lazy("expected output, yuan"),
    gettext_lazy("expected revenue, yuan"),
)


def rows(table: RevisionTable) -> Iterator[exports.Row]:
    """Each figure at each moment, and below it what each cause added to it since the moment before."""
    yield [str(name) for name in HEADING]
    names = [written(moment) for moment in table.moments]
    for course in table.courses.values():
        what = [str(Kind(course.kind).label), str(FIGURE_NAMES[course.of])]
        for number, sums in enumerate(course.figures):
            yield [*what, "", names[number], "", *_amounts(sums)]
            for cause, part in course.gaps[number].by_cause.items() if number < len(course.gaps) else ():
                between = [names[number], names[number + 1]]
                yield [*what, *between, str(Cause(cause).label), *_differences(part)]


def written(moment: Moment) -> str:
    """A moment in words."""
    if moment.at is None or moment.release is None:
        return _("now")
    return f"{moment.release.revision_label} {timezone.localtime(moment.at):%Y-%m-%d %H:%M}"


def _amounts(sums: Sums) -> list[exports.Cell]:
    values = (sums.count, sums.with_investment, sums.investment, sums.expected_output, sums.expected_revenue)
    return [exports.to_cell(value) for value in values]


def _differences(sums: Sums) -> list[exports.Cell]:
    return [sums.count, sums.with_investment, sums.known_investment, sums.known_output, sums.known_revenue]
