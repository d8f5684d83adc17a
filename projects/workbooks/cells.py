"""Cells as people write them: each reader returns a value, None for nothing, or raises CellError."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from projects.amounts import FRACTIONAL, MAX_AMOUNT, NEGATIVE, TOO_LARGE, Amount, AmountError, parse_amount
from projects.codes import approval_code_validator
from projects.text import clean_text
from projects.workbooks.dates import EMPTY_WORDS, read_date, read_day
from projects.workbooks.fields import plain
from projects.workbooks.tables import CellError, Text, Value, said

__all__ = (
    "Amount",
    "read_amount",
    "read_approval_code",
    "read_choice",
    "read_code",
    "read_count",
    "read_date",
    "read_day",
    "read_decimal",
    "read_flag",
    "read_names",
    "read_text",
)

LARGEST_COUNT = 2**63 - 1
EXACT = 10**15  # a spreadsheet keeps fifteen digits of a number
LONGEST_NAME = 200  # characters of one of several
LARGEST_DECIMAL = 10**12
NOISE = 1e-12  # of an amount; one yuan in a trillion
LONGEST_CELL = 10_000  # characters
ESCAPED = frozenset("=+-@")  # behind a ', as config.api.exports writes it
BY_FORM = re.compile(r'="([^"]*)"')
# Characters of which none hides, combines or breaks a line: text of these alone is as clean_text leaves it.
LETTER = r"\u4e00-\u9fff0-9A-Za-z"
MARK = r"()（）《》“”、，。：；·/.,:;&+\-—–_# "
COMMON = re.compile(rf"[{LETTER}](?:[{LETTER}{MARK}]*[{LETTER}）。])?")
COUNTED = re.compile(r"([0-9][0-9,]*)(?:\.0*)?(?:人|个|名|户|元|位)?")
MEASURED = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?)(?:亩|平方米|m2|㎡|平米)?")
FLOATED = re.compile(r"([0-9]+)\.0+")
PLAIN_CODE = re.compile(r"[A-Z]+[0-9_/-]*|[0-9]+(?:-[0-9]+)*")  # neither 440112.0 nor 9.1E+17
SHAPE = re.compile(r"[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}")
SEVERAL = re.compile(r"[;；、\n，]+")
SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
YES = frozenset(("是", "有", "true", "yes", "y", "1", "√", "✓", "对", "保密", "估计", "约"))
NO = frozenset(("否", "无", "没有", "false", "no", "n", "0", "×", "x", "不", "不是"))

WRITE_AMOUNT: Text = _("Write the amount as 34亿, 3.4亿元, 34000万元 or 1,026亿.")
LOST: Text = _("The spreadsheet took this code for a number and lost its last digits.")
AS_TEXT: Text = _("Set the column to text and type the code again, or put ' before it.")


def is_nothing(value: Value) -> bool:
    """Whether a cell says that something is not known: empty, a dash, 无, 待定 and the like."""
    return value is None or (
        isinstance(value, str) and len(value) <= 4 and value.strip().lower() in EMPTY_WORDS
    )


def read_amount(value: Value, unit: int | None) -> Amount | None:
    """
    Read an amount as whole yuan.

    `unit` is the yuan in one of the column; None where nobody says it, and then a bare number is refused.
    """
    if is_nothing(value):
        return None
    if isinstance(value, float | int) and not isinstance(value, bool):
        return Amount(_yuan(value, _stated(unit)))
    if not isinstance(value, str):
        raise CellError("invalid", _("This is not an amount."), WRITE_AMOUNT)
    text = "".join(value.split())
    try:
        if unit is None and parse_amount(text, default_unit=1) != parse_amount(text, default_unit=10_000):
            _stated(unit)
        return parse_amount(text, default_unit=unit or 1)
    except AmountError as error:
        code = str(error.code)
        raise CellError(code, error.message, "" if code == "invalid" else WRITE_AMOUNT) from None


def _stated(unit: int | None) -> int:
    if unit is None:
        raise CellError(
            "no_unit",
            _("Neither the cell nor the heading says whether this is 元, 万元 or 亿元."),
            _("Write the unit into the heading, as in 计划总投资（万元）, or choose it for the column."),
        )
    return unit


def exact_yuan(value: float, unit: int) -> int | None:
    """Whole yuan in range, to the digits that a spreadsheet keeps; None for anything else."""
    product = value * unit
    if not 0 <= product <= MAX_AMOUNT:
        return None
    yuan = round(product)
    return yuan if abs(product - yuan) <= product * NOISE else None


def _yuan(value: float, unit: int) -> int:
    if not isinstance(value, int):
        yuan = exact_yuan(value, unit)
        return _yuan_of_fraction(value, unit) if yuan is None else yuan
    yuan = value * unit
    if 0 <= yuan <= MAX_AMOUNT:
        return yuan
    raise CellError("negative", NEGATIVE) if yuan < 0 else CellError("too_large", TOO_LARGE)


def _yuan_of_fraction(value: float, unit: int) -> int:
    """By the fifteen digits that a spreadsheet keeps: what lies behind them is the machine's own arithmetic."""
    if not abs(value) <= MAX_AMOUNT:
        raise CellError("too_large", TOO_LARGE)
    yuan = Decimal(f"{value:.15g}") * unit
    if yuan < 0:
        raise CellError("negative", NEGATIVE)
    if yuan > MAX_AMOUNT:
        raise CellError("too_large", TOO_LARGE)
    whole = yuan.to_integral_value(ROUND_HALF_UP)
    if abs(yuan - whole) > yuan * Decimal(NOISE):
        raise CellError("fractional", FRACTIONAL)
    return int(whole)


