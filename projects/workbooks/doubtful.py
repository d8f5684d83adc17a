"""Numbers that look misprinted: 9393 where 93 was meant."""

from __future__ import annotations

from decimal import Decimal
from statistics import median

from django.utils.translation import gettext_lazy as _

from projects.workbooks.fields import FIELDS, Read
from projects.workbooks.sums import number_of
from projects.workbooks.tables import Column, Remark, Table, said

FAR = 10  # times what is usual in its column
CHECKED = {Read.AMOUNT, Read.COUNT}


def check_doubled(table: Table) -> list[Remark]:
    """A remark for each number that is another one printed twice, and far above what its column usually holds."""
    columns = [c for c in table.columns if c.field and FIELDS[c.field].read in CHECKED]
    return [remark for column in columns for remark in _check(table, column)]


def _check(table: Table, column: Column) -> list[Remark]:
    place = column.place
    doubled: list[tuple[int, int]] = []
    for row in table.rows:
        value = row.values[place]
        if value.__class__ is float or value.__class__ is str or value.__class__ is int:
            half = _half(value, column.unit)
            if half is not None:
                doubled.append((row.number, half))
    if not doubled:
        return []
    numbers = [n for row in table.rows if (n := number_of(row.values[place], column.unit)) is not None]
    usual = Decimal(median(numbers))
    remarks = []
    for number, half in doubled:
        whole = int(f"{half}{half}")
        if len(numbers) > 1 and whole < FAR * usual:
            continue
        sentence = said(_("%(printed)d may be %(half)d printed twice."), printed=whole, half=half)
        remarks.append(Remark("doubled", sentence, number, column.letter))
    return remarks


def _half(value: object, unit: int | None) -> int | None:
    """The number whose digits stand twice; None if they do not."""
    if isinstance(value, str):
        number = number_of(value, unit)
        if number is None or number != number.to_integral_value():
            return None
        value = int(number)
    elif isinstance(value, float):
        if not value.is_integer() or not 1000 <= value < 10**12:
            return None
        value = int(value)
    text = str(value)
    middle, odd = divmod(len(text), 2)
    if odd or middle < 2 or text[:middle] != text[middle:] or text[0] == "-":
        return None
    return int(text[:middle])
