"""Claims that cannot be true as printed: found by computing with what the same source printed, never by its notes.

The same source means: one district, period, source and nature (what has happened, what is intended).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import ceil, floor

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from projects.amounts import PLAIN, format_yi
from tracking.figures import EVERYTHING, TYPES, threshold
from tracking.measures import KINDS, Measure
from tracking.models import ReportedTotal, Unit
from tracking.reported.verdicts import printed_digits, printed_step, reach

HUNDRED = Fraction(100)
MOST_TRIED = 10  # claims of one measure and category in one text; there is hardly ever more than one
NUMBERS = re.compile(r"[0-9][0-9,]*")
# What each subject is a part of: nothing of it can be more.
WHOLES = {
    "started": ("started_or_signed", "start_or_resume"),
    "new_start": ("started_or_signed", "start_or_resume"),
    "signed": ("started_or_signed",),
    "carried_over": ("start_or_resume",),
}
read_measure = lru_cache(maxsize=1024)(Measure.read)


class Code(TextChoices):
    """What cannot be."""

    SHARE = (
        "share_not_possible",
        gettext_lazy("The share does not follow from the figures"),
    )  # 占比与个数对不上
    CHANGE = "change_not_possible", gettext_lazy("No base gives this change")  # 没有基数能得出此增幅
    TWICE = "written_twice", gettext_lazy("The digits are written twice")  # 数字重复印了两遍
    PART = "part_above_whole", gettext_lazy("A part is larger than its whole")  # 部分大于总体
    OTHER = "other_value", gettext_lazy("Another value is claimed, too")  # 同一指标另有数值


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What cannot be, in a sentence of the reader's language, and the other claims that it is found by."""

    code: Code
    detail: str
    claims: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Printed:
    """A claim with its measure taken apart."""

    claim: ReportedTotal
    measure: Measure
    category: str

    @classmethod
    def of(cls, claim: ReportedTotal) -> Printed:
        """Take it apart."""
        measure = read_measure(claim.measure)
        return cls(claim, measure, measure.category(claim.category))

    @property
    def shown(self) -> str:
        """The figure with its unit."""
        return in_words(self.claim.value, self.claim.unit)

    def alike(self, other: Printed, *, form: str) -> bool:
        """Whether the other is of the same measure, put in this form, and of the same category."""
        own = (self.measure.subject, self.measure.part, form, self.category)
        about = (other.measure.subject, other.measure.part, other.measure.form, other.category)
        return bool(self.measure.subject) and own == about

    def same_source(self, other: Printed) -> bool:
        """Whether one text printed both, of what has happened or of what is intended."""
        mine, its = self.claim, other.claim
        return (mine.source, mine.nature) == (its.source, its.nature) and mine.pk != its.pk


def contradictions(
    claim: ReportedTotal, others: Iterable[ReportedTotal], recorded: Decimal | None
) -> tuple[Contradiction, ...]:
    """What cannot be of a claim, given the others of its district and period, and what the records answer to it."""
    printed = Printed.of(claim)
    around = [Printed.of(other) for other in others if other.pk != claim.pk]
    near = [other for other in around if printed.same_source(other)]
    found = (
        _share(printed, near),
        _change(printed, near),
        _twice(printed, around, recorded),
        _part(printed, near),
        _other(printed, around),
    )
    return tuple(each for each in found if each)


# --- the five -----------------------------------------------------------------------------------------------------


def _share(printed: Printed, near: Sequence[Printed]) -> Contradiction | None:
    """A share that none of the bases of the same source gives: 74 of 110 or of 150 is not 77 %."""
    if printed.measure.form != "share" or printed.claim.unit != Unit.PERCENT:
        return None
    parts = [other for other in near if printed.alike(other, form="")][:MOST_TRIED]
    tried = [(part, base) for part in parts for base in _bases(part, near)]
    if not tried or any(_gives(printed.claim, part, base) for part, base in tried):
        return None
    places = _places(printed.claim.value) + 1
    tried.sort(key=lambda pair: abs(pair[0].claim.value / pair[1].value * 100 - printed.claim.value))
    shares = {
        _("%(percent)s%% of %(base)s")  # 110的67.3%
        % {"percent": _percent(part.claim.value / base.value, places), "base": base.shown}: None
        for part, base in tried
    }
    # 公布占比为77%，但74是110的67.3%、150的49.3%。
    detail = _("The share is claimed as %(claimed)s, but %(part)s is %(tried)s.") % {
        "claimed": printed.shown,
        "part": parts[0].shown,
        "tried": _listed(shares),
    }
    concerned = {pk for part, base in tried for pk in (part.claim.pk, *base.claims)}
    return Contradiction(Code.SHARE, detail, tuple(sorted(concerned)))


