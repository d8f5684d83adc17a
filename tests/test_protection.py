"""What keeps totals right among many writers and workers, and what goes wrong with each protection taken away.

2,000 cells are touched one to four times each: on a few hot cells the next change would repair what went wrong.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from projects import ledger
from projects.models import District, Milestone, Project, TouchedCell
from projects.quarters import first_day, quarters_between
from projects.services import bulk
from tests.makers import NOW, YI, make_district
from tests.processes import running, side_by_side
from tests.roll_ups import roll_up_meanwhile, settle
from tracking.audit import find_differences
from tracking.cells import rolling as cells
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


def test_2000_cells_touched_one_to_four_times_each_are_all_right(slow):
    assert differences_after_touching_2000_cells() == 0
    assert QuarterlyTotal.objects.filter(district__level="district").count() == 2_000


def test_without_the_lock_on_the_nodes_totals_go_wrong(slow, monkeypatch):
    monkeypatch.setattr(cells, "lock_nodes", lambda nodes: None)

    assert differences_after_touching_2000_cells() > 0


def test_marking_a_cell_as_touched_instead_of_appending_makes_totals_wrong(slow, monkeypatch):
    original = ledger.in_order

    def unmarked(cells: Any) -> Any:
        marked = set(TouchedCell.objects.values_list("district_id", "quarter"))
        return original(cell for cell in cells if cell[:2] not in marked)

    monkeypatch.setattr(ledger, "in_order", unmarked)

    assert differences_after_touching_2000_cells() > 0


def test_reading_the_sums_before_deleting_the_touched_rows_makes_totals_wrong(slow, monkeypatch):
    original = cells.recompute

    def read_only(limit: int) -> list[tuple[int, str, int]]:
        rows = TouchedCell.objects.order_by("id").values_list("district_id", "quarter")
        return [(district, quarter, 0) for district, quarter in rows[:limit]]

    def read_then_delete(places: set[tuple[int, str]], branches: Any) -> Any:
        found = original(places, branches)
        for quarter in {quarter for _node, quarter in places}:
            nodes = [node for node, q in places if q == quarter]
            TouchedCell.objects.filter(quarter=quarter, district_id__in=nodes).delete()
        return found

    monkeypatch.setattr(cells, "take_touched", read_only)
    monkeypatch.setattr(cells, "recompute", read_then_delete)

    assert differences_after_touching_2000_cells(workers=1) > 0
