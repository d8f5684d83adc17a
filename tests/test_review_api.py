"""Review through the API: each step names the version that it was taken for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from projects.models import Comment
from tests.api import Api, assert_problem
from tests.makers import fresh, make_huangpu, make_project, make_user
from tests.reviews import counted, make_people, submit

pytestmark = pytest.mark.django_db

SIGNED: Any = {"signed": date(2023, 1, 29)}


@pytest.fixture
def world(settings):
    """The review is on; programs of people in 黄埔区 and of a neighbour's reviewer."""
    settings.APPROVAL_REQUIRED = True
    places = make_huangpu()
    users = make_people(places["440112"]) | {
        "viewer": make_user("viewer", district=places["440112"], role="viewer"),
        "neighbour": make_user("neighbour", district=places["440113"], role="reviewer"),
    }
    return {"users": users, **{name: Api(user) for name, user in users.items()}}


def step(api: Api, project: Any, name: str, body: Any = None, **headers: str) -> Any:
    """One step, for the version that the project has now."""
    if not headers:
        headers = {"If-Match": api.get(f"projects/{project.pk}/").headers.get("ETag", "*")}
    return api.post(f"projects/{project.pk}/{name}/", body or {}, **headers)


def test_a_project_goes_from_draft_to_approved_by_way_of_a_return(world):
    project = make_project(milestones=SIGNED, actor=world["users"]["editor"])
    answers = [
        step(world["editor"], project, "submit", {"comment": "请审核"}),
        step(world["reviewer"], project, "return", {"comment": "缺附件"}),
        step(world["editor"], project, "submit"),
        step(world["reviewer"], project, "approve"),
    ]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert [answer.json()["review"] for answer in answers] == [
        "submitted",
        "returned",
        "submitted",
        "approved",
    ]
    assert answers[-1].headers["ETag"] == world["viewer"].get(f"projects/{project.pk}/").headers["ETag"]
    assert [comment.kind for comment in Comment.objects.all()] == [
        "submitted",
        "returned",
        "submitted",
        "approved",
    ]
    assert counted(project) == {"signed": None}


def test_a_list_is_narrowed_to_what_waits_for_a_reviewer(world):
    waiting = submit(make_project(), world["users"]["editor"])
    make_project()

    found = world["reviewer"].get("projects/?review=submitted").json()["results"]

    assert [row["id"] for row in found] == [waiting.pk]
    assert_problem(world["reviewer"].get("projects/?review=maybe"), 400, "validation", "review")


@pytest.mark.parametrize(
    ("who", "name", "status", "kind"),
    [
        ("viewer", "approve", 403, "permission"),
        ("editor", "approve", 403, "permission"),
        ("editor", "return", 403, "permission"),
        ("viewer", "submit", 403, "permission"),
        ("reviewer", "submit", 403, "permission"),
        ("neighbour", "approve", 404, "not-found"),
        ("neighbour", "submit", 404, "not-found"),
        ("editor", "submit", 409, "conflict"),
    ],
)
def test_who_may_not_take_a_step_is_told_so_and_nothing_changes(world, who, name, status, kind):
    project = submit(make_project(), world["users"]["editor"])

    assert_problem(step(world[who], project, name, {"comment": "好"}), status, kind)

    assert fresh(project).review == "submitted"


def test_a_step_without_the_current_version_is_refused(world):
    project = submit(make_project(), world["users"]["editor"])
    old = world["reviewer"].get(f"projects/{project.pk}/").headers["ETag"]
    world["editor"].change(f"projects/{project.pk}/", {"name": "改名"})

    assert_problem(
        world["reviewer"].post(f"projects/{project.pk}/approve/", {}), 428, "precondition-required"
    )
    late = step(world["reviewer"], project, "approve", **{"If-Match": old})
    assert_problem(late, 412, "precondition-failed")
    assert fresh(project).review == "draft"


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, ["/comment"]),
        ({"comment": ""}, ["/comment"]),
        ({"comment": "x" * 5000}, ["/comment"]),
        ({"comment": "a\u202eb"}, ["/comment"]),
        ({"comment": 7}, ["/comment"]),
        ({"comment": "缺附件", "review": "approved"}, ["/review"]),
        ({"comment": "缺附件", "version": 3}, ["/version"]),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_at_its_place(world, body, places):
    project = submit(make_project(), world["users"]["editor"])

    response = world["reviewer"].post(f"projects/{project.pk}/return/", body, **{"If-Match": "*"})

    assert_problem(response, 400, "validation", *places)
    assert fresh(project).review == "submitted"


def test_nobody_writes_how_far_a_review_is(world):
    project = make_project()

    refused = world["editor"].change(f"projects/{project.pk}/", {"review": "approved"})

    assert_problem(refused, 400, "validation", "/review")
    assert fresh(project).review == "draft"


def test_nothing_is_approved_twice(world):
    project = submit(make_project(), world["users"]["editor"])
    step(world["reviewer"], project, "approve")

    assert_problem(step(world["second"], project, "approve"), 409, "conflict")


def test_a_token_that_may_only_read_approves_nothing(world):
    project = submit(make_project(), world["users"]["editor"])

    assert_problem(step(Api(world["users"]["reviewer"], "read"), project, "approve"), 403, "permission")
