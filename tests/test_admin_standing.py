"""Beyond entering: void and excluded projects, users with their roles, subscriptions and what is in use."""

from datetime import date

import pytest
from django.test import Client

from projects.models import LedgerEntry, Organization, Project, User
from tests.makers import YI, fresh, make_huangpu, make_organization, make_project, make_user
from tracking.models import Subscription, Target

pytestmark = pytest.mark.django_db

PROJECTS = "/admin/projects/project/"


@pytest.fixture
def world():
    """黄埔区 with an editor and a superuser, both signed in, in English, and a neighbour 番禺区."""
    places = make_huangpu()
    people = {
        "editor": make_user("editor", district=places["440112"]),
        "viewer": make_user("viewer", district=places["440112"], role="viewer"),
        "root": make_user("root", superuser=True),
    }
    clients = {}
    for name, user in people.items():
        clients[name] = Client()
        clients[name].force_login(user)
        clients[name].cookies["language"] = "en"
    return {"huangpu": places["440112"], "panyu": places["440113"], "people": people, **clients}


def signed(world, name: str = "项目", district: str = "huangpu", **more) -> Project:
    """A project that counts."""
    return make_project(name, district=world[district], milestones={"signed": date(2023, 1, 29)}, **more)


def test_a_project_is_declared_void_with_a_reason_and_restored(world):
    project = signed(world)

    world["editor"].post(f"{PROJECTS}void/?ids={project.pk}", {"reason": "entered twice"})
    void = fresh(project)
    world["editor"].post(f"{PROJECTS}restore/?ids={project.pk}")

    assert (void.is_void, void.void_reason) == (True, "entered twice")
    assert not fresh(project).is_void
    assert [(e.cause, e.actor) for e in LedgerEntry.objects.current()] == [
        ("included", world["people"]["editor"])
    ]


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "a\u202eb", "——"])
def test_a_project_is_not_void_without_a_readable_reason(world, reason):
    project = signed(world)

    response = world["editor"].post(f"{PROJECTS}void/?ids={project.pk}", {"reason": reason})

    assert response.status_code == 200
    assert response.context["form"].errors["reason"]
    assert not fresh(project).is_void


def test_several_are_excluded_from_the_list_and_counted_again(world):
    projects = [signed(world), signed(world)]
    ids = [project.pk for project in projects]

    led = world["editor"].post(PROJECTS, {"action": "exclude", "_selected_action": ids})
    world["editor"].post(led.headers["Location"], {"reason": "real_estate"})

    assert [fresh(p).exclusion_reason for p in projects] == ["real_estate"] * 2
    assert not LedgerEntry.objects.current().exists()
    world["editor"].post(f"{PROJECTS}include/?ids={ids[0]},{ids[1]}")
    assert LedgerEntry.objects.current().count() == 2


def test_one_that_cannot_be_void_keeps_all_others_from_it(world):
    whole = make_project("整体", district=world["huangpu"])
    make_project("整体", phase="一期", parent=whole, district=world["huangpu"])
    other = signed(world)

    response = world["editor"].post(f"{PROJECTS}void/?ids={other.pk},{whole.pk}", {"reason": "entered twice"})

    assert "This project has phases" in response.content.decode()
    assert not fresh(other).is_void
    assert not fresh(whole).is_void


def test_whose_project_it_is_decides_who_may(world):
    own, foreign = signed(world), signed(world, "番禺项目", district="panyu")
    reason = {"reason": "entered twice"}

    answers = [
        world["editor"].post(f"{PROJECTS}void/?ids={foreign.pk}", reason).status_code,
        world["editor"].post(f"{PROJECTS}void/?ids={own.pk},{foreign.pk}", reason).status_code,
        world["viewer"].post(f"{PROJECTS}void/?ids={own.pk}", reason).status_code,
        world["editor"].get(f"{PROJECTS}void/?ids=").status_code,
        world["editor"].get(f"{PROJECTS}void/?ids=abc,%00").status_code,
        Client().post(f"{PROJECTS}void/?ids={own.pk}", reason).status_code,
    ]

    assert answers == [404, 404, 403, 404, 400, 302]
    assert not Project.objects.filter(voided_at__isnull=False).exists()


def test_the_projects_page_offers_what_is_possible(world):
    project = signed(world)

    page = world["editor"].get(f"{PROJECTS}{project.pk}/change/").content.decode()
    read = world["viewer"].get(f"{PROJECTS}{project.pk}/change/").content.decode()

    assert f"void/?ids={project.pk}" in page
    assert f"exclude/?ids={project.pk}" in page
    assert f"restore/?ids={project.pk}" not in page
    assert "?ids=" not in read
    assert f"/admin/projects/ledgerentry/?project__id__exact={project.pk}" in page


