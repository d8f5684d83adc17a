"""Rows that add up others, 小计 and 合计: recognised, and checked against what they add up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from projects.amounts import AmountError, parse_amount
from projects.workbooks.fields import FIELDS, Read
from projects.workbooks.tables import Column, Remark, Row, Sum, Table, Value, said

WORDS = re.compile(
    r"(?:.{0,20}?)(小计|合计|总计|共计|subtotal|grandtotal|total)(?:[:：(（].*)?", re.IGNORECASE
)
LABELS = 6  # columns in which the word may stand
LONGEST = 30
ADDED = {Read.AMOUNT, Read.COUNT, Read.DECIMAL}
LAST_LETTERS = frozenset("计lL:：)）")


def is_sum(values: Sequence[Value], name_place: int | None) -> bool:
    """Whether a row of a table is a sum: the word stands alone, or for the name, in one of the first columns."""
    labels = LABELS if name_place is None or values[name_place] is None else name_place + 1
    for value in values[:labels]:
        if isinstance(value, str) and (value[-1] in LAST_LETTERS or "计" in value) and _says_sum(value):
            return True
    return False


def _says_sum(value: str) -> bool:
    if len(value) > LONGEST:
        return False
    return WORDS.fullmatch("".join(value.split())) is not None


def is_subtotal(values: Sequence[Value]) -> bool:
    """Whether it adds up a part only."""
    return any(
        isinstance(value, str) and re.search("小计|subtotal", value, re.IGNORECASE)
        for value in values[:LABELS]
    )


def covered(numbers: Sequence[int], sums: Sequence[Row]) -> list[Sum]:
    """Each sum with the rows it adds up: those since the sum before, or until the next where sums head their rows."""
    parts = [row for row in sums if is_subtotal(row.values)]
    heads = bool(parts) and bool(numbers) and parts[0].number < numbers[0]
    found: list[Sum] = []
    for row in sums:
        if not is_subtotal(row.values):
            own = _whole_part(numbers, sums, row)
        elif heads:
            later = [p.number for p in sums if p.number > row.number]
            own = tuple(n for n in numbers if row.number < n < min(later, default=n + 1))
        else:
            earlier = [p.number for p in sums if p.number < row.number]
            own = tuple(n for n in numbers if max(earlier, default=0) < n < row.number)
        found.append(Sum(row.number, row.values, own))
    return found


def _whole_part(numbers: Sequence[int], sums: Sequence[Row], row: Row) -> tuple[int, ...]:
    """A 合计 adds up what stands above it since the 合计 before; above all data it adds up what follows."""
    wholes = [s.number for s in sums if not is_subtotal(s.values)]
    earlier = max((n for n in wholes if n < row.number), default=0)
    above = tuple(n for n in numbers if earlier < n < row.number)
    if above:
        return above
    later = min((n for n in wholes if n > row.number), default=None)
    return tuple(n for n in numbers if n > row.number and (later is None or n < later))


def check_sums(table: Table) -> list[Remark]:
    """A remark for each sum that is not what its rows add up to."""
    if not table.sums:
        return []
    by_number = {row.number: row for row in table.rows}
    columns = [c for c in table.columns if c.field and FIELDS[c.field].read in ADDED]
    return [
        remark
        for row in table.sums
        for column in columns
        if (remark := _check(row, column, [by_number[n] for n in row.covers if n in by_number])) is not None
    ]


def _check(row: Sum, column: Column, rows: Sequence[Row]) -> Remark | None:
    printed = number_of(row.values[column.place], column.unit)
    if printed is None or not rows:
        return None
    added = [number_of(r.values[column.place], column.unit) for r in rows]
    if any(a is None and r.values[column.place] is not None for a, r in zip(added, rows, strict=True)):
        return None  # a cell that cannot be read is an error of its own
    numbers = [a for a in added if a is not None]
    total = sum(numbers, Decimal(0))
    if abs(total - printed) <= _rounded_away(printed, numbers):
        return None
    sentence = said(
        _("The sum says %(printed)s, its %(count)d rows add up to %(total)s: %(difference)s differ."),
        printed=f"{printed:,f}",
        count=len(rows),
        total=f"{total:,f}",
        difference=f"{abs(total - printed):,f}",
    )
    return Remark("sum_differs", sentence, row.number, column.letter)


def _rounded_away(printed: Decimal, numbers: Sequence[Decimal]) -> Decimal:
    """What may differ: half of the sum's last place where its rows have finer ones; else nothing."""
    places = _places(printed)
    finer = any(_places(number) > places for number in numbers)
    return Decimal("0.5").scaleb(-places) if finer else Decimal(0)


def _places(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def number_of(value: Value, unit: int | None) -> Decimal | None:
    """A cell as a number in its column's unit; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        try:
            amount = parse_amount("".join(value.split()), default_unit=unit or 1)
        except AmountError:
            return None
        return Decimal(amount.yuan) / (unit or 1) if amount else None
    number = Decimal(f"{value:.15g}")
    return number if number.is_finite() else None
