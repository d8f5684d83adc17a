"""Roles: the administrator of a subtree gives and takes them inside it, never outside, and every change is recorded."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from projects import services
from projects.models import AccountChange, Membership, User
from tests.api import Api
from tests.makers import NOW, make_district, make_huangpu, make_project, make_user
from tests.pages import Page, signed_in

pytestmark = pytest.mark.django_db

USERS = "/admin/projects/user/"
PASSWORD = "a-long-password-1"


class Scene:
    """黄埔区 with its administrator, two officers, and one who works in 番禺区 as well."""

    def __init__(self) -> None:
        self.places = make_huangpu()
        self.huangpu, self.panyu = self.places["440112"], self.places["440113"]
        self.admin = make_user("administrator", district=self.huangpu, role="administrator")
        self.editor = make_user("editor", district=self.huangpu)
        self.both = make_user("both", district=self.huangpu, role="viewer")
        services.add_member(self.both, self.panyu, "editor")
        self.foreign = make_user("foreign", district=self.panyu)
        self.root = make_user("root", superuser=True)
        self.browser = signed_in(self.admin)

    def click(self, act: str, person: User, code: str, role: str, client: Client | None = None) -> int:
        """What the button of a person's page sends."""
        address = f"{USERS}{person.pk}/roles/"
        return (client or self.browser).post(address, {act: f"{person.pk}:{code}:{role}"}).status_code


@pytest.fixture
def scene() -> Scene:
    return Scene()


def roles_of(person: User) -> set[tuple[str, str]]:
    return set(person.memberships.values_list("district__code", "role"))


def told(person: User) -> list[tuple[str, str | None, str]]:
    found = AccountChange.objects.filter(user=person).order_by("id")
    return list(found.values_list("kind", "actor__username", "role"))


def test_one_click_gives_a_role_and_another_takes_it_and_both_are_recorded(scene: Scene) -> None:
    assert scene.click("give", scene.editor, "440112-GDD", "publisher") == 302
    assert ("440112-GDD", "publisher") in roles_of(scene.editor)

    assert scene.click("take", scene.editor, "440112-GDD", "publisher") == 302

    assert roles_of(scene.editor) == {("440112", "editor")}
    assert told(scene.editor)[-2:] == [
        ("role_given", "administrator", "publisher"),
        ("role_taken", "administrator", "publisher"),
    ]
    page = Page(scene.browser.get(f"{USERS}{scene.editor.pk}/change/").content.decode())
    assert "Role taken : Guangzhou Development District · Publisher" in page.text.replace("taken:", "taken :")


def test_the_page_of_a_district_gives_and_takes_with_one_click_each(scene: Scene) -> None:
    address = f"{USERS}roles/?district=440112"

    page = Page(scene.browser.get(address).content.decode())
    given = scene.browser.post(address, {"give": f"{scene.editor.pk}:440112:reviewer"})
    known = scene.browser.post(address, {"username": "foreign", "role": "viewer"})

    assert "editor" in page.text
    assert "Panyu" not in page.text
    assert (given.status_code, known.status_code) == (302, 302)
    assert ("440112", "reviewer") in roles_of(scene.editor)
    assert ("440112", "viewer") in roles_of(scene.foreign)


def test_an_unknown_sign_in_name_is_said_and_nobody_is_made(scene: Scene) -> None:
    answer = scene.browser.post(f"{USERS}roles/?district=440112", {"username": "nobody", "role": "viewer"})

    assert "There is nobody of this sign-in name" in answer.content.decode()
    assert not User.objects.filter(username="nobody").exists()


def test_an_administrator_sees_the_people_of_the_own_districts_and_only_their_roles_there(
    scene: Scene,
) -> None:
    people = scene.browser.get(USERS)
    page = scene.browser.get(f"{USERS}{scene.both.pk}/change/")

    shown = {user.username for user in people.context["cl"].result_list}
    assert shown == {"administrator", "editor", "both"}
    assert "Panyu" not in people.content.decode() + page.content.decode()
    assert scene.browser.get(f"{USERS}{scene.foreign.pk}/change/").status_code == 404
    assert scene.browser.get(f"{USERS}{scene.root.pk}/change/").status_code == 404


