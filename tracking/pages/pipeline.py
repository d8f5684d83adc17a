"""What the start page shows of a district and quarter: cards, trend and breakdowns, every figure with its address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.api.problems import Text
from projects.amounts import YI, format_yi
from projects.models import COUNTABLE_KINDS, District, Kind
from projects.quarters import next_quarter, quarters_between
from tracking import charts
from tracking.figures import Figure
from tracking.models import Release
from tracking.moments import NOW, Moment
from tracking.released import Since, entered, released_flows
from tracking.sums import NOTHING, Sums, aggregates
from tracking.totals import UNDER_CONSTRUCTION, Change, Of, Total, totals, undated_entries

STEPS = (Kind.SIGNED, Kind.STARTED, Kind.COMPLETED, Kind.IN_PRODUCTION)  # the cards
COLUMNS = (Kind.SIGNED, Kind.STARTED, Kind.COMPLETED)  # trend and breakdowns
TREND = 12  # quarters
COUNTED: dict[str, Text] = {
    Kind.SIGNED: gettext_lazy("Projects signed"),  # 签约项目
    Kind.STARTED: gettext_lazy("Projects started"),  # 开工项目
    Kind.COMPLETED: gettext_lazy("Projects completed"),  # 竣工项目
    Kind.IN_PRODUCTION: gettext_lazy("Projects put into production"),  # 投产项目
}

CONSTRUCTION: dict[Of, tuple[Text, Text]] = {
    # 续建 · 季初在建
    "carried_over": (gettext_lazy("carried over"), gettext_lazy("under construction when the quarter began")),
    # 续建（年初） · 年初在建
    "carried_over_year": (
        gettext_lazy("carried over, year"),
        gettext_lazy("under construction when the year began"),
    ),
    # 开复工 · 本季新开工加续建
    "start_or_resume": (
        gettext_lazy("started or carried on"),
        gettext_lazy("started in the quarter or under construction when it began"),
    ),
    # 开复工（本年） · 本年新开工加年初续建
    "start_or_resume_year": (
        gettext_lazy("started or carried on, year"),
        gettext_lazy("started in the year up to the quarter’s end or under construction when it began"),
    ),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure as it is shown: the sums, and the page that lists what is behind them."""

    sums: Sums
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """One step of the pipeline in the quarter; `since` has it at another moment, too: as released, or as it is now."""

    kind: str
    title: Text
    label: Text
    entered: Shown
    ytd: Shown
    stock: Shown
    yoy: Change
    qoq: Change
    undated: Sums
    construction: Sequence[Row]
    since: Since | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a name, where it leads, a figure for each of COLUMNS; `meaning` is its definition."""

    label: str
    url: str
    cells: Sequence[Shown]
    note: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """The trend of one kind: two charts, numbers and 亿元."""

    label: Text
    numbers: SafeString
    amounts: SafeString


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Everything that the stored cells tell about a district and quarter."""

    cards: Sequence[Card]
    suspended: Shown
    undated: Sums
    courses: Sequence[Course]
    trend: Sequence[Row]


def pipeline(
    district: District, quarter: str, moment: Moment = NOW, release: Release | None = None
) -> Pipeline:
    """The cards and the trend at a moment: one query for the totals, one for what is undated.

    Beside what is recorded now stands what the `release` said; beside a past moment what is recorded now.
    """
    quarters = quarters_between(next_quarter(quarter, 1 - TREND), quarter)
    kinds = [*STEPS, Kind.SUSPENDED]
    asked = totals(district, quarters, kinds, as_of=moment.at, divisions=moment.divisions)
    found = {(t.quarter, t.kind): t for t in asked}
    missing = undated_by_kind(district, moment)
    shown = _Shown(district, moment)
    changes = _since(district, quarter, moment, release, {kind: found[quarter, kind] for kind in STEPS})
    return Pipeline(
        cards=[
            card(shown, found[quarter, kind], missing.get(kind, NOTHING), changes.get(kind)) for kind in STEPS
        ],
        suspended=shown.figure(found[quarter, Kind.SUSPENDED], "stock"),
        undated=sum(missing.values(), NOTHING),
        courses=[course(shown, kind, [found[q, kind] for q in quarters]) for kind in COLUMNS],
        trend=[Row(q, "", [shown.figure(found[q, kind]) for kind in COLUMNS]) for q in reversed(quarters)],
    )


