"""How large a database is, and projects picked from it at random."""

from __future__ import annotations

import random
from typing import Any

from django.db import connection

from projects.models import District, LedgerEntry, Project
from tracking.models import QuarterlyTotal, SectorTotal

dice = random.Random(1)
TRIES = 10_000


def facts() -> dict[str, Any]:
    """How large everything is, and on which database."""
    with connection.cursor() as cursor:
        postgresql = connection.vendor == "postgresql"
        cursor.execute("SHOW server_version" if postgresql else "SELECT sqlite_version()")
        version = str(cursor.fetchone()[0]).split()[0]
    return {
        "database": f"{'PostgreSQL' if postgresql else 'SQLite'} {version}",
        "projects": Project.objects.count(),
        "districts": District.objects.count(),
        "entries": LedgerEntry.objects.current().count(),
        "cells": QuarterlyTotal.objects.count() + SectorTotal.objects.count(),
    }


def counted_project() -> Project:
    """Any project whose own amount counts in some quarter."""
    last = Project.objects.order_by("-pk").values_list("pk", flat=True)[0]
    for pk in (dice.randint(1, last) for _ in range(TRIES)):
        entries = LedgerEntry.objects.current().filter(
            project_id=pk, quarter__isnull=False, milestone__total_investment=None
        )
        if entries.exists():
            return Project.objects.select_related("district").get(pk=pk)
    raise SystemExit(f"Of {TRIES} projects picked at random none counts in a quarter.")
