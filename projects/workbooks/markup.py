"""What stands in a sheet's XML and no reader of values tells: how far it reaches, formulas, errors, what is hidden."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from projects.workbooks.archive import damaged
from projects.workbooks.grids import Place
from projects.workbooks.tables import Fault, Unreadable, letter_of, place_of, said

Bytes = bytes | bytearray

MOST_ROWS = 200_000
MOST_COLUMNS = 1_000
MOST_CELLS = 8_000_000  # in the rectangle around all that is filled: a reader lays it out whole
MOST_TEXTS = 2_000_000
MOST_TEXT = 256 * 1024 * 1024  # bytes of long texts, counted as often as cells show them
LONG = 1_000  # bytes

HEAD = 4_096  # bytes in which a part says what it is
ANY_PREFIX = rb"(?:[\w.-]+:)?"
PREFIXED = re.compile(rb":c[\s/>]")
REFERENCE = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,7})[\"']")
NUMBER = re.compile(rb"\sr\s*=\s*[\"']([0-9]{1,10})[\"']")
TYPE = re.compile(rb"\st\s*=\s*[\"'](\w+)[\"']")
HIDDEN = re.compile(rb"\shidden\s*=\s*[\"'](?:1|true)[\"']")
SPAN = re.compile(rb"\s(min|max)\s*=\s*[\"']([0-9]{1,5})[\"']")
COLUMN_TIERS = ((26, rb"[A-Z]"), (104, rb"(?:[A-Z]|[A-C][A-Z])"), (256, rb"(?:[A-Z]|[A-H][A-Z]|I[A-V])"))

NO_RESULT = _(
    "The formula has no result in the file. Open the workbook in Excel or WPS, save it and send it again."
)
ERROR = _("The formula shows an error in place of a value. Put it right, or type the value.")


class Patterns(NamedTuple):
    """What is looked for, with the prefix that a sheet's elements have."""

    row: re.Pattern[bytes]
    filled: re.Pattern[bytes]
    formula: re.Pattern[bytes]
    noted: re.Pattern[bytes]
    column: re.Pattern[bytes]
    text_of: re.Pattern[bytes]


@dataclass(slots=True)
class Notes:
    """What was found in a sheet."""

    faults: dict[Place, Fault] = field(default_factory=dict)
    formulas: list[Place] = field(default_factory=list)  # those with a result
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()


@cache
def patterns(prefix: bytes) -> Patterns:
    """The patterns for elements of this prefix, itself a pattern."""
    value = rb"<" + prefix + rb"v(?:\s[^>]*)?"
    formula = rb"<" + prefix + rb"f(?:\s[^>]*)?(?:/>|>[^<]*</" + prefix + rb"f>)"
    cell = rb"<" + prefix + rb"c(\s[^>]*)?>\s*"
    return Patterns(
        row=re.compile(rb"<" + prefix + rb"row(\s[^>]*)?>"),
        filled=re.compile(rb"<" + prefix + rb"c(\s[^>]*)?(?<!/)>(?!\s*</)"),
        formula=re.compile(rb"<" + prefix + rb"f[\s>/]"),
        noted=re.compile(cell + rb"(" + formula + rb")?\s*(?:" + value + rb"(?:/>|>([^<]*)</))?"),
        column=re.compile(rb"<" + prefix + rb"col(\s[^>]*)>"),
        text_of=re.compile(value + rb">\s*([0-9]{1,9})\s*<"),
    )


@cache
def odd_cell(columns: bytes, lead: int, digits: int) -> re.Pattern[bytes]:
    """A cell that does not begin with its place, as all programs write it, or stands beyond these columns and rows."""
    rows = rb"(?:[0-9]{1,%d}|[1-%d][0-9]{%d})" % (digits - 1, lead, digits - 1) if digits > 1 else rb"[1-9]"
    return re.compile(rb"<c(?! r=\"" + columns + rows + rb"\")[\s/>]")


def prefix_of(data: Bytes) -> bytes:
    """The prefix of a sheet's elements, as a pattern: mostly none."""
    return ANY_PREFIX if PREFIXED.search(data) else b""


def is_sheet(data: Bytes) -> bool:
    """Whether the part holds cells."""
    return b"sheetData" in data[:HEAD] or b"sheetData" in data


def holds_texts(data: Bytes) -> bool:
    """Whether the part holds the texts that cells share."""
    return re.search(rb"<(?:[\w.-]+:)?sst[\s>]", data[:HEAD]) is not None


