"""Many rows of one table at once, as fast as the database takes them, and without building queries for a few.

PostgreSQL: COPY for many new rows, one UPDATE from arrays for changed ones. SQLite: one statement, run for each row.
And what holding many records at once asks for: their ids as one parameter, checks made at once, no garbage looked for.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import connection, models

Column: TypeAlias = "models.Field[Any, Any]"
Columns: TypeAlias = Sequence[Column]
Row = Sequence[Any]

Statement: TypeAlias = tuple[str, Sequence[Any]]

FEW = 20  # rows up to which plain statements cost less than COPY and arrays
SLICE = 5_000  # values in one list of a condition


if TYPE_CHECKING:  # Django's lookups take their types only in the stubs
    AnyLookup = models.Lookup[Any]
else:
    AnyLookup = models.Lookup


@models.ForeignKey.register_lookup
@models.Field.register_lookup
class Among(AnyLookup):
    """`pk__among`: one of many numbers, given as one parameter; writing each of them out costs more than finding it."""

    lookup_name = "among"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """An array."""
        left, values = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", [*values, list(self.rhs)]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """A list as JSON."""
        left, values = self.process_lhs(compiler, connection)
        return f"{left} IN (SELECT value FROM json_each(%s))", [*values, json.dumps(list(self.rhs))]  # noqa: S608


def columns_of(model: type[models.Model], *names: str) -> tuple[Column, ...]:
    """The columns of these fields, in this order."""
    by_name = {f.name: f for f in model._meta.concrete_fields}
    return tuple(by_name[name] for name in names)


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """So many new primary keys of a table, in order; nobody else will be given them."""
    if not count:
        return []
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sql = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
            cursor.execute(sql, [table, count])
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = (cursor.fetchone() or (0,))[0]
    return list(range(last + 1, last + 1 + count))


def read_rows(
    model: type[models.Model], columns: Columns, by: Column, values: Sequence[Any], *, only: str = "TRUE"
) -> list[Row]:
    """The rows whose column `by` has one of these values, in the order of their ids. `only` narrows them further."""
    found: list[Row] = []
    for statement in selections(model, columns, by, values, only=only):
        (rows,) = run(statement)
        found += converted(columns, rows)
    return found


def converted(columns: Columns, rows: list[Row]) -> list[Row]:
    """Rows as the database gave them, with days and moments as such."""
    return rows if connection.vendor == "postgresql" else list(map(_from_sqlite(columns), rows))


def insert_records(model: type[models.Model], records: Iterable[models.Model], *, with_ids: bool) -> None:
    """Insert records as they are: no check but the database's own, no signal."""
    columns = [f for f in model._meta.concrete_fields if with_ids or not f.primary_key]
    cells = itemgetter(*(f.attname for f in columns))
    insert_rows(model, columns, (cells(record.__dict__) for record in records))


def insert_rows(model: type[models.Model], columns: Columns, rows: Iterable[Row]) -> None:
    """Insert rows whose cells are in the order of the columns (at least two)."""
    into = f"{_table(model)} ({_names(columns)})"
    with connection.cursor() as cursor, connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in map(_for_copy(columns), rows):
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            sql = f"INSERT INTO {into} VALUES ({places})"  # noqa: S608  (names of our own tables)
            cursor.executemany(sql, list(map(_for_sqlite(columns), rows)))


def update_rows(model: type[models.Model], columns: Columns, rows: Sequence[Row]) -> None:
    """Change rows: each begins with its id, then come the cells in the order of the columns."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            key = model._meta.pk
            assert key is not None
            cursor.execute(_update_of(model, [key, *columns]), list(map(list, zip(*rows, strict=True))))
            return
        changed = ", ".join(f"{_name(f)} = %s" for f in columns)
        sql = f"UPDATE {_table(model)} SET {changed} WHERE id = %s"  # noqa: S608  (names of our own tables)
        cells = map(_for_sqlite(columns), (row[1:] for row in rows))
        cursor.executemany(sql, [(*cell, row[0]) for cell, row in zip(cells, rows, strict=True)])


@contextmanager
def checked_at_once() -> Iterator[None]:
    """Check foreign keys with each statement: kept for the commit, a million rows' checks would pile up in memory."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: of thousands of records in use, passes through all of them find none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def tidy() -> None:
    """Free what was made of late and names itself, as the arrays of a statement do in psycopg."""
    gc.collect(0)