def test_projects_are_never_deleted(world):
    project = signed(world)

    assert world["root"].get(f"{PROJECTS}{project.pk}/delete/").status_code == 403
    assert world["root"].post(f"{PROJECTS}{project.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in world["root"].get(PROJECTS).content.decode()


def test_a_superuser_makes_a_user_with_a_role(world):
    data = {
        "username": "wangfang",
        "name": "王芳",
        "password1": "a-long-password-1",
        "password2": "a-long-password-1",
        "district": "440112",
        "role": "editor",
    }

    response = world["root"].post("/admin/projects/user/add/", data)

    user = User.objects.get(username="wangfang")
    assert response.status_code == 302
    assert user.check_password("a-long-password-1")
    assert [(m.district, m.role) for m in user.memberships.all()] == [(world["huangpu"], "editor")]


def test_a_superuser_switches_a_user_off(world):
    user = world["people"]["viewer"]

    world["root"].post(f"/admin/projects/user/{user.pk}/change/", {"username": user.username, "name": ""})

    user.refresh_from_db()
    assert not user.is_active


@pytest.mark.parametrize(
    ("username", "password"),
    [("editor", "a-long-password-1"), ("王 芳", "a-long-password-1"), ("wangfang", "short")],
)
def test_a_user_that_cannot_be_is_refused_at_the_field(world, username, password):
    data = {"username": username, "password1": password, "password2": password}

    response = world["root"].post("/admin/projects/user/add/", data)

    assert response.status_code == 200
    assert response.context["adminform"].form.errors
    assert User.objects.count() == 3


def test_only_superusers_make_users_or_districts(world):
    data = {"username": "wangfang", "is_superuser": "on"}

    answers = [
        world["editor"].post("/admin/projects/user/add/", data).status_code,
        world["editor"].post("/admin/projects/district/add/", {"code": "440999"}).status_code,
        world["editor"].post("/admin/projects/sector/add/", {"code": "x"}).status_code,
        world["editor"].get(f"/admin/projects/user/{world['people']['root'].pk}/password/").status_code,
    ]

    assert answers == [403] * 4


def test_a_district_is_recorded_in_its_place_and_keeps_it(world):
    data = {"code": "440112-GZK", "name": "广州高新区", "level": "zone", "parent": world["huangpu"].pk}

    made = world["root"].post("/admin/projects/district/add/", data)
    district = world["huangpu"].children.get(code="440112-GZK")
    moved = world["root"].post(
        f"/admin/projects/district/{district.pk}/change/", data | {"parent": world["panyu"].pk}
    )

    assert (made.status_code, moved.status_code) == (302, 200)
    assert "keeps its code and its place" in moved.content.decode()
    district.refresh_from_db()
    assert district.path == "440000/440100/440112/440112-GZK/"


def test_a_target_is_set_by_an_editor_of_its_district(world):
    data = {"year": "2023", "measure": "signed_count", "comparator": ">=", "value": "50", "unit": "projects"}

    own = world["editor"].post("/admin/tracking/target/add/", data | {"district": world["huangpu"].pk})
    foreign = world["editor"].post("/admin/tracking/target/add/", data | {"district": world["panyu"].pk})
    absurd = world["editor"].post(
        "/admin/tracking/target/add/",
        data | {"district": world["huangpu"].pk, "year": "40000", "value": "NaN"},
    )

    assert (own.status_code, foreign.status_code, absurd.status_code) == (302, 200, 200)
    assert set(absurd.context["adminform"].form.errors) == {"year", "value"}
    assert Target.objects.count() == 1


def test_a_superuser_subscribes_somebody(world):
    data = {
        "user": world["people"]["viewer"].pk,
        "email": "viewer@example.com",
        "district": world["huangpu"].pk,
        "frequency": "quarterly",
        "language": "zh-hans",
        "active": "on",
    }

    world["root"].post("/admin/tracking/subscription/add/", data)
    again = world["root"].post("/admin/tracking/subscription/add/", data)

    assert Subscription.objects.get().version == 1
    assert "subscribed to this district already" in again.content.decode()


def test_an_investor_in_use_is_not_deleted(world):
    investor = make_organization("广药集团")
    project = signed(world, total_investment=YI)
    project.investors.add(investor)

    response = world["root"].post(
        f"/admin/projects/organization/{investor.pk}/delete/", {"post": "yes"}, follow=True
    )

    assert response.status_code == 200
    assert Organization.objects.filter(pk=investor.pk).exists()
    assert "in use" in response.content.decode()
