"""What keeps totals right among many writers and workers, and what goes wrong with each protection taken away.

2,000 cells are touched one to four times each, while rebuilds recompute all of them again and again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing.synchronize import Event
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection

from projects.models import District, Milestone, Project, TouchedCell
from projects.quarters import first_day, quarters_between
from projects.services import bulk
from tests.makers import NOW, YI, make_district
from tests.processes import running, side_by_side
from tests.roll_ups import roll_up_meanwhile, settle
from tracking.audit import find_differences
from tracking.cells import parts, rebuild_above, rebuild_part, rebuilding, rolling
from tracking.cells.statements import NOTHING
from tracking.models import QuarterlyTotal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

WRITERS, WORKERS = 8, 2
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


def rebuild_meanwhile(done: Event) -> None:
    """Rebuild part by part, again and again, until told that all is done."""
    while not done.is_set():
        rebuild_once(done, forgiven=())


def rebuild_once(_done: Event, forgiven: tuple[type[Exception], ...] = (DatabaseError,)) -> None:
    """Rebuild part by part, once: a second time would repair what went wrong. Without locks some parts fail."""
    for part in parts():
        with suppress(*forgiven), connection.execute_wrapper(pause_before_writing):
            rebuild_part(part)
    rebuild_above()


def pause_before_writing(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
    found = execute(sql, *more)
    if "TABLE fresh AS" in sql:
        time.sleep(0.5)
    return found


def differences_after_touching_2000_cells(
    *, workers: int = WORKERS, rebuilding: Callable[[Event], None] | None = None
) -> int:
    """Eight writers and some workers, and how many figures are wrong when all have finished."""
    shares = shares_of_the_work(make_leaves())
    with running(roll_up_meanwhile, workers), running(rebuilding or rebuild_meanwhile, int(bool(rebuilding))):
        side_by_side([partial(register, share) for share in shares])
    settle()
    return len(find_differences())


@pytest.fixture
def slow(monkeypatch):
    """A pause between taking and writing, the same for the right way and for every wrong one."""
    original = rolling.add_moved

    def add_moved(*args: Any) -> None:
        time.sleep(0.03)
        original(*args)

    monkeypatch.setattr(rolling, "add_moved", add_moved)
    monkeypatch.setattr(rolling, "BATCH", 150)


def test_2000_cells_touched_one_to_four_times_each_are_all_right(slow):
    assert differences_after_touching_2000_cells() == 0
    assert QuarterlyTotal.objects.filter(district__level="district").count() == 2_000


def test_beside_rebuilds_they_are_all_right(slow):
    assert differences_after_touching_2000_cells(rebuilding=rebuild_meanwhile) == 0


def test_beside_rebuilds_without_the_lock_on_the_nodes_totals_go_wrong(slow, monkeypatch):
    for module in (rolling, rebuilding):
        monkeypatch.setattr(module, "lock_nodes", lambda nodes: None)

    assert differences_after_touching_2000_cells(rebuilding=rebuild_once) > 0


def test_beside_rebuilds_that_count_what_still_waits_totals_go_wrong(slow, monkeypatch):
    monkeypatch.setattr(rebuilding, "UNMOVED", f"{NOTHING}, {NOTHING}")

    assert differences_after_touching_2000_cells(rebuilding=rebuild_meanwhile) > 0


def test_marking_a_cell_as_touched_instead_of_appending_makes_totals_wrong(slow, monkeypatch):
    original = bulk.movements

    def unmarked(*args: Any) -> list[Any]:
        marked = set(TouchedCell.objects.values_list("district_id", "quarter"))
        return [(place, figures) for place, figures in original(*args) if place[:2] not in marked]

    monkeypatch.setattr(bulk, "movements", unmarked)

    assert differences_after_touching_2000_cells() > 0


def test_deleting_all_that_waits_in_a_place_instead_of_what_was_taken_makes_totals_wrong(slow, monkeypatch):
    original = rolling.delete_taken

    def delete_places(ids: Sequence[int]) -> None:
        taken = TouchedCell.objects.filter(pk__in=ids)
        places = set(taken.values_list("district_id", "quarter"))
        original(ids)
        for district, quarter in places:
            TouchedCell.objects.filter(district_id=district, quarter=quarter).delete()

    monkeypatch.setattr(rolling, "delete_taken", delete_places)

    assert differences_after_touching_2000_cells(workers=1) > 0
