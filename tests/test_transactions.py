"""One change, one transaction: what happens where the database asks to run it again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from projects import ledger, services
from projects.models import LedgerEntry, Milestone, Project
from tests.makers import NOW, YI, fresh, make_huangpu, make_project, make_user
from tracking.models import Release

pytestmark = pytest.mark.django_db(transaction=True)


class Deadlock(Exception):
    """As the driver raises it."""

    sqlstate = "40P01"


@pytest.fixture
def deadlock_once(monkeypatch):
    """The last step of a save is the victim of a deadlock, once."""
    victims: list[str] = []
    original: Any = ledger.post

    def post(*args: Any, **more: Any) -> Any:
        if not victims:
            victims.append("once")
            raise OperationalError("deadlock detected") from Deadlock()
        return original(*args, **more)

    monkeypatch.setattr(ledger, "post", post)
    return victims


def test_the_victim_of_a_deadlock_is_saved_at_the_second_try_as_if_nothing_had_been(deadlock_once):
    project = Project(name="项目", district=make_huangpu()["440112"], total_investment=YI)
    signed = Milestone(project=project, kind="signed", happened_on=date(2023, 1, 29))

    services.save_project(project, actor=None, at=NOW, milestones=[signed])

    assert deadlock_once == ["once"]
    assert (fresh(project).version, fresh(project).code) == (1, f"P{project.pk:08d}")
    assert LedgerEntry.objects.get().milestone_id == signed.pk == Milestone.objects.get().pk


def test_a_change_that_is_tried_again_counts_one_version(deadlock_once):
    deadlock_once.append("not yet")
    project = fresh(make_project(district=make_huangpu()["440112"], milestones={"signed": date(2023, 1, 29)}))
    project.total_investment = 5 * YI
    deadlock_once.clear()

    services.save_project(project, actor=None, at=NOW)

    assert (project.version, fresh(project).version) == (2, 2)
    assert [e.investment for e in LedgerEntry.objects.current()] == [5 * YI]


def test_the_user_of_a_request_may_be_who_acts(client: Client):
    """Inside the transaction of most tests nothing is tried again, and nothing looked at that would need to be."""
    publisher = make_user(district=make_huangpu()["440112"], role="publisher")
    client.force_login(publisher)

    response = client.post("/releases/new/?district=440112&quarter=2023Q1", {"note": ""})

    assert response.status_code == 302
    assert Release.objects.get().released_by == publisher


@pytest.mark.postgresql
def test_any_other_refusal_of_the_database_is_not_tried_again():
    tries: list[int] = []

    @services.transactions.one_transaction
    def impossible() -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)")

    with pytest.raises(OperationalError):
        impossible()

    assert tries == [1]
