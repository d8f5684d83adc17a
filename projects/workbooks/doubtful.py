"""Numbers that look misprinted: 9393 where 93 was meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from statistics import median

from django.utils.translation import gettext_lazy as _

from projects.workbooks.fields import FIELDS, Read
from projects.workbooks.sums import number_of
from projects.workbooks.tables import Column, Remark, Table, Value, said

FAR = 10  # times what is usual in its column
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
    values = list(table.values(column))
    if not (doubled := list(_doubled(values, column.unit))):
        return
    numbers = [v for v in values if isinstance(v, float)]
    numbers += [
        float(n) for v in values if isinstance(v, str | int) and (n := number_of(v, column.unit)) is not None
    ]
    usual = median(numbers)
    for place, whole, half in doubled:
        if len(numbers) == 1 or whole >= FAR * usual:
            sentence = said(_("%(printed)d may be %(half)d printed twice."), printed=whole, half=half)
            yield Remark("doubled", sentence, table.rows[place].number, column.letter)


def _doubled(values: Sequence[Value], unit: int | None) -> Iterator[tuple[int, int, int]]:
    """The places of numbers whose digits stand twice, the numbers, and their halves."""
    for place, value in enumerate(values):
        if isinstance(value, float):  # what most cells are: kept short
            if value < 10_000:
                is_twice = value >= 1_000 and value % 101 == 0
            else:
                is_twice = value % 1_001 == 0 or value % 10_001 == 0 or value % 100_001 == 0
            number = Decimal(value) if is_twice else None
        else:
            number = number_of(value, unit)
        if number is not None and (half := _half(number)):
            yield place, int(number), half


def _half(number: Decimal) -> int | None:
    if not number.is_finite() or number != number.to_integral_value():
        return None
    for least, factor in TWICE:
        if least <= number < least * 10 and number % factor == 0:
            return int(number) // factor
    return None
