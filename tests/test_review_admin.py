"""Review in the admin: drafts are handed over, and a reviewer decides on many at once; nobody goes around it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from projects import services
from projects.models import Comment, Project, Review
from tests.makers import NOW, YI, fresh, make_huangpu, make_project, make_user, record
from tests.pages import Page, signed_in
from tests.reviews import approve, counted, make_people, submit

pytestmark = pytest.mark.django_db

PROJECTS = "/admin/projects/project/"
QUEUE = f"{PROJECTS}queue/"
SIGNED: Any = {"signed": date(2023, 1, 29)}


@pytest.fixture
def world(settings):
    """The review is on; people of 黄埔区, a viewer, and an editor and reviewer of 番禺区, each in a browser."""
    settings.APPROVAL_REQUIRED = True
    places = make_huangpu()
    users = make_people(places["440112"]) | {
        "viewer": make_user("viewer", district=places["440112"], role="viewer"),
        "neighbour": make_user("neighbour", district=places["440113"], role="reviewer"),
    }
    return {"users": users, "panyu": places["440113"], **{n: signed_in(u) for n, u in users.items()}}


def seen(*projects: Project, **more: Any) -> dict[str, Any]:
    """The form of the queue with these selected, at the versions that the page showed."""
    versions = {f"version-{project.pk}": project.version for project in projects}
    return {"project": [project.pk for project in projects], **versions, "text": "", **more}


def test_an_editor_submits_from_the_projects_page_and_a_reviewer_approves_there(world):
    project = make_project("新项目", milestones=SIGNED, actor=world["users"]["editor"])
    page = Page(world["editor"].get(f"{PROJECTS}{project.pk}/change/").content.decode())
    (button,) = page.opening(f"{PROJECTS}submit/")
    world["editor"].post(button.href, seen(project, text="请审核"))
    review = Page(world["reviewer"].get(f"{PROJECTS}{project.pk}/change/").content.decode())
    (to_queue,) = review.opening(QUEUE)
    world["reviewer"].post(to_queue.href, seen(fresh(project), decision="approve"))

    assert "Draft" in page.text
    assert "counts in no total until it is approved" in page.text
    assert fresh(project).review == Review.APPROVED
    assert counted(project) == {"signed": None}
    assert list(Comment.objects.values_list("kind", "text")) == [("submitted", "请审核"), ("approved", "")]


def test_where_nobody_reviews_no_page_says_a_word_of_it(world, settings):
    settings.APPROVAL_REQUIRED = False
    project = make_project()
    page = world["editor"].get(f"{PROJECTS}{project.pk}/change/").content.decode()
    listed = world["editor"].get(PROJECTS).content.decode()

    for word in ("Submit for review", "review-banner", "Approved"):
        assert word not in page
        assert word not in listed


def test_many_are_approved_or_returned_at_once_with_one_comment(world):
    several = [submit(make_project(), world["users"]["editor"]) for _ in range(3)]
    world["reviewer"].post(QUEUE, seen(*several[:2], decision="approve"))
    world["reviewer"].post(QUEUE, seen(several[2], decision="return", text="缺附件"))

    assert [fresh(project).review for project in several] == ["approved", "approved", "returned"]
    page = Page(world["editor"].get(f"{PROJECTS}{several[2].pk}/change/").content.decode())
    assert "缺附件" in page.text


def test_one_that_cannot_be_decided_keeps_all_others_from_it_and_the_page_says_which(world):
    good, changed = (submit(make_project(), world["users"]["editor"]) for _ in range(2))
    form = seen(good, changed, decision="approve", text="同意")
    changed.name = "改名"
    services.save_project(changed, actor=None, at=NOW)
    submit(changed, world["users"]["editor"])
    page = world["reviewer"].post(QUEUE, form)

    assert page.status_code == 200
    assert [project.refusal != "" for project in page.context["page"].rows] == [False, True]
    assert "同意" in page.content.decode()
    assert fresh(good).review == Review.SUBMITTED


def test_the_queue_says_in_words_what_differs_from_what_was_approved_last(world):
    old = make_project("老项目", total_investment=YI, milestones=SIGNED, actor=world["users"]["editor"])
    approve(old, world["users"]["editor"], world["users"]["reviewer"])
    changed = fresh(old)
    changed.total_investment, changed.project_type = 2 * YI, "industrial"
    services.save_project(changed, actor=world["users"]["editor"], at=NOW)
    changed.total_investment, changed.project_type = 34 * YI, "other"
    services.save_project(changed, actor=world["users"]["editor"], at=NOW)
    record(fresh(old), "started", date(2023, 5, 1), actor=world["users"]["editor"])
    submit(old, world["users"]["editor"])
    submit(make_project("新项目", total_investment=7 * YI, milestones=SIGNED), world["users"]["editor"])

    first, second = world["reviewer"].get(QUEUE).context["page"].rows

    assert [line[2:5] for line in first.lines] == [
        ("Total investment", "1亿元", "34亿元"),
        ("Started · happened on", "—", "2023-05-01"),
        ("Started · known to the", "—", "Day"),
    ]  # what came back to what it was is no difference
    assert ("Total investment", "—", "7亿元") in [line[2:5] for line in second.lines]
    assert ("Signed · happened on", "—", "2023-01-29") in [line[2:5] for line in second.lines]


def test_ones_own_cannot_be_selected_in_the_queue(world):
    services.add_member(world["users"]["editor"], make_huangpu()["440112"], "reviewer")
    project = submit(make_project(), world["users"]["editor"])
    page = world["editor"].get(QUEUE).content.decode()
    world["editor"].post(QUEUE, seen(project, decision="approve"))

    assert "your own" in page
    assert 'name="project"' not in page
    assert fresh(project).review == Review.SUBMITTED


def test_the_queue_shows_the_longest_waiting_first_and_only_what_one_reviews(world):
    first, second = (submit(make_project(f"项目{n}"), world["users"]["editor"]) for n in "甲乙")
    submit(make_project("番禺项目", district=world["panyu"]), make_user())
    page = world["reviewer"].get(QUEUE)

    assert [project.pk for project in page.context["page"].rows] == [first.pk, second.pk]
    assert "番禺" not in page.content.decode()


def test_the_queue_goes_from_page_to_page_and_an_id_narrows_it(world):
    several = [submit(make_project(), world["users"]["editor"]) for _ in range(23)]
    first = world["reviewer"].get(QUEUE)
    rest = world["reviewer"].get(QUEUE, {"p": first.context["page"].next})
    forged = world["reviewer"].get(QUEUE, {"p": "nonsense"})
    one = world["reviewer"].get(QUEUE, {"id": several[7].pk})

    shown = [project.pk for page in (first, rest) for project in page.context["page"].rows]
    assert shown == [project.pk for project in several]
    assert len(forged.context["page"].rows) == 20
    assert [project.pk for project in one.context["page"].rows] == [several[7].pk]


@pytest.mark.parametrize(
    ("who", "status"), [("editor", 403), ("viewer", 403), ("neighbour", 404), ("second", 302)]
)
def test_only_a_reviewer_of_its_district_decides(world, who, status):
    project = submit(make_project(), world["users"]["editor"])

    response = world[who].post(QUEUE, seen(project, decision="approve"))

    assert response.status_code == status
    assert fresh(project).review == ("approved" if status == 302 else "submitted")


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("reviewer", 403), ("neighbour", 404)])
def test_only_an_editor_of_its_district_submits(world, who, status):
    project = make_project()

    response = world[who].post(f"{PROJECTS}submit/?ids={project.pk}", seen(project))

    assert response.status_code == status
    assert fresh(project).review == Review.DRAFT


def test_nobody_without_a_sign_in_comes_near(world):
    project = submit(make_project(), world["users"]["editor"])

    response = Client().post(QUEUE, seen(project, decision="approve"))

    assert response.status_code == 302
    assert "sign-in" in response.headers["Location"] or "login" in response.headers["Location"]
    assert fresh(project).review == Review.SUBMITTED


@pytest.mark.parametrize(
    "tampered",
    [
        {"version": "999999"},
        {"version": "-1"},
        {"version": "x"},
        {"version": "9" * 40},
        {"version": ""},
    ],
)
def test_a_version_that_was_made_up_is_not_the_one_that_was_seen(world, tampered):
    project = submit(make_project(), world["users"]["editor"])
    form = seen(project, decision="approve") | {f"version-{project.pk}": tampered["version"]}

    page = world["reviewer"].post(QUEUE, form)

    assert page.status_code == 200
    assert "Somebody else has changed or decided this" in page.content.decode()
    assert fresh(project).review == Review.SUBMITTED


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"decision": "void"}, 400),
        ({}, 400),
        ({"decision": "approve", "project": ["x"]}, 400),
        ({"decision": "approve", "project": ["999999"]}, 404),
        ({"decision": "approve", "project": []}, 200),
        ({"decision": "return", "text": ""}, 200),
        ({"decision": "return", "text": "x" * 5000}, 200),
        ({"decision": "return", "text": "a\u202eb"}, 200),
        ({"decision": "approve", "review": "draft", "approved_version": "7"}, 302),
    ],
)
def test_a_tampered_decision_is_refused_in_words(world, form, status):
    project = submit(make_project(), world["users"]["editor"])

    response = world["reviewer"].post(QUEUE, seen(project) | form)

    assert response.status_code == status
    assert fresh(project).review == ("approved" if status == 302 else "submitted")
    if status == 200:
        assert "errorlist" in response.content.decode()


def test_markup_in_a_comment_is_shown_as_it_was_written(world):
    project = submit(make_project("<b>项目</b>"), world["users"]["editor"])
    world["reviewer"].post(QUEUE, seen(project, decision="return", text="<script>alert(1)</script>"))

    page = world["editor"].get(f"{PROJECTS}{project.pk}/change/").content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_list_submits_what_is_selected(world):
    projects = [make_project(), make_project()]
    led = world["editor"].post(
        PROJECTS, {"action": "submit_selected", "_selected_action": [project.pk for project in projects]}
    )
    world["editor"].post(led.headers["Location"], seen(*projects))

    assert [fresh(project).review for project in projects] == ["submitted", "submitted"]


def test_the_queue_asks_the_database_as_often_for_twenty_as_for_two(world, django_assert_max_num_queries):
    for _ in range(20):
        submit(make_project(), world["users"]["editor"])

    with django_assert_max_num_queries(16):
        page = world["reviewer"].get(QUEUE)

    assert len(page.context["page"].rows) == 20
