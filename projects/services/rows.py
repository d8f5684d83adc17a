"""Many rows into one table, as fast as the database takes them: COPY on PostgreSQL, one statement on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from django.db import connection, models

Columns = Sequence["models.Field[Any, Any]"]


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """So many new primary keys of a table, in order; nobody else will be given them."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sql = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
            cursor.execute(sql, [table, count])
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = (cursor.fetchone() or (0,))[0]
    return list(range(last + 1, last + 1 + count))


def insert_records(model: type[models.Model], records: Iterable[models.Model], *, with_ids: bool) -> None:
    """Insert records as they are: no check but the database's own, no signal."""
    columns = [f for f in model._meta.concrete_fields if with_ids or not f.primary_key]
    cells = itemgetter(*(f.attname for f in columns))
    insert_rows(model, columns, (cells(record.__dict__) for record in records))


def insert_rows(model: type[models.Model], columns: Columns, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows whose cells are in the order of the columns (at least two)."""
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in columns)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            sql = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608  (names of our own tables)
            cursor.executemany(sql, list(map(_for_sqlite(columns), rows)))


def _for_sqlite(columns: Columns) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """What turns a row's days and moments into the text that Django keeps in SQLite."""
    days = [i for i, f in enumerate(columns) if type(f) is models.DateField]
    moments = [i for i, f in enumerate(columns) if isinstance(f, models.DateTimeField)]
    known: dict[date | datetime | None, str | None] = {None: None}

    def text(value: date | datetime | None) -> str | None:
        if value not in known:
            known[value] = (
                connection.ops.adapt_datetimefield_value(value)
                if isinstance(value, datetime)
                else connection.ops.adapt_datefield_value(value)
            )
        return known[value]

    def adapted(row: Sequence[Any]) -> Sequence[Any]:
        cells = list(row)
        for i in (*days, *moments):
            cells[i] = text(cells[i])
        return cells

    return adapted
