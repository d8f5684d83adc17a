"""Work in parts: laid out once, each part done once however many workers take them, and never many messages."""

from __future__ import annotations

import time
from datetime import timedelta
from io import StringIO
from itertools import chain
from typing import Any

import pytest
from django.core.management import call_command

from projects.models import District, TouchedCell
from tests.countries import all_cells, make_country, spoil_cells
from tests.makers import NOW
from tests.processes import Forked, side_by_side, wait_until
from tracking import audit, cells, parts
from tracking.audits import AUDIT
from tracking.models import AuditPart, AuditRun, QuarterlyTotal, RebuildPart, RebuildRun
from tracking.rebuilds import REBUILD, ask_for_rebuild

pytestmark = pytest.mark.django_db

WORKERS = 4


def committed(test: Any) -> Any:
    """For a test with further processes, which see only what is committed."""
    return pytest.mark.django_db(transaction=True)(test)


@pytest.fixture
def country() -> District:
    return make_country()


def work(kind: parts.Work) -> None:
    """What one worker does."""
    while parts.work_one(kind, NOW):
        pass


# --- The parts ------------------------------------------------------------------------------------------------------


def test_the_parts_of_an_audit_hold_every_district_once(country):
    tree = audit.Tree()

    held = [node for part in audit.parts() for node in ([part] if tree.is_big(part) else tree.below(part))]

    assert sorted(held) == sorted(District.objects.values_list("pk", flat=True))
    assert audit.parts()[0] == country.pk  # the longest first


def test_the_parts_of_a_rebuild_and_what_is_above_hold_every_district_once(country):
    tree = audit.Tree()

    held = [node for part in cells.parts() if not tree.is_big(part) for node in tree.below(part)]

    assert sorted([*held, *tree.big]) == sorted(District.objects.values_list("pk", flat=True))


def test_a_run_is_laid_out_once(country):
    run = AuditRun.objects.create(asked_at=NOW)

    parts.begin(AUDIT, run, NOW)
    parts.begin(AUDIT, run, NOW + timedelta(hours=1))

    run.refresh_from_db()
    assert run.started_at == NOW
    assert run.parts.count() == 1 + len(audit.parts())


@pytest.mark.parametrize("where", ["000000", "440000", "440100", "440101", "449001"])
def test_a_wrong_cell_anywhere_is_found_in_one_part_and_no_other(country, where):
    QuarterlyTotal.objects.filter(district__code=where, quarter="2023Q1", kind="started").update(
        entered_count=70
    )

    found = {part: audit.find_differences_of(part) for part in audit.parts()}

    [(difference,)] = [differences for differences in found.values() if differences]
    assert (difference.where, difference.district, difference.found) == ("cell", where, 70)


# --- Done by workers ------------------------------------------------------------------------------------------------


@committed
def test_workers_at_once_rebuild_every_part_once_and_all_cells_are_right(country, monkeypatch):
    right = all_cells()
    spoil_cells()
    run = RebuildRun.objects.create(asked_at=NOW)
    parts.begin(REBUILD, run, NOW)
    stored = counted(monkeypatch, REBUILD)

    done = side_by_side([lambda: stored(lambda: work(REBUILD))] * WORKERS, within=120)
    cells.roll_up()

    run.refresh_from_db()
    assert sorted(chain(*done)) == sorted(RebuildPart.objects.values_list("pk", flat=True))
    assert run.finished_at
    assert run.found == sum(RebuildPart.objects.values_list("found", flat=True)) > 0
    assert all_cells() == right
    assert audit.find_differences() == []
    assert not TouchedCell.objects.exists()


@committed
def test_workers_at_once_audit_every_part_once_and_one_of_them_finishes_the_run(country, monkeypatch):
    spoil_cells()
    expected = len(audit.find_differences())
    run = AuditRun.objects.create(asked_at=NOW)
    parts.begin(AUDIT, run, NOW)
    stored = counted(monkeypatch, AUDIT)
    told: list[int] = []
    monkeypatch.setattr(AUDIT, "tell", lambda run: told.append(run.pk))

    done = side_by_side([lambda: [stored(lambda: work(AUDIT)), told.copy()]] * WORKERS, within=120)

    run.refresh_from_db()
    assert sorted(chain(*(one for one, _told in done))) == sorted(
        AuditPart.objects.values_list("pk", flat=True)
    )
    assert [pk for _one, told_there in done for pk in told_there] == [run.pk]
    assert run.found == run.differences.count() == expected > 100


@committed
def test_where_a_part_is_taken_without_comparing_or_locking_it_is_done_more_than_once(country, monkeypatch):
    run = AuditRun.objects.create(asked_at=NOW)
    parts.begin(AUDIT, run, NOW)
    stored = counted(monkeypatch, AUDIT)
    marked = parts._mark
    monkeypatch.setattr(parts, "_take_and_do", parts._look_and_take)
    monkeypatch.setattr(parts, "_mark", lambda *args: marked(*args) or 1)
    look = AUDIT.look
    monkeypatch.setattr(AUDIT, "look", lambda part: (time.sleep(0.05), look(part))[1])

    done = side_by_side([lambda: stored(lambda: work(AUDIT))] * WORKERS, within=120)

    taken = list(chain(*done))
    assert len(taken) > len(set(taken))