def undated_by_kind(district: District, moment: Moment = NOW) -> dict[str, Sums]:
    """What happened without a known quarter, by kind."""
    found = undated_entries(district, COUNTABLE_KINDS, as_of=moment.at, divisions=moment.divisions)
    rows = found.order_by().values("kind").annotate(**aggregates("n_"))
    return {row["kind"]: Sums.of(row, "n_") for row in rows}


def _since(
    district: District, quarter: str, moment: Moment, release: Release | None, found: dict[Kind, Total]
) -> dict[Kind, Since]:
    """Each card's figure at two moments: from the release that stands, or from the moment that is shown, until now.

    None on other divisions: releases are of figures as recorded.
    """
    if moment.divisions:
        return {}
    if moment.at:
        now = entered(district, quarter, STEPS)
        pairs = {kind: (total.entered, now.get(kind, NOTHING)) for kind, total in found.items()}
    elif release:
        then = released_flows(release, district, quarter)
        pairs = {kind: (then.get(kind, NOTHING), total.entered) for kind, total in found.items()}
        moment = Moment.of(release)
    else:
        return {}
    return {
        kind: Since(Figure(district.code, quarter, (kind,), moment=moment), *pair)
        for kind, pair in pairs.items()
    }


@dataclass(frozen=True, slots=True)
class _Shown:
    """How the figures of one district and moment are shown."""

    district: District
    moment: Moment

    def figure(self, total: Total, of: Of = "entered") -> Shown:
        """One figure of a total with its address."""
        sums: Sums | None = getattr(total, of)
        asked = Figure(self.district.code, total.quarter, (total.kind,), of=of, moment=self.moment)
        return Shown(sums or NOTHING, asked.url)


def card(shown: _Shown, total: Total, missing: Sums, since: Since | None) -> Card:
    """One step with all that is shown of it."""
    kind = Kind(total.kind)
    return Card(
        kind=kind,
        title=COUNTED[kind],
        label=kind.label,
        entered=shown.figure(total),
        ytd=shown.figure(total, "ytd"),
        stock=shown.figure(total, "stock"),
        yoy=total.yoy,
        qoq=total.qoq,
        undated=missing,
        construction=construction(shown, total),
        since=since,
    )


def construction(shown: _Shown, total: Total) -> list[Row]:
    """续建 and 开复工 of the quarter and the year; none for a kind that has no such figures."""
    found = [of for of in UNDER_CONSTRUCTION if getattr(total, of) is not None]
    return [
        Row(str(CONSTRUCTION[of][0]), "", [shown.figure(total, of)], str(CONSTRUCTION[of][1]), meaning=of)
        for of in found
    ]


def course(shown: _Shown, kind: Kind, flow: Sequence[Total]) -> Course:
    """The two charts of one kind."""
    marks = [(total.quarter, shown.figure(total)) for total in flow]
    return Course(
        label=kind.label,
        numbers=charts.bars(
            _("%(kind)s: number of projects by quarter") % {"kind": kind.label},
            tuple(charts.Point(q, s.sums.count, said(q, s.sums), s.url) for q, s in marks),
        ),
        amounts=charts.line(
            _("%(kind)s: investment by quarter") % {"kind": kind.label},
            tuple(charts.Point(q, _height(s.sums), said(q, s.sums), s.url) for q, s in marks),
        ),
    )


def said(quarter: str, sums: Sums) -> str:
    """What a mark of a chart says."""
    words = {"quarter": quarter, "count": sums.count, "amount": format_yi(sums.investment)}
    # 2023Q1：100个项目，1,026.00亿元
    return _("%(quarter)s: %(count)d projects, %(amount)s × 100 million yuan") % words


def _height(sums: Sums) -> float | None:
    """In 亿元, for drawing alone; nothing happened is 0, nothing known is a gap."""
    if sums.investment is None:
        return None if sums.count else 0.0
    return sums.investment / YI