def read_code(value: Value, *, longest: int | None = None) -> str:
    """Read a code as text: 440112.0 is 440112 again, a code whose digits are lost is refused."""
    if is_nothing(value):
        return ""
    if isinstance(value, str) and PLAIN_CODE.fullmatch(value) and len(value) <= (longest or LONGEST_CELL):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise CellError("not_a_code", _("This is not a code."), AS_TEXT)
    if isinstance(value, float):
        if abs(value) >= EXACT:
            raise CellError("digits_lost", LOST, AS_TEXT)
        if not value.is_integer():
            raise CellError("not_a_code", _("This is not a code."), AS_TEXT)
        value = int(value)
    text = _freed(unicodedata.normalize("NFKC", str(value)).strip()).removeprefix("'")
    if SCIENTIFIC.fullmatch(text):
        raise CellError("digits_lost", LOST, AS_TEXT)
    if floated := FLOATED.fullmatch(text):
        text = floated[1]
    return _cleaned(text, longest)


def read_approval_code(value: Value) -> str:
    """Read a national approval code; twenty digits without hyphens get them."""
    text = read_code(value)
    if SHAPE.fullmatch(text):
        return text
    if len(text) == 20 and text.isascii() and text.isdigit():
        text = "-".join((text[:4], text[4:10], text[10:12], text[12:14], text[14:]))
    text = re.sub("[—–－‐−]", "-", text)
    if not text:
        return ""
    try:
        approval_code_validator(text)
    except ValidationError as error:
        raise CellError("approval_code", error.message) from None
    return text


def read_count(value: Value, *, largest: int = LARGEST_COUNT) -> int | None:
    """Read a whole number from 0."""
    if is_nothing(value):
        return None
    number: float | None = None
    if isinstance(value, str):
        if match := COUNTED.fullmatch(
            "".join(unicodedata.normalize("NFKC", value).split()).lstrip("约")[:40]
        ):
            number = int(match[1].replace(",", ""))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = value
    if number is None or number != number or number < 0 or number > largest or number != int(number):  # noqa: PLR0124
        raise CellError("not_a_count", _("This is not a whole number from 0."), _("Write it as 1200."))
    return int(number)


