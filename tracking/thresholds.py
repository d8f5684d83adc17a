"""Size thresholds: "10亿元及以上" holds everything from there up, larger thresholds included; so they do not add up.

Size bands are exclusive and do. A threshold is named after its lower bound: `ge-1bn`, `ge-100m`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db.models import Case, CharField, Value, When
from django.utils.translation import gettext as _

from projects.amounts import format_yi
from projects.models import bands_holding

UNITS = {"bn": 10**9, "m": 10**6, "": 1}  # the largest that divides a bound names it
MEMBER = re.compile(r"ge-([1-9][0-9]{0,17})(bn|m|)")

Parts = Callable[[str | None], Sequence[str | None]]


def thresholds(as_of: datetime | None) -> dict[str, int]:
    """The yuan at which each band of a moment begins, by the threshold's name, the smallest first; 0 is none."""
    return {name_of(band.lower): band.lower for band in bands_holding(as_of) if band.lower}


def name_of(yuan: int) -> str:
    """1000000000 is `ge-1bn`."""
    unit = next(unit for unit, size in UNITS.items() if yuan % size == 0)
    return f"ge-{yuan // UNITS[unit]}{unit}"


def bound_of(name: str) -> int | None:
    """The yuan of a threshold's name; None for any other text."""
    match = MEMBER.fullmatch(name)
    yuan = int(match[1]) * UNITS[match[2]] if match else 0
    return yuan if yuan and name_of(yuan) == name else None


def label_of(yuan: int) -> str:
    """In the reader's language: 10亿元及以上."""
    return _("%(amount)s × 100 million yuan and more") % {"amount": format_yi(yuan)}


def highest_reached(as_of: datetime | None) -> Case:
    """The expression that names the highest threshold that an entry reaches; null for none, and for no known amount."""
    descending = reversed(thresholds(as_of).items())
    reached = [When(investment__gte=yuan, then=Value(name)) for name, yuan in descending]
    return Case(*reached, default=Value(None), output_field=CharField(max_length=60))


def nested(as_of: datetime | None) -> Parts:
    """What says in which thresholds an entry counts, given the highest it reaches: in this and all smaller ones."""
    names = list(thresholds(as_of))
    return lambda reached: names[: names.index(reached) + 1] if reached in names else ()
