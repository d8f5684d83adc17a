"""Where a table begins: the row, or two rows, that head its columns, and what each column means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from projects.workbooks.fields import FIELDS, Read, meaning_of
from projects.workbooks.grids import Place
from projects.workbooks.tables import Column, Remark, Value, letter_of, said
from projects.workbooks.units import unit_of_heading, unit_of_title

DEPTH = 40  # rows in which a header is looked for
LONGEST_HEADING = 60  # characters
ENOUGH = 2  # known headings make a header
NUMERIC = re.compile(r"[0-9.,%/:\- ]+")
YEAR = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})\s*年")

Line = tuple[int, list[Value]]  # a row's number and its values


@dataclass(slots=True)
class Header:
    """A header found: its rows, the place of the first line below among those looked at, and the columns."""

    rows: tuple[int, ...]
    below: int
    columns: list[Column]
    known: int
    year_place: int | None = None
    is_split: bool = False  # headings stand over several columns with words of their own
    is_merged: bool = False  # and are merged cells


def find_header(lines: Sequence[Line], merged: Sequence[tuple[Place, Place]]) -> Header | None:
    """The header that knows most columns; the first of equals; where none is known, the first that looks like one."""
    best: Header | None = None
    for place, (number, values) in enumerate(lines[:DEPTH]):
        if best is not None and best.known >= ENOUGH and number > best.rows[-1] + 1:
            break
        if not _may_head(values):
            continue
        header = _better(_header(lines, place, 1, merged), _header(lines, place, 2, merged))
        if header is not None and (best is None or header.known > best.known):
            best = header
    if best is not None and best.known >= ENOUGH:
        return best
    return _stranger(lines, merged)


def _better(one: Header | None, two: Header | None) -> Header | None:
    """One row or two: where headings are merged over others, the lower row is no data, however much is known of it."""
    if one is None or two is None:
        return one or two
    if two.is_split and two.known >= ENOUGH and (two.is_merged or two.known >= one.known):
        return two
    return two if two.known > one.known else one


def _stranger(lines: Sequence[Line], merged: Sequence[tuple[Place, Place]]) -> Header | None:
    """A header of which little is known: the first row of several different words, with fuller or equal rows below."""
    for place, (_number, values) in enumerate(lines[:DEPTH]):
        filled = [value for value in values if value is not None]
        below = [line for _n, line in lines[place + 1 : place + 4] if _count(line)]
        is_header = len(filled) >= 3 and _may_head(values) and len(set(filled)) == len(filled)
        if is_header and any(map(_holds_data, below)):
            return _header(lines, place, 1, merged)
    return None


def _holds_data(values: Sequence[Value]) -> bool:
    return any(value is not None and not _is_words(value) for value in values)


def _may_head(values: Sequence[Value]) -> bool:
    filled = [value for value in values if value is not None]
    return len(filled) >= ENOUGH and all(map(_is_words, filled))


def _is_words(value: Value) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_HEADING and not NUMERIC.fullmatch(value)


def _count(values: Sequence[Value]) -> int:
    return sum(value is not None for value in values)


def _header(
    lines: Sequence[Line], place: int, rows: int, merged: Sequence[tuple[Place, Place]]
) -> Header | None:
    if place + rows > len(lines):
        return None
    numbers = tuple(number for number, _values in lines[place : place + rows])
    is_split = is_merged = False
    if rows == 1:
        words = [str(value or "") for value in lines[place][1]]
    else:
        below = lines[place + 1][1]
        if numbers[1] != numbers[0] + 1 or not all(value is None or _is_words(value) for value in below):
            return None
        groups = _groups(lines[place][1], numbers[0] - 1, merged)
        has_tall = any(map(_is_tall, _beginning(numbers[0] - 1, merged)))
        joined = _two_rows(lines[place][1], below, groups, least=1 if has_tall else ENOUGH)
        if joined is None:
            return None
        words = joined
        is_split = has_tall or _are_split(below, groups)
        is_merged = bool(_beginning(numbers[0] - 1, merged))
    columns = [_column(n, word) for n, word in enumerate(words)]
    year_place = next((c.place for c in columns if meaning_of(c.words).is_year), None)
    known = len({column.field for column in columns if column.field is not None})
    return Header(numbers, place + rows, columns, known, year_place, is_split, is_merged)


def _are_split(below: Sequence[Value], groups: Mapping[int, str]) -> bool:
    """Whether different words stand below each heading that spans columns; data merged as wide would be alone."""
    found: dict[str, list[Value]] = {}
    for place, group in groups.items():
        if place < len(below) and below[place] is not None:
            found.setdefault(group, []).append(below[place])
    return bool(found) and all(len(words) == len(set(words)) > 1 for words in found.values())


def _two_rows(
    above: Sequence[Value], below: Sequence[Value], groups: Mapping[int, str], *, least: int
) -> list[str] | None:
    """The words of two rows joined; None if the lower row is not one of a header."""
    width = max(len(above), len(below))
    words: list[str] = []
    nested = 0
    for place in range(width):
        upper = str(above[place] or "") if place < len(above) else ""
        lower = str(below[place] or "") if place < len(below) else ""
        group = groups.get(place, "")
        if lower and group:
            nested += 1
            words.append(f"{group}/{lower}")
        elif lower and upper:
            return None  # a name below a heading: data
        else:
            words.append(lower or upper)
    return words if nested >= least else None


def _beginning(row: int, merged: Sequence[tuple[Place, Place]]) -> list[tuple[Place, Place]]:
    """The areas that begin in a row, counted from 0."""
    return [area for area in merged if area[0][0] == row]


def _is_tall(area: tuple[Place, Place]) -> bool:
    """Whether a heading is merged over two rows: then both are the header's."""
    return area[1][0] == area[0][0] + 1


