"""The page that splits a project into phases: amounts as they are spoken, everything or nothing, for editors only."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from projects.models import Project
from tests.makers import YI, fresh, make_huangpu, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> dict[str, Any]:
    places = make_huangpu()
    clients = {}
    for name, place, role in (
        ("editor", "440112", "editor"),
        ("viewer", "440112", "viewer"),
        ("neighbour", "440113", "editor"),
    ):
        clients[name] = Client()
        clients[name].force_login(make_user(name, district=places[place], role=role))
        clients[name].cookies["language"] = "en"
    project = make_project(
        "生物岛",
        district=places["440112"],
        total_investment=10 * YI,
        milestones={"signed": date(2023, 1, 29)},
    )
    return {"project": project, **clients}


def page(project: Project) -> str:
    return f"/admin/projects/project/{project.pk}/split/"


def rows(*phases: tuple[str, str]) -> dict[str, str]:
    """The form as a browser sends it."""
    data = {"form-TOTAL_FORMS": str(len(phases)), "form-INITIAL_FORMS": str(len(phases))}
    for number, (phase, investment) in enumerate(phases):
        data |= {f"form-{number}-phase": phase, f"form-{number}-total_investment": investment}
    return data


def test_an_editor_splits_a_project_with_amounts_as_they_are_spoken(world):
    project = world["project"]
    offered = world["editor"].get(f"/admin/projects/project/{project.pk}/change/").content.decode()

    answer = world["editor"].post(page(project), rows(("一期", "4亿"), ("二期", "约6亿"), ("", "")))

    assert page(project) in offered
    assert answer.status_code == 302
    phases = list(fresh(project).phases.order_by("id"))
    assert [(p.name, p.phase, p.total_investment, p.investment_estimated) for p in phases] == [
        ("生物岛", "一期", 4 * YI, False),
        ("生物岛", "二期", 6 * YI, True),
    ]
    assert phases[0].signed_on == date(2023, 1, 29)


def test_the_page_starts_with_the_project_s_own_amount_in_the_first_phase(world):
    content = world["editor"].get(page(world["project"])).content.decode()

    assert 'value="一期"' in content
    assert 'value="10亿"' in content


@pytest.mark.parametrize("phases", [
    [("一期", "4亿")], [("一期", "4亿"), ("", "6亿")], [("一期", "-4亿"), ("二期", "")], [("一期", "四")] * 2,
    [(f"{n}期", "") for n in range(7)], [],
])  # fmt: skip
def test_what_cannot_be_meant_is_said_on_the_page_and_nothing_is_saved(world, phases):
    answer = world["editor"].post(page(world["project"]), rows(*phases))

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert Project.objects.count() == 1


def test_a_phase_is_not_offered_to_be_split(world):
    world["editor"].post(page(world["project"]), rows(("一期", "4亿"), ("二期", "6亿")))
    whole, phase = world["project"], fresh(world["project"]).phases.first()

    for project in (whole, phase):
        content = world["editor"].get(f"/admin/projects/project/{project.pk}/change/").content.decode()
        assert page(project) not in content


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("neighbour", 404)])
def test_others_do_not_split_it(world, who, status):
    answer = world[who].post(page(world["project"]), rows(("一期", "4亿"), ("二期", "6亿")))

    assert answer.status_code == status
    assert Project.objects.count() == 1
