"""The admin's pages: every one opens, in both languages, for whom it is meant, and for nobody else."""

from copy import deepcopy
from datetime import date

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from projects import services
from projects.models import ApiToken, Ceremony, SizeBand, Succession, Tag, User
from tests.access import one_transaction
from tests.makers import (
    NOW,
    YI,
    make_bands,
    make_district,
    make_huangpu,
    make_organization,
    make_project,
    make_release,
    make_sector,
    make_user,
)
from tests.workbooks_made import send
from tracking.audits import run_now
from tracking.models import Delivery, ReportedTotal, Subscription, Target
from tracking.signing_in.models import Event

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
ADDED_BY_NOBODY = {"Event", "LedgerEntry", "Delivery", "ApiToken", "AuditRun"}


def signed_in(user: User, language: str = "en") -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["language"] = language
    return client


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), one_transaction():
        yield make_world()


@pytest.fixture
def world(made):
    """The world as it was made: what a test does to it is undone in the database, and done to copies here."""
    return deepcopy(made)


def make_world():
    """Something of every kind in 黄埔区, for superuser, editor, viewer, and a neighbour's editor in 番禺区."""
    places = make_huangpu()
    huangpu, panyu = places["440112"], places["440113"]
    make_bands()
    people = {
        "superuser": make_user("root", superuser=True),
        "editor": make_user("editor", district=huangpu),
        "viewer": make_user("viewer", district=huangpu, role="viewer"),
        "neighbour": make_user("neighbour", district=panyu),
        "nobody": make_user("nobody"),
    }
    ceremony = services.save_versioned(
        Ceremony(district=huangpu, name="黄埔签约会", held_on=date(2023, 1, 29)), at=NOW
    )
    project = make_project(
        "黄埔项目",
        district=huangpu,
        sector=make_sector(),
        total_investment=34 * YI,
        milestones={"signed": date(2023, 1, 29), "suspended": date(2023, 5, 1)},
    )
    make_project(
        "黄埔项目", phase="一期", district=huangpu, parent=make_project("黄埔整体", district=huangpu)
    )
    claim = services.save_versioned(
        ReportedTotal(
            district=huangpu, period="2023Q1", measure="signed_investment", value=1441 * YI, unit="CNY"
        ),
        at=NOW,
    )
    services.save_versioned(
        Target(
            district=huangpu, year=2023, measure="signed_count", comparator=">=", value=50, unit="projects"
        ),
        at=NOW,
    )
    subscription = services.save_versioned(
        Subscription(user=people["viewer"], email="viewer@example.com", district=huangpu), at=NOW
    )
    Delivery.objects.create(subscription=subscription, period="2023Q1", created_at=NOW)
    ApiToken.objects.create(user=people["editor"], name="export", scopes=["read"])
    Event.objects.create(at=NOW, kind="succeeded", user=people["editor"], username="editor")
    make_organization("投资公司")
    services.save_reference(Tag(code="chain-leader", name="链主"))
    luogang = make_district("440116", "萝岗区", parent=places["440100"])
    services.save_succession(
        Succession(predecessor=luogang, successor=huangpu, kind="merged", happened_on=date(2014, 2, 12)),
        actor=None,
        at=NOW,
    )
    make_release(huangpu)
    send([["新项目", "黄埔区", 1, None, None]], into=huangpu, actor=people["editor"])
    run_now(NOW)
    return {"places": places, "project": project, "ceremony": ceremony, "claim": claim, **people}


