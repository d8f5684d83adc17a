"""Real Celery workers that send mail through a real SMTP server: killed in the middle, ticks doubled, none lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now

from config.environment import BASE_DIR
from projects import services
from tests.mail import Server, mail_server
from tests.makers import NOW, make_huangpu, make_user
from tests.processes import Started, environment, start_worker, wait_until
from tracking.models import Delivery, Subscription

pytestmark = pytest.mark.django_db(transaction=True)

SUBSCRIBERS = 6


class MailRoom:
    """Workers on one broker, and ticks as the timetable sends them."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        address = f"smtp://127.0.0.1:{server.port}"
        self.environment = environment(folder / "data", "filesystem://", EMAIL_URL=address)
        self.workers: list[Started] = []

    def start(self) -> Started:
        worker = start_worker(self.folder, self.environment, queues="mail")
        self.workers.append(worker)
        return worker

    def tick(self) -> None:
        command = [
            sys.executable,
            "-m",
            "celery",
            "--app",
            "config",
            "--quiet",
            "call",
            "tracking.send_due_emails",
        ]
        subprocess.run(
            command, env={**os.environ, **self.environment}, cwd=BASE_DIR, check=True, capture_output=True
        )

    def states(self) -> set[str]:
        return set(Delivery.objects.values_list("state", flat=True))


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    with mail_server(settings) as server:
        yield server


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Iterator[MailRoom]:
    district = make_huangpu()["440112"]
    reader = make_user("reader", district=district, role="viewer")
    for number in range(SUBSCRIBERS):
        email = f"reader{number}@example.org"
        services.save_versioned(Subscription(user=reader, email=email, district=district), at=NOW)
    room = MailRoom(tmp_path, server)
    yield room
    for worker in room.workers:
        worker.kill()


def test_two_workers_and_two_timetables_send_each_email_once(room: MailRoom, server: Server) -> None:
    server.pause = 0.05
    room.tick()
    room.tick()

    room.start()
    room.start()

    wait_until(lambda: room.states() == {"sent"}, within=40, what="every email is sent")
    assert len(server.ids) == len(set(server.ids)) == SUBSCRIBERS


def test_a_worker_killed_while_it_sends_loses_nothing_and_repeats_under_the_same_message_id(
    room: MailRoom, server: Server
) -> None:
    server.pause = 1.5
    room.tick()
    worker = room.start()
    wait_until(lambda: "claimed" in room.states(), within=30, what="a mail is being sent")

    worker.kill()
    server.pause = 0
    Delivery.objects.filter(state="claimed").update(claimed_until=Now() - timedelta(seconds=1))
    room.start()
    room.tick()

    wait_until(lambda: room.states() == {"sent"}, within=40, what="every email is sent")
    known = set(Delivery.objects.values_list("message_id", flat=True))
    assert set(server.ids) == known
    assert len(server.ids) <= SUBSCRIBERS + 1