def read_decimal(value: Value, digits: int = 2) -> Decimal | None:
    """Read a number from 0; what a formula left behind so many decimals is rounded away."""
    if is_nothing(value):
        return None
    number: Decimal | None = None
    if isinstance(value, str):
        if match := MEASURED.fullmatch(
            "".join(unicodedata.normalize("NFKC", value).split()).lstrip("约")[:40]
        ):
            number = Decimal(match[1].replace(",", ""))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        text = f"{value:.{digits}f}"
        if 0 <= value < LARGEST_DECIMAL and float(text) == value:
            return Decimal(text)
        number = Decimal(f"{value:.15g}")
    if number is None or not number.is_finite() or not 0 <= number < LARGEST_DECIMAL:
        raise CellError("not_a_number", _("This is not a number from 0."), _("Write it as 12.5."))
    return number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


class Listed(tuple[Text, ...]):
    """Names, one after another, in the reader's language."""

    __slots__ = ()

    def __str__(self) -> str:
        return "、".join(map(str, self))


def read_choice(value: Value, choices: Mapping[str, str], names: Iterable[Text] = ()) -> str:
    """Read one of several by its code or label.

    `choices` has the codes by their words, as fields.words_of_choices; `names` are those told to who wrote another.
    """
    if is_nothing(value):
        return ""
    found = choices.get(plain(value)) if isinstance(value, str) else None
    if found is None:
        listed = Listed(names or dict.fromkeys(choices.values()))
        raise CellError(
            "not_a_choice",
            said(_("“%(value)s” is not one of the choices."), value=_short(value)),
            said(_("Use one of: %(choices)s."), choices=listed),
        )
    return found


def read_flag(value: Value) -> bool | None:
    """Read yes or no."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float | int) and value in {0, 1}:
        return bool(value)
    text = plain(value) if isinstance(value, str) else None
    if text in YES or text in NO:
        return text in YES
    raise CellError("not_a_flag", _("This is neither yes nor no."), _("Write 是 or 否."))


def read_names(value: Value) -> tuple[str, ...]:
    """Read several names or codes between semicolons, 、 or line ends; each once."""
    if is_nothing(value):
        return ()
    if not isinstance(value, str):
        return (read_code(value),)
    parts = (part.strip() for part in SEVERAL.split(value))
    return tuple(dict.fromkeys(_cleaned(part, LONGEST_NAME) for part in parts if part))


def read_text(value: Value, *, longest: int | None = None, multiline: bool = False) -> str:
    """Read text, cleaned; a number is the text that people see in its cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        value = f"{value:.15g}"
    elif isinstance(value, datetime):
        value = value.isoformat(" ")
    elif isinstance(value, date):
        value = value.isoformat()
    text = _freed(str(value))
    if longest is not None and len(text) <= longest and COMMON.fullmatch(text):
        return text
    if not any(character.isalnum() for character in text):
        return ""  # a dash, a stroke: nothing
    if not multiline:
        text = " ".join(text.split())
    return _cleaned(text, longest or LONGEST_CELL, multiline=multiline)


def _freed(text: str) -> str:
    """Text as it was before it was kept from being a formula: without the ' before it, or the ="…" around it."""
    if text.startswith("'") and text[1:2] in ESCAPED:
        return text[1:]
    quoted = BY_FORM.fullmatch(text)
    return quoted[1] if quoted else text


def _cleaned(text: str, longest: int | None, *, multiline: bool = False) -> str:
    if len(text) <= (longest or 0) and COMMON.fullmatch(text):
        return text
    try:
        cleaned = clean_text(text, multiline=multiline)
    except ValidationError as error:
        raise CellError(str(error.code), error.message) from None
    if longest is not None and len(cleaned) > longest:
        raise CellError(
            "too_long",
            said(_("This text is longer than %(longest)d characters."), longest=longest),
            _("Shorten it."),
        )
    return cleaned


def _short(value: Value) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
