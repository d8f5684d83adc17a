"""The database's own refusal to change the ledger: triggers for PostgreSQL and SQLite.

An entry may be closed once (`superseded_at` from null to a time, with cause and actor); every other update, every
delete and every truncation is refused by the database itself, whoever asks.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "projects_ledgerentry"
MESSAGE = "a posted ledger entry is never changed"
FIXED = (
    "id", "project_id", "milestone_id", "kind", "quarter", "left_quarter", "district_id", "sector_id", "project_type",
    "ownership", "investment", "expected_output", "expected_revenue", "recorded_at", "cause", "actor_id",
)  # fmt: skip

_PG_SAME = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in FIXED)
_SQLITE_SAME = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in FIXED)

POSTGRESQL = [
    f"""
    CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND OLD.superseded_at IS NULL AND NEW.superseded_at IS NOT NULL AND {_PG_SAME} THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    f"CREATE TRIGGER {TABLE}_fixed BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()",
    f"CREATE TRIGGER {TABLE}_kept BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()",
]
POSTGRESQL_LIFT = [
    f"DROP TRIGGER IF EXISTS {TABLE}_fixed ON {TABLE}",
    f"DROP TRIGGER IF EXISTS {TABLE}_kept ON {TABLE}",
]
SQLITE = [
    f"""
    CREATE TRIGGER {TABLE}_fixed BEFORE UPDATE ON {TABLE}
    WHEN NOT (OLD.superseded_at IS NULL AND NEW.superseded_at IS NOT NULL AND {_SQLITE_SAME})
    BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
    """,
    f"""
    CREATE TRIGGER {TABLE}_kept BEFORE DELETE ON {TABLE}
    BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
    """,
]
SQLITE_LIFT = [f"DROP TRIGGER IF EXISTS {TABLE}_fixed", f"DROP TRIGGER IF EXISTS {TABLE}_kept"]


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place; where they are already, they are made anew."""
    _run(connection, [*_statements(connection)[1], *_statements(connection)[0]])


def lift(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: for undoing the migration, and for emptying a test database."""
    _run(connection, _statements(connection)[1])


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without the triggers for a moment: only for emptying a test database."""
    lift(connection)
    try:
        yield
    finally:
        install(connection)


def _statements(connection: BaseDatabaseWrapper) -> tuple[list[str], list[str]]:
    return (POSTGRESQL, POSTGRESQL_LIFT) if connection.vendor == "postgresql" else (SQLITE, SQLITE_LIFT)


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
