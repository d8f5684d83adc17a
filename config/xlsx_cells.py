"""The cells of a workbook's rows, as text: one by one, or many rows at once, column by column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from functools import cache
from typing import Any

LONGEST_TEXT = 32_767  # characters in a cell
DAY_ZERO = date(1899, 12, 30).toordinal()
FIRST_DAY = date(1900, 3, 1)  # before it Excel counts a day that never was
SECONDS_OF_A_DAY = 86_400

# What XML cannot hold, and what it cannot hold as it stands; _x0041_ would be read as the character it numbers.
ODD = re.compile("[&<>\x00-\x1f\ufffe\uffff\ud800-\udfff]|_x[0-9A-Fa-f]{4}_|^[ =+@-]|[ ]$")
# The same in many texts, each between line ends; a line end inside a text shows in their number.
ODD_BYTES = bytes(code for code in range(32) if code != 10) + b"&<>"
ODD_PARTS = ("_x", "\ufffe", "\uffff", " \n", *(f"\n{start}" for start in " =+@-"))
IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
NUMBERED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
FORMULA_LIKE = ("=", "+", "-", "@", "\t", "\r")
NOTHING = type(None)
EMPTY = '"/>'
BLANK: set[Any] = {None, ""}
SAMPLE = 100  # values by which a column is known to repeat itself
NUMBERS = {int, float, Decimal}

Value = str | int | float | Decimal | date | datetime | None
Values = Sequence[Value]


class Look(IntEnum):
    """How a cell looks: its place in STYLES."""

    PLAIN = 0
    WHOLE = 1
    AMOUNT = 2
    DAY = 3
    MOMENT = 4
    QUOTED = 5  # text that begins as a formula does: Excel keeps it a text, even where it is edited
    HEAD = 6
    TITLE = 7
    NOTE = 8
    SUM = 9
    SUM_WHOLE = 10
    SUM_AMOUNT = 11
    YEAR = 12  # a number without separators


IN_SUMS: dict[int, Look] = {Look.PLAIN: Look.SUM, Look.WHOLE: Look.SUM_WHOLE, Look.AMOUNT: Look.SUM_AMOUNT}


@dataclass(frozen=True)
class Line:
    """A row of which all cells look alike, or as in a sum."""

    values: Values
    look: Look


@dataclass(frozen=True)
class Block:
    """Many rows, given as columns of the same length: the fast way."""

    columns: Sequence[Values]


BORDERED = (Look.HEAD, Look.SUM)


@cache
def letters(column: int) -> str:
    """A column's letters: 0 is A, 26 is AA."""
    rest, last = divmod(column, 26)
    return (letters(rest - 1) if rest else "") + chr(ord("A") + last)


def _text(value: str, look: int) -> str:
    if ODD.search(value):
        if value.startswith(FORMULA_LIKE) and look == Look.PLAIN:
            look = Look.QUOTED
        value = NUMBERED.sub("_x005F_", IMPOSSIBLE.sub("", value))
        value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
        space = ' xml:space="preserve"'
    else:
        space = ""
    shown = f' s="{look}"' if look else ""
    return f'"{shown} t="inlineStr"><is><t{space}>{value[:LONGEST_TEXT]}</t></is></c>'


def _day(value: date) -> str:
    """The number that Excel has for a day; the few days before its calendar is right, as a text."""
    if value < FIRST_DAY:
        return _text(value.isoformat(), Look.PLAIN)
    return f'" s="3"><v>{value.toordinal() - DAY_ZERO}</v></c>'


def _moment(value: datetime) -> str:
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    return repr(value.toordinal() - DAY_ZERO + seconds / SECONDS_OF_A_DAY)


def _content(value: Any, look: int) -> str:
    """What follows a cell's place; nothing for what is empty."""
    kind = type(value)
    if kind is str:
        return _text(value, look if look >= Look.HEAD else Look.PLAIN) if value else ""
    if value is None:
        return ""
    if kind is date:
        return _day(value)
    if kind is datetime:
        return f'" s="4"><v>{_moment(value)}</v></c>'
    return f'" s="{look}"><v>{value}</v></c>'


def block_text(first: int, block: Block, looks: Sequence[int]) -> str:
    """Many rows: what is in their cells column by column, then each row by one template."""
    height = len(block.columns[0]) if block.columns else 0
    numbers = [str(number) for number in range(first, first + height)]
    filled = tuple(place for place, values in enumerate(block.columns) if any(values) or set(values) - BLANK)
    inside: list[Sequence[str]] = [numbers]
    for place in filled:
        inside += [numbers, _inside(block.columns[place], looks[place])]
    template = _template(filled)
    return "".join([template % row for row in zip(*inside, strict=True)])


@cache
def _template(places: tuple[int, ...]) -> str:
    """A row with a gap for its number and, for each cell, gaps for its number and for what follows."""
    cells = "".join(f'<c r="{letters(place)}%s%s' for place in places)
    return f'<row r="%s">{cells}</row>'


def _inside(values: Values, look: int) -> list[str]:
    """What follows a cell's place, for each of a column; where values return, each is made once."""
    make = _maker(values, look)
    sample = values[:SAMPLE]
    if 2 * len(set(sample)) > len(sample):
        return make(values)
    different = list(set(values))
    made = dict(zip(different, make(different), strict=True))
    return [made[value] for value in values]


def _maker(values: Values, look: int) -> Callable[[Iterable[Any]], list[str]]:
    """What makes the cells of a column: one way where all are of one kind, as nearly always."""
    kinds = set(map(type, values)) - {NOTHING}
    if kinds == {str} and _are_plain([str(value) for value in values if value]):
        return lambda some: [
            f'" t="inlineStr"><is><t>{value}</t></is></c>' if value else EMPTY for value in some
        ]
    if kinds <= NUMBERS:
        start = f'" s="{look}"><v>'
        return lambda some: [EMPTY if value is None else f"{start}{value}</v></c>" for value in some]
    return lambda some: [_content(value, look) or EMPTY for value in some]


def _are_plain(texts: list[str]) -> bool:
    """Whether all these texts can be written as they are. It asks in bulk what ODD asks of one."""
    together = "\n".join(["", *texts, ""])
    try:
        data = together.encode()
    except UnicodeEncodeError:  # half a character
        return False
    return (
        len(data.translate(None, ODD_BYTES)) == len(data)
        and not any(part in together for part in ODD_PARTS)
        and together.count("\n") == len(texts) + 1
        and len(max(texts, key=len, default="")) <= LONGEST_TEXT
    )


def _of_line(look: int, line: Look) -> int:
    """How a cell of a line looks: numbers in sums keep their form."""
    return IN_SUMS.get(look, line) if line == Look.SUM else line


def row_text(number: int, row: Values | Line, looks: Sequence[int]) -> str:
    """One row with its cells that are not empty; headings and sums have all of theirs."""
    values, line = (row.values, row.look) if isinstance(row, Line) else (row, None)
    empty = f'" s="{line:d}"/>' if line in BORDERED else ""
    cells = []
    for place, value in enumerate(values):
        look = looks[place] if line is None else _of_line(looks[place], line)
        if content := _content(value, look) or empty:
            cells.append(f'<c r="{letters(place)}{number}{content}')
    return f'<row r="{number}">{"".join(cells)}</row>'
