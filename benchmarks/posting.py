"""What posting to the ledger and noting what moves add to a single save."""

from __future__ import annotations

from datetime import date
from unittest import mock

from django.utils import timezone

from benchmarks.costs import in_turn
from benchmarks.facts import counted_project, dice
from benchmarks.process import measured
from benchmarks.run import Run
from projects import ledger, services
from projects.models import Kind, Milestone, Project
from tracking import cells

LIMIT = 1.5
SIGNED = date(2016, 1, 1)
NOTHING = ledger.Posted(moved=False, moments={})


def bench_posting(run: Run) -> None:
    """A project's amount is corrected, then a new one is recorded as signed, with and without the ledger."""
    sizes = run.sizes
    with measured(run.many) as process:
        run.title(f"One save with its posting, medians of {sizes.runs} times {sizes.batch} saves", process)
        process.ask("posting.choose", sizes.batch)
        for what in ("correct", "enter"):
            costs = in_turn(
                sizes.runs,
                lambda: process.measure("posting.save", what, times=sizes.batch),  # noqa: B023
                lambda: process.measure("posting.save_without", what, times=sizes.batch),  # noqa: B023
            )
            sides = (f"to {what} a project", "the same without posting and marking")
            run.report.ratio(f"{what} / without", list(zip(sides, costs, strict=True)), LIMIT, by="cpu")
        process.ask("posting.make_right")


_chosen: list[Project] = []
_entered: list[Project] = []


def choose(count: int) -> None:
    """Pick the projects that will be saved again and again: each once, for the record at hand is the newest."""
    chosen: dict[int, Project] = {}
    while len(chosen) < count:
        project = counted_project()
        chosen.setdefault(project.pk, project)
    _chosen.extend(chosen.values())


def save(what: str) -> None:
    """One change through the service."""
    if what == "enter":
        enter()
    else:
        correct()


def correct() -> None:
    """Correct the next project's amount."""
    project = _chosen.pop(0)
    _chosen.append(project)
    project.total_investment = dice.randint(1, 10**10)
    services.save_project(project, actor=None, at=timezone.now())


def enter() -> None:
    """Record a new project where the next one is, signed on the first day that there is."""
    like = _chosen[len(_entered) % len(_chosen)]
    project = Project(name="项目", district=like.district, total_investment=dice.randint(1, 10**10))
    signed = Milestone(project=project, kind=Kind.SIGNED, happened_on=SIGNED)
    _entered.append(services.save_project(project, actor=None, at=timezone.now(), milestones=[signed]))


def save_without(what: str) -> None:
    """The same save, but nothing is posted and nothing marked: the yardstick, nowhere but here."""
    with mock.patch.object(ledger, "post", return_value=NOTHING):
        save(what)


def make_right() -> None:
    """Post what was left out, and declare void what was entered."""
    for _ in _chosen:
        correct()
    for project in _entered:
        services.void_project(project, "benchmark", actor=None, at=timezone.now())
    cells.roll_up()
