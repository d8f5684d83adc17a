"""What stands between a printed figure and the recorded one: met, within rounding, less or more; and printed digits."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from tracking.models import ReportedTotal, Unit

MONEY = (Unit.CNY, Unit.USD)
NATURAL_UNITS = (8, 4)  # 亿 and 万, as powers of ten: people write an amount in the largest that it reaches
ONE = Decimal(1)


class Verdict(TextChoices):
    """How a claim stands to the records."""

    MET = "met", _("The records agree.")  # 记录与公布一致。
    WITHIN_ROUNDING = "met_within_rounding", _("The records agree within rounding.")  # 约数之内相符。
    SHORT = "short", _("The records hold less than was claimed.")  # 记录少于公布。
    OVER = "over", _("The records hold more than was claimed.")  # 记录多于公布。
    UNKNOWN_AMOUNTS = "unknown_amounts", _("No amount is known in the records.")  # 记录中金额均未知。
    NOT_COMPARABLE = "not_comparable", _("The records cannot answer this claim.")  # 记录无法与之核对。


def verdict_on(claim: ReportedTotal, recorded: Decimal) -> Verdict:
    """Equal, equal at the last printed digit where that is rounded, less or more; both in the claim's unit."""
    if recorded == claim.value:
        return Verdict.MET
    if is_rounded(claim) and rounded(recorded, printed_step(claim.value, claim.unit)) == claim.value:
        return Verdict.WITHIN_ROUNDING
    return Verdict.SHORT if recorded < claim.value else Verdict.OVER


def is_rounded(claim: ReportedTotal) -> bool:
    """Whether it stands for a range: 约 says so; a percentage of whole numbers always does."""
    return claim.approximate or claim.unit == Unit.PERCENT


def printed_step(value: Decimal, unit: str) -> Decimal:
    """The worth of the last printed digit: 1亿 of 20亿, 1000万 of 3.4亿, 1 of 93, 0.1 of 89.6 %."""
    natural = natural_power(value, unit)
    return ONE.scaleb(natural - max(0, -_exponent(value.scaleb(-natural))))


def natural_power(value: Decimal, unit: str) -> int:
    """The power of ten that an amount is written in: 8 for 亿, 4 for 万, else 0."""
    if unit not in MONEY:
        return 0
    return next((power for power in NATURAL_UNITS if abs(value) >= ONE.scaleb(power)), 0)


def rounded(value: Decimal, step: Decimal) -> Decimal:
    """To a multiple of the step, halves away from zero."""
    return (value / step).quantize(ONE, ROUND_HALF_UP) * step


def reach(claim: ReportedTotal) -> tuple[Fraction, Fraction]:
    """The least and the most that the printed figure may stand for."""
    value = Fraction(claim.value)
    half = Fraction(printed_step(claim.value, claim.unit)) / 2 if is_rounded(claim) else Fraction(0)
    return value - half, value + half


def printed_digits(value: Decimal, unit: str) -> str:
    """The digits as they are printed: 287 of 287亿; none where there is a point or a sign among them."""
    digits = value.scaleb(-natural_power(value, unit))
    return f"{digits:f}".partition(".")[0] if value >= 0 and digits == digits.to_integral_value() else ""


def _exponent(value: Decimal) -> int:
    return int(value.normalize().as_tuple().exponent)
