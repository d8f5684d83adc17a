"""CSV as offices save it: whatever encoding and delimiter, line by line, errors with their line."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from projects.workbooks.archive import ACCEPTED
from projects.workbooks.grids import Grid
from projects.workbooks.markup import MOST_ROWS
from projects.workbooks.tables import Unreadable, Value, said

LARGEST = 64 * 1024 * 1024  # bytes
LONGEST_CELL = 10_000  # characters
LONGEST_LINE = 1024 * 1024  # bytes, to its end
MOST_CELLS = 1_000  # in a row
SAMPLE = 64 * 1024  # bytes by which the delimiter is found
SAMPLE_ROWS = 40
DELIMITERS = ",;\t，；|"
CJK = re.compile("[\u4e00-\u9fff]")
PAGE = re.compile(rb"^\s*<(?:!doctype|html|\?xml|table|\w+[\s>])", re.IGNORECASE)


def grid_of(path: Path, name: str) -> Grid:
    """The one sheet that a text file is. Raises Unreadable, while its rows are read, too."""
    size = path.stat().st_size
    if size > LARGEST:
        raise Unreadable(
            "too_large", said(_("A CSV file of at most %(size)d MB is read. Split it."), size=LARGEST >> 20)
        )
    encoding = encoding_of(path)
    delimiter = _delimiter(path, encoding)
    return Grid(name=name, rows=_rows(path, encoding, delimiter))


def encoding_of(path: Path) -> str:
    """UTF-8, UTF-16 or GB18030. Raises Unreadable for anything else, and for several in one file."""
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\x00" in start:
        encoding = _bare_utf_16(start)
    else:
        return _utf_8_or_gb18030(path)
    _check_whole(path, encoding)
    return encoding


def refuse_pages(path: Path) -> None:
    """Systems hand out web pages under the names of workbooks. Raises Unreadable."""
    with path.open("rb") as file:
        start = file.read(1024).lstrip(b"\xef\xbb\xbf")
    if PAGE.match(start):
        raise Unreadable(
            "web_page",
            _(
                "This is a web page or XML under another name. Open it in Excel or WPS, save it as .xlsx and send "
                "that."
            ),
        )


def _bare_utf_16(start: bytes) -> str:
    """By which half of its pairs is mostly 0: commas, digits and line ends have it, and 一 the other way."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) < len(start) // 20 or min(even, odd) > max(even, odd) // 4:
        raise _not_text()
    return "utf-16-le" if odd > even else "utf-16-be"


def _check_whole(path: Path, encoding: str) -> None:
    try:
        with path.open(encoding=encoding, newline="") as file:
            while piece := file.read(1024 * 1024):
                if "\x00" in piece:
                    raise _not_text()
    except UnicodeError:
        raise _not_text() from None


def _utf_8_or_gb18030(path: Path) -> str:
    """By its lines: valid UTF-8 throughout, or else GB18030 throughout, none of whose lines is Chinese in UTF-8."""
    first_chinese = first_other = 0
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            if b"\x00" in line or len(line) == LONGEST_LINE:
                raise _not_text()
            if line.isascii():
                continue
            if _decodes(line, "utf-8"):
                if CJK.search(line.decode("utf-8")):
                    first_chinese = first_chinese or number
            elif _decodes(line, "gb18030"):
                first_other = first_other or number
            else:
                raise _not_text(number)
    if first_other and first_chinese:
        raise Unreadable(
            "mixed_encodings",
            said(
                _(
                    "Line %(one)d is written in UTF-8 and line %(two)d in GB18030. Save the file once more in one of "
                    "them."
                ),
                one=first_chinese,
                two=first_other,
            ),
        )
    return "gb18030" if first_other else "utf-8-sig"


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _not_text(line: int | None = None) -> Unreadable:
    if line is not None:
        return Unreadable(
            "encoding",
            said(
                _(
                    "Line %(line)d is neither UTF-8 nor GB18030. Save the file as CSV (UTF-8) and send it again."
                ),
                line=line,
            ),
        )
    return Unreadable(
        "not_text", said(_("This is neither a workbook nor text. %(accepted)s"), accepted=ACCEPTED)
    )


def _delimiter(path: Path, encoding: str) -> str:
    """The one by which most of the first lines have the same number of cells, the more the better."""
    with path.open(encoding=encoding, newline="") as file:
        lines = file.read(SAMPLE).splitlines()[:SAMPLE_ROWS]
    return max(DELIMITERS, key=lambda delimiter: _agreement(lines, delimiter))


def _agreement(lines: list[str], delimiter: str) -> tuple[int, int]:
    counts = Counter(re.sub(r'"[^"]*"', "", line).count(delimiter) for line in lines)
    counts.pop(0, None)
    if not counts:
        return 0, 0
    number, times = max(counts.items(), key=lambda item: (item[1] * item[0], item[0]))
    return number * times, times


def _rows(path: Path, encoding: str, delimiter: str) -> Iterator[list[Value]]:
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        begins = 1
        try:
            for number, cells in enumerate(reader, start=1):
                if number > MOST_ROWS or len(cells) > MOST_CELLS:
                    raise _too_many(number)
                if len(cells) and max(map(len, cells)) > LONGEST_CELL:
                    raise _open_quote(begins)
                yield cells  # type: ignore[misc]
                begins = reader.line_num + 1
        except csv.Error:
            raise _open_quote(begins) from None


def _open_quote(line: int) -> Unreadable:
    return Unreadable(
        "quotes",
        said(
            _(
                "Line %(line)d: a quotation mark is missing or too many, or a cell holds more than 10,000 characters. "
                "Put it right and send the file again."
            ),
            line=line,
        ),
    )


def _too_many(line: int) -> Unreadable:
    return Unreadable(
        "too_many_rows",
        said(
            _("Line %(line)d: at most 200,000 rows of 1,000 cells are read. Split the file."),
            line=line,
        ),
    )
