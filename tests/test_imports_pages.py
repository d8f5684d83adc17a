"""The pages of imports: sending a workbook, looking at what it would do, answering, importing, taking back."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from python_calamine import CalamineWorkbook

from projects.imports.alone import Progress, alone_with
from projects.models import Import, Project
from tests.makers import YI, make_huangpu, make_project, make_user
from tests.pages import read, signed_in
from tests.workbooks_made import checked, committed, make_workbook, said, send, worked

pytestmark = pytest.mark.django_db

LIST = "/admin/projects/import/"
ROWS = [
    ["生物岛研发中心", "黄埔区", 340000, "2023-01-29", None],
    ["智能装备基地", "黄埔区", "约20亿", None, None],
]


@pytest.fixture
def places():
    return make_huangpu()


@pytest.fixture
def officer(places):
    return make_user("officer", name="王芳", district=places["440112"])


@pytest.fixture
def browser(officer):
    return signed_in(officer)


def sent(browser: Client, content: bytes, name: str = "projects.xlsx", **more: Any) -> Any:
    return browser.post(f"{LIST}add/", {"file": SimpleUploadedFile(name, content), **more}, follow=True)


def page_of(run: Import, rest: str = "change/") -> str:
    return f"{LIST}{run.pk}/{rest}"


def test_a_workbook_is_sent_looked_at_imported_and_taken_back_by_clicks(browser):
    answer = sent(browser, make_workbook(ROWS), district=str(make_huangpu()["440112"].pk))
    assert "Being checked" in answer.content.decode()
    run = worked(Import.objects.get())
    page = read(browser, page_of(run))
    assert "Import: 2 new, 0 changed" in page.text
    assert "生物岛研发中心" in page.text
    assert "34亿元" in page.text

    browser.post(page_of(run, "commit/"), {"version": run.version})
    assert "Being imported" in read(browser, page_of(run)).text
    run = worked(run)
    assert "Imported by 王芳" in read(browser, page_of(run)).text
    assert Project.objects.count() == 2

    browser.post(page_of(run, "undo/"))
    run = worked(run)
    assert "Taken back by 王芳" in read(browser, page_of(run)).text
    assert not Project.objects.kept().exists()


def test_what_is_wrong_stands_with_its_row_column_and_value(browser, officer, places):
    run = checked([["丙", "火星区", "三十几个亿", None, None]], into=places["440112"], actor=officer)

    page = read(browser, page_of(run))

    for text in ("To be corrected", "row 2", "所属区", "火星区", "三十几个亿", "What to do"):
        assert text in page.text
    assert "Import: " not in page.text
    marked: Any = browser.get(page_of(run, "errors.xlsx"))
    assert marked.status_code == 200
    assert b"".join(marked.streaming_content).startswith(b"PK")


def test_a_change_is_shown_field_by_field(browser, officer, places):
    make_project("生物岛研发中心", district=places["440112"], total_investment=YI)
    run = checked([ROWS[0]], into=places["440112"], actor=officer)

    page = read(browser, page_of(run))

    assert "1亿元 → 34亿元" in page.text
    assert "twenty times" in read(browser, page_of(run, "change/?show=warnings")).text


def test_a_question_is_answered_on_the_page(browser, officer, places):
    recorded = make_project("生物岛研发中心项目", district=places["440112"])
    run = checked([ROWS[0]], into=places["440112"], actor=officer)
    assert "Which project is meant?" in read(browser, page_of(run)).text
    (question,) = said(run, "questions")

    browser.post(page_of(run, "answers/"), {"key": question["key"], "answer-0": recorded.code})
    run = worked(run)

    assert (run.status, run.changed) == ("ready", 1)
    answer = browser.post(page_of(run, "answers/"), {"key": "x!1", "answer-0": "new"})
    assert answer.status_code == 400


def test_what_a_column_means_is_said_on_its_page(browser, officer, places):
    book = make_workbook([["甲", "黄埔区", 100]], ("名字", "片区", "钱"))
    run = checked(book, into=places["440112"], actor=officer)
    page = read(browser, page_of(run, "columns/"))
    assert "名字" in page.text
    assert "甲" in page.text

    fields = {"field-0": "name", "field-1": "district", "field-2": "total_investment", "unit-2": "100000000"}
    browser.post(page_of(run, "columns/"), {**fields, "unit-0": "", "unit-1": ""})
    run = worked(run)

    assert (run.status, run.created) == ("ready", 1)
    committed(run, officer)
    assert Project.objects.get().total_investment == 100 * YI
    assert browser.post(page_of(run, "columns/"), {"field-0": "nonsense"}).status_code == 400


def test_a_preview_that_has_changed_since_is_not_imported(browser, officer, places):
    run = checked(ROWS, into=places["440112"], actor=officer)

    answer = browser.post(page_of(run, "commit/"), {"version": run.version - 1}, follow=True)

    assert "has changed since you opened it" in answer.content.decode()
    assert Import.objects.get().status == "ready"


def test_the_list_says_who_when_which_file_and_how_much(browser, officer, places):
    committed(checked(ROWS, into=places["440112"], actor=officer, name="一季度.xlsx"), officer)

    page = read(browser, LIST)

    for text in ("一季度.xlsx", "Imported", "王芳", "2026-11-22 10:00"):
        assert text in page.text


def test_the_same_file_again_says_by_whom_it_was_imported(browser, officer, places):
    book = make_workbook(ROWS)
    committed(checked(book, into=places["440112"], actor=officer), officer)
    run = checked(book, into=places["440112"], actor=officer)

    page = read(browser, page_of(run))

    assert "there is nothing to import" in page.text
    assert "The very same file was imported by 王芳" in page.text


def test_a_viewer_and_a_neighbour_find_nothing_and_a_reviewer_only_reads(officer, places):
    run = checked(ROWS, into=places["440112"], actor=officer)
    for role, place in (("viewer", "440112"), ("editor", "440113")):
        other = signed_in(make_user(role, district=places[place], role=role))
        assert other.get(page_of(run)).status_code == 404
        assert other.get(page_of(run, "progress/")).status_code == 404
        assert other.post(page_of(run, "commit/"), {"version": run.version}).status_code == 404
    reviewer = signed_in(make_user("reviewer", district=places["440112"], role="reviewer"))
    assert "Import: 2 new" not in read(reviewer, page_of(run)).text
    assert reviewer.post(page_of(run, "commit/"), {"version": run.version}).status_code == 403
    assert reviewer.get(f"{LIST}add/").status_code == 403


def test_a_file_of_another_type_or_none_is_refused_on_the_form(browser, places):
    where = str(places["440112"].pk)
    assert "Only workbooks" in sent(browser, b"x", "a.docx", district=where).content.decode()
    assert "The file is empty" in sent(browser, b"", district=where).content.decode()
    assert "This field is required" in browser.post(f"{LIST}add/", {"district": where}).content.decode()
    assert not Import.objects.exists()


def test_a_district_of_others_cannot_be_chosen(browser, places):
    answer = sent(browser, make_workbook(ROWS), district=str(places["440113"].pk))

    assert "番禺" not in answer.content.decode()
    assert not Import.objects.exists()


def test_where_reviewers_approve_what_is_imported_waits_for_them(settings, browser, officer, places):
    settings.APPROVAL_REQUIRED = True
    run = committed(checked(ROWS, into=places["440112"], actor=officer), officer)

    assert set(Project.objects.values_list("review", flat=True)) == {"draft"}
    assert "counts once it is approved" in read(browser, page_of(run)).text


def test_a_confidential_project_is_found_by_its_true_name_and_stays_hidden(browser, officer, places):
    secret = make_project("生物岛研发中心", district=places["440112"], confidential=True, total_investment=YI)
    assert Project.objects.get(pk=secret.pk).name != "生物岛研发中心"

    run = checked([["生物岛研发中心", "黄埔区", 20000, None, None]], into=places["440112"], actor=officer)
    assert (run.status, run.changed, run.created) == ("ready", 1, 0)
    committed(run, officer)

    project = Project.objects.get(pk=secret.pk)
    assert project.name.startswith("保密项目")
    assert project.total_investment == 2 * YI
    assert project.put_aside.name == "生物岛研发中心"
    assert (
        checked(
            [["生物岛研发中心", "黄埔区", 20000, None, None]], into=places["440112"], actor=officer
        ).unchanged
        == 1
    )


def test_html_in_a_workbook_is_text_on_the_page(browser, officer, places):
    run = checked(
        [["<script>alert(1)</script>甲", "黄埔区", 1, None, None]], into=places["440112"], actor=officer
    )

    body = browser.get(page_of(run)).content.decode()

    assert "<script>alert" not in body


def test_the_template_filled_in_is_imported_without_a_question(browser, officer, places):
    answer: Any = browser.get(f"{LIST}template.xlsx")
    book = CalamineWorkbook.from_filelike(BytesIO(b"".join(answer.streaming_content)))
    head = book.get_sheet_by_index(0).to_python()[0]
    rows = [
        [
            "生物岛研发中心"
            if "name" in title.lower() and "english" not in title.lower() and "code" not in title.lower()
            else "黄埔区"
            if title.lower().startswith("district")
            else 340000
            if "total" in title.lower()
            else None
            for title in head
        ]
    ]

    run = checked(make_workbook(rows, head), into=places["440112"], actor=officer)

    assert (run.status, run.created, run.error_count, run.warning_count) == ("ready", 1, 0, 0)
    committed(run, officer)
    assert Project.objects.get().total_investment == 34 * YI


@pytest.mark.django_db(transaction=True)
def test_how_far_it_is_is_told_while_its_transaction_is_still_open(places, officer, browser):
    run = send(ROWS, into=places["440112"], actor=officer)

    with alone_with(run.pk), transaction.atomic():
        Project.objects.count()
        Progress(run.pk)(120, 300)
        told = browser.get(page_of(run, "progress/")).json()
        page = read(browser, page_of(run))

    assert (told["done"], told["of"], told["busy"]) == (120, 300, True)
    assert "120 of 300 rows" in page.text
