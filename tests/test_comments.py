"""Comments on projects, and the colleagues whom they call."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from projects import services
from projects.models import Comment, Membership, Mention
from tests.makers import NOW, make_huangpu, make_project, make_user
from tests.pages import Page, signed_in

pytestmark = pytest.mark.django_db

PROJECTS = "/admin/projects/project/"


@pytest.fixture
def world():
    """黄埔区 with an editor and a viewer, one who sees the whole city, and a neighbour's editor."""
    places = make_huangpu()
    users = {
        "editor": make_user("editor", district=places["440112"]),
        "viewer": make_user("viewer", district=places["440112"], role="viewer"),
        "王科长": make_user("王科长", district=places["440100"], role="reviewer"),
        "neighbour": make_user("neighbour", district=places["440113"]),
        "stranger": make_user("stranger"),
    }
    gone = make_user("gone", district=places["440112"])
    gone.is_active = False
    gone.save()
    project = make_project("黄埔项目", district=places["440112"])
    return {"users": users, "project": project, **{name: signed_in(user) for name, user in users.items()}}


def said(world, text: str, who: str = "editor", **more: Any) -> Any:
    """What the form answers."""
    return world[who].post(f"{PROJECTS}{world['project'].pk}/comment/", {"text": text, **more})


def called(world) -> list[str]:
    return list(Mention.objects.order_by("user__username").values_list("user__username", flat=True))


def test_whoever_may_see_a_project_may_say_something(world):
    response = said(world, "已电话核实\n金额无误", "viewer")

    page = Page(world["editor"].get(f"{PROJECTS}{world['project'].pk}/change/").content.decode())
    assert response.status_code == 302
    assert "已电话核实 金额无误" in page.text
    assert Comment.objects.get().author == world["users"]["viewer"]


@pytest.mark.parametrize("who", ["neighbour", "stranger"])
def test_for_others_neither_the_project_nor_its_comments_exist(world, who):
    response = said(world, "你好", who)

    assert response.status_code in (302, 404)  # a stranger is sent to sign in again
    assert not Comment.objects.exists()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@viewer 请看", ["viewer"]),
        ("@viewer请看，@王科长也请看。", ["viewer", "王科长"]),
        ("（@王科长）", ["王科长"]),
        ("请 @viewer, @viewer", ["viewer"]),
        ("单价@3.5万, 邮箱 a@viewer", []),
        ("@editor 自己", []),
    ],
)
def test_an_at_and_a_user_name_call_a_colleague(world, text, names):
    response = said(world, text)

    assert response.status_code == 302
    assert called(world) == names


def test_a_colleague_is_picked_from_those_who_may_see_the_project(world):
    page = world["editor"].get(f"{PROJECTS}{world['project'].pk}/change/")
    offered = set(page.context["comment_form"].fields["called"].queryset.values_list("username", flat=True))
    said(world, "请看", called=world["users"]["王科长"].pk)

    assert offered == {"viewer", "王科长"}
    assert called(world) == ["王科长"]


@pytest.mark.parametrize("name", ["neighbour", "stranger", "gone", "nobody_of_this_name"])
def test_who_may_not_see_it_cannot_be_called_and_nobody_learns_whether_they_exist(world, name):
    response = said(world, f"@{name} 请看")
    sentence = f"Nobody who may see this project has a user name that “@{name}” begins with."

    assert response.status_code == 200
    assert sentence in Page(response.content.decode()).text
    assert f"@{name} 请看" in response.content.decode()  # what was typed is still there
    assert not Comment.objects.exists()


@pytest.mark.parametrize("who", ["neighbour", "stranger"])
def test_a_tampered_choice_of_a_colleague_is_refused(world, who):
    response = said(world, "请看", called=world["users"][who].pk)

    assert response.status_code == 200
    assert not Comment.objects.exists()


@pytest.mark.parametrize(
    "text", ["", "  ", "……", "x" * 5000, "a\u202eb", "a\x00b", "\u200b\u200b", "e" + "\u0301" * 40]
)
def test_a_comment_that_cannot_be_read_is_refused(world, text):
    response = said(world, text)

    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert not Comment.objects.exists()


def test_markup_is_shown_as_it_was_written(world):
    said(world, "<img src=x onerror=alert(1)> @viewer")

    page = world["viewer"].get(f"{PROJECTS}{world['project'].pk}/change/").content.decode()
    desk = world["viewer"].get("/admin/").content.decode()

    for shown in (page, desk):
        assert "<img src=x" not in shown
        assert "&lt;img src=x" in shown


def test_a_call_stays_on_the_desk_until_it_is_opened(world):
    said(world, "@viewer 请看")
    mention = Mention.objects.get()
    before = world["viewer"].get("/admin/").content.decode()
    opened = world["viewer"].post(f"{PROJECTS}mentions/{mention.pk}/")
    after = world["viewer"].get("/admin/").content.decode()

    assert f"/mentions/{mention.pk}/" in before
    assert opened.headers["Location"].endswith(f"{world['project'].pk}/change/#comment-{mention.comment_id}")
    assert f"/mentions/{mention.pk}/" not in after


def test_nobody_opens_anothers_call_and_a_link_alone_opens_none(world):
    said(world, "@viewer 请看")
    mention = Mention.objects.get()

    assert world["editor"].post(f"{PROJECTS}mentions/{mention.pk}/").status_code == 404
    assert world["viewer"].get(f"{PROJECTS}mentions/{mention.pk}/").status_code == 405
    assert Mention.objects.get().read_at is None


def test_who_may_not_see_the_project_any_more_is_not_told_of_it(world):
    said(world, "@viewer 请看")
    mention = Mention.objects.get()
    Membership.objects.filter(user=world["users"]["viewer"]).delete()
    services.add_member(world["users"]["viewer"], make_huangpu()["440113"], "viewer")

    assert "黄埔项目" not in world["viewer"].get("/admin/").content.decode()
    assert world["viewer"].post(f"{PROJECTS}mentions/{mention.pk}/").status_code == 404


def test_a_comment_calls_at_most_twenty(world):
    text = " ".join(f"@viewer{n}" for n in range(21))

    with pytest.raises(ValidationError, match="20"):
        services.comment_on(world["project"], text, actor=world["users"]["editor"], at=NOW)
