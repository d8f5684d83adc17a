"""A project that may be recorded already: whoever types its name again is told, of what they may see alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from projects import services
from projects.alike import core_of
from projects.duplicates import Sought, candidates
from projects.models import District, Project
from tests.makers import NOW, fresh, make_huangpu, make_project, make_user
from tests.pages import signed_in
from tests.test_admin_entry import ADD, filled

ASK = "/admin/projects/project/alike/"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("广药白云基地", "广药 白云基地项目"),
        ("广药白云基地", "广药白云基地（一期）"),
        ("广药白云基地", "广药白云基地二期工程"),
        ("粤芯半导体有限公司", "粤芯半导体股份有限公司"),
        ("ＡＢＣ芯片项目", "abc芯片建设项目"),
        ("智能（制造(上海)）基地", "智能基地【2023】"),
        ("广药白云基地Ⅱ期", "广药白云基地第十二期工程"),
    ],
)
def test_names_are_alike_but_for_their_trimmings(one, other):
    assert core_of(one) == core_of(other)


def test_other_names_are_not_alike():
    cores = {core_of(name) for name in ("广药白云基地", "广药黄埔基地", "白云基地", "期望大厦", "一期")}

    assert len(cores) == 5


@pytest.fixture
def places(db) -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def editor(places) -> Client:
    return signed_in(make_user("editor", district=places["440112"]), "zh-hans")


def asked(client: Client, name: str, **more: Any) -> list[dict[str, str]]:
    response = client.get(ASK, {"name": name, **more})
    assert response.status_code == 200
    found: list[dict[str, str]] = response.json()["alike"]
    return found


def test_what_is_recorded_under_the_same_name_is_told_with_its_code_district_and_stage(places, editor):
    project = make_project(
        "广药（集团）白云生物医药基地", district=places["440112"], milestones={"signed": NOW.date()}
    )

    (found,) = asked(editor, "广药白云生物医药基地项目")

    assert found == {
        "url": f"/admin/projects/project/{project.pk}/change/",
        "label": f"{project.name} ({project.code}) · 黄埔区 · 签约",
        "reasons": "名称相近，有一方金额未知",
    }
    assert (
        asked(editor, "广药黄埔基地")
        == asked(editor, "项目")
        == asked(editor, "")
        == asked(editor, "x" * 300)
        == []
    )


def test_projects_elsewhere_void_ones_and_the_family_are_not_told(places, editor):
    make_project("甲基地", district=places["440113"])
    services.void_project(make_project("甲基地", district=places["440112"]), "误录", actor=None, at=NOW)
    whole = make_project("乙基地", district=places["440112"])
    phases = [make_project("乙基地", district=places["440112"], parent=fresh(whole), phase=p) for p in "一二"]

    assert asked(editor, "甲基地") == []
    assert asked(editor, "乙基地", besides=phases[0].pk) == asked(editor, "乙基地", besides=whole.pk) == []
    assert len(asked(editor, "乙基地")) == 3
    assert len(asked(editor, "乙基地", besides="x")) == len(asked(editor, "乙基地", besides=10**15)) == 3


def test_who_enters_nothing_asks_nothing(places):
    viewer = signed_in(make_user(district=places["440112"], role="viewer"))

    assert viewer.get(ASK, {"name": "基地"}).status_code == 404
    assert Client().get(ASK, {"name": "基地"}).status_code == 302


def test_a_save_says_so_too_and_saves(places, editor):
    first = make_project("广药白云基地<b>", district=places["440112"])

    page = editor.post(ADD, filled({"huangpu": places["440112"]}, name="广药白云基地<b>项目"), follow=True)

    text = page.content.decode()
    assert Project.objects.count() == 2
    assert "可能已登记过" in text
    assert f"/admin/projects/project/{first.pk}/change/" in text
    assert "基地<b>" not in text


def test_few_of_many_are_read(places, django_assert_max_num_queries):
    officer = make_user(district=places["440112"])
    for number in range(8):
        make_project(f"数字基地{number}号", district=places["440112"])
        make_project("云基地", district=places["440112"])

    with django_assert_max_num_queries(5):
        assert len(candidates(Sought(name="云基地"), officer)) == 8
