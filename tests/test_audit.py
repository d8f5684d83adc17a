"""The audit: finds nothing where nothing is wrong, and every difference that is planted."""

import subprocess
import sys
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config.environment import BASE_DIR
from projects import ledger_guard, services
from projects.models import LedgerEntry, TouchedCell
from tests.makers import NOW, YI, fresh, make_huangpu, make_project, record
from tests.processes import environment
from tracking import cells
from tracking.audit import find_differences
from tracking.models import QuarterlyTotal

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorded():
    places = make_huangpu()
    project = make_project(
        district=places["440112-GDD"],
        total_investment=34 * YI,
        milestones={"signed": date(2022, 8, 1), "started": date(2023, 1, 29), "registered": date(2022, 9, 1)},
    )
    record(project, "suspended", date(2023, 5, 1))
    whole = make_project(district=places["440112"], total_investment=9 * YI)
    make_project(
        district=places["440112"], parent=whole, phase="一期", milestones={"signed": date(2023, 2, 1)}
    )
    gone = make_project(
        district=places["440113"], total_investment=YI, milestones={"signed": date(2023, 2, 1)}
    )
    services.exclude_project(fresh(gone), "real_estate", actor=None, at=NOW)
    make_project(district=places["440113"], milestones={"completed": "unknown"})
    cells.roll_up()
    return project


def test_an_audit_of_what_the_services_recorded_finds_nothing(recorded):
    assert find_differences() == []


def test_a_changed_cell_is_found_with_its_place_and_both_figures(recorded):
    QuarterlyTotal.objects.filter(district__code="440100", quarter="2023Q1", kind="started").update(
        entered_count=7
    )

    [difference] = find_differences()

    assert (difference.where, difference.district, difference.expected, difference.found) == (
        "cell",
        "440100",
        1,
        7,
    )


def test_a_missing_cell_is_found(recorded):
    QuarterlyTotal.objects.filter(district__code="440000", quarter="2023Q1").delete()

    assert {d.district for d in find_differences()} == {"440000"}


@pytest.mark.django_db(transaction=True)
def test_an_entry_changed_behind_the_guard_is_found_in_the_ledger(recorded):
    with ledger_guard.LEDGER.lifted(connection):
        LedgerEntry.objects.current().filter(kind="started").update(investment=1)

    found = {(d.where, d.figure) for d in find_differences()}

    assert ("ledger", "entered investment") in found


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_is_missing_makes_the_command_end_with_1_in_its_own_process(recorded, tmp_path):
    command = [sys.executable, "manage.py", "audit_totals"]
    outside = {
        "env": environment(tmp_path, "memory://"),
        "cwd": BASE_DIR,
        "capture_output": True,
        "text": True,
    }
    before = subprocess.run(command, check=False, **outside)

    with ledger_guard.LEDGER.lifted(connection):
        LedgerEntry.objects.current().filter(project=recorded, kind="started").delete()
    after = subprocess.run(command, check=False, **outside)

    assert (before.returncode, after.returncode) == (0, 1)
    assert "440112-GDD 2023Q1 started" in after.stdout


def test_cells_that_wait_for_the_worker_are_not_called_wrong(recorded):
    make_project(district=recorded.district, milestones={"signed": date(2023, 3, 1)})

    assert TouchedCell.objects.exists()
    assert find_differences() == []


def test_the_command_says_how_many_and_exits_with_1(recorded, capsys):
    call_command("audit_totals")
    clean = capsys.readouterr().out
    QuarterlyTotal.objects.filter(district__code="440100").update(entered_count=7)

    with pytest.raises(CommandError) as caught:
        call_command("audit_totals")

    assert clean == "0 differences.\n"
    assert caught.value.returncode == 1
    assert "440100" in capsys.readouterr().out


def test_a_rebuild_repairs_what_the_audit_found(recorded):
    QuarterlyTotal.objects.update(entered_count=7)

    cells.rebuild()

    assert find_differences() == []