def pages_of(model):
    """The list, the form to add and one record of a model, as addresses."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield reverse(f"{name}_changelist")
    if model._meta.object_name not in ADDED_BY_NOBODY:
        yield reverse(f"{name}_add")
    if model is not ApiToken:
        first = model._default_manager.order_by("pk").first()
        yield reverse(f"{name}_change", args=[first.pk])
        yield reverse(f"{name}_history", args=[first.pk])


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_opens_for_a_superuser_in_both_languages_under_a_strict_policy(world, language):
    client = signed_in(world["superuser"], language)

    for address in (address for model in MODELS for address in pages_of(model)):
        response = client.get(address)

        assert response.status_code == 200, address
        assert response.headers["Content-Language"].lower().startswith(language[:2])
        policy = response.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        page = response.content.decode()
        assert not [inline for inline in ("<style", " style=", " onclick=") if inline in page], address


def test_somebody_who_is_not_signed_in_is_sent_to_the_sign_in_page(world):
    for address in (address for model in MODELS for address in pages_of(model)):
        response = Client().get(address)

        assert response.status_code == 302, address
        assert response.headers["Location"].startswith("/admin/login/?next=")


def test_a_user_without_any_role_is_told_so(world):
    response = signed_in(world["nobody"]).get(reverse("admin:index"), follow=True)

    assert response.status_code == 403


PLACED = ["project", "ceremony", "claim"]


@pytest.mark.parametrize("what", PLACED)
def test_a_neighbours_editor_finds_nothing_of_another_district(world, what):
    record = world[what]
    name = f"admin:{record._meta.app_label}_{record._meta.model_name}"
    client = signed_in(world["neighbour"])

    for page in ("change", "history", "delete"):
        response = client.get(reverse(f"{name}_{page}", args=[record.pk]))
        assert response.status_code in ((404, 403) if page == "delete" else (404,)), page
        assert "黄埔" not in response.content.decode()
    assert client.post(reverse(f"{name}_change", args=[record.pk]), {"name": "x"}).status_code == 404
    assert "黄埔" not in client.get(reverse(f"{name}_changelist")).content.decode()
    popup = client.get(reverse(f"{name}_change", args=[record.pk]), {"_popup": "1"})
    assert popup.status_code == 404


@pytest.mark.parametrize("who", ["editor", "viewer", "neighbour"])
def test_members_see_what_concerns_them_and_nothing_else(world, who):
    client = signed_in(world[who])

    for address in (address for model in MODELS for address in pages_of(model)):
        response = client.get(address)

        assert response.status_code in (200, 403, 404), address
        if who == "neighbour":
            assert "黄埔" not in response.content.decode(), address
        if any(
            f"/{people}/" in address
            for people in ("user", "apitoken", "subscription", "delivery", "auditrun")
        ):
            assert response.status_code == 403, address
        if who == "viewer" and address.endswith("/add/"):
            assert response.status_code == 403, address


def test_a_viewer_opens_a_project_to_read_and_cannot_post_it(world):
    client = signed_in(world["viewer"])
    address = reverse("admin:projects_project_change", args=[world["project"].pk])

    page = client.get(address).content.decode()

    assert "黄埔项目" in page
    assert 'name="_save"' not in page
    assert 'name="name"' not in page
    assert client.post(address, {"name": "x"}).status_code == 403


def test_autocomplete_offers_only_what_the_form_accepts(world):
    suggestions = {
        who: signed_in(world[who])
        .get(
            reverse("admin:autocomplete"),
            {"app_label": "projects", "model_name": "project", "field_name": "district", "term": "44"},
        )
        .json()["results"]
        for who in ("editor", "viewer", "neighbour")
    }

    assert {item["text"] for item in suggestions["editor"]} == {
        "Huangpu 440112",
        "Guangzhou Development District 440112-GDD",
    }
    assert suggestions["viewer"] == []
    assert [item["text"] for item in suggestions["neighbour"]] == ["Panyu 440113"]


@pytest.mark.parametrize(
    ("model", "field", "term"),
    [("milestone", "ceremony", "黄埔"), ("project", "parent", "黄埔"), ("ledgerentry", "project", "黄埔")],
)
def test_autocomplete_names_nothing_of_another_district(world, model, field, term):
    response = signed_in(world["neighbour"]).get(
        reverse("admin:autocomplete"),
        {"app_label": "projects", "model_name": model, "field_name": field, "term": term},
    )

    assert response.json()["results"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"app_label": "projects", "model_name": "membership", "field_name": "user"},
        {"app_label": "projects", "model_name": "project", "field_name": "phases"},
        {"app_label": "projects", "model_name": "project", "field_name": "name"},
        {"app_label": "no", "model_name": "no", "field_name": "no"},
        {},
    ],
)
def test_autocomplete_refuses_other_fields(world, query):
    assert signed_in(world["editor"]).get(reverse("admin:autocomplete"), query).status_code == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("district__code__startswith=44", 400),
        ("investors__projects__name__contains=x", 400),
        ("name=%00", 400),
        ("id__in=1000000000000000000000000000000", 400),
        ("district=999999", 302),
        ("signed_in=2023Q5", 302),
        ("band=nonsense", 302),
        ("p=abc", 200),
        ("q=" + "x" * 300, 200),
        ("q=%27%22--", 200),
        ("o=99999999999999999999", 400),
        ("q=99999999999999999999", 200),
        ("signed_in=2023Q1&district=440112&stage=signed&band=1bn-5bn&standing=suspended", 200),
        ("signed_in=undated&sector=biomedicine&project_type=other&standing=counted", 200),
    ],
)
def test_a_look_up_is_answered_or_refused_never_an_error(world, query, status):
    response = signed_in(world["superuser"]).get(f"/admin/projects/project/?{query}")

    assert response.status_code == status


@pytest.mark.parametrize("pk", ["abc", "1" + "0" * 30, "-1", "0", "_5F"])
def test_a_record_that_cannot_exist_is_not_found(world, pk):
    assert signed_in(world["superuser"]).get(f"/admin/projects/project/{pk}/change/").status_code == 404


def test_the_filters_find_what_they_say(world):
    client = signed_in(world["superuser"])

    def found(query: str) -> set[str]:
        changes = client.get(f"/admin/projects/project/?{query}").context["cl"]
        return {project.label for project in changes.result_list}

    services.void_project(
        make_project("作废", district=world["places"]["440113"]), "twice", actor=None, at=timezone.now()
    )

    assert found("") == {"黄埔项目", "黄埔项目 一期", "黄埔整体"}
    assert found("signed_in=2023Q1") == {"黄埔项目"}
    assert found("signed_in=2023Q2") == set()
    assert found("district=440112-GDD") == set()
    assert found("district=440100&band=1bn-5bn") == {"黄埔项目"}
    assert found("standing=suspended") == {"黄埔项目"}
    assert found("standing=void") == {"作废"}
    assert found("standing=counted") == {"黄埔项目", "黄埔项目 一期"}


def test_the_list_costs_a_fixed_number_of_queries(world, django_assert_max_num_queries):
    for number in range(30):
        make_project(
            district=world["places"]["440112"], milestones={"signed": date(2023, 1, 1 + number % 28)}
        )
    client = signed_in(world["editor"])

    with django_assert_max_num_queries(20):
        response = client.get("/admin/projects/project/")

    assert len(response.context["cl"].result_list) == 33


def test_the_index_follows_a_projects_life(world):
    page = signed_in(world["superuser"]).get(reverse("admin:index"))

    with translation.override("en"):
        sections = [str(section["name"]) for section in page.context["app_list"]]
    assert sections == ["Projects", "Figures", "Reference", "People"]
    assert [m["object_name"] for m in page.context["app_list"][0]["models"]][:4] == [
        "Project",
        "Import",
        "Ceremony",
        "Organization",
    ]
    everything = {m["object_name"] for section in page.context["app_list"] for m in section["models"]}
    assert everything == {model._meta.object_name for model in MODELS}


def test_the_language_is_switched_by_a_form(world):
    client = signed_in(world["editor"])

    response = client.post(reverse("set_language"), {"language": "zh-hans", "next": "/admin/"})

    assert response.status_code == 302
    assert client.get("/admin/").headers["Content-Language"].lower().startswith("zh")


def test_no_page_shows_the_hash_of_a_token(world):
    token = ApiToken.objects.get()
    client = signed_in(world["superuser"])

    pages = [
        client.get(reverse("admin:projects_apitoken_changelist")),
        client.get(reverse("admin:projects_apitoken_revoke", args=[token.token_key])),
    ]

    assert all(token.digest not in page.content.decode() for page in pages)
    assert client.get(f"/admin/projects/apitoken/{token.digest}/change/").status_code == 404


def test_a_superuser_revokes_a_token_and_nobody_else_does(world):
    token = ApiToken.objects.get()
    address = reverse("admin:projects_apitoken_revoke", args=[token.token_key])

    refused = signed_in(world["editor"]).post(address)
    done = signed_in(world["superuser"]).post(address)

    assert (refused.status_code, done.status_code) == (403, 302)
    assert not ApiToken.objects.exists()


def test_what_is_in_use_stays_and_says_so(world):
    client = signed_in(world["superuser"])
    district = world["places"]["440112"]

    one = client.post(f"/admin/projects/district/{district.pk}/delete/", {"post": "yes"}, follow=True)
    several = client.post(
        "/admin/projects/district/",
        {"action": "delete_selected", "_selected_action": [district.pk], "post": "yes"},
        follow=True,
    )

    assert (one.status_code, several.status_code) == (200, 200)
    district.refresh_from_db()


def test_what_nothing_uses_is_deleted(world):
    client = signed_in(world["superuser"])
    SizeBand.objects.exclude(code="lt-100m").delete()
    band = SizeBand.objects.get()

    client.post(f"/admin/projects/sizeband/{band.pk}/delete/", {"post": "yes"})

    assert not SizeBand.objects.exists()


@pytest.mark.parametrize("selected", ["abc", "1" + "0" * 30])
def test_a_selection_of_nonsense_is_refused(world, selected):
    response = signed_in(world["superuser"]).post(
        "/admin/projects/project/", {"action": "void", "_selected_action": [selected]}
    )

    assert response.status_code == 400
