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
from config.xlsx import MEDIA_TYPE, XLSX_ROWS, Block, Line, Look, Sheet, workbook
from projects.exporting.fields import ExportField
from projects.exporting.reading import Frame, blocks_of
from projects.exporting.tables import Table

MOST_CELLS = 30_000_000  # of one sheet: what it holds unpacked must stay below 2 GiB


def too_many(rows: int, columns: int) -> bool:
    """Whether one sheet cannot hold them."""
    return rows >= XLSX_ROWS or rows * columns > MOST_CELLS


def xlsx_response(
    frame: Frame, ids: Sequence[int], fields: Sequence[ExportField], title: str
) -> HttpResponseBase:
    """A workbook with one sheet: the header stays in sight, and so do the first columns up to the name."""
    return streamed(workbook([_sheet(frame, ids, fields, title)]), f"{title}.xlsx", MEDIA_TYPE)


def table_response(table: Table, ids: Sequence[int]) -> HttpResponseBase:
    """A workbook by a layout."""
    month = f"{table.frame.month:%Y-%m}"
    return streamed(workbook(table.sheets(ids)), f"{table.title} {month}.xlsx", MEDIA_TYPE)


def _sheet(frame: Frame, ids: Sequence[int], fields: Sequence[ExportField], title: str) -> Sheet:
    names = [field.name for field in fields]
    header = Line([field.words(frame) for field in fields], Look.HEAD)

    def rows() -> Iterator[Block | Line]:
        yield header
        yield from blocks_of(frame, ids, fields)

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
    return streamed(_lines(header, blocks_of(frame, ids, fields)), f"{title}.csv", "text/csv; charset=utf-8")


class _Echo:
    """What csv.writer writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line


def _lines(header: Sequence[str], blocks: Iterable[Block]) -> Iterator[bytes]:
    writer: Any = csv.writer(_Echo())
    yield ("\ufeff" + writer.writerow(header)).encode()
    for block in blocks:
        rows = zip(*([_plain(value) for value in values] for values in block.columns), strict=True)
        yield "".join(writer.writerow(row) for row in rows).encode()


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
