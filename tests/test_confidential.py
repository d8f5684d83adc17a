"""Confidential before signing: what would tell who comes is put aside, and nobody but a few finds it anywhere."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from projects import services
from projects.models import Milestone, Organization, Project, PutAside, Revision, User
from tests.access import text_of
from tests.api import Api
from tests.doors import Place, asked, asked_of_the_country
from tests.makers import (
    NOW,
    YI,
    fresh,
    make_bands,
    make_district,
    make_huangpu,
    make_organization,
    make_project,
    make_release,
    make_sector,
    make_user,
    record,
)
from tests.pages import signed_in
from tests.test_admin_entry import reopened
from tests.test_attachments import PDF, upload
from tests.test_charges import in_charge
from tracking.cells import roll_up

pytestmark = pytest.mark.django_db

CANARY = ("金丝雀", "Canary", "CANARY")  # in everything that is to be hidden
ASKED = re.compile(r'(q=|value="|search: |term=|query": ")(金丝雀|Canary|jsq)')  # what the reader has typed
LIST = "/admin/projects/project/"


@pytest.fixture
def world(tmp_path: Path, settings: Any) -> dict[str, Any]:
    """A confidential project of 黄埔区 with all that it hides, among others, and people who may and may not know it."""
    settings.ATTACHMENT_FOLDER = tmp_path
    places = make_huangpu()
    huangpu = places["440112"]
    make_bands()
    investor = make_organization("金丝雀投资", name_en="Canary Capital")
    other = make_project(
        "公开项目", district=huangpu, total_investment=YI, milestones={"signed": date(2023, 1, 29)}
    )
    project = make_project(
        "金丝雀基地", name_en="Canary Base", district=huangpu, sector=make_sector(), total_investment=30 * YI,
        milestones={"negotiating": date(2023, 1, 10)}, remark="金丝雀来访", source="Canary.docx", code="CANARY-1",
    )  # fmt: skip
    services.save_project(fresh(project), actor=None, at=NOW, investors=[investor])
    plan = Milestone(
        project=fresh(project), kind="started", planned_on=date(2024, 1, 10), note="金丝雀一行看地 Canary"
    )
    services.save_milestone(plan, actor=None, at=NOW)
    renamed = fresh(project)
    renamed.name = "金丝雀总部基地"
    services.save_project(renamed, actor=None, at=NOW, reason="改名金丝雀")
    editor = make_user("editor", district=huangpu)
    services.attach_file(fresh(project), upload(PDF, "金丝雀合同.pdf"), "contract", actor=editor, at=NOW)
    viewer = make_user("viewer", district=huangpu, role="viewer")
    services.comment_on(fresh(project), "@viewer 金丝雀下周来 Canary", actor=editor, at=NOW, called=[viewer])
    hidden = fresh(project)
    hidden.confidential = True
    services.save_project(hidden, actor=editor, at=NOW)
    return {
        "huangpu": huangpu,
        "city": places["440100"],
        "investor": investor,
        "other": other,
        "project": fresh(project),
        "editor": editor,
        "viewer": viewer,
        "reviewer": make_user("reviewer", district=huangpu, role="reviewer"),
        "administrator": make_user("chief", district=huangpu, role="administrator"),
        "publisher": make_user("publisher", district=huangpu, role="publisher"),
        "above": make_user("above", district=places["440100"], role="viewer"),
    }


def page_of(world: dict[str, Any]) -> str:
    return f"{LIST}{world['project'].pk}/change/"


def known_in(user: User, world: dict[str, Any]) -> str:
    """What the user reads of the project: its page, in the list, and as a program."""
    browser, pk = signed_in(user), world["project"].pk
    found = [browser.get(page_of(world)), browser.get(LIST), Api(user).get(f"projects/{pk}/")]
    return "\n".join(answer.content.decode() for answer in found)


def test_it_is_stored_under_a_mask_and_what_it_hides_is_put_aside(world):
    project, aside = world["project"], PutAside.objects.get()
    number = f"P{project.pk:08d}"

    assert (project.name, project.name_en) == (f"保密项目 {number}", f"Confidential project {number}")
    assert (project.code, project.remark, project.source, project.investors.count()) == (number, "", "", 0)
    assert (aside.name, aside.code, aside.remark) == ("金丝雀总部基地", "CANARY-1", "金丝雀来访")
    assert list(aside.investors.all()) == [world["investor"]]


@pytest.mark.parametrize("who", ["viewer", "publisher", "above"])
def test_nothing_leaks_on_any_page_or_route_to_who_may_not_know(world, who):
    project, reader = world["project"], world[who]
    release = make_release(world["huangpu"] if who != "above" else world["city"])
    roll_up()
    api, browser = Api(reader), signed_in(reader)
    browser.raise_request_exception = False
    place = Place(city="440112", leaf="440112", project=project.code, sector="biomedicine", rare="P0000")
    code = "district=440112&quarter=2023Q1&kind=negotiating"
    addresses = [
        where for _name, where in [*asked(place, release.pk), *asked_of_the_country(place, 1, release.pk, 1)]
    ]
    addresses += [
        page_of(world), f"{LIST}{project.pk}/history/", f"{LIST}?q=金丝雀", f"{LIST}?q=Canary", f"{LIST}?o=2",
        f"{LIST}columns/", f"/api/v1/projects/{project.pk}/", f"/api/v1/projects/{project.pk}/history/",
        f"/api/v1/projects/{project.pk}/milestones/", f"/api/v1/projects/{project.pk}/attachments/",
        f"/api/v1/projects/?investor={world['investor'].pk}", "/api/v1/projects/?q=金丝雀", "/api/v1/projects/?q=jsq",
        "/api/v1/projects/?format=csv", "/api/v1/projects/?format=xlsx", "/api/v1/projects/?ordering=name",
        f"/api/v1/totals/trace/?{code}", f"/api/v1/totals/trace/?{code}&format=csv",
        f"/api/v1/totals/explain/?{code}&from=release:{release.pk}", f"/figures/?{code}",
        f"/figures/?{code}&format=csv", f"/figures/?{code}&format=xlsx", f"/api/v1/releases/{release.pk}/package/",
        "/admin/", "/", "/admin/projects/ledgerentry/", "/admin/projects/ledgerentry/?q=金丝雀",
        f"{LIST}{project.pk}/attachments/{project.attachments.get().pk}/",
        "/admin/autocomplete/?app_label=projects&model_name=project&field_name=parent&term=P0",
    ]  # fmt: skip
    opened = 0
    for address in dict.fromkeys(addresses):
        where = address.replace("{project}", str(project.pk))
        answer = (api if where.startswith("/api/") else browser).get(where)
        assert answer.status_code < 500, where
        opened += answer.status_code == 200
        said = ASKED.sub("", text_of(answer))
        if not any(
            word in where for word in ("organization", "investors", "q=")
        ):  # an investor is no secret by itself
            assert not [word for word in CANARY if word in said], where
        assert "金丝雀基地" not in said and "金丝雀总部" not in said and "CANARY-1" not in said, where  # noqa: PT018

    for file_format in ("xlsx", "csv"):
        asked_for = {"columns": "all", "unit": "yi", "file_format": file_format}
        file = text_of(browser.post(f"{LIST}export/", asked_for))
        assert project.code in file
        assert not [word for word in CANARY if word in file], file_format

    assert opened > 60
    assert Api(reader).get("projects/?q=金丝雀").json()["results"] == []
    assert Api(reader).get("projects/?q=canary").json()["results"] == []
    assert Api(reader).get(f"projects/?investor={world['investor'].pk}").json()["results"] == []


@pytest.mark.parametrize("who", ["editor", "reviewer", "administrator"])
def test_those_who_work_on_it_read_what_it_hides(world, who):
    found = known_in(world[who], world)

    assert found.count("金丝雀总部基地") + found.count("Canary Base") >= 4
    assert "金丝雀来访" in found
    assert "金丝雀合同.pdf" in found


def test_who_is_in_charge_knows_it_while_in_charge(world):
    viewer, today = world["viewer"], timezone.localdate()
    charge = in_charge(world["project"], name="", user=viewer, from_on=today - timedelta(days=1))

    assert "金丝雀总部基地" in known_in(viewer, world)
    charge.until_on = charge.from_on = today - timedelta(days=2)
    services.save_charge(charge, actor=None, at=NOW)
    assert "金丝雀" not in known_in(viewer, world)


def test_its_figures_count_as_always(world):
    api = Api(world["viewer"])
    roll_up()

    (row,) = api.get("totals/?district=440112&quarter=2023Q1&kind=negotiating").json()["results"]
    (entry,) = api.get("totals/trace/?district=440112&quarter=2023Q1&kind=negotiating").json()["results"]

    assert (row["entered"]["count"], row["entered"]["investment"]) == (1, 30 * YI)
    assert entry["project"]["name"].startswith("Confidential project P")


def test_an_editor_changes_what_it_hides_on_the_form_and_it_stays_aside(world):
    project = world["project"]
    data = reopened(
        project, name="金丝雀新址", code="CANARY-2", remark="", confidential="on", total_investment="40亿"
    )

    answer = signed_in(world["editor"]).post(page_of(world), data | {"investors": [world["investor"].pk]})

    aside = PutAside.objects.get()
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert (aside.name, aside.code, aside.remark) == ("金丝雀新址", "CANARY-2", "")
    assert fresh(project).name.startswith("保密项目")
    assert fresh(project).total_investment == 40 * YI


def history_for(user: User, project: Project) -> str:
    """What the user reads of a project's history, on its page and as a program."""
    page = signed_in(user).get(f"{LIST}{project.pk}/history/")
    answers = [page, Api(user).get(f"projects/{project.pk}/history/")]
    return "".join(answer.content.decode() for answer in answers)


