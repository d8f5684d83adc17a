"""Projects are found by any part of their names, codes and investors, however it is typed; and by nothing else."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from projects import services
from projects.grams import grams_of, plain
from projects.initials import initials_of
from projects.models import Organization, Project, User
from projects.models.search import ProjectSearch
from projects.services.bulk import Registration, register_many
from projects.services.searching import keep_found
from tests.api import Api
from tests.makers import NOW, fresh, make_district, make_organization, make_project, make_uscc, make_user
from tests.pages import read, signed_in

pytestmark = pytest.mark.django_db

TEXTS = (
    "",
    "a",
    "广",
    "广州",
    "p00000012 广州开发区智能制造项目一期",
    "100%_\\ 'quoted' \"",
    "𠮷野家 ａｂｃ",
    "é́ ß",
    "2301-440112-04-01-123456 中x1y-2z9中 abc",
)


def found(text: str) -> list[int]:
    """The numbers of the projects that the API finds, the oldest first; the admin must find the same."""
    reader = User.objects.filter(is_superuser=True).first() or make_user(superuser=True)
    answer = Api(reader).get("projects/?ordering=id&page_size=100&fields=id&q=" + _quoted(text)).json()
    numbers = [row["id"] for row in answer["results"]]
    page = read(signed_in(reader), "/admin/projects/project/?q=" + _quoted(text))
    assert page.html.count('name="_selected_action"') == len(numbers)
    return numbers


def held_by(project: Project, *investors: Organization) -> Project:
    """The project with these investors."""
    services.save_project(project, actor=None, at=NOW, investors=investors)
    return fresh(project)


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def test_a_project_is_found_by_any_part_of_its_words_and_its_investors() -> None:
    investor = make_organization("广汽集团", name_en="GAC Group", uscc=make_uscc(7))
    named = make_project("广州新能源汽车基地", code="GZ-77", name_en="Guangzhou EV Base")
    wanted = held_by(named, investor).pk
    other = make_project("深圳集成电路", code="SZ-78").pk

    for text in (
        "广州",
        "州",
        "能源",
        "z-7",
        "GZ",
        "ｇｚ",
        "guangzhou ev",
        "广汽",
        "GAC",
        investor.uscc or "",
        "汽车 基地 77",
    ):
        assert found(text) == ([wanted, other] if text == "z-7" else [wanted]), text
    for text in ("广深", "汽车 深圳", "州新广", "%", "_", "\\", "77广"):
        assert found(text) == [], text


def test_a_project_is_found_by_the_initials_of_its_name_and_its_investors() -> None:
    investor = make_organization("重庆长安汽车")
    wanted = held_by(make_project("广州科学城（5G）项目一期", code="GZ-77"), investor).pk
    other = make_project("厦门银行总部", code="XM-78").pk

    for text, numbers in {
        "gzkxc": [wanted],
        "GZKXC5G": [wanted],
        "kxc 广州": [wanted],
        "cqca": [wanted],  # 重 and 长 are read otherwise alone
        "xmyh": [other],
        "gzcq": [],
    }.items():
        assert found(text) == numbers, text


def test_a_changed_name_is_found_by_its_new_initials() -> None:
    project = make_project("科学城")
    project.name = "生物岛"
    services.save_project(project, actor=None, at=NOW)

    assert (found("kxc"), found("swd")) == ([], [project.pk])


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("广州科学城", "gzkxc"),
        ("重庆、长沙、厦门", "cqcsxm"),
        ("会计师事务所 No. 3", "kjsswsno3"),
        ("Tesla Giga", ""),
        ("ＡＢ项目１", "abxm1"),
        ("绿地·女娲", "ldnw"),
        ("", ""),
    ],
)
def test_initials_are_the_first_letters_as_people_say_the_name(name: str, initials: str) -> None:
    assert initials_of(name) == initials


def test_texts_from_before_are_completed_to_what_the_service_writes() -> None:
    investors = [make_organization("重庆长安汽车", uscc=make_uscc(3)), make_organization("Tesla")]
    project = held_by(make_project("广州科学城"), *investors)
    plain_one = make_project("Giga", name_en="Giga")
    texts = dict(ProjectSearch.objects.values_list("pk", "text"))
    ProjectSearch.objects.filter(pk=project.pk).update(text=texts[project.pk].removesuffix(" gzkxc cqcaqc"))
    fill = import_module("projects.migrations.0014_search_by_initials").fill

    for _twice in range(2):
        fill(apps, connection.schema_editor)
        assert dict(ProjectSearch.objects.values_list("pk", "text")) == texts
    assert texts[plain_one.pk].endswith("giga")


def test_what_was_changed_is_found_by_its_new_words_alone() -> None:
    investor, another = make_organization("旧名公司"), make_organization("接手公司")
    project = held_by(make_project("一号项目"), investor)

    project.name = "二号项目"
    services.save_project(project, actor=None, at=NOW)
    assert (found("一号"), found("二号 旧名")) == ([], [project.pk])

    investor.name = "新名公司"
    services.save_versioned(investor, at=NOW)
    assert (found("旧名"), found("新名")) == ([], [project.pk])

    held_by(fresh(project), another)
    assert (found("新名"), found("接手")) == ([], [project.pk])


def test_a_change_of_no_words_writes_no_text() -> None:
    project = make_project("一号项目")
    written = ProjectSearch.objects.filter(pk=project.pk)
    written.update(text="nobody has touched this")

    project.total_investment = 7
    services.save_project(project, actor=None, at=NOW)

    assert written.get().text == "nobody has touched this"


def test_a_new_project_is_found_by_the_same_text_as_a_changed_one() -> None:
    investors = [make_organization("乙公司", uscc=make_uscc(3)), make_organization("甲公司")]
    project = Project(name="新项目", name_en="New", district=make_district("440112"))
    services.save_project(project, actor=None, at=NOW, investors=investors)
    made = ProjectSearch.objects.get(pk=project.pk).text

    ProjectSearch.objects.filter(pk=project.pk).update(text="")
    keep_found([project.pk])

    assert ProjectSearch.objects.get(pk=project.pk).text == made
    assert "乙公司" in made


def test_many_at_once_are_found_as_well() -> None:
    place, investor = make_district("440112"), make_organization("华为")
    project = Project(code="MANY-1", name="批量登记", district=place)
    register_many([Registration(project, investors=[investor.pk])], actor=None, at=NOW)

    assert found("批量 华为 many") == [project.pk]


def test_a_reader_finds_only_what_lies_in_their_districts() -> None:
    own, foreign = make_district("440112"), make_district("440113")
    mine = make_project("产业园", district=own)
    make_project("产业园", district=foreign)
    reader = make_user(district=own)

    answer = Api(reader).get("projects/?q=" + _quoted("产业园")).json()

    assert [row["id"] for row in answer["results"]] == [mine.pk]


def test_a_ledger_entry_is_found_by_its_project() -> None:
    make_project("广州汽车", milestones={"signed": "unknown"})
    make_project("深圳芯片", milestones={"signed": "unknown"})
    browser = signed_in(make_user(superuser=True))

    page = read(browser, "/admin/projects/ledgerentry/?q=" + _quoted("汽车"))

    assert "广州汽车" in page.text
    assert "深圳芯片" not in page.text


@pytest.mark.postgresql
def test_the_database_keeps_the_grams_that_are_looked_for() -> None:
    for text in map(plain, TEXTS):
        with connection.cursor() as cursor:
            cursor.execute("SELECT projects_grams(%s)", [text])
            (kept,) = cursor.fetchone()
        parts = {text[start:end] for start in range(len(text)) for end in range(start + 1, len(text) + 1)}
        assert all(set(grams_of(part)) <= set(kept) for part in parts), text
