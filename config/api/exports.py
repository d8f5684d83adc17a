"""Whole lists as CSV or as an Excel workbook, row by row, with nothing in them that a spreadsheet would carry out."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO, Any

import xlsxwriter
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.renderers import BaseRenderer

from config.api.errors import TooLarge

XLSX_ROWS = 1_048_576
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00")

Cell = str | int | Decimal
Row = Sequence[Cell]


class CsvRenderer(BaseRenderer):
    """Stands for CSV in content negotiation; csv_response() writes it."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"


class XlsxRenderer(BaseRenderer):
    """Stands for workbooks in content negotiation; xlsx_response() writes them."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    format = "xlsx"
    charset = None


def to_cell(value: Any) -> Cell:
    """One value of a representation as a cell: unknown is empty, several stand between semicolons."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return value
    if isinstance(value, (list, tuple)):
        return escape("; ".join(str(to_cell(part)) for part in value))
    if isinstance(value, dict):
        return escape("; ".join(str(to_cell(part)) for part in value.values()))
    return escape(str(value))


def escape(text: str) -> str:
    """A leading ' keeps a spreadsheet from taking text for a formula."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def rows_of(names: Sequence[str], records: Iterable[dict[str, Any]]) -> Iterator[Row]:
    """The heading and one row for each record."""
    yield list(names)
    for record in records:
        yield [to_cell(record[name]) for name in names]


class _Echo:
    """What csv.writer writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line


def csv_response(rows: Iterable[Row], filename: str) -> HttpResponseBase:
    """A stream of UTF-8 with the mark that Excel needs to see it."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff"
        for row in rows:
            yield writer.writerow(row)  # what write() returned

    return StreamingHttpResponse(
        lines(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}.csv"'},
    )


def xlsx_response(rows: Iterable[Row], filename: str) -> HttpResponseBase:
    """A workbook with one sheet. Raises TooLarge beyond what a sheet holds."""
    file = TemporaryFile()  # noqa: SIM115  the response closes it
    _write_workbook(file, rows)
    file.seek(0)
    return FileResponse(
        file, as_attachment=True, filename=f"{filename}.xlsx", content_type=XlsxRenderer.media_type
    )


def _write_workbook(file: IO[bytes], rows: Iterable[Row]) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            if number >= XLSX_ROWS:
                raise TooLarge(_("A workbook holds at most 1,048,575 rows. Ask for less, or for CSV."))
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                else:
                    sheet.write_number(number, column, cell)