def _groups(above: Sequence[Value], row: int, merged: Sequence[tuple[Place, Place]]) -> dict[int, str]:
    """Places under a heading that spans several columns: merged, or, where nothing is merged, followed by blanks."""
    spans = [(a, b) for a, b in merged if a[0] <= row <= b[0]]
    groups: dict[int, str] = {}
    for (top, left), (_bottom, right) in spans:
        if right > left and top == row and left < len(above) and above[left] is not None:
            groups.update(dict.fromkeys(range(left, right + 1), str(above[left])))
    tall = {area[0][1] for area in _beginning(row, merged) if _is_tall(area)}
    for place, value in enumerate(above):
        if tall and value is not None and place not in tall:
            groups.setdefault(place, str(value))  # over one column alone
    if spans:
        return groups
    last = ""
    for place, value in enumerate(above):
        last = str(value) if value is not None else last
        follows = place + 1 < len(above) and above[place + 1] is None
        if last and (value is None or follows):
            groups[place] = last
    return groups


def _column(place: int, words: str) -> Column:
    words = " ".join(words.split())
    meaning = meaning_of(words)
    unit = (
        unit_of_heading(words) if meaning.field is None or FIELDS[meaning.field].read == Read.AMOUNT else None
    )
    return Column(place, letter_of(place), words, unit, meaning.field, ignored=meaning.ignored)


def settle_columns(columns: list[Column], title: tuple[str, ...], sheet: str) -> list[Remark]:
    """Give amounts the title's unit where they have none of their own; of two columns that mean the same, the first."""
    remarks: list[Remark] = []
    unit = unit_of_title(title)
    seen: dict[str, Column] = {}
    for column in columns:
        field = column.field
        if field is None:
            continue
        if field in seen:
            column.field = None
            sentence = said(
                _("Columns %(one)s and %(two)s both mean %(field)s. %(one)s was taken."),
                one=seen[field].letter,
                two=column.letter,
                field=FIELDS[field].label,
            )
            remarks.append(Remark("column_twice", sentence, None, column.letter, sheet))
            continue
        seen[field] = column
        if column.unit is None and FIELDS[field].read == Read.AMOUNT:
            column.unit = unit
    return remarks


def year_of(title: tuple[str, ...], sheet: str) -> int | None:
    """The year that the lines above the table, or the sheet's name, speak of; None if several."""
    for texts in (title, (sheet,)):
        found = {int(year) for text in texts for year in YEAR.findall(text)}
        if found:
            return found.pop() if len(found) == 1 else None
    return None
