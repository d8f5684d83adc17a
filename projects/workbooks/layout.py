"""From a sheet to its tables: what stands above, the header, rows of data, sums, headings, notes and blank rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from django.utils.translation import gettext_lazy as _

from projects.workbooks.fields import known_words, plain
from projects.workbooks.grids import Grid
from projects.workbooks.headers import DEPTH, Header, Line, find_header, settle_columns, year_of
from projects.workbooks.merged import MergedDown
from projects.workbooks.sums import check_sums, covered, is_sum
from projects.workbooks.tables import Column, Remark, Row, Table, Text, Value, letter_of, said

NOTE = re.compile(
    r"(?:注\d{0,2}|备注|说明|填报\S{0,4}|填表\S{0,3}|制表\S{0,3}|审核\S{0,3}|联系\S{0,3}|单位负责人|负责人|报送\S{0,4}|"
    r"统计\S{0,5}|资料来源|数据来源|notes?|sources?|prepared by)\s*[:：]",
    re.IGNORECASE,
)
NOTES_BEGIN = frozenset("注备说填制审联单负报统资数nspNSP")
GROUP = re.compile(
    r"\s*(?:[(（]?[一二三四五六七八九十]+[)）]?\s*[、.．)）]|第[一二三四五六七八九十]+|[IVXⅠ-Ⅻ]+[、.．])"
)
MOST_REMARKS = 200  # of one code, for one table
LONGEST_SHOWN = 60
LONGEST_AGAIN = 30  # characters of a heading that stands once more


def tables_of(grid: Grid) -> list[Table]:
    """The tables of a sheet, one below another; none if nothing in it looks like a table."""
    lines = _lines(grid)
    tables: list[Table] = []
    start = list(islice(lines, DEPTH + 2))
    header = find_header(start, grid.merged)
    while header is not None:
        table = _begun(grid, header, start)
        rest = _fill(table, header, chain(start[header.below :], lines), grid)
        _finish(table, grid)
        tables.append(table)
        if rest is None:
            break
        lines = rest
        start = list(islice(lines, DEPTH + 2))
        header = find_header(start, grid.merged)
    if tables:
        tables[0].remarks[:0] = grid.remarks
    return tables


def _lines(grid: Grid) -> Iterator[Line]:
    """Rows that hold anything, numbered; text without outer spaces, nothing as None, errors in their places."""
    faults: dict[int, dict[int, Value]] = {}
    for (line, column), fault in grid.faults.items():
        faults.setdefault(line + 1, {})[column] = fault
    for number, row in enumerate(grid.rows, grid.first):
        values: list[Value] = [(value.strip() or None) if isinstance(value, str) else value for value in row]
        if number in faults:
            _put(values, faults[number])
        if values.count(None) < len(values):
            yield number, values


def _put(values: list[Value], faults: dict[int, Value]) -> None:
    values.extend([None] * (max(faults) + 1 - len(values)))
    for place, fault in faults.items():
        values[place] = fault


def _begun(grid: Grid, header: Header, lines: Sequence[Line]) -> Table:
    title = tuple(
        " ".join(dict.fromkeys(str(value) for value in values if value is not None))
        for number, values in lines
        if number < header.rows[0]
    )
    table = Table(
        sheet=grid.name,
        title=title,
        header=header.rows,
        columns=header.columns,
        rows=[],
        year=year_of(title, grid.name),
        year_place=header.year_place,
        epoch=grid.epoch,
    )
    table.remarks += settle_columns(table.columns, title, grid.name)
    return table


def _fill(table: Table, header: Header, lines: Iterator[Line], grid: Grid) -> Iterator[Line] | None:
    """Sort the lines below the header; what begins another table is given back with what follows."""
    sorter = Sorter(table, grid)
    for number, values in lines:
        if values[0].__class__ is not float and sorter.is_header_again(values):
            if sorter.heads_another(values):
                sorter.end()
                return chain([(number, values)], lines)
            sorter.remark(
                "header_again", number, _("The header stands here once more. The row was left out.")
            )
        else:
            sorter.take(number, values)
    sorter.end()
    return None


class Sorter:
    """Sorts the lines of one table, one after another."""

    def __init__(self, table: Table, grid: Grid) -> None:
        self.table = table
        self.width = len(table.columns)
        name = table.column("name")
        self.name_place = name.place if name else None
        self.words = [column.words for column in table.columns]
        self.last_words = frozenset(w.rpartition("/")[2] for w in self.words if w)
        self.sums: list[Row] = []
        self.counts: dict[str, int] = {}
        self.merged = {a[0] + 1: b[1] - a[1] + 1 for a, b in grid.merged}
        self.down = MergedDown(grid.merged, table.columns)
        self.hidden = grid.hidden_rows

    def is_header_again(self, values: Sequence[Value]) -> bool:
        """Whether a row looks like a header: its first words are a heading's, and so are most others."""
        first = None
        for first in values:
            if first is not None:
                break
        if not isinstance(first, str) or len(first) > LONGEST_AGAIN or not self._heads(first):
            return False
        filled = [value for value in values if value is not None]
        if len(filled) < 2 or not all(isinstance(value, str) for value in filled):
            return False
        return sum(self._heads(str(value)) for value in filled) >= max(2, len(filled) * 0.7)

    def _heads(self, text: str) -> bool:
        return text in self.last_words or plain(text) in known_words()

    def heads_another(self, values: Sequence[Value]) -> bool:
        """Whether it is another table's header: other words, or the same in other places."""
        return any(
            value is not None and (place >= self.width or str(value) not in self.words[place])
            for place, value in enumerate(values)
        )

    def take(self, number: int, values: list[Value]) -> None:
        """Put one line where it belongs."""
        if len(values) != self.width:
            self._fit(number, values)
        if self.down.ends:
            self.down.fill(number, values)
        if self._is_note(number, values):
            return
        if is_sum(values, self.name_place):
            self.sums.append(Row(number, tuple(values)))
        elif values.count(None) != self.width - 1 or self.width < 3 or not self._is_aside(number, values):
            self.table.rows.append(Row(number, tuple(values)))
            if number in self.hidden:
                self.remark("hidden_row", number, _("The row is hidden. It was read like the others."))

    def _fit(self, number: int, values: list[Value]) -> None:
        """As many values as columns: what is missing is nothing, what lies beyond is told."""
        values.extend([None] * (self.width - len(values)))
        for place, value in enumerate(values[self.width :], self.width):
            if value is not None:
                sentence = said(
                    _("“%(value)s” stands beside the table, under no heading."), value=_short(value)
                )
                self.remark("beside", number, sentence, letter_of(place))
        del values[self.width :]

    def _is_note(self, number: int, values: Sequence[Value]) -> bool:
        """注：…, 填表人：… below or between the rows, where a row's name or first cell would be."""
        for value in values[: (self.name_place or 0) + 1]:
            if value is None:
                continue
            if isinstance(value, str) and value[0] in NOTES_BEGIN and NOTE.match(value):
                self.remark("note", number, said(_("“%(text)s” was taken for a note."), text=_short(value)))
                return True
            return False
        return False

    def _is_aside(self, number: int, values: Sequence[Value]) -> bool:
        """A single text in a row: a heading between the rows. Anything else is data."""
        place, value = next((p, v) for p, v in enumerate(values) if v is not None)
        if not isinstance(value, str):
            return False
        is_wide = self.merged.get(number, 1) > max(2, self.width // 2)
        if is_wide or GROUP.match(value) or (place == 0 and self.name_place not in {None, 0}):
            self.remark("heading", number, said(_("“%(text)s” was taken for a heading."), text=_short(value)))
        else:
            return False
        return True

    def remark(self, code: str, number: int, sentence: Text, letter: str | None = None) -> None:
        """Keep a remark, of each code so many."""
        self.counts[code] = self.counts.get(code, 0) + 1
        if self.counts[code] <= MOST_REMARKS:
            self.table.remarks.append(Remark(code, sentence, number, letter, self.table.sheet))

    def end(self) -> None:
        """Say which rows the sums add up."""
        self.table.sums = covered([row.number for row in self.table.rows], self.sums)


def _finish(table: Table, grid: Grid) -> None:
    _drop_empty_columns(table)
    for column in table.columns:
        if column.place in grid.hidden_columns:
            sentence = _("The column is hidden. It was read like the others.")
            table.remarks.append(Remark("hidden_column", sentence, None, column.letter, table.sheet))
    for remark in check_sums(table):
        table.remarks.append(Remark(remark.code, remark.detail, remark.row, remark.column, table.sheet))


def _drop_empty_columns(table: Table) -> None:
    """Columns without a heading stay only if something stands in them: then who imports is asked."""
    while table.columns and not table.columns[-1].words and not _holds_anything(table, table.columns[-1]):
        table.columns.pop()
    for column in table.columns:
        if not column.words:
            column.ignored = not _holds_anything(table, column)
    if len(table.columns) < len(table.rows[0].values if table.rows else ()):
        width = len(table.columns)
        table.rows = [Row(row.number, row.values[:width]) for row in table.rows]


def _holds_anything(table: Table, column: Column) -> bool:
    return any(value is not None for value in table.values(column))


def _short(value: Value) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