def _update_of(model: type[models.Model], columns: Columns) -> str:
    """The statement whose parameters are one array for each column, the ids first."""
    # Types without their length: a cast to it would cut silently what the column refuses.
    arrays = ", ".join(f"%s::{str(f.db_type(connection)).partition('(')[0]}[]" for f in columns)
    changed = ", ".join(f"{_name(f)} = given.{_name(f)}" for f in columns[1:])
    return (
        f"UPDATE {_table(model)} AS stored SET {changed} "  # noqa: S608  (names of our own tables)
        f"FROM unnest({arrays}) AS given ({_names(columns)}) WHERE stored.id = given.id"
    )


# --- a few rows, several statements -------------------------------------------------------------------------------


def run(*statements: Statement) -> list[list[Row]]:
    """Run statements in their order, on PostgreSQL in one message; the rows that each of them gives.

    Each sees what was committed before it began, as if it had been sent alone.
    """
    answers: list[list[Row]] = []
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            for sql, values in statements:
                cursor.execute(sql, values)
                answers.append(cursor.fetchall() if cursor.description else [])
            return answers
        cursor.execute(
            "; ".join(sql for sql, _values in statements), [v for _sql, vs in statements for v in vs]
        )
        for _statement in statements:
            answers.append(cursor.fetchall() if cursor.description else [])
            cursor.nextset()
    return answers


def selections(
    model: type[models.Model], columns: Columns, by: Column, values: Sequence[Any], *, only: str = "TRUE"
) -> Iterator[Statement]:
    """The statements of `read_rows`; their answers are to be `converted`."""
    select = f"SELECT {_names(columns)} FROM {_table(model)} WHERE {only} AND {_name(by)}"  # noqa: S608  (our own)
    for start in range(0, len(values), SLICE):
        part = list(values[start : start + SLICE])
        if connection.vendor == "postgresql":
            yield f"{select} = ANY(%s) ORDER BY id", [part]
        else:
            yield f"{select} IN ({', '.join(['%s'] * len(part))}) ORDER BY id", part


def insertion(model: type[models.Model], columns: Columns, rows: Sequence[Row]) -> Statement:
    """One statement that inserts a few rows."""
    row_places = f"({', '.join(['%s'] * len(columns))})"
    sql = f"INSERT INTO {_table(model)} ({_names(columns)}) VALUES {', '.join([row_places] * len(rows))}"  # noqa: S608
    return sql, [cell for row in _adapted(columns, rows) for cell in row]


def alteration(model: type[models.Model], columns: Columns, cells: Row, ids: Sequence[int]) -> Statement:
    """One statement that gives a few rows the same cells."""
    changed = ", ".join(f"{_name(f)} = %s" for f in columns)
    places = ", ".join(["%s"] * len(ids))
    sql = f"UPDATE {_table(model)} SET {changed} WHERE id IN ({places})"  # noqa: S608  (names of our own tables)
    (adapted,) = _adapted(columns, [cells])
    return sql, [*adapted, *ids]


def _adapted(columns: Columns, rows: Sequence[Row]) -> Sequence[Row]:
    return rows if connection.vendor == "postgresql" else list(map(_for_sqlite(columns), rows))


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


@cache
def _name(column: Column) -> str:
    return connection.ops.quote_name(str(column.column))


def _names(columns: Columns) -> str:
    return ", ".join(map(_name, columns))


def _for_copy(columns: Columns) -> Callable[[Row], Row]:
    """What turns a row's days and moments into text: each of them once, for most rows have the same."""
    return _in_words(columns, str, str)


def _for_sqlite(columns: Columns) -> Callable[[Row], Row]:
    """What turns a row's days and moments into the text that Django keeps in SQLite."""
    return _in_words(columns, connection.ops.adapt_datefield_value, connection.ops.adapt_datetimefield_value)


def _in_words(
    columns: Columns, day: Callable[[date], str | None], moment: Callable[[datetime], str | None]
) -> Callable[[Row], Row]:
    places = [i for i, f in enumerate(columns) if isinstance(f, models.DateField)]
    known: dict[date | datetime | None, str | None] = {None: None}

    def adapted(row: Row) -> Row:
        cells = list(row)
        for i in places:
            value = cells[i]
            if value not in known:
                known[value] = moment(value) if isinstance(value, datetime) else day(value)
            cells[i] = known[value]
        return cells

    return adapted


def _from_sqlite(columns: Columns) -> Callable[[Row], Row]:
    """What turns the texts that SQLite keeps into days and moments again."""
    expressions = [f.get_col(f.model._meta.db_table) for f in columns]
    readers = [(i, of, connection.ops.get_db_converters(of)) for i, of in enumerate(expressions)]

    def read(row: Row) -> Row:
        cells = list(row)
        for i, of, converters in readers:
            for convert in converters:
                cells[i] = convert(cells[i], of, connection)
        return cells

    return read
