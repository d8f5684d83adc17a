"""Why a figure changed between two moments: before and after, sums by cause, and every change of every project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from config.api import exports
from config.api.parameters import Parameter, choice_parameter
from config.api.problems import Text
from config.api.transactions import snapshot
from projects.access import Sight
from projects.models import Cause, District, Kind
from projects.models.ledger import LedgerQuerySet
from tracking.explain import MOST_STEPS, CauseSum, Explanation, Step, steps
from tracking.explain import explain as explain_change
from tracking.figures import EVERYTHING, Figure
from tracking.moments import Moment
from tracking.pages.asking import BY, CATEGORY, DISTRICT, KIND, MEMBER, OF, QUARTER, page, reader, seconds_old
from tracking.pages.lists import WHICH, check_figure, member_label
from tracking.pages.places import Places
from tracking.questions import FROM, TO, read_span
from tracking.sums import Sums

FORMAT = choice_parameter("format", ("csv", "xlsx"))
SIZES = ("size_band", "size_threshold")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of before and after: what it is, both values, the difference; `known` of so many where it is money."""

    label: Text
    before: int | None
    after: int | None
    difference: int
    money: bool = True
    known_before: int = 0
    known_after: int = 0


@dataclass(frozen=True, slots=True)
class CauseLine:
    """One cause: in words, how many changes of how many projects, and what they add up to."""

    label: Text
    found: CauseSum


@page(
    *(Parameter(name=p.name, read=p.read, required=True) for p in (DISTRICT, QUARTER, KIND)),
    OF, BY, MEMBER, CATEGORY, FROM, TO, FORMAT,
)  # fmt: skip
@seconds_old
def explain(request: HttpRequest, **asked: Any) -> HttpResponseBase:
    """The page; with `format` every change as a file."""
    here = Places(reader(request)).get(asked["district"])
    start, end = read_span(asked, here, asked["quarter"])
    figure = Figure(
        here.code,
        asked["quarter"],
        asked["kind"],
        of=asked.get("of", "entered"),
        by=asked.get("by"),
        member=asked.get("member", ""),
        category=asked.get("category", EVERYTHING),
        moment=start,
    )
    check_figure(figure)
    sight = Sight(reader(request))
    if "format" in asked:
        return as_file(asked["format"], steps(ever(figure, here, end), _at(start), end.at), sight)
    with snapshot():
        told = explain_change(ever(figure, here, end), _at(start), end.at, now=figure.held_now(here))
    return render(request, "tracking/explain.html", _shown(figure, here, end, told, sight))


def ever(figure: Figure, here: District, end: Moment) -> LedgerQuerySet:
    """All entries that ever were in the figure, with what is shown of their projects and people."""
    found = figure.ever(here, as_of=end.at)
    return found.select_related("project__district", "actor", "closing_actor")


def _at(moment: Moment) -> Any:
    assert moment.at
    return moment.at


def _shown(figure: Figure, here: District, end: Moment, told: Explanation, sight: Sight) -> dict[str, Any]:
    url = figure.explained(end)
    return {
        "district": here,
        "quarter": figure.quarter,
        "kinds": [Kind(kind).label for kind in figure.kinds],
        "which": WHICH[figure.of],
        "member": member_label(here, figure.by, figure.member) if figure.by else "",
        "category": figure.category if figure.category != EVERYTHING else "",
        "start": figure.moment,
        "end": end,
        "before_url": figure.url,
        "after_url": replace(figure, moment=end).url,
        "lines": lines(told.before, told.after),
        "difference": told.after - told.before,
        "causes": cause_lines(told.by_cause),
        "changes": [(step, sight.sees(step.project.district)) for step in told.steps],
        "count": told.count,
        "most": MOST_STEPS,
        "unexplained": told.unexplained,
        "by_size": figure.by in SIZES,
        "several": len(figure.kinds) > 1,
        "files": {name: f"{url}&format={name}" for name in ("xlsx", "csv")},
    }


def lines(before: Sums, after: Sums) -> list[Line]:
    """Number, investment, output and revenue, before and after."""
    change = after - before
    return [
        Line(pgettext("of projects", "number"), before.count, after.count, change.count, money=False),
        Line(
            _("investment"),
            before.investment,
            after.investment,
            change.known_investment,
            known_before=before.with_investment,
            known_after=after.with_investment,
        ),
        Line(
            _("expected annual output"),
            before.expected_output,
            after.expected_output,
            change.known_output,
            known_before=before.with_output,
            known_after=after.with_output,
        ),
        Line(
            _("expected annual revenue"),
            before.expected_revenue,
            after.expected_revenue,
            change.known_revenue,
            known_before=before.with_revenue,
            known_after=after.with_revenue,
        ),
    ]


def cause_lines(by_cause: dict[str, CauseSum]) -> list[CauseLine]:
    """The causes, the weightiest first."""
    ordered = sorted(by_cause.items(), key=lambda item: (-abs(item[1].difference.known_investment), item[0]))
    return [CauseLine(Cause(cause).label, found) for cause, found in ordered]


# --- as a file ----------------------------------------------------------------------------------------------------

HEADING: Sequence[Text] = (
    gettext_lazy("project"),
    gettext_lazy("code"),
    gettext_lazy("milestone"),
    gettext_lazy("cause"),
    gettext_lazy("recorded by"),
    gettext_lazy("recorded at"),
    gettext_lazy("investment before, yuan"),
    gettext_lazy("investment after, yuan"),
    gettext_lazy("difference: number"),
    gettext_lazy("difference: investment, yuan"),
    gettext_lazy("difference: expected output, yuan"),
    gettext_lazy("difference: expected revenue, yuan"),
)


def as_file(file_format: str, found: Iterable[Step], sight: Sight) -> HttpResponseBase:
    """Every change as one table in the reader's language, row by row."""
    write = exports.csv_response if file_format == "csv" else exports.xlsx_response
    words: dict[str, str] = {value: str(label) for value, label in [*Kind.choices, *Cause.choices]}
    return write(_rows([str(name) for name in HEADING], words, found, sight), "explain")


def _rows(
    heading: list[str], words: dict[str, str], found: Iterable[Step], sight: Sight
) -> Iterator[exports.Row]:
    """The words are looked up before the stream begins, for then nobody reads any more."""
    yield heading
    for step in found:
        visible = sight.sees(step.project.district)
        difference = step.difference
        values = [
            step.project.label if visible else None,
            step.project.code,
            words[step.kind],
            words[step.cause],
            step.actor.username if visible and step.actor else None,
            f"{timezone.localtime(step.at):%Y-%m-%d %H:%M:%S}",
            step.before.investment if step.before else None,
            step.after.investment if step.after else None,
            difference.count,
            difference.known_investment,
            difference.known_output,
            difference.known_revenue,
        ]
        yield [exports.to_cell(value) for value in values]