def counted(monkeypatch: pytest.MonkeyPatch, kind: parts.Work) -> Any:
    """A function that does something and returns the parts that were stored meanwhile in this process."""
    store = kind.store
    stored: list[int] = []

    def count(part: Any, seen: Any) -> int:
        stored.append(part.pk)
        return store(part, seen)

    def during(job: Any) -> list[int]:
        job()
        return stored

    monkeypatch.setattr(kind, "store", count)
    return during


def test_what_another_did_while_one_looked_is_not_stored_again(country, monkeypatch):
    QuarterlyTotal.objects.filter(district__code="440100", quarter="2023Q1").update(left_count=70)
    run = AuditRun.objects.create(asked_at=NOW)
    parts.begin(AUDIT, run, NOW)
    honest = AUDIT.look

    def slowly(part: Any) -> Any:
        monkeypatch.setattr(AUDIT, "look", honest)
        work(AUDIT)
        return honest(part)

    monkeypatch.setattr(AUDIT, "look", slowly)

    parts._look_and_take(AUDIT, NOW, [])

    run.refresh_from_db()
    assert run.found == run.differences.count() > 0


@committed
@pytest.mark.postgresql
def test_a_part_that_one_worker_is_doing_is_passed_by(country, monkeypatch, tmp_path):
    run = RebuildRun.objects.create(asked_at=NOW)
    parts.begin(REBUILD, run, NOW)
    total = RebuildPart.objects.count()
    begun, go_on = tmp_path / "begun", tmp_path / "go_on"

    def slowly(part: Any, seen: Any) -> int:
        begun.touch()
        wait_until(go_on.exists, within=60, what="the others are done")
        return 0

    with monkeypatch.context() as patch:
        patch.setattr(REBUILD, "store", slowly)
        slow = Forked(lambda: parts.work_one(REBUILD, NOW))
    wait_until(begun.exists, within=60, what="a part is being done")

    work(REBUILD)
    before = RebuildPart.objects.exclude(finished_at=None).count()
    go_on.touch()
    slow.result(within=60)

    assert (before, RebuildPart.objects.exclude(finished_at=None).count()) == (total - 1, total)


def test_a_part_that_fails_is_tried_after_the_others_and_the_run_goes_on_until_it_is_done(
    country, monkeypatch
):
    run = RebuildRun.objects.create(asked_at=NOW)
    parts.begin(REBUILD, run, NOW)
    with monkeypatch.context() as patch:
        patch.setattr(cells, "rebuild_part", lambda pk: 1 // 0)
        patch.setattr(cells, "rebuild_above", lambda: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            parts.work_one(REBUILD, NOW)
    failed = RebuildPart.objects.get(failed_at=NOW)
    work_order = [part.pk for part in parts.free(REBUILD)]

    work(REBUILD)

    run.refresh_from_db()
    assert work_order[-1] == failed.pk
    assert run.finished_at


# --- Hints ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What the hints carry that are sent; none is taken by anybody."""
    sent: list[dict[str, str]] = []

    def take(task: str, **given: str) -> bool:
        sent.append(given)
        return True

    monkeypatch.setattr(parts, "send_hint", take)
    return sent


def test_however_many_parts_there_are_only_a_few_hints_are_on_their_way(country, hints):
    run = AuditRun.objects.create(asked_at=NOW)

    sent = parts.share(AUDIT, "audit", NOW)
    total, on_their_way = AuditPart.objects.count(), len(hints)
    most = on_their_way
    while on_their_way:
        before = len(hints)
        parts.follow_hint(AUDIT, "audit", NOW, NOW)
        on_their_way += len(hints) - before - 1
        most = max(most, on_their_way)

    run.refresh_from_db()
    assert sent == most == parts.HINTS < total
    assert run.found == 0


def test_a_chain_of_hints_ends_and_the_next_sweep_begins_others(country, hints):
    AuditRun.objects.create(asked_at=NOW)
    later = NOW + parts.HINTS_LAST
    parts.share(AUDIT, "audit", NOW)
    hints.clear()

    parts.follow_hint(AUDIT, "audit", NOW, later)
    of_the_old = list(hints)
    parts.share(AUDIT, "audit", later)

    assert AuditPart.objects.exclude(finished_at=None).count() == 1
    assert of_the_old == []
    assert len(hints) == parts.HINTS
    assert {hint["since"] for hint in hints} == {later.isoformat()}


def test_where_nothing_waits_no_hint_is_sent(country, hints):
    assert parts.share(AUDIT, "audit", NOW) == 0
    assert hints == []


# --- Commands -------------------------------------------------------------------------------------------------------


@committed
def test_the_commands_hand_the_work_to_workers_and_show_how_far_it_is(country):
    spoil_cells()
    rebuilt, audited = StringIO(), StringIO()

    def meanwhile() -> None:
        for kind in (REBUILD, AUDIT):
            wait_until(
                kind.runs._default_manager.filter(finished_at=None).exists, within=30, what="it is asked for"
            )
            run = parts.begin_next(kind, NOW)
            assert run
            parts.complete(kind, run, NOW)

    worker = Forked(meanwhile)
    call_command("rebuild_totals", "--in-parts", stdout=rebuilt)
    call_command("audit_totals", "--in-parts", stdout=audited)
    worker.result(within=60)

    total = len(cells.parts()) + 1
    assert rebuilt.getvalue().endswith(" places were not right.\n")
    assert f" of {total} parts" in rebuilt.getvalue()
    assert audited.getvalue().endswith("0 differences.\n")


def test_who_asks_twice_for_a_rebuild_gets_the_one_that_waits(country):
    assert ask_for_rebuild(actor=None, at=NOW) == ask_for_rebuild(actor=None, at=NOW)
