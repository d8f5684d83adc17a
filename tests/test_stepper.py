"""The stages on a project's page: when each was reached, how long the project was in it, what is still to come."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from projects.admin.stepper import steps_of
from projects.models import Milestone
from tests.makers import make_huangpu, make_project, make_user
from tests.pages import read, signed_in

TODAY = date(2023, 7, 1)


def steps(*milestones: tuple[str, dict[str, Any]]) -> dict[str, tuple[str, str, int | None, bool]]:
    known = [Milestone(kind=kind, **more) for kind, more in milestones]
    return {str(s.label): (s.state, s.reached, s.days, s.about) for s in steps_of(known, TODAY)}


def on(day: date, precision: str = "day") -> dict[str, Any]:
    return {"happened_on": day, "precision": precision}


def test_each_stage_lasts_until_the_next_and_the_last_until_today():
    found = steps(("signed", on(date(2023, 1, 1))), ("started", on(date(2023, 3, 1))))

    assert found["签约"] == ("done", "2023-01-01", 59, False)
    assert found["开工"] == ("now", "2023-03-01", 122, False)
    assert found["在谈"] == ("skipped", "", None, False)
    assert found["竣工"] == ("open", "", None, False)


def test_days_from_vague_dates_are_about_and_from_unknown_ones_unknown():
    found = steps(
        ("signed", on(date(2023, 1, 1), "month")),
        ("started", on(date(2023, 3, 1))),
        ("completed", {"precision": "unknown"}),
    )

    assert found["签约"] == ("done", "2023-01", 59, True)
    assert found["开工"][2] is None
    assert found["竣工"][:3] == ("now", "日期未知", None)


def test_a_plan_is_shown_and_a_termination_only_where_there_is_one():
    planned = steps(("signed", on(date(2023, 1, 1))), ("started", {"planned_on": date(2023, 12, 1)}))
    ended = steps(("signed", on(date(2023, 1, 1))), ("terminated", on(date(2023, 2, 1))))

    assert planned["开工"][0] == "planned"
    assert "终止" not in planned
    assert (ended["签约"][2], ended["终止"][2]) == (31, None)


@pytest.mark.django_db
def test_a_projects_page_begins_with_its_stages():
    places = make_huangpu()
    signed = timezone.localdate() - timedelta(days=12)
    project = make_project(district=places["440112"], at=timezone.now(), milestones={"signed": signed})
    for role in ("viewer", "editor"):
        client = signed_in(make_user(district=places["440112"], role=role), "zh-hans")

        page = read(client, f"/admin/projects/project/{project.pk}/change/")

        assert f"签约 {signed} 12天" in page.text
