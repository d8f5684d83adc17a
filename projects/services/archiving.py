"""Archiving: closed entries of past years move, unchanged, into a table for each year, and are read as before.

On PostgreSQL a year's table inherits from the ledger's, so every query of the ledger reads it too, and its check of
`superseded_at` lets the planner leave it out wherever only later moments, or now, are asked for. The tables' triggers
see to it that an entry stands in exactly one of them: what is put into a year's table leaves the ledger's in the same
statement, and nothing is put there, changed or taken away otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone

from projects.ledger_guard import LEDGER, MESSAGE
from projects.models import LedgerEntry
from projects.services.transactions import one_transaction

TABLE = LEDGER.table
BATCH = 5_000  # entries moved in one transaction
NAMES = ", ".join(f'"{field.column}"' for field in LedgerEntry._meta.concrete_fields)
INDEXES = {  # for the readers of the ledger's own: as of a moment, one project, changes since
    "reached": "district_id, quarter",
    "project": "project_id, kind",
    "posting": "recorded_at",
    "closing": "superseded_at",
}


def archive(before: datetime, *, batch: int = BATCH) -> Iterator[tuple[int, int]]:
    """Move every entry closed before this time; yields each year with how many entries moved. PostgreSQL only.

    Readers are held up for an instant, when a year's table is made. Ended at any point, it can be run again.
    """
    while (first := _first_closing()) and first < before:
        year = timezone.localtime(first).year
        _make_table(year)
        moved, end = 0, min(before, _start_of(year + 1))
        while count := _move(year, end, batch):
            moved += count
        _run(f"ANALYZE {table_of(year)}")
        yield year, moved


def table_of(year: int) -> str:
    """The table of the entries that were closed in this year, local time."""
    return f"{TABLE}_closed_{year:d}"


def _start_of(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=timezone.get_default_timezone()).astimezone(UTC)


def _first_closing() -> datetime | None:
    """When the first entry was closed that is not archived yet."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MIN(superseded_at) FROM ONLY {TABLE}")  # noqa: S608
        first: datetime | None = cursor.fetchone()[0]
        return first


@one_transaction
def _make_table(year: int) -> None:
    """The year's table, if it is not there: a member of the ledger from its first instant, so that no reader misses it.

    The lock waits for every query that was planned without it.
    """
    table, start, end = table_of(year), _start_of(year).isoformat(), _start_of(year + 1).isoformat()
    if table in connection.introspection.table_names():
        return
    _run(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE")
    _run(
        f"CREATE TABLE {table} (PRIMARY KEY (id), CONSTRAINT {table}_year CHECK "
        f"(superseded_at IS NOT NULL AND superseded_at >= '{start}' AND superseded_at < '{end}')) INHERITS ({TABLE})"
    )
    for name, columns in INDEXES.items():
        _run(f"CREATE INDEX {table}_{name} ON {table} ({columns})")
    for definition in _references():
        _run(f"ALTER TABLE {table} ADD {definition}")
    for statement in _guards(table):
        _run(statement)


def _references() -> list[str]:
    """The foreign keys of the ledger's table, which a table does not inherit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass",
            [TABLE],
        )
        return [definition for (definition,) in cursor.fetchall()]


def _guards(table: str) -> list[str]:
    """What is put into the table leaves the ledger's, or is refused; every other change is refused."""
    return [
        f"""
        CREATE OR REPLACE FUNCTION {TABLE}_moved() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                DELETE FROM ONLY {TABLE} entry WHERE entry.id = NEW.id AND entry IS NOT DISTINCT FROM NEW;
                IF FOUND THEN
                    RETURN NULL;
                END IF;
            END IF;
            RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'restrict_violation';
        END $$
        """,  # noqa: S608
        f"CREATE TRIGGER {table}_moved AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {TABLE}_moved()",
        (
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_moved()"
        ),
        (
            f"CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_moved()"
        ),
    ]


@one_transaction
def _move(year: int, end: datetime, batch: int) -> int:
    """Move some of the entries closed in this year and before `end`; how many. In the order in which writers lock."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            f"INSERT INTO {table_of(year)} ({NAMES}) SELECT {NAMES} FROM (SELECT * FROM ONLY {TABLE} "  # noqa: S608
            f"WHERE superseded_at < %s ORDER BY superseded_at LIMIT %s) chosen ORDER BY project_id, id",
            [end, batch],
        )
        return int(cursor.rowcount)


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
