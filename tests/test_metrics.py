"""/metrics: what Prometheus reads, for who holds the token and nobody else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from config.models import Heartbeat
from tests.makers import NOW, YI, make_district, make_project, make_release
from tracking import cells
from tracking.audits import run_now
from tracking.models import QuarterlyTotal

pytestmark = pytest.mark.django_db

TOKEN = "b7Q2-wN9_xV4bT1sR8mZ3pL6yH0jD5fG"


@pytest.fixture(autouse=True)
def token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def scrape(client: Client, token: str = TOKEN, status: int = 200) -> dict[str, float]:
    """Every sample by its name."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == status
    if status != 200:
        return {}
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = text_string_to_metric_families(answer.content.decode())
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_before_anything_has_happened_what_is_not_known_is_left_out(client: Client) -> None:
    assert scrape(client) == {
        "mingzhang_audit_differences_found_total": 0,
        "mingzhang_waiting_cells": 0,
        "mingzhang_releases": 0,
    }


def test_every_metric_says_what_the_database_says(client: Client) -> None:
    now = timezone.now()
    Heartbeat.objects.create(name=Heartbeat.TIMETABLE, beaten_at=now - timedelta(seconds=90))
    project = make_project(
        district=make_district(), total_investment=YI, milestones={"signed": date(2023, 1, 29)}
    )
    cells.roll_up()
    make_release(project.district, at=NOW)
    QuarterlyTotal.objects.update(entered_count=7)
    run, _kept = run_now(now - timedelta(hours=1))
    cells.rebuild()
    run_now(now)
    make_project(district=project.district, milestones={"signed": date(2023, 1, 30)})

    found = scrape(client)

    assert run.found == 1
    assert 90 <= found.pop("mingzhang_timetable_age_seconds") < 120
    assert found.pop("mingzhang_audit_finished_timestamp_seconds") == pytest.approx(now.timestamp(), abs=30)
    assert found == {
        "mingzhang_audit_differences": 0,
        "mingzhang_audit_differences_found_total": 1,
        "mingzhang_waiting_cells": 1,
        "mingzhang_releases": 1,
    }


def test_differences_of_the_last_audit_are_counted(client: Client) -> None:
    make_project(milestones={"signed": date(2023, 1, 29)})
    cells.roll_up()
    QuarterlyTotal.objects.update(entered_count=7)
    run_now(NOW)
    run_now(NOW)

    found = scrape(client)

    assert found["mingzhang_audit_differences"] == 1
    assert found["mingzhang_audit_differences_found_total"] == 2


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        TOKEN,
        f"bearer {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer ",
        f"Token {TOKEN}",
        "Bearer 明账" + "é" * 40,
        "Bearer " + "x" * 8000,
    ],
)
def test_without_the_right_token_there_is_nothing(client: Client, given: str | None) -> None:
    answer = client.get("/metrics", headers={} if given is None else {"Authorization": given})

    assert answer.status_code == 404
    assert b"mingzhang_" not in answer.content


@pytest.mark.parametrize("given", ["Bearer ", f"Bearer {TOKEN}", ""])
def test_without_the_setting_there_is_nothing(client: Client, settings: Any, given: str) -> None:
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics", headers={"Authorization": given}).status_code == 404


def test_it_is_only_read_and_never_cached(client: Client) -> None:
    right = {"Authorization": f"Bearer {TOKEN}"}

    assert client.post("/metrics", headers=right).status_code == 405
    assert client.post("/metrics").status_code == 404
    assert "no-store" in client.get("/metrics", headers=right)["Cache-Control"]


def test_without_a_database_it_is_unavailable_and_shows_no_inner_word(client: Client) -> None:
    away = OperationalError("password=secret host=db")
    with patch("config.health.Heartbeat.objects.filter", side_effect=away):
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert b"secret" not in answer.content


def test_a_scrape_asks_the_database_a_fixed_number_of_questions(
    client: Client, django_assert_num_queries: Any
) -> None:
    make_project(milestones={"signed": date(2023, 1, 29)})
    for _ in range(3):
        run_now(NOW)

    with django_assert_num_queries(5):
        scrape(client)
