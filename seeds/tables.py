"""Tables in files: the seeds' own CSVs, and a division list as an office saves it (UTF-8, UTF-16 or GB18030)."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

FOLDER = Path(__file__).parent
LARGEST = 50 * 1024 * 1024  # bytes; the whole country down to the zones is below 1 MB
LONGEST_CELL = 10_000
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DELIMITERS = ",;\t，"


class TableError(ValueError):
    """A file that cannot be read as a table; its text says where and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its number in the file, and its cells by column, without outer spaces."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def seed_rows(name: str) -> list[Row]:
    """The rows of one of the seeds' own tables, by its name without .csv. Raises TableError."""
    rows, problems = read_rows((FOLDER / f"{name}.csv").read_text("utf-8"))
    if problems:
        raise TableError("\n".join(f"{name}.csv: {problem}" for problem in problems))
    return rows


def read_file(path: Path) -> str:
    """The text of a file, whatever the office's program saved it as. Raises TableError."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise TableError(_("The file %(path)s cannot be read: %(why)s.") % _why(path, error)) from error
    if len(data) > LARGEST:
        raise TableError(_("The file is larger than 50 MB. A division list is far smaller: check the file."))
    for encoding in ("utf-16",) if data.startswith(UTF_16) else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError(_("The file is neither UTF-8 nor GB18030. Save it as CSV (UTF-8) and try again."))


def read_rows(text: str) -> tuple[list[Row], list[str]]:
    """The rows below the header, empty ones left out, and a sentence for each line of a wrong shape.

    Raises TableError where what follows cannot be read at all.
    """
    delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    problems: list[str] = []
    header: list[str] = []
    line = 1
    try:
        for raw in reader:
            cells = [cell.strip() for cell in raw]
            if not header:
                header = _header(cells)
            elif any(cells):
                problems += _problems_of_line(line, header, cells)
                rows.append(Row(line, dict(zip(header, cells, strict=False))))
            line = reader.line_num + 1
    except csv.Error as error:
        sentence = _("Line %(line)d: a quotation mark is missing or too many.")
        raise TableError(sentence % {"line": line}) from error
    if not header:
        raise TableError(_("The file is empty."))
    return rows, problems


def _header(cells: list[str]) -> list[str]:
    names = [cell.lower() for cell in cells]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableError(_("Line 1: the column %(name)s is named twice.") % {"name": twice[0] or '""'})
    return names


def _problems_of_line(line: int, header: list[str], cells: list[str]) -> Iterator[str]:
    if len(cells) > len(header):
        yield _("Line %(line)d: %(cells)d cells, but the first line names %(columns)d columns.") % {
            "line": line,
            "cells": len(cells),
            "columns": len(header),
        }
    if any(len(cell) > LONGEST_CELL for cell in cells):
        yield _("Line %(line)d: a cell of more than 10,000 characters; a quotation mark may be missing.") % {
            "line": line
        }


def _why(path: Path, error: OSError) -> dict[str, str]:
    return {"path": path.name, "why": error.strerror or type(error).__name__}
