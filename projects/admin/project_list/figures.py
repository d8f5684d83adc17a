"""What a list of projects adds up to, and how many of it each choice of a filter holds: of so many rows at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

CHOICES = "choice"


@dataclass(frozen=True)
class Figures:
    """Number and sums of a list, in yuan; `more` where it is longer, and then they say nothing about the rest."""

    number: int
    more: bool
    investments: int
    investment: int
    outputs: int
    output: int
    choices: dict[tuple[str, str], int]  # by filter and value


def figures_of(
    rows: QuerySet[Any], most: int | None, choices: Mapping[tuple[str, str], Q] | None = None
) -> Figures:
    """Everything in one statement over the first rows: a million are never counted unasked (`most` None: all)."""
    rows = rows.order_by().select_related(None).prefetch_related(None)
    asked = choices or {}
    names = {f"{CHOICES}{place}": key for place, key in enumerate(asked)}
    found = (rows if most is None else rows[: most + 1]).aggregate(
        number=Count("pk"),
        investments=Count("total_investment"),
        investment=Sum("total_investment"),
        outputs=Count("expected_output"),
        output=Sum("expected_output"),
        **{name: Count("pk", filter=asked[key]) for name, key in names.items()},
    )
    more = most is not None and found["number"] > most
    return Figures(
        number=min(found["number"], most) if most is not None else found["number"],
        more=more,
        investments=found["investments"],
        investment=int(found["investment"] or 0),
        outputs=found["outputs"],
        output=int(found["output"] or 0),
        choices={} if more else {key: found[name] for name, key in names.items()},
    )
