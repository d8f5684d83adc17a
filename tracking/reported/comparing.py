"""A claim beside what the records hold: value, recorded value, the gap between them and what to think of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.expressions import Combinable
from django.utils.translation import gettext_lazy as _

from config.api.problems import Text
from projects.models import District
from projects.quarters import year_quarters
from tracking.figures import OUTPUT_OR_REVENUE, Figure, category_rule
from tracking.measures import Measure
from tracking.models import ReportedTotal, Unit
from tracking.reported.contradictions import Contradiction, contradictions
from tracking.reported.verdicts import Verdict, printed_step, verdict_on
from tracking.totals import entries, rule_of

MOST_CLAIMS = 100  # asked at once; of one district and period the seeds have at most 13
MOST_AROUND = 200  # claims of one district and period that are held against each other
TENTH = Decimal("0.1")
FLOWS = ("entered", "left", "ytd")
AMOUNTS: dict[str, Combinable] = {
    "investment": F("investment"),
    "expected_output": F("expected_output"),
    "expected_revenue": F("expected_revenue"),
    "expected_output_and_revenue": OUTPUT_OR_REVENUE,
}

Asked = tuple[Figure, str]  # a figure, and what of it: count or one of AMOUNTS


@dataclass(frozen=True, slots=True)
class Answer:
    """What the records hold: a number or whole yuan, null where no amount is known; known of so many."""

    value: int | None
    known: int
    counted: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """One claim, and what the records answer to it; `figure` is None where they cannot answer, `why_not` says why.

    `recorded` and `gap` have the claim's unit: a number, whole yuan, or percent (then the gap is percentage points).
    Of a change `base` is the figure a year before, and `exact` the change before it was rounded to be shown.
    """

    claim: ReportedTotal
    measure: Measure
    figure: Figure | None = None
    answer: Answer | None = None
    recorded: Decimal | None = None
    exact: Decimal | None = None
    base: Figure | None = None
    base_answer: Answer | None = None
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def gap(self) -> Decimal | None:
        """Recorded − claimed; null where either is missing."""
        return None if self.recorded is None else self.recorded - self.claim.value

    @property
    def verdict(self) -> Verdict:
        """What to think of the claim."""
        if self.exact is not None:
            return verdict_on(self.claim, self.exact)
        if self.answer is None or self.measure.form == "yoy":
            return Verdict.NOT_COMPARABLE
        return Verdict.UNKNOWN_AMOUNTS

    @property
    def unknown(self) -> int:
        """Of how many milestones the amount is not known: a shortfall may lie in these."""
        return self.answer.counted - self.answer.known if self.answer else 0

    @property
    def why_not(self) -> Text:
        """Why the records cannot answer it; empty where they can."""
        if self.verdict != Verdict.NOT_COMPARABLE:
            return ""
        return obstacle(self.claim) or _("There is nothing a year before to compare with.")


def claims_beside_records(district: District, quarter: str) -> list[Comparison]:
    """The claims about this district for the quarter, its months and its year, compared where that is possible.

    However many there are, the records are asked once. Claims that contradict each other stand as they are.
    """
    claims = list(
        ReportedTotal.objects.filter(district=district, period__in=periods_of(quarter))
        .select_related("district")
        .order_by("-period", "id")[:MOST_CLAIMS]
    )
    compared = compare_all(claims)
    return [compared[claim.pk] for claim in claims]


def compare_all(claims: Sequence[ReportedTotal]) -> dict[int, Comparison]:
    """Each claim beside the records, by its id, with what contradicts it.

    One query for the claims around them, and one for each district and each hundred of its claims.
    """
    about: dict[District, list[ReportedTotal]] = defaultdict(list)
    for claim in claims:
        about[claim.district].append(claim)
    around = _around(claims)
    return {
        each.claim.pk: replace(each, contradictions=_contradictions(each, around))
        for district, found in about.items()
        for start in range(0, len(found), MOST_CLAIMS)
        for each in _compare_some(district, found[start : start + MOST_CLAIMS])
    }


def _around(claims: Sequence[ReportedTotal]) -> dict[tuple[int, str], list[ReportedTotal]]:
    """The claims about the same districts and periods, by both."""
    if not claims:
        return {}
    districts, periods = {claim.district_id for claim in claims}, {claim.period for claim in claims}
    around: dict[tuple[int, str], list[ReportedTotal]] = defaultdict(list)
    rows = ReportedTotal.objects.filter(district__in=districts, period__in=periods).order_by("id")
    for claim in rows[: MOST_AROUND * len(claims)]:
        around[claim.district_id, claim.period].append(claim)
    return around


def _contradictions(
    compared: Comparison, around: dict[tuple[int, str], list[ReportedTotal]]
) -> tuple[Contradiction, ...]:
    claim = compared.claim
    others = around[claim.district_id, claim.period][:MOST_AROUND]
    return contradictions(claim, others, compared.exact)


def _compare_some(district: District, claims: Sequence[ReportedTotal]) -> list[Comparison]:
    asked = {claim.pk: what_is_asked(claim, district.code) for claim in claims}
    answers = ask(district, {question for questions in asked.values() for question in questions})
    return [
        compare(claim, [(question, answers[question]) for question in asked[claim.pk]]) for claim in claims
    ]


def periods_of(quarter: str) -> list[str]:
    """The quarter, its three months and its year, as periods of claims."""
    year, first = quarter[:4], int(quarter[5]) * 3 - 2
    return [quarter, *(f"{year}-{month:02}" for month in range(first, first + 3)), year]


def what_is_asked(claim: ReportedTotal, district: str) -> list[Asked]:
    """The figure that answers the claim, and for a change the figure a year before; none where there is no answer."""
    if obstacle(claim):
        return []
    measure = Measure.read(claim.measure)
    periods = [claim.period, f"{int(claim.period[:4]) - 1}{claim.period[4:]}"]
    places = filter(None, map(measure.place, periods if measure.form == "yoy" else periods[:1]))
    category = measure.category(claim.category)
    return [
        (Figure(district, quarter, measure.kinds, of=of, category=category), measure.part)
        for quarter, of in places
    ]


def obstacle(claim: ReportedTotal) -> Text:
    """Why the records cannot answer a claim, in a sentence; empty where they can."""
    measure = Measure.read(claim.measure)
    if measure.form == "share":
        return _(
            "A share does not say of what it is a share; it is held against the other figures of its text."
        )
    if not measure.answered:
        return _("The records do not hold what this measure counts.")
    if category_rule(measure.category(claim.category)) is None:
        return _("The records do not say which projects belong to this category.")
    if not _same_unit(measure, claim.unit):
        return _("The unit of this claim does not fit its measure.")
    if measure.place(claim.period) is None:
        return _("The records are counted by quarter, and this claim is about a month.")
    return ""


def compare(claim: ReportedTotal, answers: Sequence[tuple[Asked, Answer]]) -> Comparison:
    """The claim beside the answer, in the claim's unit."""
    measure = Measure.read(claim.measure)
    if not answers:
        return Comparison(claim, measure)
    (figure, _part), answer = answers[0]
    if measure.form == "yoy":
        return _compare_change(claim, measure, answers)
    recorded = None if answer.value is None else Decimal(answer.value)
    return Comparison(claim, measure, figure, answer, recorded, exact=recorded)


