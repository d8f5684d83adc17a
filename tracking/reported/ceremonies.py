"""What was claimed of a ceremony beside the projects that are attached to it by their milestones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.db.models.expressions import Combinable

from projects.models import Ceremony, District
from projects.models.ledger import LedgerQuerySet
from tracking.figures import OUTPUT_OR_REVENUE, category_rule
from tracking.measures import Measure
from tracking.models import ReportedTotal
from tracking.reported.comparing import Answer, Comparison, obstacle
from tracking.sums import Sums, aggregates
from tracking.totals import entries

MOST_CLAIMS = 50  # asked in one query, with nine sums each


@dataclass(frozen=True, slots=True)
class AtCeremony:
    """What is attached to a ceremony of the kinds and the category that a claim speaks of, within its district.

    `either` is the output, or the revenue where only that is known, in whole yuan, null where neither is; known of
    `with_either`. `comparison` holds it against the claim.
    """

    sums: Sums
    either: int | None
    with_either: int
    comparison: Comparison


def attached(ceremony: Ceremony) -> LedgerQuerySet:
    """The entries that count now of milestones attached to a ceremony, of projects in its district and below.

    Also those without a date: the ceremony says when it was.
    """
    return entries(ceremony.district).filter(milestone__ceremony=ceremony)


def attached_to_claim(claim: ReportedTotal) -> LedgerQuerySet | None:
    """The entries attached to the claim's ceremony of which it speaks; None where that cannot be said."""
    rule = _rule(claim)
    return None if rule is None else entries(claim.district).filter(rule)


def compare_ceremonies(claims: Sequence[ReportedTotal]) -> dict[int, AtCeremony]:
    """Each claim of a ceremony beside what is attached to it, by the claim's id; one query for fifty of a district."""
    about: dict[District, list[tuple[ReportedTotal, Q]]] = defaultdict(list)
    for claim in claims:
        rule = _rule(claim)
        if rule is not None:
            about[claim.district].append((claim, rule))
    return {
        pk: found
        for district, asked in about.items()
        for start in range(0, len(asked), MOST_CLAIMS)
        for pk, found in _ask(district, asked[start : start + MOST_CLAIMS]).items()
    }


def _rule(claim: ReportedTotal) -> Q | None:
    """The entries that a claim of a ceremony speaks of: of its kinds and category, whatever its period; else None."""
    measure = Measure.read(claim.measure)
    if not claim.ceremony_id or measure.form or obstacle_at_ceremony(claim):
        return None
    category = category_rule(measure.category(claim.category))
    assert category is not None
    return Q(milestone__ceremony=claim.ceremony_id, kind__in=measure.kinds) & category


def obstacle_at_ceremony(claim: ReportedTotal) -> bool:
    """Whether the records cannot answer; a month is no obstacle, for the ceremony says when it was."""
    quarterly = ReportedTotal(
        measure=claim.measure, category=claim.category, unit=claim.unit, period=claim.period[:4]
    )
    return bool(obstacle(quarterly))


def _ask(district: District, asked: Sequence[tuple[ReportedTotal, Q]]) -> dict[int, AtCeremony]:
    columns: dict[str, Combinable] = {}
    for number, (_claim, rule) in enumerate(asked):
        columns |= aggregates(f"n{number}_", rule)
        columns[f"known{number}"] = Count(OUTPUT_OR_REVENUE, filter=rule)
        columns[f"either{number}"] = Sum(OUTPUT_OR_REVENUE, filter=rule)
    ceremonies = {claim.ceremony_id for claim, _rule in asked}
    rows = entries(district).filter(milestone__ceremony__in=ceremonies).order_by()
    found = rows.aggregate(**columns)
    return {
        claim.pk: _at_ceremony(
            claim, Sums.of(found, f"n{number}_"), found[f"known{number}"], found[f"either{number}"]
        )
        for number, (claim, _rule) in enumerate(asked)
    }


def _at_ceremony(claim: ReportedTotal, sums: Sums, known: int, either: int | None) -> AtCeremony:
    measure = Measure.read(claim.measure)
    value, amounts_known = {
        "count": (sums.count, sums.count),
        "investment": (sums.investment, sums.with_investment),
        "expected_output": (sums.expected_output, sums.with_output),
        "expected_revenue": (sums.expected_revenue, sums.with_revenue),
        "expected_output_and_revenue": (either, known),
    }[measure.part]
    if not sums.count:
        value = 0
    recorded = None if value is None else Decimal(value)
    answer = Answer(None if value is None else int(value), amounts_known, sums.count)
    return AtCeremony(
        sums, either, known, Comparison(claim, measure, answer=answer, recorded=recorded, exact=recorded)
    )