def test_a_change_of_what_it_hides_is_in_its_history_for_those_only_who_may_know(world):
    project, other = world["project"], make_organization("金丝雀二号基金")
    renamed = {"name": "金丝雀新址", "investors": [other.pk]}

    Api(world["editor"]).change(f"projects/{project.pk}/", renamed)

    last = Revision.objects.filter(project=project).latest("version")
    assert [(c["field"], c["before"], c["after"]) for c in last.changes] == [
        ("name", "金丝雀总部基地", "金丝雀新址"),
        ("investors", [world["investor"].pk], [other.pk]),
    ]
    for known, reader in ((True, "editor"), (True, "reviewer"), (False, "viewer"), (False, "above")):
        told = history_for(world[reader], project)
        assert ("金丝雀新址" in told, "金丝雀二号基金" in told) == (known, known), reader


def test_what_becomes_confidential_and_open_again_was_not_renamed(world):
    project = world["project"]
    Api(world["editor"]).change(f"projects/{project.pk}/", {"confidential": False})

    found = [c["field"] for r in Revision.objects.filter(project=project, version__gte=5) for c in r.changes]

    assert fresh(project).name == "金丝雀总部基地"
    assert not {"name", "code", "remark", "investors"} & set(found)
    assert found.count("confidential") == 2


