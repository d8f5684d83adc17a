"""Releases among many writers, in real processes: what one said at first it says for ever, and nobody waits long."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from functools import partial
from multiprocessing.synchronize import Event
from typing import Any

import pytest
from django.db import OperationalError, transaction

from config.api.outcomes import NothingNew
from projects import sealing
from projects.models import COUNTABLE_KINDS, District
from projects.quarters import quarters_between
from projects.rows import Statement
from tests.api import Api
from tests.makers import NOW, make_bands, make_huangpu, make_project, make_release, make_user
from tests.processes import Forked, running, side_by_side, wait_until
from tests.roll_ups import roll_up_meanwhile, settle
from tests.test_concurrency import Officer, make_hot_places
from tracking.audit import find_differences
from tracking.models import Release
from tracking.totals import totals

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS, WORKERS, KILLS = 8, 2, 20
MINUTE = 60  # seconds
EVERY = 1.0  # seconds from one release to the next
QUARTER = "2023Q1"  # among those in which the officers' projects are signed
QUARTERS = quarters_between("2022Q4", QUARTER)
LOCK_NOT_AVAILABLE = "55P03"
BODY = {"district": "440112", "quarter": QUARTER}

Answers = dict[int, list[Any]]  # what each release said of every district, and of its own by size and by part
forking = multiprocessing.get_context("fork")


# --- who works ----------------------------------------------------------------------------------------------------


def answer_of(release: Release, places: Sequence[District]) -> list[Any]:
    """What a release says."""
    at = release.released_at
    whole = [totals(place, QUARTERS, COUNTABLE_KINDS, as_of=at) for place in places]
    return whole + [
        totals(release.district, QUARTERS, ["signed"], by=by, as_of=at) for by in ("size_band", "district")
    ]


def release_each(done: Event, places: Sequence[District], every: float) -> Answers:
    """Release one district after the other until all is done, and ask each at once what it says."""
    answers: Answers = {}
    due = time.monotonic()
    for district in itertools.cycle(places):
        if done.is_set():
            break
        with suppress(NothingNew), busy_is_no_fault():
            release = make_release(district, QUARTER)
            answers[release.pk] = answer_of(release, places)
        due += every
        time.sleep(max(0.0, due - time.monotonic()))
    return answers


def write_until(done: Event, officer: Officer) -> Counter[str]:
    """What an officer does until all is done."""
    while not done.is_set():
        officer.done["was told to try again"] += 1
        with busy_is_no_fault():
            officer.work(1)
            officer.done["was told to try again"] -= 1
    return officer.done


@contextmanager
def busy_is_no_fault() -> Iterator[None]:
    """On a machine that does too much at once somebody is told to try again in a moment; nothing was saved then."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise


@contextmanager
def meanwhile(*jobs: Callable[[Event], Any]) -> Iterator[list[Any]]:
    """Each job in a process of its own until the block ends; then what they returned, in their order."""
    results: list[Any] = []
    done = forking.Event()
    forked = [Forked(partial(job, done)) for job in jobs]
    try:
        yield results
    finally:
        done.set()
        results += [one.result() for one in forked]


def killed_and_started_again(times: int) -> int:
    """A worker that rolls up is killed so many times, wherever it stands, and started again; how many died of it."""
    never, died = forking.Event(), 0
    for _ in range(times):
        worker = Forked(lambda: roll_up_meanwhile(never))
        time.sleep(random.uniform(0.02, 0.15))
        os.kill(worker.process.pid or 0, signal.SIGKILL)
        with pytest.raises(AssertionError, match="died without an answer"):
            worker.result()
        died += 1
    return died


def told_otherwise(answers: Answers, places: Sequence[District]) -> list[int]:
    """The releases that say something else now than they said at first."""
    releases = Release.objects.select_related("district").in_bulk(list(answers))

    def ask(some: Sequence[int]) -> list[int]:
        return [pk for pk in some if answer_of(releases[pk], places) != answers[pk]]

    asked = sorted(answers)
    some, others = side_by_side([lambda: ask(asked[::2]), lambda: ask(asked[1::2])])
    return [*some, *others]


def make_places() -> tuple[list[District], list[District], list[int]]:
    """All districts, the hot ones among them, and some projects there."""
    make_bands()
    hot, shared = make_hot_places()
    return list(make_huangpu().values()), hot, shared


# --- for a minute -------------------------------------------------------------------------------------------------


