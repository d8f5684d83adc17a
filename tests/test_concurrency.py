"""Many writers and workers at once, in real processes: no total goes wrong, no deadlock and no lock reaches a person.

The protections are shown to matter: with each of them taken away, the same work gives wrong totals.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from multiprocessing.synchronize import Event
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db.models import F, Sum

from config.api.outcomes import StageConflict, StaleVersion
from projects import services
from projects.models import District, Milestone, Project, TouchedCell
from projects.quarters import first_day, quarters_between
from projects.services import bulk
from tests.makers import NOW, YI, make_district, make_huangpu, make_project, record
from tests.processes import Forked, running, side_by_side
from tracking import cells
from tracking.audit import find_differences
from tracking.models import QuarterlyTotal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("concurrency")]

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


def roll_up_meanwhile(done: Event) -> None:
    """What a worker does, without a broker in between."""
    while not done.is_set():
        cells.roll_up()
        time.sleep(0.1)


def settle() -> None:
    """Recompute what is still waiting."""
    cells.roll_up()
    assert not TouchedCell.objects.exists()


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


# --- 2,000 cells, each touched a few times ------------------------------------------------------------------------

LEAVES, YEARS = 20, (2000, 2024)
PER_TRANSACTION = 20


def make_leaves() -> list[District]:
    """Twenty districts of two cities."""
    top = make_district("440000", "广东省", level="province")
    cities = [make_district(f"440{n}00", f"城市{n}", level="city", parent=top) for n in (1, 2)]
    return [make_district(f"440{1 + n % 2}{10 + n}", f"区{n}", parent=cities[n % 2]) for n in range(LEAVES)]


def shares_of_the_work(leaves: Sequence[District]) -> list[list[list[tuple[District, str]]]]:
    """For each writer its transactions: every cell is touched 1–4 times, by several writers at nearly the same time."""
    dice = random.Random(1)
    places = [(d, q) for q in quarters_between(f"{YEARS[0]}Q1", f"{YEARS[1]}Q4") for d in leaves]
    assert len(places) == 2_000
    stream: list[list[tuple[District, str]]] = []
    for start in range(0, len(places), PER_TRANSACTION):
        here = places[start : start + PER_TRANSACTION]
        touches = {place: dice.randint(1, 4) for place in here}
        stream += [[place for place in here if touches[place] > turn] for turn in range(4)]
    return [stream[n::WRITERS] for n in range(WRITERS)]


def register(transactions: Sequence[Sequence[tuple[District, str]]]) -> None:
    """One signed project for each place."""
    for places in transactions:
        families = []
        for district, quarter in places:
            project = Project(name="项目", district=district, total_investment=YI)
            signed = Milestone(kind="signed", happened_on=first_day(quarter), precision="day")
            families.append(bulk.Registration(project, [signed]))
        for number, family in enumerate(families):
            family.project.code = f"T{uuid4().hex[:16]}-{number}"
        bulk.register_many(families, actor=None, at=NOW)


def differences_after_touching_2000_cells(*, workers: int = WORKERS) -> int:
    """Eight writers and some workers, and how many figures are wrong when all have finished."""
    shares = shares_of_the_work(make_leaves())
    with running(roll_up_meanwhile, workers):
        side_by_side([partial(register, share) for share in shares])
    settle()
    return len(find_differences())


@pytest.fixture
def slow(monkeypatch):
    """A pause between reading and writing, the same for the right way and for every wrong one."""
    original = cells.recompute

    def recompute(*args: Any) -> Any:
        found = original(*args)
        time.sleep(0.03)
        return found

    monkeypatch.setattr(cells, "recompute", recompute)
    monkeypatch.setattr(cells, "BATCH", 150)


@pytest.mark.postgresql
def test_2000_cells_touched_one_to_four_times_each_are_all_right(slow):
    assert differences_after_touching_2000_cells() == 0
    assert QuarterlyTotal.objects.filter(district__level="district").count() == 2_000


@pytest.mark.postgresql
def test_without_the_lock_on_the_nodes_totals_go_wrong(slow, monkeypatch):
    monkeypatch.setattr(cells, "lock_nodes", lambda nodes: None)

    assert differences_after_touching_2000_cells() > 0


@pytest.mark.postgresql
def test_marking_a_cell_as_touched_instead_of_appending_makes_totals_wrong(slow, monkeypatch):
    def mark(contents: Any) -> None:
        marked = set(TouchedCell.objects.values_list("district_id", "quarter"))
        places = {(content.district_id, content.quarter) for content in contents} - marked
        TouchedCell.objects.bulk_create(TouchedCell(district_id=d, quarter=q) for d, q in sorted(places))

    monkeypatch.setattr(bulk, "_touch", mark)

    assert differences_after_touching_2000_cells() > 0


@pytest.mark.postgresql
def test_reading_the_sums_before_deleting_the_touched_rows_makes_totals_wrong(slow, monkeypatch):
    original = cells.recompute

    def read_only(limit: int) -> list[tuple[int, str]]:
        rows = TouchedCell.objects.order_by("id").values_list("district_id", "quarter")
        return list(rows[:limit])

    def read_then_delete(places: set[tuple[int, str]], above: dict[int, list[int]]) -> Any:
        found = original(places, above)
        for quarter in {quarter for _node, quarter in places}:
            nodes = [node for node, q in places if q == quarter]
            TouchedCell.objects.filter(quarter=quarter, district_id__in=nodes).delete()
        return found

    monkeypatch.setattr(cells, "take_touched", read_only)
    monkeypatch.setattr(cells, "recompute", read_then_delete)

    assert differences_after_touching_2000_cells(workers=1) > 0


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