@pytest.mark.parametrize(
    ("code", "role", "status"),
    [
        ("440113", "viewer", 404),
        ("440100", "editor", 404),
        ("440112", "superuser", 404),
        ("999999", "viewer", 404),
        ("\x00", "viewer", 404),
    ],
)
def test_nothing_is_given_outside_the_own_districts(scene: Scene, code: str, role: str, status: int) -> None:
    before = roles_of(scene.editor)

    assert scene.click("give", scene.editor, code, role) == status
    assert scene.click("take", scene.both, "440113", "editor") == 404

    assert roles_of(scene.editor) == before
    assert ("440113", "editor") in roles_of(scene.both)


@pytest.mark.parametrize("value", ["", ":::", "1", "9999999:440112:viewer", "-1:440112:viewer", "x" * 3000])
def test_a_tampered_button_is_not_found(scene: Scene, value: str) -> None:
    address = f"{USERS}{scene.editor.pk}/roles/"
    before = Membership.objects.count()

    assert scene.browser.post(address, {"give": value}).status_code == 404
    assert scene.browser.post(f"{USERS}{scene.foreign.pk}/roles/", {"give": value}).status_code == 404
    assert scene.browser.post(address, {}).status_code == 404
    assert scene.browser.get(address).status_code == 405
    assert Membership.objects.count() == before


def test_the_button_of_one_person_does_not_change_another(scene: Scene) -> None:
    address = f"{USERS}{scene.editor.pk}/roles/"

    answer = scene.browser.post(address, {"give": f"{scene.both.pk}:440112:publisher"})

    assert answer.status_code == 404
    assert ("440112", "publisher") not in roles_of(scene.both)


def test_administrators_appoint_others_below_or_equal_and_keep_their_own_right(scene: Scene) -> None:
    assert scene.click("give", scene.editor, "440112", "administrator") == 302
    assert scene.click("give", scene.editor, "440100", "administrator") == 404
    scene.click("take", scene.admin, "440112", "administrator")
    assert roles_of(scene.admin) == {("440112", "administrator")}

    scene.click("take", scene.admin, "440112", "administrator", signed_in(scene.editor))

    assert roles_of(scene.admin) == set()
    assert scene.browser.get(USERS).status_code in (302, 403)


def test_editors_and_viewers_give_nothing(scene: Scene) -> None:
    client = signed_in(scene.editor)

    assert client.get(USERS).status_code == 403
    assert client.get(f"{USERS}roles/").status_code == 403
    assert scene.click("give", scene.editor, "440112", "publisher", client) == 403
    assert roles_of(scene.editor) == {("440112", "editor")}


def test_a_new_person_is_added_with_the_first_role(scene: Scene) -> None:
    facts = {
        "username": "new",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "district": "440112",
        "role": "editor",
    }

    made = scene.browser.post(f"{USERS}add/", facts)
    without = scene.browser.post(f"{USERS}add/", {**facts, "username": "other", "district": "", "role": ""})
    outside = scene.browser.post(f"{USERS}add/", {**facts, "username": "third", "district": "440113"})

    assert (made.status_code, without.status_code, outside.status_code) == (302, 200, 200)
    assert roles_of(User.objects.get(username="new")) == {("440112", "editor")}
    assert [kind for kind, _actor, _role in told(User.objects.get(username="new"))] == ["made", "role_given"]
    assert set(without.context["adminform"].form.errors) == {"district", "role"}
    assert set(outside.context["adminform"].form.errors) == {"district"}
    assert not User.objects.filter(username__in=["other", "third"]).exists()


