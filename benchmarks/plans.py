"""How each question that is asked often is planned, in a database as it stands: its time and its dearest step.

`DATABASE_URL=postgres://…/bench_1000000 python -m benchmarks.plans` on a dense database that was kept (`--keep`). What
the questions need is made in a transaction and undone. Ends with 1 where a big table is read from end to end.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile

import django

os.environ.setdefault("MODE", "test")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DATA_DIR", tempfile.gettempdir())
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from projects.models import Project  # noqa: E402
from tests.access import one_transaction  # noqa: E402
from tests.doors import Place, go_through  # noqa: E402
from tests.makers import make_bands  # noqa: E402
from tests.plans import Plan, explained  # noqa: E402

CITY, LEAF = "110100", "110101"
STEP = re.compile(r"^\W*((?:\w+ )*Scan\b[^(]*)\(cost=[\d.]+\.\.([\d.]+) rows=(\d+)", re.MULTILINE)
ALLOWED = {"projects_touchedcell"}  # the queue, which is short; and what stops where it has counted enough


def main() -> int:
    """Ask everything once, then print it; how many doors read a big table from end to end decides the exit code."""
    if connection.vendor != "postgresql":
        raise SystemExit("Plans of a large database are read on PostgreSQL: set DATABASE_URL.")
    setup_test_environment()
    settings.SECURE_SSL_REDIRECT = False
    found: list[Plan] = []
    with one_transaction():
        make_bands()
        project = Project.objects.filter(district__code=LEAF, stage="signed")[0]
        place = Place(city=CITY, leaf=LEAF, project=project.code, sector="sector-3", rare="P0000077")
        go_through(place, lambda door: explained(door, found))
        scans = [row for door in dict.fromkeys(plan.door for plan in found) if (row := tell(door, found))]
    print(f"\n{len(scans)} doors read a big table from end to end: {', '.join(scans) or 'none'}")
    return bool(scans)


def tell(door: str, found: list[Plan]) -> str:
    """Print a door's line; its name where it reads a big table from end to end."""
    plans = [plan for plan in found if plan.door == door]
    steps = [
        (float(cost), step.strip(), rows) for plan in plans for step, cost, rows in STEP.findall(plan.text)
    ]
    cost, step, rows = max(steps, default=(0.0, "", "0"))
    scanned = {table for plan in plans if not plan.is_bounded for table in plan.scanned} - ALLOWED
    milliseconds = 1000 * sum(plan.seconds for plan in plans)
    mark = f"SCANS {', '.join(sorted(scanned))}" if scanned else ""
    print(
        f"{milliseconds:9.1f} ms in {len(plans):2} · {door:55} · {step}, cost {cost:,.0f}, {rows} rows {mark}"
    )
    return door if scanned else ""


if __name__ == "__main__":
    sys.exit(main())
