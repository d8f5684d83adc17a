"""The benchmarks still run: on a handful of projects, where what they measure means nothing."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from benchmarks import dense
from benchmarks.costs import Cost, Report, in_turn
from config.environment import BASE_DIR
from projects.entries import CONTENT, entries_of
from projects.initials import initials_of
from projects.models import LedgerEntry, Project
from projects.models.search import text_of
from tests.processes import database_url
from tracking import cells
from tracking.audit import find_differences

SIZES = {
    "projects": "300", "few": "100", "runs": "1", "changes": "2", "saves": "1", "batch": "2", "sample": "2",
    "explained": "5", "at-once": "20", "rows": "30", "row-by-row": "5",
}  # fmt: skip
EVERYWHERE = (
    "plain SQL", "one ORM query each", "n·log n allows", "without posting", "with 300 projects", "broker: files",
    "broker: Redis", "calamine",
)  # fmt: skip
# `workers` alone is not run here: it takes longer than a test may; tests of parts have real workers.
RUN = ("rebuild", "naive", "growth", "posting", "change", "visible", "export", "reading_workbooks")
RUN_ON_POSTGRESQL = (
    "many_changes",
    "totals",
    "as_of",
    "explain",
    "desk",
    "duplicates",
    "ledger_size",
    "import_workbook",
)
ON_POSTGRESQL = (
    "bare SQL",
    "bare aggregate",
    "as of a year ago",
    "Steps in the city",
    "bytes with its share",
    "search: initials",
    "like one by its code",
    "COPY into a bare table",
    "django-import-export",
    "Our process held",
)


@pytest.mark.django_db
def test_benchmarks_run_print_both_sides_and_answer_whether_a_limit_was_missed():
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DATA_DIR", "BROKER_URL")
    }
    environment["DATABASE_URL"] = database_url()
    names = RUN + (RUN_ON_POSTGRESQL if connection.vendor == "postgresql" else ())
    chosen = [word for name in names for word in ("--only", name)]
    options = [word for name, size in SIZES.items() for word in (f"--{name}", size)]

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *options, "--growth", "100", "300", *chosen],
        env=environment,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )

    words = (*EVERYWHERE, *(ON_POSTGRESQL if connection.vendor == "postgresql" else ()))
    assert [word for word in words if word not in done.stdout] == [], done.stdout + done.stderr
    assert done.returncode == ("Missed:" in done.stdout), done.stderr


def test_a_ratio_above_its_limit_is_missed_and_one_at_it_is_not():
    report = Report()
    report.ratio("slow", [("ours", Cost(1.21, 1)), ("theirs", Cost(1, 1))], 1.2)
    report.ratio("good", [("ours", Cost(1.2, 2)), ("theirs", Cost(1, 1))], 1.2)
    report.ratio("busy", [("ours", Cost(1, 2)), ("theirs", Cost(1, 1))], 1.2, by="cpu")

    assert report.missed == ["slow: 1.21, allowed 1.2", "busy: 2, allowed 1.2"]


def test_sides_are_measured_in_turn_after_one_run_that_does_not_count():
    calls = []
    costs = iter([9, 9, 1, 5, 2, 6, 3, 7])

    def side(name):
        calls.append(name)
        return Cost(next(costs), 0)

    medians = in_turn(3, lambda: side("ours"), lambda: side("theirs"))

    assert calls == ["ours", "theirs"] * 4
    assert [cost.wall for cost in medians] == [2, 6]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_dense_country_is_what_the_service_would_have_recorded():
    dense.fill(database_url(), 300)
    cells.rebuild()

    assert find_differences() == []
    for project in Project.objects.prefetch_related("milestones").select_related("search"):
        assert project.search.text == text_of([project.code, project.name, initials_of(project.name)])
        wanted = entries_of(project, project.milestones.all(), has_phases=False)
        posted = {entry.kind: entry for entry in LedgerEntry.objects.current().filter(project=project)}
        assert {kind: [getattr(entry, name) for name in CONTENT] for kind, entry in posted.items()} == {
            kind: [getattr(content, name) for name in CONTENT] for kind, content in wanted.items()
        }
    assert LedgerEntry.objects.exclude(superseded_at=None).exists()
