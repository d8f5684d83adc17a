"""/healthz: what an operator, a load balancer and `make run` learn from it, and nothing more."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from config.models import Heartbeat
from config.tasks import heartbeat

pytestmark = pytest.mark.django_db


def test_it_is_well_after_the_timetable_has_beaten(client: Client) -> None:
    heartbeat()

    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json()["timetable_seconds"] < 10
    assert answer.json() | {"timetable_seconds": 0} == {
        "status": "ok",
        "database": "ok",
        "timetable_seconds": 0,
        "waiting_cells": 0,
        "audit_differences": None,
        "audit_hours": None,
    }


def test_a_timetable_that_stands_still_is_told_but_takes_no_web_server_away(client: Client) -> None:
    late = timezone.now() - timedelta(minutes=5)
    Heartbeat.objects.create(name=Heartbeat.TIMETABLE, beaten_at=late)

    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["timetable_seconds"] >= 300


def test_before_the_first_beat_the_age_is_unknown(client: Client) -> None:
    assert client.get("/healthz").json()["timetable_seconds"] is None


def test_without_a_database_it_is_unavailable_and_shows_no_inner_word(client: Client) -> None:
    with patch(
        "config.health.Heartbeat.objects.filter", side_effect=OperationalError("password=secret host=db")
    ):
        answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert b"secret" not in answer.content


def test_it_is_never_cached_and_only_read(client: Client) -> None:
    assert "no-store" in client.get("/healthz")["Cache-Control"]
    assert client.post("/healthz").status_code == 405


def test_it_asks_the_database_three_questions(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):
        client.get("/healthz")
