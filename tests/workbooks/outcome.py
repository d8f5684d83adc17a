"""What is read from a workbook, in plain words, so that it can be kept and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils.translation import override

from projects.workbooks import Amount, CellError, Table, read_column, read_tables


def outcome_of(path: Path) -> list[dict[str, Any]]:
    """Every table with its columns, rows and remarks; sentences in English."""
    with override("en"):
        return [_table(table) for table in read_tables(path, path.name)]


def _table(table: Table) -> dict[str, Any]:
    fields = {c.field: read_column(table, c) for c in table.columns if c.field}
    return {
        "sheet": table.sheet,
        "title": list(table.title),
        "header": list(table.header),
        "columns": [
            f"{c.letter} {c.words} → {'ignored' if c.ignored else c.field or '?'}{f' × {c.unit}' if c.unit else ''}"
            for c in table.columns
        ],
        "rows": {
            str(row.number): {
                name: _plain(values[place]) for name, values in fields.items() if _is_something(values[place])
            }
            for place, row in enumerate(table.rows)
        },
        "sums": {str(row.number): list(row.covers) for row in table.sums},
        "remarks": [
            f"{remark.code} {remark.column or ''}{remark.row or ''} {remark.detail}"
            for remark in table.remarks
        ],
    }


def _is_something(value: Any) -> bool:
    return value is not None and value not in ("", ())


def _plain(value: Any) -> Any:
    if isinstance(value, CellError):
        return f"✗ {value.code}: {value}"
    if isinstance(value, Amount):
        return f"{'约' if value.estimated else ''}{value.yuan}元"
    if isinstance(value, tuple):
        return "; ".join(str(part) for part in value)
    return value if isinstance(value, str | int | bool) else str(value)