@dataclass(frozen=True, slots=True)
class _Base:
    """What a share may be of: one claim, or several added up."""

    value: Decimal
    least: Fraction
    most: Fraction
    shown: str
    claims: tuple[int, ...]

    @classmethod
    def of(cls, added: Sequence[Printed]) -> _Base:
        """These claims added up."""
        value = sum((each.claim.value for each in added), Decimal(0))
        reaches = [reach(each.claim) for each in added]
        least, most = (sum((side[end] for side in reaches), Fraction(0)) for end in (0, 1))
        shown = in_words(value, added[0].claim.unit)
        return cls(value, least, most, shown, tuple(each.claim.pk for each in added))


def _bases(part: Printed, near: Sequence[Printed]) -> Iterator[_Base]:
    """What holds the part: the claims of which it is a part, and the wholes of its subjects added up (开工 + 签约)."""
    wholes = [[other] for other in near if is_part(part, other)]
    kinds = KINDS.get(part.measure.subject, ())
    if len(kinds) > 1:
        each = [[other for other in near if _is_whole_of(kind, part, other)][:MOST_TRIED] for kind in kinds]
        wholes += [list(added) for added in product(*each)]
    yield from (
        base for base in map(_Base.of, wholes) if base.value > 0 and base.most >= reach(part.claim)[0]
    )


def _is_whole_of(kind: str, part: Printed, other: Printed) -> bool:
    wanted = (kind, part.measure.part, "", EVERYTHING, part.claim.unit)
    measure = other.measure
    return wanted == (measure.subject, measure.part, measure.form, other.category, other.claim.unit)


def _gives(share: ReportedTotal, part: Printed, base: _Base) -> bool:
    """Whether part / base can be the share, every figure within its rounding."""
    least, most = reach(part.claim)
    low, high = reach(share)
    return base.least <= 0 or (least / base.most * HUNDRED <= high and low <= most / base.least * HUNDRED)


def _change(printed: Printed, near: Sequence[Printed]) -> Contradiction | None:
    """A change of a number that no whole number as its base gives: 93 and +56 %."""
    claim = printed.claim
    counted = printed.measure.part == "count" and claim.unit == Unit.PERCENT and not claim.approximate
    if printed.measure.form != "yoy" or not counted:
        return None
    for other in near:
        count = other.claim.value
        if not printed.alike(other, form="") or other.claim.approximate or count <= 0:
            continue
        if not _has_base(int(count), claim):
            return Contradiction(Code.CHANGE, _change_said(int(count), claim), (other.claim.pk,))
    return None


def _has_base(count: int, change: ReportedTotal) -> bool:
    low, high = (1 + end / HUNDRED for end in reach(change))
    if high <= 0:
        return False
    smallest = max(1, ceil(count / high))
    return low <= 0 or smallest <= floor(count / low)


def _change_said(count: int, change: ReportedTotal) -> str:
    growth = 1 + Fraction(change.value) / HUNDRED
    nearest = floor(count / growth) if growth > 0 else 0
    places = _places(change.value) + 1
    tried = [
        _("%(base)s gives %(percent)s%%")  # 基数60得+55.0%
        % {"base": f"{base:,}", "percent": f"{_percent(Decimal(count - base) / base, places, sign='+')}"}
        for base in (nearest + 1, nearest)
        if base > 0
    ]
    # 93、同比+56%：没有整数基数能得出；基数60得+55.0%、基数59得+57.6%。
    return _("%(count)s with a change of %(claimed)s%% has no whole number as its base: %(tried)s.") % {
        "count": f"{count:,}",
        "claimed": f"{change.value:+,.2f}".rstrip("0").rstrip("."),
        "tried": _listed(tried),
    }


