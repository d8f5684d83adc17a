"""The plans of what the service really asks: each statement as it was run, explained by the database that ran it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from django.db import connection

READS = ("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")
BIG = (
    "projects_project", "projects_milestone", "projects_ledgerentry", "projects_touchedcell", "tracking_quarterlytotal",
    "tracking_sectortotal", "projects_projectsearch",
)  # fmt: skip
LONG = (*BIG, "projects_organization", "tracking_delivery", "tracking_auditdifference", "django_admin_log")
SCANS = {
    "postgresql": re.compile(r"Seq Scan on (\w+)"),
    "sqlite": re.compile(r"SCAN (\w+)$", re.MULTILINE),
}
INDEXES = {
    "postgresql": re.compile(r"Index (?:Only )?Scan (?:Backward )?(?:using|on) (\w+)"),
    "sqlite": re.compile(r"USING (?:COVERING )?(?:INDEX (\w+)|INTEGER PRIMARY KEY)"),
}
BOUNDED = re.compile(r"SELECT COUNT\(.*\) .*FROM \(.* LIMIT \d+\) subquery$")
OF_ONE = re.compile(r'"ceremony_id" = %s')
IN_ORDER_OF_KEY = re.compile(r'ORDER BY (1|"\w+"\."id") (ASC|DESC) LIMIT \d+( OFFSET \d+)?$')
COUNT = re.compile(r"SELECT COUNT\(\*\)")
OFFSET = re.compile(r"OFFSET (\d+)")


@dataclass(frozen=True)
class Plan:
    """A statement of one door, and how the database went about it."""

    door: str
    sql: str
    text: str
    seconds: float = 0.0  # until the database began to answer

    @property
    def scanned(self) -> set[str]:
        """The big tables that it reads from one end to the other."""
        if connection.vendor == "sqlite" and self.is_page_by_key:
            return set()  # no further than the page, though SQLite calls it a scan
        names = set(SCANS[connection.vendor].findall(self.text))
        aliases = {alias: table for table, alias in re.findall(r'"(\w+)" (\w+)\b', self.sql)}
        return {aliases.get(name, name) for name in names} & set(BIG)

    @property
    def is_page_by_key(self) -> bool:
        """Whether it is some rows in the order of the primary key, without sorting."""
        return bool(IN_ORDER_OF_KEY.search(self.sql)) and "TEMP B-TREE FOR ORDER BY" not in self.text

    @property
    def indexes(self) -> set[str]:
        """The indexes that it reads."""
        return {name for name in INDEXES[connection.vendor].findall(self.text) if name}

    @property
    def counts(self) -> bool:
        """Whether it counts rows however many there are, of more than one ceremony."""
        return bool(COUNT.match(self.sql)) and not self.is_bounded and not OF_ONE.search(self.sql)

    @property
    def is_bounded(self) -> bool:
        """Whether it counts, but only so far."""
        return bool(BOUNDED.match(self.sql))

    @property
    def furthest(self) -> int:
        """How many rows it passes over before its first."""
        return max(map(int, OFFSET.findall(self.sql)), default=0)


@contextmanager
def explained(door: str, found: list[Plan]) -> Iterator[None]:
    """Explain whatever is asked meanwhile, just before it is done."""

    def explain(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if many or not sql.lstrip(" (").upper().startswith(READS) or not any(table in sql for table in LONG):
            return execute(sql, params, many, context)
        text = _plan(sql, params)
        start = perf_counter()
        answer = execute(sql, params, many, context)
        found.append(Plan(door, sql, text, perf_counter() - start))
        return answer

    with connection.execute_wrapper(explain):
        yield


def _plan(sql: str, params: Any) -> str:
    """Of each statement, where several are sent at once."""
    explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    left = list(params or ())
    lines = []
    with (
        connection.connection.cursor() if connection.vendor == "postgresql" else connection.cursor() as cursor
    ):
        for statement in sql.split("; "):
            own, left = left[: statement.count("%s")], left[statement.count("%s") :]
            cursor.execute(explain + statement, own)
            lines += [str(row[-1]) for row in cursor.fetchall()]
    return "\n".join(lines)
