"""What posting to the ledger and marking what must be recomputed add to a single save."""

from __future__ import annotations

from unittest import mock

from django.utils import timezone

from benchmarks.costs import in_turn
from benchmarks.facts import counted_project, dice
from benchmarks.process import measured
from benchmarks.run import Run
from projects import ledger, services
from projects.models import Project
from tracking import cells

LIMIT = 1.5


def bench_posting(run: Run) -> None:
    """A project's amount is corrected, with and without the ledger."""
    sizes = run.sizes
    with measured(run.many) as process:
        run.title(f"One save with its posting, medians of {sizes.runs} times {sizes.batch} saves", process)
        process.ask("posting.choose", sizes.batch)
        costs = in_turn(
            sizes.runs,
            lambda: process.measure("posting.save", times=sizes.batch),
            lambda: process.measure("posting.save_without", times=sizes.batch),
        )
        process.ask("posting.make_right")
    sides = ("a save", "the same without posting and marking")
    run.report.ratio("save / without", list(zip(sides, costs, strict=True)), LIMIT, by="cpu")


_chosen: list[Project] = []


def choose(count: int) -> None:
    """Pick the projects that will be saved again and again: each once, for the record at hand is the newest."""
    chosen: dict[int, Project] = {}
    while len(chosen) < count:
        project = counted_project()
        chosen.setdefault(project.pk, project)
    _chosen.extend(chosen.values())


def save() -> None:
    """Correct the next project's amount through the service."""
    project = _chosen.pop(0)
    _chosen.append(project)
    project.total_investment = dice.randint(1, 10**10)
    services.save_project(project, actor=None, at=timezone.now())


def save_without() -> None:
    """The same save, but nothing is posted and nothing marked: the yardstick, nowhere but here."""
    with mock.patch.object(ledger, "post", return_value=set()):
        save()


def make_right() -> None:
    """Post what was left out."""
    for _ in _chosen:
        save()
    cells.roll_up()
