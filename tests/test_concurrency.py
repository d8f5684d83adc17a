"""Many writers and workers at once, in real processes: no total goes wrong, no deadlock reaches a person."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db.models import F, Sum

from config.api.outcomes import StageConflict, StaleVersion
from projects import services
from projects.models import District, Milestone, Project
from tests.makers import NOW, YI, make_huangpu, make_project, record
from tests.processes import Forked, running, side_by_side
from tests.roll_ups import roll_up_meanwhile, settle
from tracking import cells
from tracking.audit import find_differences

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS, WORKERS = 8, 2
CHANGES = 2_000


# --- what an officer does -----------------------------------------------------------------------------------------


class Officer:
    """Changes projects of a few hot districts as others do at the same time, and does again what came too late."""

    def __init__(self, number: int, districts: Sequence[District], shared: Sequence[int]) -> None:
        self.random = random.Random(number)
        self.districts, self.projects = districts, list(shared)
        self.done: Counter[str] = Counter()

    def work(self, changes: int) -> Counter[str]:
        """So many changes, each counted under its name."""
        deeds: list[Callable[[], None]] = [self.enter, self.step, self.correct, self.move, self.void]
        for deed in self.random.choices(deeds, weights=[25, 25, 25, 15, 10], k=changes):
            while True:
                try:
                    deed()
                except (StaleVersion, StageConflict):
                    self.done["came too late"] += 1
                    continue
                self.done[deed.__name__] += 1
                break
        return self.done

    def enter(self) -> None:
        """A new project, signed in some quarter."""
        signed = date(self.random.randint(2021, 2023), self.random.randint(1, 12), 15)
        district, amount = self.random.choice(self.districts), self.random.choice([None, YI, 34 * YI])
        project = make_project(district=district, total_investment=amount, milestones={"signed": signed})
        self.projects.append(project.pk)

    def step(self) -> None:
        """The next milestone of a project; a project that is through gets a new amount instead."""
        project = self.any_project()
        following = {"signed": "started", "started": "completed", "completed": "in_production"}
        if kind := following.get(project.stage):
            year = {"started": 2024, "completed": 2025, "in_production": 2026}[kind]
            record(project, kind, date(year, self.random.randint(1, 9), 1))
        else:
            self.correct()

    def correct(self) -> None:
        """Another amount."""
        project = self.any_project()
        project.total_investment = self.random.randint(1, 100) * YI
        services.save_project(project, actor=None, at=NOW)

    def move(self) -> None:
        """Another district."""
        project = self.any_project()
        project.district = self.random.choice(self.districts)
        services.save_project(project, actor=None, at=NOW)

    def void(self) -> None:
        """Declared void, or restored if it was."""
        project = self.any_project()
        if project.is_void:
            services.restore_project(project, actor=None, at=NOW)
        else:
            services.void_project(project, "录入有误", actor=None, at=NOW)

    def any_project(self) -> Project:
        return Project.objects.get(pk=self.random.choice(self.projects))


def make_hot_places() -> tuple[list[District], list[int]]:
    places = make_huangpu()
    hot = [places[code] for code in ("440112", "440112-GDD", "440113")]
    shared = [
        make_project(district=hot[n % 3], milestones={"signed": date(2022, 1, 1)}).pk for n in range(40)
    ]
    return hot, shared


# --- hot districts ------------------------------------------------------------------------------------------------


@pytest.mark.postgresql
def test_after_2000_changes_by_8_writers_in_hot_districts_every_total_is_right():
    hot, shared = make_hot_places()
    officers = [Officer(n, hot, shared) for n in range(WRITERS)]

    with running(roll_up_meanwhile, WORKERS):
        done = side_by_side([lambda o=o: o.work(CHANGES // WRITERS) for o in officers])
    settle()

    counts = sum(done, Counter())
    assert counts.total() - counts["came too late"] == CHANGES
    assert find_differences() == []
    changes = Project.objects.aggregate(sum=Sum(F("version") - 1))["sum"]
    assert changes + Project.objects.count() - len(shared) == CHANGES  # none lost, none doubled


@pytest.mark.sqlite
def test_8_writers_and_a_worker_on_sqlite_never_meet_a_locked_database():
    hot, shared = make_hot_places()
    officers = [Officer(n, hot, shared) for n in range(WRITERS)]

    with running(roll_up_meanwhile, 1):
        done = side_by_side([lambda o=o: o.work(25) for o in officers])
    settle()

    counts = sum(done, Counter())
    assert counts.total() - counts["came too late"] == 8 * 25
    assert find_differences() == []


@pytest.mark.postgresql
def test_opposite_transfers_at_once_leave_no_deadlock_unretried_and_no_total_wrong():
    hot, _shared = make_hot_places()
    one, other = (make_project(district=d, milestones={"signed": date(2023, 1, 29)}) for d in hot[:2])

    def to_and_fro(pk: int) -> int:
        for _ in range(30):
            project = Project.objects.get(pk=pk)
            project.district = hot[1] if project.district_id == hot[0].pk else hot[0]
            services.save_project(project, actor=None, at=NOW)
        return Project.objects.get(pk=pk).version

    with running(roll_up_meanwhile, WORKERS):
        versions = side_by_side([lambda p=p: to_and_fro(p.pk) for p in (one, other)])
    settle()

    assert versions == [31, 31]
    assert find_differences() == []


def test_of_8_who_record_the_same_milestone_at_once_one_wins_and_the_others_are_told_why():
    project = make_project(district=make_huangpu()["440112"], milestones={"signed": date(2023, 1, 29)})
    start = time.monotonic() + 0.5

    def record_start(day: int) -> str:
        seen = Project.objects.get(pk=project.pk)
        time.sleep(max(0, start - time.monotonic()))
        try:
            record(seen, "started", date(2023, 5, day))
        except (StageConflict, ValidationError) as refusal:
            return " ".join(getattr(refusal, "messages", [])) or str(refusal.args[0])
        return "won"

    answers = side_by_side([lambda day=day: record_start(day) for day in range(1, 9)])
    settle()

    assert answers.count("won") == 1
    assert len([a for a in answers if len(a) > 10]) == 7
    assert Milestone.objects.filter(kind="started").count() == 1
    assert find_differences() == []


@pytest.mark.postgresql
def test_a_rebuild_among_writers_and_workers_neither_fails_nor_leaves_a_wrong_total():
    hot, shared = make_hot_places()
    officers = [Officer(n, hot, shared) for n in range(4)]

    with running(roll_up_meanwhile, WORKERS):
        writers = [Forked(lambda o=o: o.work(25)) for o in officers]
        rebuilds = Forked(lambda: [cells.rebuild() for _ in range(4)])
        rebuilds.result()
        for writer in writers:
            writer.result()
    settle()

    assert find_differences() == []


@pytest.mark.postgresql
def test_rebuilding_in_parts_among_writers_and_workers_neither_fails_nor_leaves_a_wrong_total():
    hot, shared = make_hot_places()
    officers = [Officer(n, hot, shared) for n in range(4)]

    def rebuild_in_parts() -> None:
        for _ in range(6):
            for part in cells.parts():
                cells.rebuild_part(part)
            cells.rebuild_above()

    with running(roll_up_meanwhile, WORKERS):
        writers = [Forked(lambda o=o: o.work(25)) for o in officers]
        for rebuild in [Forked(rebuild_in_parts), Forked(rebuild_in_parts)]:
            rebuild.result()
        for writer in writers:
            writer.result()
    settle()

    assert find_differences() == []