def test_an_earlier_name_of_a_confidential_project_is_restored_and_stays_aside(world):
    project = world["project"]
    Api(world["editor"]).change(f"projects/{project.pk}/", {"name": "金丝雀新址", "investors": []})

    services.restore_version(fresh(project), project.version, actor=world["editor"], at=NOW)

    aside = PutAside.objects.get()
    assert (aside.name, list(aside.investors.all())) == ("金丝雀总部基地", [world["investor"]])
    assert fresh(project).name.startswith("保密项目")
    with pytest.raises(ValidationError) as refusal:
        services.restore_version(fresh(project), project.version, actor=world["editor"], at=NOW)
    assert refusal.value.code == "same"


def test_a_change_of_what_it_hides_waits_for_approval_and_the_coming_of_its_day_does_not(world, settings):
    settings.APPROVAL_REQUIRED = True
    project, day = world["project"], timezone.now() + timedelta(days=3)
    project.confidential_until = timezone.localdate(day)
    services.save_project(project, actor=world["editor"], at=NOW)
    services.submit([fresh(project)], actor=world["editor"], at=NOW)
    services.approve([fresh(project)], actor=world["reviewer"], at=NOW)
    assert fresh(project).review == "approved"

    Api(world["editor"]).change(f"projects/{project.pk}/", {"name": "金丝雀新址"})
    assert fresh(project).review == "draft"
    services.submit([fresh(project)], actor=world["editor"], at=NOW)
    queue = text_of(signed_in(world["reviewer"]).get(f"{LIST}queue/"))
    assert "金丝雀总部基地" in queue
    assert "金丝雀新址" in queue
    services.approve([fresh(project)], actor=world["reviewer"], at=NOW)

    assert services.reveal_due(day) == 1
    assert (fresh(project).name, fresh(project).review) == ("金丝雀新址", "approved")