@pytest.mark.postgresql
def test_among_8_writers_and_killed_workers_every_release_says_for_ever_what_it_said_at_first(monkeypatch):
    places, hot, shared = make_places()
    officers = [Officer(n, hot, shared) for n in range(WRITERS)]
    writers = [lambda done, o=o: write_until(done, o) for o in officers]

    with meanwhile(lambda done: release_each(done, places, EVERY), *writers) as results:
        with running(roll_up_meanwhile, WORKERS):
            time.sleep(MINUTE)
        died = killed_and_started_again(KILLS)
    answers, *done = results
    settle()

    assert died == KILLS
    counts = sum(done, Counter())
    assert all(officer["correct"] for officer in done)
    assert counts["was told to try again"] < counts.total() / 20
    assert len(answers) > MINUTE / EVERY / 3  # one each second, where the machine has nothing else to do
    assert len({repr(answer) for answer in answers.values()}) > len(answers) / 2  # they had something to say
    assert told_otherwise(answers, places) == []
    assert find_differences() == []


# --- what the lock is for -----------------------------------------------------------------------------------------


def dawdling(
    at: datetime, *along: Statement, take: Callable[..., tuple[datetime, Any]] = sealing.begin_posting
) -> tuple[datetime, Any]:
    """Take the moment of posting, and some time until the change is committed."""
    begun = take(at, *along)
    time.sleep(random.uniform(0.005, 0.03))
    return begun


@pytest.mark.postgresql
@pytest.mark.parametrize("locked", [True, False], ids=["with the lock", "the control without it"])
def test_it_is_the_lock_that_keeps_a_release_from_changing_its_answer(monkeypatch, locked):
    monkeypatch.setattr(sealing, "begin_posting", dawdling)
    if not locked:
        monkeypatch.setattr(sealing, "_lock", lambda *_args: None)
        monkeypatch.setattr(sealing, "_lock_alone", lambda: None)
    places, hot, shared = make_places()
    officers = [Officer(n, hot, shared) for n in range(WRITERS)]

    with meanwhile(
        lambda done: release_each(done, places, 0.1),
        *[lambda done, o=o: write_until(done, o) for o in officers],
    ) as results:
        wait_until(lambda: Release.objects.count() >= 15, within=60, what="fifteen releases")
    answers = results[0]

    assert (told_otherwise(answers, places) == []) == locked


@pytest.mark.sqlite
def test_on_sqlite_writers_and_releases_at_once_never_meet_a_locked_database():
    places, hot, shared = make_places()
    officers = [Officer(n, hot, shared) for n in range(4)]

    with (
        running(roll_up_meanwhile, 1),
        meanwhile(
            lambda done: release_each(done, places, 0.2),
            *[lambda done, o=o: write_until(done, o) for o in officers],
        ) as results,
    ):
        time.sleep(4)
    settle()

    assert results[0]
    assert told_otherwise(results[0], places) == []
    assert find_differences() == []


# --- who waits for whom -------------------------------------------------------------------------------------------


@pytest.mark.postgresql
def test_while_a_long_import_runs_a_release_is_refused_and_other_writers_go_on(monkeypatch):
    monkeypatch.setattr(sealing, "TRIES", 4)
    places = make_huangpu()
    api = Api(make_user(district=places["440112"], role="publisher"), "publish")
    importing, asking, refused = forking.Event(), forking.Event(), forking.Event()

    def import_many() -> None:
        with transaction.atomic():
            make_project(
                district=places["440112"],
                milestones={"signed": date(2023, 1, 29)},
                at=NOW + timedelta(seconds=1),
            )
            importing.set()
            assert refused.wait(60)

    def release() -> tuple[int, str]:
        assert importing.wait(60)
        asking.set()
        response = api.post("releases/", BODY)
        refused.set()
        return response.status_code, response.headers["Retry-After"]

    def write() -> int:
        assert asking.wait(60)
        written = 0
        while not refused.is_set():
            make_project(district=places["440113"], milestones={"signed": date(2023, 1, 29)})
            written += not refused.is_set()
        return written

    jobs = [Forked(job) for job in (import_many, release, write, write)]
    _imported, (status, retry_after), *written = [job.result() for job in jobs]

    assert (status, retry_after) == (503, "2")
    assert min(written) >= 3  # none failed, and each got its turn between any two tries of the release
    assert api.post("releases/", BODY).status_code == 201


def test_of_two_who_release_the_same_quarter_at_once_one_wins_and_the_other_is_told(monkeypatch):
    publisher = make_user(district=make_huangpu()["440112"], role="publisher")
    apis, both = [Api(publisher, "publish") for _ in range(2)], forking.Barrier(2)

    def ask(api: Api) -> tuple[int, str]:
        both.wait(60)
        response = api.post("releases/", BODY)
        return response.status_code, response.json().get("detail", "")

    answers = sorted(side_by_side([lambda api=api: ask(api) for api in apis]))

    assert [status for status, _detail in answers] == [201, 409]
    assert "nothing to release anew" in answers[1][1]
    assert Release.objects.count() == 1
