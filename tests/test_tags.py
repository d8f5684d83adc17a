"""Tags of projects, kept by superusers; 双百, which nobody types, follows from the amounts."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.api.outcomes import InUse
from projects import services
from projects.models import Project, Tag
from seeds.loading import load_reference
from tests.api import Api, assert_problem
from tests.makers import NOW, YI, fresh, make_huangpu, make_user
from tests.pages import read, signed_in
from tests.test_admin_entry import reopened

pytestmark = pytest.mark.django_db

LIST = "/admin/projects/project/"


@pytest.fixture
def world() -> dict[str, Any]:
    """Two tags, and an editor of 黄埔区."""
    huangpu = make_huangpu()["440112"]
    return {
        "huangpu": huangpu,
        "editor": make_user("editor", district=huangpu),
        "chief": make_user("chief", superuser=True),
        "leader": services.save_reference(Tag(code="chain-leader", name="链主", name_en="Chain leader")),
        "upstairs": services.save_reference(Tag(code="industry-upstairs", name="工业上楼")),
    }


def tagged(name: str, world: dict[str, Any], *tags: str, **facts: Any) -> Project:
    project = Project(name=name, district=world["huangpu"], **facts)
    return services.save_project(project, actor=None, at=NOW, tags=[world[tag] for tag in tags])


def test_an_officer_marks_a_project_and_finds_it_by_the_mark(world):
    project, other = tagged("甲", world), tagged("乙", world)
    browser = signed_in(world["editor"], "zh-hans")
    marks = {"tags": [world["leader"].pk, world["upstairs"].pk]}

    answer = browser.post(f"{LIST}{project.pk}/change/", reopened(project) | marks)
    listed = read(browser, f"{LIST}?tag=chain-leader").text

    assert answer.status_code == 302
    assert [tag.name for tag in project.tags.all()] == ["链主", "工业上楼"]
    assert project.code in listed
    assert other.code not in listed


def test_a_save_that_says_nothing_of_tags_leaves_them(world):
    project = tagged("甲", world, "leader")

    services.save_project(fresh(project), actor=None, at=NOW)
    services.save_project(fresh(project), actor=None, at=NOW, tags=[world["upstairs"]])

    assert [tag.code for tag in project.tags.all()] == ["industry-upstairs"]


def test_a_project_is_double_hundred_by_its_amounts_and_ceases_to_be_with_them(world):
    both = tagged("双百", world, total_investment=100 * YI, expected_output=100 * YI)
    tagged("少一元", world, total_investment=100 * YI, expected_output=100 * YI - 1)
    tagged("不知", world, total_investment=100 * YI)
    api = Api(world["editor"])

    found = [p["name"] for p in api.get("projects/?double_hundred=true").json()["results"]]
    others = {p["name"] for p in api.get("projects/?double_hundred=false").json()["results"]}
    both.total_investment = 99 * YI
    services.save_project(both, actor=None, at=NOW)
    afterwards = api.get("projects/?double_hundred=true").json()["results"]

    assert found == ["双百"]
    assert others == {"少一元", "不知"}
    assert afterwards == []


def test_double_hundred_is_looked_up_in_an_index(world):
    tagged("双百", world, total_investment=100 * YI, expected_output=100 * YI)

    rows = Project.objects.double_hundred().order_by("-id")[:50]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    assert "project_double_hundred" in rows.explain()


def test_a_program_reads_sets_and_looks_for_tags_by_code(world):
    api, project = (
        Api(world["editor"]),
        tagged("甲", world, total_investment=200 * YI, expected_output=300 * YI),
    )
    tagged("乙", world, "upstairs")

    changed = api.change(f"projects/{project.pk}/", {"tags": ["chain-leader"]})
    found = api.get("projects/?tag=chain-leader").json()["results"]

    assert (changed.json()["tags"], changed.json()["double_hundred"]) == (["chain-leader"], True)
    assert [p["id"] for p in found] == [project.pk]
    assert_problem(api.get("projects/?tag=nonsense"), 400, "validation", "tag")
    where = f"projects/{project.pk}/"
    etag = {"If-Match": api.get(where).headers["ETag"]}
    assert_problem(api.patch(where, {"tags": ["nonsense"]}, **etag), 400, "validation")
    assert_problem(api.patch(where, {"double_hundred": True}, **etag), 400, "validation", "/double_hundred")


def test_tags_are_kept_by_superusers_and_stay_while_a_project_has_them(world):
    tag = {"code": "new-tag", "name": "新标签"}
    tagged("甲", world, "leader")

    assert_problem(Api(world["editor"]).post("tags/", tag), 403, "permission")
    assert Api(world["chief"]).post("tags/", tag).status_code == 201
    assert signed_in(world["editor"]).get("/admin/projects/tag/add/").status_code == 403
    with pytest.raises(InUse):
        services.delete_reference(world["leader"])


def test_the_seeds_bring_the_tags_that_officials_use():
    load_reference(NOW)
    load_reference(NOW)

    assert set(Tag.objects.values_list("name", flat=True)) == {
        "链主",
        "专精特新",
        "世界500强",
        "信任筹建",
        "工业上楼",
    }


def test_a_list_of_projects_reads_all_their_tags_at_once(world):
    api = Api(world["editor"])
    tagged("甲", world, "leader")
    api.get("projects/")  # whatever is read once
    with CaptureQueriesContext(
        connection,
    ) as few:
        api.get("projects/")
    for name in "乙丙丁":
        tagged(name, world, "leader", "upstairs")

    with CaptureQueriesContext(connection) as many:
        api.get("projects/")

    assert len(many) == len(few)


def test_tags_are_in_the_history_and_come_back_with_an_earlier_version(world):
    project, editor = tagged("甲", world, "leader"), world["editor"]
    services.save_project(fresh(project), actor=editor, at=NOW, tags=[world["upstairs"]])

    (change,) = Api(editor).get(f"projects/{project.pk}/history/2/").json()["changes"]
    services.restore_version(fresh(project), 1, actor=editor, at=NOW)

    assert (change["before"], change["after"]) == (["chain-leader"], ["industry-upstairs"])
    assert (change["before_text"], change["after_text"]) == ("Chain leader", "工业上楼")
    assert [tag.code for tag in project.tags.all()] == ["chain-leader"]
