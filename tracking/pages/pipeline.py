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
    """One step of the pipeline in the quarter."""

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


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a name, where it leads, and a figure for each of COLUMNS."""

    label: str
    url: str
    cells: Sequence[Shown]
    note: str = ""


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


def pipeline(district: District, quarter: str) -> Pipeline:
    """The cards and the trend: one query for the totals, one for what is undated."""
    quarters = quarters_between(next_quarter(quarter, 1 - TREND), quarter)
    found = {(t.quarter, t.kind): t for t in totals(district, quarters, [*STEPS, Kind.SUSPENDED])}
    missing = undated_by_kind(district)
    return Pipeline(
        cards=[card(district, found[quarter, kind], missing.get(kind, NOTHING)) for kind in STEPS],
        suspended=_stock(district, found[quarter, Kind.SUSPENDED]),
        undated=sum(missing.values(), NOTHING),
        courses=[course(district, kind, [found[q, kind] for q in quarters]) for kind in COLUMNS],
        trend=[
            Row(q, "", [_entered(district, found[q, kind]) for kind in COLUMNS]) for q in reversed(quarters)
        ],
    )


def undated_by_kind(district: District) -> dict[str, Sums]:
    """What happened without a known quarter, by kind."""
    rows = undated_entries(district, COUNTABLE_KINDS).order_by().values("kind").annotate(**aggregates("n_"))
    return {row["kind"]: Sums.of(row, "n_") for row in rows}


def card(district: District, total: Total, missing: Sums) -> Card:
    """One step with all that is shown of it."""
    kind = Kind(total.kind)
    return Card(
        kind=kind,
        title=COUNTED[kind],
        label=kind.label,
        entered=_entered(district, total),
        ytd=Shown(total.ytd, Figure(district.code, total.quarter, (kind,), of="ytd").url),
        stock=_stock(district, total),
        yoy=total.yoy,
        qoq=total.qoq,
        undated=missing,
        construction=construction(district, total),
    )


def construction(district: District, total: Total) -> list[Row]:
    """续建 and 开复工 of the quarter and the year; none for a kind that has no such figures."""
    found = [(of, sums) for of in UNDER_CONSTRUCTION if (sums := getattr(total, of)) is not None]
    return [
        Row(
            str(CONSTRUCTION[of][0]),
            "",
            [Shown(sums, Figure(district.code, total.quarter, (total.kind,), of=of).url)],
            note=str(CONSTRUCTION[of][1]),
        )
        for of, sums in found
    ]


def _entered(district: District, total: Total) -> Shown:
    return Shown(total.entered, Figure(district.code, total.quarter, (total.kind,)).url)


def _stock(district: District, total: Total) -> Shown:
    return Shown(total.stock or NOTHING, Figure(district.code, total.quarter, (total.kind,), of="stock").url)


def course(district: District, kind: Kind, flow: Sequence[Total]) -> Course:
    """The two charts of one kind."""
    shown = [(total.quarter, _entered(district, total)) for total in flow]
    return Course(
        label=kind.label,
        numbers=charts.bars(
            _("%(kind)s: number of projects by quarter") % {"kind": kind.label},
            tuple(charts.Point(q, s.sums.count, said(q, s.sums), s.url) for q, s in shown),
        ),
        amounts=charts.line(
            _("%(kind)s: investment by quarter") % {"kind": kind.label},
            tuple(charts.Point(q, _height(s.sums), said(q, s.sums), s.url) for q, s in shown),
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
