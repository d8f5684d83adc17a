"""The tables of a package as bytes: CSV with the mark that Excel needs to see UTF-8, and the totals in JSON, too."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import chain, islice
from typing import Any

from config.api.exports import escape
from projects.models.ledger import LedgerQuerySet
from tracking.package.figures import FIGURES, Row
from tracking.sums import Sums

CHUNK = 2000  # rows in memory at a time
SUMS = {
    "count": "count",
    "with_amount": "with_investment",
    "with_output": "with_output",
    "with_revenue": "with_revenue",
    "investment": "investment",
    "expected_output": "expected_output",
    "expected_revenue": "expected_revenue",
}
PLACE = ("district", "by", "member", "kind")
ENTRY = {
    "id": "id",
    "project": "project_id",
    "kind": "kind",
    "quarter": "quarter",
    "left_quarter": "left_quarter",
    "district": "district__code",
    "sector": "sector__code",
    "project_type": "project_type",
    "ownership": "ownership",
    "investment": "investment",
    "expected_output": "expected_output",
    "expected_revenue": "expected_revenue",
    "happened_on": "happened_on",
    "precision": "precision",
    "recorded_at": "recorded_at",
    "cause": "cause",
}


def table(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A CSV file, some thousand rows at a time; unknown is empty."""
    yield "\ufeff".encode()
    lines = chain([heading], ([_cell(value) for value in row] for row in rows))
    while batch := list(islice(lines, CHUNK)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows(batch)
        yield text.getvalue().encode()


def _cell(value: Any) -> str | int:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int) else escape(str(value))


def utc(moment: datetime) -> str:
    """A moment in UTC to the microsecond, always of the same length."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def entries_csv(found: LedgerQuerySet) -> Iterator[bytes]:
    """The entries in the order of their posting."""
    rows = found.order_by("id").values_list(*ENTRY.values())
    return table(list(ENTRY), rows.iterator(chunk_size=CHUNK))


def totals_csv(rows: Iterable[Row]) -> Iterator[bytes]:
    """The totals, one row for each place and kind; a kind without a stock has none."""
    heading = [*PLACE, *(f"{figure}_{name}" for figure in FIGURES for name in SUMS)]
    return table(heading, (_flat(row) for row in rows))


def _flat(row: Row) -> list[Any]:
    place = [row.district, row.by, row.member, row.kind]
    return place + [value for figure in FIGURES for value in _sums(row.figures.get(figure)).values()]


def _sums(sums: Sums | None) -> dict[str, int | None]:
    return {name: getattr(sums, attribute) if sums else None for name, attribute in SUMS.items()}


def totals_json(rows: Iterable[Row]) -> Iterator[bytes]:
    """The same totals as one JSON list, a row a line."""
    before = "[\n"
    for row in rows:
        place = {"district": row.district, "by": row.by, "member": row.member, "kind": row.kind}
        figures = {name: _sums(row.figures[name]) if name in row.figures else None for name in FIGURES}
        yield f"{before}{json.dumps({**place, **figures}, ensure_ascii=False)}".encode()
        before = ",\n"
    yield b"\n]\n" if before == ",\n" else b"[]\n"


def as_json(value: Any) -> bytes:
    """Small things in JSON, with sorted names."""
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()
