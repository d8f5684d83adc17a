"""Numbers that look misprinted: 9393 where 93 was meant."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from statistics import median

from django.utils.translation import gettext_lazy as _

from projects.workbooks.fields import FIELDS, Read
from projects.workbooks.sums import number_of
from projects.workbooks.tables import Column, Remark, Table, said

FAR = 10  # times what is usual in its column
MOST = 10**12
SAMPLE = 1_000  # numbers by which is told what is usual
CHECKED = {Read.AMOUNT, Read.COUNT}
TWICE = (
    (1_000, 101),
    (100_000, 1_001),
    (10_000_000, 10_001),
    (1_000_000_000, 100_001),
)  # from, and ab*101 = abab


def check_doubled(table: Table) -> list[Remark]:
    """A remark for each number that is another one printed twice, and far above what its column usually holds."""
    columns = [c for c in table.columns if c.field and FIELDS[c.field].read in CHECKED]
    return [remark for column in columns for remark in _check(table, column)]


def _check(table: Table, column: Column) -> Iterator[Remark]:
    values = [row.values[column.place] for row in table.rows]
    numbers = [value for value in values if isinstance(value, float)]
    numbers += [
        float(n) for v in values if isinstance(v, str | int) and (n := number_of(v, column.unit)) is not None
    ]
    if not numbers:
        return
    usual = median(numbers[:: len(numbers) // SAMPLE + 1])
    least = max(1_000, FAR * usual) if len(numbers) > 1 else 1_000
    for row, value in zip(table.rows, values, strict=True):
        if isinstance(value, float):
            number = Decimal(value) if least <= value < MOST else None
        else:
            number = number_of(value, column.unit)
        if number is not None and number >= least and (half := _half(number)):
            sentence = said(_("%(printed)d may be %(half)d printed twice."), printed=int(number), half=half)
            yield Remark("doubled", sentence, row.number, column.letter)


def _half(number: Decimal) -> int | None:
    if not number.is_finite() or number != number.to_integral_value():
        return None
    for least, factor in TWICE:
        if least <= number < least * 10 and number % factor == 0:
            return int(number) // factor
    return None