def test_a_change_that_says_nothing_of_it_leaves_what_is_put_aside(world):
    project = world["project"]
    project.expected_output = YI

    services.save_project(project, actor=None, at=NOW)
    Api(world["editor"]).change(f"projects/{project.pk}/", {"expected_revenue": YI})

    assert (PutAside.objects.get().name, PutAside.objects.get().investors.count()) == ("金丝雀总部基地", 1)


def test_the_signing_ends_it_and_the_history_says_so(world):
    project = world["project"]

    record(project, "signed", date(2023, 5, 1), actor=world["editor"])

    project = fresh(project)
    assert (project.name, project.code, project.remark) == ("金丝雀总部基地", "CANARY-1", "金丝雀来访")
    assert list(project.investors.all()) == [world["investor"]]
    assert not PutAside.objects.exists()
    assert [p["name"] for p in Api(world["viewer"]).get("projects/?q=金丝雀").json()["results"]] == [
        "金丝雀总部基地"
    ]
    last = Api(world["viewer"]).get(f"projects/{project.pk}/history/").json()["results"][0]
    assert ("confidential", True, False) in [(c["field"], c["before"], c["after"]) for c in last["changes"]]


def test_a_signing_whose_day_is_not_known_does_not_end_it(world):
    record(world["project"], "signed", precision="unknown")

    assert fresh(world["project"]).confidential


def test_its_day_ends_it_without_anybody_saving_it(world):
    project = world["project"]
    project.confidential_until = timezone.localdate(NOW) + timedelta(days=3)
    services.save_project(project, actor=world["editor"], at=NOW)

    assert services.reveal_due(NOW + timedelta(days=2)) == 0
    assert services.reveal_due(NOW + timedelta(days=3)) == 1
    assert services.reveal_due(NOW + timedelta(days=3)) == 0

    assert fresh(project).name == "金丝雀总部基地"


def test_an_editor_ends_it_early(world):
    project = world["project"]

    Api(world["editor"]).change(f"projects/{project.pk}/", {"confidential": False})

    assert fresh(project).name == "金丝雀总部基地"


def test_a_new_project_is_confidential_from_the_beginning(world):
    body = {
        "name": "金丝雀二号",
        "district": "440112",
        "confidential": True,
        "investors": [world["investor"].pk],
    }

    made = Api(world["editor"]).post("projects/", body).json()

    project = Project.objects.get(pk=made["id"])
    assert (made["name"], made["investors"]) == ("金丝雀二号", [world["investor"].pk])
    assert (project.name, project.investors.count()) == (f"保密项目 P{project.pk:08d}", 0)
    assert Api(world["viewer"]).get(f"projects/{project.pk}/").json()["name"] == project.name


def test_what_is_signed_cannot_become_confidential(world):
    other = world["other"]
    other.confidential = True

    with pytest.raises(ValidationError) as refusal:
        services.save_project(other, actor=None, at=NOW)

    assert list(refusal.value.error_dict) == ["confidential"]


def test_a_confidential_project_is_not_split(world):
    with pytest.raises(ValidationError):
        services.split_project(
            world["project"],
            [Project(name="一", phase="一期"), Project(name="二", phase="二期")],
            actor=None,
            at=NOW,
        )


def test_who_invests_in_a_confidential_project_is_kept(world):
    assert Organization.objects.get(pk=world["investor"].pk)
    answer = Api(make_user("root", superuser=True))
    where = f"organizations/{world['investor'].pk}/"

    gone = answer.delete(where, **{"If-Match": answer.get(where).headers["ETag"]})

    assert gone.status_code == 409
    assert make_district("440112") == world["huangpu"]
