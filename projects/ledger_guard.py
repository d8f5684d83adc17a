"""The database's own refusal to change what was posted or published: triggers for PostgreSQL and SQLite.

A ledger entry may be closed once (`superseded_at` from null to a time, with cause and actor), and on PostgreSQL it may
move, unchanged, into the table of the year in which it was closed (projects/services/archiving.py). Every other update,
every delete and every truncation of a guarded table is refused by the database itself, whoever asks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Guard:
    """The refusal for one table; where `fixed` names columns, a row may be closed once and these stay as they are.

    `moves`: a row may leave for a table that inherits from this one, once it stands there unchanged (PostgreSQL only).
    """

    table: str
    message: str
    fixed: tuple[str, ...] = ()
    moves: bool = False

    def install(self, connection: BaseDatabaseWrapper) -> None:
        """Put the triggers in place; where they are already, they are made anew."""
        self.lift(connection)
        self._run(connection, self._postgresql() if connection.vendor == "postgresql" else self._sqlite())

    def lift(self, connection: BaseDatabaseWrapper) -> None:
        """Take the triggers away: for a migration, and for emptying a test database."""
        where = f" ON {self.table}" if connection.vendor == "postgresql" else ""
        self._run(
            connection, [f"DROP TRIGGER IF EXISTS {self.table}_{name}{where}" for name in ("fixed", "kept")]
        )

    @contextmanager
    def lifted(self, connection: BaseDatabaseWrapper) -> Iterator[None]:
        """Without the triggers for a moment: only for emptying a test database."""
        self.lift(connection)
        try:
            yield
        finally:
            self.install(connection)

    def _postgresql(self) -> list[str]:
        table = self.table
        return [
            f"""
            CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'UPDATE' AND {self._closing("IS NOT DISTINCT FROM")} THEN
                    RETURN NEW;
                END IF;
                IF TG_OP = 'DELETE' AND {self._moving()} THEN
                    RETURN OLD;
                END IF;
                RAISE EXCEPTION '{self.message}' USING ERRCODE = 'restrict_violation';
            END $$
            """,
            (
                f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OR DELETE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
            ),
            (
                f"CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
            ),
        ]

    def _sqlite(self) -> list[str]:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
        return [
            (
                f"CREATE TRIGGER {self.table}_fixed BEFORE UPDATE ON {self.table} "
                f"WHEN NOT ({self._closing('IS')}) {refuse}"
            ),
            f"CREATE TRIGGER {self.table}_kept BEFORE DELETE ON {self.table} {refuse}",
        ]

    def _closing(self, same: str) -> str:
        """The condition of the one update that is allowed."""
        if not self.fixed:
            return "1 = 0"
        unchanged = " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in self.fixed)
        return f"OLD.superseded_at IS NULL AND NEW.superseded_at IS NOT NULL AND {unchanged}"

    def _moving(self) -> str:
        """The condition of the one delete that is allowed: the same row stands in a table that inherits from this."""
        if not self.moves:
            return "FALSE"
        return (
            f"EXISTS (SELECT FROM {self.table} kept WHERE kept.id = OLD.id AND kept.tableoid <> TG_RELID "  # noqa: S608
            f"AND kept IS NOT DISTINCT FROM OLD)"
        )

    @staticmethod
    def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


REVISIONS = Guard("projects_revision", "a recorded revision is never changed")

MESSAGE = "a posted ledger entry is never changed"
LEDGER = Guard(
    "projects_ledgerentry",
    MESSAGE,
    fixed=(
        "id", "project_id", "milestone_id", "kind", "quarter", "left_quarter", "district_id", "sector_id",
        "project_type", "ownership", "happened_on", "precision", "planned_first_on", "investment", "expected_output",
        "expected_revenue", "recorded_at", "cause", "actor_id",
    ),
    moves=True,
)  # fmt: skip
ACCOUNT_CHANGES = Guard("projects_accountchange", "a recorded change of an account is never changed")