def long_texts(data: Bytes) -> dict[int, int]:
    """The long ones of the shared texts, by number: their bytes. Raises Unreadable if there are too many texts."""
    pieces = re.split(rb"</[\w.-]+:si\s*>", data) if b":si" in data else data.split(b"</si>")
    empty = len(re.findall(rb"<(?:[\w.-]+:)?si\s*/>", data)) if b"si/>" in data or b"si />" in data else 0
    if len(pieces) + empty > MOST_TEXTS:
        raise _too_much()
    if empty or b"</si " in data:  # the numbers are not certain: the longest stands for all
        longest = max(map(len, pieces))
        return {-1: longest} if longest > LONG else {}
    return {number: len(piece) for number, piece in enumerate(pieces) if len(piece) > LONG}


def check_texts(data: Bytes, long: dict[int, int]) -> None:
    """What the cells show of the long texts, in all, must fit: one text may be shown a million times."""
    if not long:
        return
    total = 0
    for number in patterns(ANY_PREFIX).text_of.finditer(data):
        total += long.get(int(number[1]), 0) + long.get(-1, 0)
        if total > MOST_TEXT:
            raise _too_much()


def check_reach(data: Bytes) -> None:
    """How far the filled cells reach must fit. Raises Unreadable with code far_cell or too_many_rows."""
    prefix = prefix_of(data)
    found = patterns(prefix)
    highest = 1
    for row in found.row.finditer(data):
        if row[1] and (number := NUMBER.search(row[1])):
            highest = max(highest, int(number[1]))
            if highest > MOST_ROWS:  # whether anything stands so far down, each cell must tell
                _check_each(found, data)
                return
    digits, lead = len(str(highest)), int(str(highest)[0])
    for columns, letters in COLUMN_TIERS:
        if columns * (lead + 1) * 10 ** (digits - 1) > MOST_CELLS:
            break
        if not prefix and odd_cell(letters, lead, digits).search(data) is None:
            return
    _check_each(found, data)


def _check_each(found: Patterns, data: Bytes) -> None:
    """Cell by cell: only filled ones count, however far formats reach."""
    row = column = 0
    last = b""
    for cell in found.filled.finditer(data):
        place = REFERENCE.search(cell[1] or b"")
        if place is None:
            raise damaged()
        letters, number = place.groups()
        row = max(row, int(number))
        if letters != last:
            last, column = letters, max(column, place_of(letters.decode()) + 1)
            if column > MOST_COLUMNS:
                raise _far(row, column)
        if row > MOST_ROWS:
            raise _far(row, column)
    if row * column > MOST_CELLS:
        raise _far(row, column)


def _far(row: int, column: int) -> Unreadable:
    sentence = said(
        _(
            "Something stands as far away as row %(row)s, column %(column)s. A sheet of at most 200,000 rows is "
            "read: delete what lies outside the table, or split it."
        ),
        row=row,
        column=letter_of(column - 1),
    )
    return Unreadable("far_cell", sentence)


def notes_of(data: Bytes) -> Notes:
    """Formulas, errors, and what is hidden."""
    found = patterns(prefix_of(data))
    notes = Notes(hidden_rows=_hidden_rows(found, data), hidden_columns=_hidden_columns(found, data))
    if found.formula.search(data) or b'"e"' in data or (b"'" in data and b"'e'" in data):
        _note_cells(found, data, notes)
    return notes


def _note_cells(found: Patterns, data: Bytes, notes: Notes) -> None:
    for cell in found.noted.finditer(data):
        attributes, formula, value = cell.groups(b"")
        kind = TYPE.search(attributes)
        is_error = kind is not None and kind[1] == b"e"
        if not formula and not is_error:
            continue
        place = REFERENCE.search(attributes)
        if place is None:
            raise damaged()
        where = int(place[2]) - 1, place_of(place[1].decode())
        if is_error:
            shown = value.decode("utf-8", "replace") or "#?"
            notes.faults[where] = Fault("formula_error", shown, ERROR)
        elif not value and not (kind is not None and kind[1] == b"str"):
            notes.faults[where] = Fault("no_result", "=", NO_RESULT)
        else:
            notes.formulas.append(where)


def _hidden_rows(found: Patterns, data: Bytes) -> frozenset[int]:
    if b"hidden" not in data:
        return frozenset()
    rows = (row[1] for row in found.row.finditer(data) if row[1] and HIDDEN.search(row[1]))
    return frozenset(int(number[1]) for attributes in rows if (number := NUMBER.search(attributes)))


def _hidden_columns(found: Patterns, data: Bytes) -> frozenset[int]:
    places: set[int] = set()
    for attributes in found.column.findall(data[: 256 * 1024]):
        span = {name: int(number) for name, number in SPAN.findall(attributes)}
        if HIDDEN.search(attributes) and b"min" in span and b"max" in span:
            places.update(range(span[b"min"] - 1, min(span[b"max"], MOST_COLUMNS)))
    return frozenset(places)


def _too_much() -> Unreadable:
    return Unreadable(
        "too_much_text",
        _(
            "The texts of the workbook, together, are too long to be read here. Shorten them, or split the workbook."
        ),
    )