def test_an_administrator_never_makes_a_superuser(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    facts = {
        "name": "王芳",
        "email": "",
        "is_active": "on",
        "is_superuser": "on",
        "username": "root2",
        "is_staff": "on",
    }

    answer = scene.browser.post(f"{USERS}{scene.editor.pk}/change/", facts)

    scene.editor.refresh_from_db()
    assert answer.status_code == 302
    assert (scene.editor.name, scene.editor.username, scene.editor.is_superuser) == ("王芳", "editor", False)
    assert not scene.editor.is_staff
    assert "asked for a superuser and was not heard" in caplog.text


def test_who_also_works_elsewhere_keeps_account_and_password(scene: Scene) -> None:
    change = f"{USERS}{scene.both.pk}/change/"

    off = scene.browser.post(change, {"name": "x"})
    password = scene.browser.post(
        f"{USERS}{scene.both.pk}/password/", {"password1": "another-long-1", "password2": "another-long-1"}
    )
    taken = scene.click("take", scene.both, "440112", "viewer")

    scene.both.refresh_from_db()
    assert (off.status_code, password.status_code, taken) == (403, 403, 302)
    assert scene.both.is_active
    assert scene.both.check_password(PASSWORD)
    assert roles_of(scene.both) == {("440113", "editor")}


@pytest.mark.parametrize("who", ["admin", "root", "foreign"])
def test_nobody_else_is_switched_off_or_given_a_password(scene: Scene, who: str) -> None:
    person: User = getattr(scene, who)
    if who == "root":
        services.add_member(person, scene.huangpu, "viewer")

    off = scene.browser.post(f"{USERS}{person.pk}/change/", {"name": "x"})
    password = scene.browser.post(
        f"{USERS}{person.pk}/password/", {"password1": "another-long-1", "password2": "another-long-1"}
    )

    person.refresh_from_db()
    assert off.status_code == password.status_code == (404 if who == "foreign" else 403)
    assert person.is_active
    assert person.check_password(PASSWORD)


def test_an_own_officer_is_switched_off_and_given_a_password_and_that_is_recorded(scene: Scene) -> None:
    new = {
        "password1": "another-long-password",
        "password2": "another-long-password",
        "usable_password": "true",
    }

    given = scene.browser.post(f"{USERS}{scene.editor.pk}/password/", new)
    off = scene.browser.post(f"{USERS}{scene.editor.pk}/change/", {"name": "王芳", "email": ""})

    scene.editor.refresh_from_db()
    assert (given.status_code, off.status_code) == (302, 302)
    assert scene.editor.check_password("another-long-password")
    assert not scene.editor.is_active
    assert [kind for kind, _actor, _role in told(scene.editor)][-2:] == ["password_given", "switched_off"]


def test_a_role_that_was_taken_is_gone_at_the_next_request_for_sessions_and_tokens(scene: Scene) -> None:
    project = make_project("黄埔机密", district=scene.huangpu)
    session, program = signed_in(scene.editor), Api(scene.editor)
    page, address = f"/admin/projects/project/{project.pk}/change/", f"projects/{project.pk}/"
    assert (session.get(page).status_code, program.get(address).status_code) == (200, 200)

    scene.click("take", scene.editor, "440112", "editor")
    services.add_member(scene.editor, scene.panyu, "viewer")

    assert (session.get(page).status_code, program.get(address).status_code) == (404, 404)


def test_what_was_recorded_of_roles_is_never_changed(scene: Scene) -> None:
    rows: Any = AccountChange.objects.all()

    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(role="")
    with pytest.raises(DatabaseError), transaction.atomic():
        rows._raw_delete("default")

    assert AccountChange.objects.exists()


def test_the_history_in_djangos_words_is_for_superusers(scene: Scene) -> None:
    answer = scene.browser.get(f"{USERS}{scene.both.pk}/history/")

    assert answer["Location"] == f"{USERS}{scene.both.pk}/change/"
    assert signed_in(scene.root).get(f"{USERS}{scene.both.pk}/history/").status_code == 200


def test_a_list_of_people_costs_a_fixed_number_of_queries(
    scene: Scene, django_assert_max_num_queries: Any
) -> None:
    for _number in range(30):
        make_user(district=make_district("440112"))

    for address, most in ((USERS, 12), (f"{USERS}roles/?district=440112", 18)):
        with django_assert_max_num_queries(most):
            assert scene.browser.get(address).status_code == 200


def test_giving_twice_and_taking_what_is_not_held_change_nothing(scene: Scene) -> None:
    before = AccountChange.objects.count()

    scene.click("give", scene.editor, "440112", "editor")
    scene.click("take", scene.editor, "440112", "publisher")

    assert AccountChange.objects.count() == before
    assert not services.remove_member(scene.editor, scene.huangpu, "publisher", actor=None, at=NOW)
