"""Where many meet: writers of one district at once, readers beside a large import, a small change behind it.

`python -m benchmarks.hot_spots`, on a filled PostgreSQL database named by DATABASE_URL. It adds projects: take a copy.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from itertools import chain
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from uuid import uuid4

import django

os.environ.setdefault("MODE", "test")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DATA_DIR", tempfile.gettempdir())
os.environ.setdefault("BROKER_URL", "memory://")
django.setup()

from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from projects import services  # noqa: E402
from projects.models import District, Milestone, Project, TouchedCell  # noqa: E402
from projects.services import bulk  # noqa: E402
from tests.processes import Forked, running, side_by_side  # noqa: E402
from tests.roll_ups import roll_up_meanwhile  # noqa: E402
from tracking.models import QuarterlyTotal  # noqa: E402
from tracking.totals import totals  # noqa: E402

SIGNED, QUARTER = date(2023, 1, 29), "2023Q1"
PROCESSES = 8


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hot_spots", description=__doc__)
    parser.add_argument("--saves", type=int, default=640, help="by all writers together")
    parser.add_argument("--imported", type=int, default=1_000_000, help="projects in one transaction")
    given = parser.parse_args()
    print(
        "| writers in one district | saves a second | median | 95th percentile |\n| ---: | ---: | ---: | ---: |"
    )
    for writers in (1, 8, 64):
        print_writers(writers, given.saves // writers)
    print_readers(given.imported)
    print_small_changes()


def print_writers(writers: int, each: int) -> None:
    """How fast so many people save new projects in one district, two roll-up workers beside them."""
    district = some_district()
    processes = min(writers, PROCESSES)
    with running(roll_up_meanwhile, 2):
        began = time.monotonic()
        jobs = [partial(write, writers // processes, each, district)] * processes
        seconds = list(chain.from_iterable(side_by_side(jobs)))
        took = time.monotonic() - began
    shown = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
    print(
        f"| {writers} | {len(seconds) / took:,.1f} | {shown[0] * 1000:,.0f} ms | {shown[1] * 1000:,.0f} ms |"
    )


def write(people: int, each: int, district: District) -> list[float]:
    """The seconds that every save took."""

    def person(_number: int) -> list[float]:
        took = []
        for _ in range(each):
            project = Project(name="项目", district=district, total_investment=10**8)
            signed = Milestone(project=project, kind="signed", happened_on=SIGNED)
            began = time.monotonic()
            services.save_project(project, actor=None, at=timezone.now(), milestones=[signed])
            took.append(time.monotonic() - began)
        connections.close_all()
        return took

    with ThreadPoolExecutor(people) as pool:
        return list(chain.from_iterable(pool.map(person, range(people))))


def print_readers(imported: int) -> None:
    """The time of a city's total for a reader, with nothing else going on and beside the import."""
    city = District.objects.filter(level="city").order_by("path").first()
    assert city
    idle = [one_read(city) for _ in range(200)]
    done = get_context("fork").Event()
    reader = Forked(partial(read_until, done, city))
    began = time.monotonic()
    try:
        bulk.register_many(families(imported), actor=None, at=timezone.now())
    finally:
        done.set()
    took = time.monotonic() - began
    print(f"\nAn import of {imported:,} projects in one transaction: {took:,.0f} s\n")
    print("| a city's total | reads | median | slowest |\n| --- | ---: | ---: | ---: |")
    for name, seconds in (("alone", idle), ("beside the import", reader.result())):
        median, slowest = statistics.median(seconds) * 1000, max(seconds) * 1000
        print(f"| {name} | {len(seconds):,} | {median:,.1f} ms | {slowest:,.1f} ms |")


def print_small_changes() -> None:
    """How long somebody's small change takes to be seen while one worker still adds what the import left waiting."""
    district, began, took = some_district(), time.monotonic(), []
    with running(roll_up_meanwhile, 1):
        while TouchedCell.objects.exists():
            took.append(seconds_until_seen(district))
    drained = time.monotonic() - began
    print(
        f"\nWhat the import left waiting was added in {drained:,.0f} s. Small changes meanwhile, save to total:\n"
    )
    print(
        f"{len(took)} one after the other, median {statistics.median(took):,.1f} s, slowest {max(took):,.1f} s"
    )


def seconds_until_seen(district: District) -> float:
    """The seconds from the beginning of a save until its project is counted in the stored cell of its district."""
    cell = QuarterlyTotal.objects.filter(district=district, quarter=QUARTER, kind="signed")
    before = cell.values_list("entered_count", flat=True).first()
    project = Project(name="项目", district=district, total_investment=10**8)
    signed = Milestone(project=project, kind="signed", happened_on=SIGNED)
    began = time.monotonic()
    services.save_project(project, actor=None, at=timezone.now(), milestones=[signed])
    while cell.values_list("entered_count", flat=True).first() == before:
        time.sleep(0.01)
    return time.monotonic() - began


def read_until(done: Event, city: District) -> list[float]:
    """The seconds of each read until all is done."""
    seconds = []
    while not done.is_set():
        seconds.append(one_read(city))
    return seconds


def one_read(city: District) -> float:
    """The seconds of one read."""
    began = time.monotonic()
    totals(city, [QUARTER], ["signed", "started"])
    return time.monotonic() - began


def families(number: int) -> Iterator[bulk.Registration]:
    """Signed projects all over the country."""
    places = list(District.objects.filter(children=None).order_by("path"))
    prefix = uuid4().hex[:10]
    for n in range(number):
        project = Project(
            code=f"{prefix}-{n}", name="项目", district=places[n % len(places)], total_investment=10**8
        )
        yield bulk.Registration(project, [Milestone(kind="signed", happened_on=SIGNED, precision="day")])


def some_district() -> District:
    """A district without parts."""
    found = District.objects.filter(children=None).order_by("path").first()
    assert found
    return found


if __name__ == "__main__":
    main()
