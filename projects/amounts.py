"""Amounts of money: read as people write them, kept in whole yuan, shown in 亿元 and 万元."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

YUAN = 1
WAN = 10_000
YI = 100_000_000
MAX_AMOUNT = 10**13

UNKNOWN = "—"
LONGEST = 40  # characters; everything that is read fits, and nothing longer is looked at

UNITS = {
    "万亿": WAN * YI,
    "千亿": 1_000 * YI,
    "百亿": 100 * YI,
    "亿": YI,
    "千万": 1_000 * WAN,
    "百万": 100 * WAN,
    "万": WAN,
}

# A grouped number never begins with 0: "0,125" would be 0.125 to some who write it.
NUMBER = r"(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
UNIT = "|".join(UNITS)
# Every repeated part ends in a unit, so a text can be split in one way only and matching stays fast.
AMOUNT = re.compile(
    rf" *(?P<about>大约|约|≈)? *(?P<minus>-)? *"
    rf"(?P<parts>(?:{NUMBER} *(?:{UNIT}) *)*)(?P<bare>{NUMBER})? *(?P<yuan>元)? *"
)
PART = re.compile(rf"({NUMBER}) *({UNIT})")

PLAIN = str.maketrans(
    "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff0c\uff0e\uff0d\u2212\u3000\u00a0",
    "0123456789,.--  ",
)

INVALID = _(
    "This amount cannot be read. Write the amount as 34亿, 3.4亿元, 34000万元 or 1,026亿; "
    "put 约 before it if it is an estimate."
)
NEGATIVE = _("An amount is never negative. Leave it empty if it is not known.")
FRACTIONAL = _(
    "An amount is a whole number of yuan. Write the amount as 34亿, 3.4亿元, 34000万元 or 1,026亿."
)
TOO_LARGE = _("An amount is at most 10万亿元 (10,000,000,000,000 yuan). Check the number and its unit.")


class AmountError(ValidationError):
    """An amount that is refused; `code` is invalid, negative, fractional or too_large."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Whole yuan from 0 to MAX_AMOUNT, and whether the writer called it an estimate (约)."""

    yuan: int
    estimated: bool = False


def parse_amount(value: object, *, default_unit: int = YUAN) -> Amount | None:
    """
    Read an amount exactly, as a whole number or as people write it.

    `default_unit` is the yuan in a number that names no unit: WAN in forms, YUAN in the API.
    None and "" give None, an amount that is not known. Raises AmountError.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _read(value, default_unit)
    if isinstance(value, int) and not isinstance(value, bool):
        return Amount(_in_range(value * default_unit))
    raise AmountError(INVALID, code="invalid")


def _read(text: str, default_unit: int) -> Amount:
    if len(text) > LONGEST:
        raise _too_long(text)
    match = AMOUNT.fullmatch(text.translate(PLAIN))
    if match is None or not (match["parts"] or match["bare"]):
        raise AmountError(INVALID, code="invalid")
    yuan = sum(_parts(match, default_unit))
    return Amount(_in_range(-yuan if match["minus"] else yuan, match["minus"]), bool(match["about"]))


def _too_long(text: str) -> AmountError:
    if text.isascii() and text.isdigit():
        return AmountError(TOO_LARGE, code="too_large")
    return AmountError(INVALID, code="invalid")


def _parts(match: re.Match[str], default_unit: int) -> Iterator[int]:
    """Give the yuan of each part: 1亿2000万 has two. Each must fit below the unit of the one before it."""
    parts = [(number, UNITS[unit]) for number, unit in PART.findall(match["parts"])]
    if match["bare"]:
        if parts and not match["yuan"]:  # 1亿2 is 1.2亿 to one and 100000002 to another
            raise AmountError(INVALID, code="invalid")
        parts.append((match["bare"], YUAN if match["yuan"] else default_unit))
    if any("." in number for number, _unit in parts[:-1]):
        raise AmountError(INVALID, code="invalid")

    room: int | None = None
    for number, unit in parts:
        yuan = _whole_yuan(number, unit)
        if room is not None and yuan >= room:
            raise AmountError(INVALID, code="invalid")
        yield yuan
        room = unit


def _whole_yuan(number: str, unit: int) -> int:
    """Multiply in integers: a Decimal context would round a long fraction away unseen."""
    whole, _point, fraction = number.replace(",", "").partition(".")
    scale: int = 10 ** len(fraction)
    yuan, rest = divmod(int(whole + fraction) * unit, scale)
    if rest:
        raise AmountError(FRACTIONAL, code="fractional")
    return yuan


def _in_range(yuan: int, minus: str | None = None) -> int:
    if yuan < 0 or minus:
        raise AmountError(NEGATIVE, code="negative")
    if yuan > MAX_AMOUNT:
        raise AmountError(TOO_LARGE, code="too_large")
    return yuan


def format_yi(yuan: int | None) -> str:
    """Show yuan in 亿元 with two decimals, halves rounded away from zero: 102600000000 is "1,026.00"."""
    if yuan is None:
        return UNKNOWN
    # abs() turns the "-0.00" of a small negative difference into "0.00".
    yi = Decimal(yuan).scaleb(-8).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{yi or abs(yi):,f}"


def format_wan(yuan: int | None) -> str:
    """Show yuan in 万元 exactly, with only the decimals it needs, so that it can be typed back."""
    if yuan is None:
        return UNKNOWN
    whole, rest = divmod(abs(yuan), WAN)
    sign = "-" if yuan < 0 else ""
    return f"{sign}{whole:,}.{rest:04}".rstrip("0").rstrip(".") if rest else f"{sign}{whole:,}"


def format_yuan(yuan: int | None) -> str:
    """Show whole yuan with thousands separators."""
    return UNKNOWN if yuan is None else f"{yuan:,}"
