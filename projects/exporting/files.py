"""Tables as xlsx and csv, sent while they are read."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from config.api.exports import escape
from config.xlsx import MEDIA_TYPE, XLSX_ROWS, Line, Look, Sheet, workbook
from projects.exporting.fields import ExportField
from projects.exporting.reading import Frame, rows_of

MOST_CELLS = 30_000_000  # of one sheet: what it holds unpacked must stay below 2 GiB


def too_many(ids: Sequence[int], fields: Sequence[ExportField]) -> bool:
    """Whether one sheet cannot hold them."""
    return len(ids) >= XLSX_ROWS or len(ids) * len(fields) > MOST_CELLS


def xlsx_response(
    frame: Frame, ids: Sequence[int], fields: Sequence[ExportField], title: str
) -> HttpResponseBase:
    """A workbook with one sheet: the header stays in sight, and so do the first columns up to the name."""
    return streamed(workbook([_sheet(frame, ids, fields, title)]), f"{title}.xlsx", MEDIA_TYPE)


def _sheet(frame: Frame, ids: Sequence[int], fields: Sequence[ExportField], title: str) -> Sheet:
    names = [field.name for field in fields]
    header = Line([field.words(frame) for field in fields], Look.HEAD)

    def rows() -> Iterator[Sequence[Any] | Line]:
        yield header
        yield from rows_of(frame, ids, fields)

    return Sheet(
        title,
        rows(),
        [field.look for field in fields],
        [field.width for field in fields],
        frozen_rows=1,
        frozen_columns=names.index("name") + 1 if "name" in names[:4] else 1,
    )


def csv_response(
    frame: Frame, ids: Sequence[int], fields: Sequence[ExportField], title: str
) -> HttpResponseBase:
    """UTF-8 with the mark that Excel needs to see it; texts that look like formulas begin with an apostrophe."""
    header = [field.words(frame) for field in fields]
    return streamed(_lines(header, rows_of(frame, ids, fields)), f"{title}.csv", "text/csv; charset=utf-8")


class _Echo:
    """What csv.writer writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    writer: Any = csv.writer(_Echo())
    yield ("\ufeff" + writer.writerow(header)).encode()
    for row in rows:
        yield writer.writerow([_plain(value) for value in row]).encode()


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else value


def streamed(pieces: Iterable[bytes], filename: str, media_type: str) -> HttpResponseBase:
    """A download that nobody keeps for others."""
    response = StreamingHttpResponse(pieces, content_type=media_type)
    response.headers["Content-Disposition"] = content_disposition_header(True, filename) or ""
    response.headers["Cache-Control"] = "private, no-store"
    return response
