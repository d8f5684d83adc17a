"""Workbooks of the whole country: for superusers alone; for anybody else there is no such choice and no such import."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from projects import imports, services
from projects.models import Import, ImportMapping, Milestone, Project
from tests.api import Api, assert_problem
from tests.makers import YI, make_district, make_huangpu, make_project, make_user
from tests.pages import read, signed_in
from tests.test_imports_api import after, post
from tests.workbooks_made import checked, codes, committed, make_workbook, said, send, undone, worked

pytestmark = pytest.mark.django_db

LIST = "/admin/projects/import/"
ROWS = [
    ["生物岛研发中心", "黄埔区", 340000, date(2023, 1, 29), None],
    ["软件谷二期", "320114", "约20亿", "2023年一季度", None],
]


@pytest.fixture
def places():
    found = make_huangpu()
    jiangsu = make_district("320000", "江苏省", level="province")
    nanjing = make_district("320100", "南京市", level="city", parent=jiangsu)
    yuhua = make_district("320114", "雨花台区", parent=nanjing)
    return {**found, "320000": jiangsu, "320114": yuhua}


@pytest.fixture
def chief(places):
    return make_user("chief", name="赵敏", superuser=True)


@pytest.fixture
def everywhere_but_no_superuser(places):
    """An editor of every province that there is."""
    user = make_user("editor", district=places["440000"])
    services.add_member(user, places["320000"], "editor")
    return user


def test_rows_of_several_provinces_are_imported_from_one_workbook_and_taken_back(places, chief):
    run = checked(ROWS, into=None, actor=chief)

    assert (run.status, run.created, said(run)) == ("ready", 2, [])
    run = committed(run, chief)
    assert run.status == "committed"
    assert set(Project.objects.values_list("name", "district__code", "total_investment")) == {
        ("生物岛研发中心", "440112", 34 * YI),
        ("软件谷二期", "320114", 20 * YI),
    }
    again = checked(ROWS, into=None, actor=chief)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)
    assert imports.sent_before(checked(ROWS, into=places["440000"], actor=chief), chief) is None

    assert undone(run, chief).status == "undone"
    assert not Project.objects.kept().exists()


def test_projects_are_found_again_in_every_province_by_code_and_by_name(places, chief):
    make_project("生物岛研发中心", code="GD-1", district=places["440112"])
    make_project("生物城", code="GD-2", district=places["440112"])
    make_project("软件谷", code="JS-1", district=places["320114"], phase="二期")
    head = ("项目编号", "项目名称", "分期", "所属区", "所属项目", "签约日期")
    rows = [
        ["GD-1", None, None, None, None, "2023.1.29"],
        [None, "软件谷", "二期", "雨花台区", None, "2023.1.30"],
        [None, "生物城一期", "一期", "黄埔区", "GD-2", None],
    ]

    run = checked(make_workbook(rows, head), into=None, actor=chief)

    assert said(run) == []
    assert (run.changed, run.created) == (2, 1)
    found = {line["code"] or line["name"] for line in said(run, "changed")}
    assert found == {"GD-1", "软件谷"}
    assert committed(run, chief).status == "committed"
    assert Milestone.objects.count() == 2
    assert Project.objects.get(name="生物城一期").parent.code == "GD-2"


def test_a_row_says_its_district_and_a_name_that_several_have_is_asked_for_as_a_code(places, chief):
    make_district("320106", "鼓楼区", parent=places["320114"].parent)
    make_district("440199", "鼓楼区", parent=places["440112"].parent)
    rows = [
        ["甲", None, 1, None, None],
        ["乙", "鼓楼区", 1, None, None],
        ["丙", "南京市鼓楼区", 1, None, None],
    ]

    run = checked(rows, into=None, actor=chief)

    assert codes(run) == [(2, "", "required"), (3, "所属区", "ambiguous")]


def test_nobody_but_superusers_may_choose_the_whole_country(places, everywhere_but_no_superuser):
    user = everywhere_but_no_superuser
    api, browser = Api(user), signed_in(user)

    assert_problem(post(api, make_workbook(ROWS), whole_country="true"), 404, "not-found")
    assert "The whole country" not in read(browser, f"{LIST}add/").text
    answer = browser.post(
        f"{LIST}add/",
        {"file": SimpleUploadedFile("a.xlsx", make_workbook(ROWS)), "district": "everywhere"},
    )
    assert answer.status_code == 200
    assert not Import.objects.exists()
    with pytest.raises(ValidationError) as refusal:
        imports.place_for(user, None, everywhere=True)
    assert refusal.value.error_dict["district"][0].code == "foreign_district"
    assert post(api, make_workbook(ROWS), whole_country="false", district="440000").status_code == 202


def test_nobody_but_superusers_sees_an_import_into_the_whole_country(
    places, chief, everywhere_but_no_superuser
):
    run = checked(ROWS, into=None, actor=chief)
    for user in (everywhere_but_no_superuser, make_user("viewer", district=places["440000"], role="viewer")):
        api, browser = Api(user), signed_in(user)
        assert api.get("imports/").json()["results"] == []
        for path in ("", "errors.xlsx"):
            assert_problem(api.get(f"imports/{run.pk}/{path}"), 404, "not-found")
        for step in ("commit/", "undo/", "check/"):
            assert_problem(api.post(f"imports/{run.pk}/{step}", {}), 404, "not-found")
            assert browser.post(f"{LIST}{run.pk}/{step}", {"version": run.version}).status_code == 404
        for page in ("change/", "progress/", "columns/", "errors.xlsx"):
            assert browser.get(f"{LIST}{run.pk}/{page}").status_code == 404
        assert run.file_name not in read(browser, LIST).text
        assert not Import.objects.visible_to(user).exists()
        assert not Import.objects.editable_by(user).exists()
    assert Import.objects.get().status == "ready"


@pytest.mark.parametrize("still", [{"is_superuser": False}, {"is_active": False}])
def test_who_is_no_superuser_any_more_when_the_worker_comes_imports_and_takes_back_nothing(chief, still):
    def without_rights(run: Import) -> Import:
        type(chief).objects.filter(pk=chief.pk).update(**still)
        run = worked(run)
        type(chief).objects.filter(pk=chief.pk).update(is_superuser=True, is_active=True)
        return run

    run = without_rights(send(ROWS, into=None, actor=chief))
    assert (run.status, run.notice) == ("failed", "forbidden")
    run = worked(imports.check_again(run, actor=chief, at=run.asked_at))
    refused = without_rights(imports.ask_to_commit(run, actor=chief, at=run.asked_at))
    assert (refused.status, refused.notice, Project.objects.count()) == ("ready", "forbidden", 0)
    run = committed(refused, chief)
    refused = without_rights(imports.ask_to_undo(run, actor=chief, at=run.asked_at))
    assert (refused.status, refused.notice) == ("committed", "forbidden")
    assert Project.objects.kept().count() == 2


def test_what_columns_mean_is_remembered_for_workbooks_of_the_whole_country_alone(places, chief):
    book = make_workbook([["甲", "320114", 100]], ("名字", "片区", "钱"))
    said_of = {
        "名字": {"field": "name", "unit": None},
        "片区": {"field": "district", "unit": None},
        "钱": {"field": "total_investment", "unit": YI},
    }
    run = checked(book, into=None, actor=chief)
    assert run.status == "invalid"

    for _ in range(2):  # the second renews what the first has remembered
        run = worked(imports.explain_columns(run, said_of, actor=chief, at=run.asked_at))

    assert (codes(run), run.created) == ([], 1)
    assert list(ImportMapping.objects.values_list("district", "words", "field").order_by("words")) == [
        (None, "名字", "name"),
        (None, "片区", "district"),
        (None, "钱", "total_investment"),
    ]
    assert checked(book, into=None, actor=chief).status == "ready"
    assert checked(book, into=places["320114"], actor=chief).status == "invalid"


def test_the_api_takes_a_workbook_for_the_whole_country_and_says_so(places, chief):
    api = Api(chief)
    assert_problem(post(api, make_workbook(ROWS)), 400, "validation", "/district")
    assert_problem(post(api, make_workbook(ROWS), district=""), 400, "validation", "/district")
    both: dict[str, Any] = {"district": "440112", "whole_country": "true"}
    assert_problem(post(api, make_workbook(ROWS), **both), 400, "validation", "/district")
    assert_problem(
        post(api, make_workbook(ROWS), whole_country="perhaps"), 400, "validation", "/whole_country"
    )

    answer = post(api, make_workbook(ROWS), whole_country="true")

    assert answer.status_code == 202
    body = after(api, answer)
    assert (body["status"], body["created"], body["district"]) == ("ready", 2, None)
    assert api.post(f"imports/{body['id']}/commit/", {}).status_code == 202
    assert after(api, answer)["status"] == "committed"


def test_a_superuser_chooses_the_whole_country_on_the_form_and_reads_it_on_every_page(places, chief):
    browser = signed_in(chief, "zh-hans")
    assert '<option value="everywhere">全国</option>' in read(browser, f"{LIST}add/").html
    form = {"file": SimpleUploadedFile("a.xlsx", make_workbook(ROWS))}
    assert browser.post(f"{LIST}add/", form).status_code == 200  # nothing was chosen
    assert not Import.objects.exists()

    form = {"file": SimpleUploadedFile("a.xlsx", make_workbook(ROWS)), "district": "everywhere"}
    assert browser.post(f"{LIST}add/", form).status_code == 302

    run = worked(Import.objects.get())
    assert (run.district, run.status) == (None, "ready")
    page = read(browser, f"{LIST}{run.pk}/change/")
    assert "全国 · 赵敏" in page.text
    assert "新增 2 项" in page.text
    assert "全国" in read(browser, f"{LIST}{run.pk}/columns/").text
    checked(ROWS[:1], into=places["440000"], actor=chief)
    for order in ("", "?o=3", "?o=-3"):
        assert "全国" in read(browser, LIST + order).text