def _twice(printed: Printed, around: Sequence[Printed], recorded: Decimal | None) -> Contradiction | None:
    """A number that is another written twice: 9393 for 93, in the figure itself or in the words beside it."""
    claim = printed.claim
    once = printed_digits(claim.value, claim.unit)
    numbers = {number.replace(",", "") for number in NUMBERS.findall(claim.note.translate(PLAIN))}
    if len(once) > 1 and once * 2 in numbers:
        return Contradiction(Code.TWICE, _written_twice(once * 2, once))
    same = [other for other in around if printed.alike(other, form=printed.measure.form)]
    values: list[tuple[Decimal, tuple[int, ...]]] = [
        (other.claim.value, (other.claim.pk,)) for other in same if other.claim.unit == claim.unit
    ]
    values += [] if recorded is None else [(recorded, ())]
    for value, claims in values:
        if _twice_of(value, claim.unit) == claim.value:
            return Contradiction(
                Code.TWICE, _written_twice(printed.shown, in_words(value, claim.unit)), claims
            )
    return None


def _twice_of(value: Decimal, unit: str) -> Decimal | None:
    """What the figure would be with its digits written twice; None for a single digit, and for 3.4亿."""
    digits = printed_digits(value, unit)
    return value * (10 ** len(digits) + 1) if len(digits) > 1 else None


def _written_twice(twice: str, once: str) -> str:
    # 9393是93印了两遍。
    return _("%(twice)s is %(once)s with its digits written twice.") % {"twice": twice, "once": once}


def _part(printed: Printed, near: Sequence[Printed]) -> Contradiction | None:
    """A part that is more than its whole."""
    for whole in near:
        if is_part(printed, whole) and reach(printed.claim)[0] > reach(whole.claim)[1]:
            # 这一部分公布为120，大于其总体110。
            detail = _("This part is claimed as %(part)s, more than its whole, %(whole)s.") % {
                "part": printed.shown,
                "whole": whole.shown,
            }
            return Contradiction(Code.PART, detail, (whole.claim.pk,))
    return None


def is_part(part: Printed, whole: Printed) -> bool:
    """Whether all that one claim counts is counted in the other, too."""
    mine, its = part.measure, whole.measure
    if not mine.subject or (mine.part, mine.form, its.form) != (its.part, "", "") or _unlike(part, whole):
        return False
    if mine.subject == its.subject:
        return is_within(part.category, whole.category)
    larger = its.subject in WHOLES.get(mine.subject, ())
    return larger and (part.category == whole.category or is_within(part.category, whole.category))


def _unlike(part: Printed, whole: Printed) -> bool:
    return part.claim.unit != whole.claim.unit


def is_within(part: str, whole: str) -> bool:
    """Whether a category lies in another: manufacturing in industrial, 10亿元及以上 in 1亿元及以上, each in all."""
    if whole == EVERYTHING:
        return part != EVERYTHING
    if part in TYPES and whole in TYPES:
        return set(TYPES[part]) < set(TYPES[whole])
    smaller, larger = threshold(whole), threshold(part)
    return smaller is not None and larger is not None and smaller < larger


def _other(printed: Printed, around: Sequence[Printed]) -> Contradiction | None:
    """Another value for the same: also in another text, each within its rounding."""
    claim = printed.claim
    low, high = reach(claim)
    for other in around:
        same = (other.claim.measure, other.category) == (claim.measure, printed.category)
        if not same or (other.claim.unit, other.claim.nature) != (claim.unit, claim.nature):
            continue
        least, most = reach(other.claim)
        if most < low or high < least:
            # 同一指标、期间和范围另公布为93。
            detail = _("For the same measure, period and projects %(other)s is claimed, too.")
            return Contradiction(Code.OTHER, detail % {"other": other.shown}, (other.claim.pk,))
    return None


# --- words --------------------------------------------------------------------------------------------------------


def in_words(value: Decimal, unit: str) -> str:
    """A figure with its unit where that is money or percent."""
    if unit == Unit.CNY:
        return _("%(amount)s × 100 million yuan") % {"amount": format_yi(int(value))}  # 287.00亿元
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{text}%" if unit == Unit.PERCENT else text


def _percent(share: Decimal, places: int, sign: str = "") -> str:
    exact = (share * 100).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{exact:{sign},f}"


def _places(value: Decimal) -> int:
    """How many decimals a percentage is printed with."""
    return -int(printed_step(value, Unit.PERCENT).as_tuple().exponent)


def _listed(parts: Iterable[str]) -> str:
    return pgettext("between the parts of a list", ", ").join(parts)