def _compare_change(
    claim: ReportedTotal, measure: Measure, answers: Sequence[tuple[Asked, Answer]]
) -> Comparison:
    """A change in percent: shown with one decimal, or with the two of the claim."""
    ((figure, _part), answer), ((before, _same), base) = answers
    exact = percent_change(base.value, answer.value)
    step = min(TENTH, printed_step(claim.value, claim.unit))
    recorded = None if exact is None else exact.quantize(step, ROUND_HALF_UP)
    return Comparison(claim, measure, figure, answer, recorded, exact, before, base)


def percent_change(base: int | None, value: int | None) -> Decimal | None:
    """Value / base − 1 in percent; null where the base is 0 or either is missing."""
    return None if not base or value is None else Decimal(value - base) * 100 / Decimal(base)


def ask(district: District, asked: Iterable[Asked]) -> dict[Asked, Answer]:
    """What the ledger holds now for each of these, in one query."""
    questions = sorted(asked, key=repr)
    if not questions:
        return {}
    columns: dict[str, Any] = {}
    for number, (figure, part) in enumerate(questions):
        rule = Q(kind__in=figure.kinds) & rule_of(figure.of, figure.quarter)
        category = category_rule(figure.category)
        assert category is not None
        columns[f"counted_{number}"] = Count("id", filter=rule & category)
        if part != "count":
            columns[f"known_{number}"] = Count(AMOUNTS[part], filter=rule & category)
            columns[f"value_{number}"] = Sum(AMOUNTS[part], filter=rule & category)
    found = entries(district).filter(_somewhere_in(questions)).order_by().aggregate(**columns)
    return {question: _answer(found, number) for number, question in enumerate(questions)}


def _answer(found: dict[str, Any], number: int) -> Answer:
    counted = found[f"counted_{number}"]
    if f"known_{number}" not in found:
        return Answer(counted, counted, counted)
    known, value = found[f"known_{number}"], found[f"value_{number}"]
    # Nothing happened is 0; something happened of which no amount is known is unknown.
    return Answer(int(value) if known else (None if counted else 0), known, counted)


def _somewhere_in(questions: Sequence[Asked]) -> Q:
    """Bounds for all of them together, which an index serves."""
    figures = [figure for figure, _part in questions]
    bounds = Q(kind__in={kind for figure in figures for kind in figure.kinds})
    bounds &= Q(quarter__lte=max(figure.quarter for figure in figures))
    if all(figure.of in FLOWS for figure in figures):
        bounds &= Q(quarter__gte=min(year_quarters(figure.quarter)[0] for figure in figures))
    return bounds


def _same_unit(measure: Measure, unit: str) -> bool:
    if measure.form == "yoy":
        return unit == Unit.PERCENT
    return unit == (Unit.PROJECTS if measure.part == "count" else Unit.CNY)
