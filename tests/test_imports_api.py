"""Imports through the API: a form with a file, 202, and steps; whoever may not know of one gets 404."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from projects import services
from projects.models import Import, Project
from tests.api import Api, assert_problem
from tests.makers import YI, make_huangpu, make_project, make_user
from tests.workbooks_made import make_workbook, worked

pytestmark = pytest.mark.django_db

ROWS = [
    ["生物岛研发中心", "黄埔区", 340000, "2023-01-29", None],
    ["智能装备基地", "黄埔区", "约20亿", None, None],
]
BOUNDARY = "a-boundary"


def form(**parts: Any) -> tuple[bytes, str]:
    """The body of a form, and its type; a file is a pair of name and content."""
    body = b""
    for name, value in parts.items():
        file_name = f'; filename="{value[0]}"' if isinstance(value, tuple) else ""
        content = value[1] if isinstance(value, tuple) else str(value).encode()
        body += (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file_name}\r\n\r\n'.encode()
            + content
            + b"\r\n"
        )
    return body + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"


def post(
    api: Api, content: bytes, name: str = "projects.xlsx", headers: dict[str, str] | None = None, **more: Any
) -> Any:
    body, kind = form(file=(name, content), **more)
    return api.post("imports/", body, **{"Content-Type": kind, **(headers or {})})


@pytest.fixture
def places():
    return make_huangpu()


@pytest.fixture
def api(places):
    return Api(make_user("officer", district=places["440112"]))


def after(api: Api, answer: Any) -> Any:
    """What the import's address says once a worker has been there."""
    worked(Import.objects.get(pk=answer.json()["id"]))
    return api.get(answer.json()["id"] and f"imports/{answer.json()['id']}/").json()


def test_a_workbook_is_taken_in_checked_committed_and_taken_back(api):
    answer = post(api, make_workbook(ROWS))

    assert answer.status_code == 202
    assert answer.json()["status"] == "checking"
    where = answer.headers["Location"]
    assert where.endswith(f"/api/v1/imports/{answer.json()['id']}/")
    body = after(api, answer)
    assert (body["status"], body["rows"], body["created"], body["changed"], body["unchanged"]) == (
        "ready",
        2,
        2,
        0,
        0,
    )
    assert (body["errors"], body["warnings"]) == ([], [])

    step = api.post(where + "commit/", b"")
    assert (step.status_code, step.json()["status"]) == (202, "committing")
    assert after(api, answer)["status"] == "committed"
    assert Project.objects.get(name="智能装备基地").total_investment == 20 * YI
    assert_problem(api.post(where + "commit/", {}), 409, "conflict")

    assert api.post(where + "undo/", {}).status_code == 202
    assert after(api, answer)["status"] == "undone"
    assert not Project.objects.kept().exists()
    assert_problem(api.post(where + "undo/", {}), 409, "conflict")


def test_errors_name_row_column_value_and_what_to_do_and_come_back_marked(api):
    rows = [ROWS[0], ["丙", "火星区", "三十几个亿", None, None], [None, "黄埔区", 1, None, None]]
    answer = post(api, make_workbook(rows, title=["项目表"]))

    body = after(api, answer)

    assert body["status"] == "invalid"
    assert {(e["row"], e["column"], e["value"]) for e in body["errors"]} >= {
        (4, "所属区", "火星区"),
        (4, "总投资（万元）", "三十几个亿"),
    }
    assert all(error["code"] and error["detail"] for error in body["errors"])
    assert_problem(api.post(f"imports/{body['id']}/commit/", {}), 409, "conflict")
    marked = api.get(f"imports/{body['id']}/errors.xlsx")
    book = CalamineWorkbook.from_filelike(BytesIO(b"".join(marked.streaming_content)))
    assert book.get_sheet_by_index(0).to_python()[3][:3] == ["丙", "火星区", "三十几个亿"]
    listed = book.get_sheet_by_name("导入问题").to_python()
    assert ["项目", "C4", "总投资（万元）", "三十几个亿"] in [row[:4] for row in listed]


def test_the_marked_workbook_corrected_is_imported(api):
    answer = post(api, make_workbook([["丙", "火星区", 100, "2023-01-29", None]]))
    body = after(api, answer)
    marked = b"".join(api.get(f"imports/{body['id']}/errors.xlsx").streaming_content)
    grid = CalamineWorkbook.from_filelike(BytesIO(marked)).get_sheet_by_index(0).to_python()
    grid[1][1] = "黄埔区"

    again = after(api, post(api, make_workbook(grid[1:], grid[0])))

    assert (again["status"], again["created"], again["warnings"]) == ("ready", 1, [])


def test_a_mapping_that_is_sent_along_is_used_and_a_wrong_one_is_refused(api):
    book = make_workbook([["甲", "黄埔区", 100]], ("名字", "片区", "钱"))
    mapping = {"名字": "name", "片区": "district", "钱": {"field": "total_investment", "unit": 100000000}}

    body = after(api, post(api, book, mapping=json.dumps(mapping)))
    assert (body["status"], body["created"]) == ("ready", 1)

    for wrong in ('{"名字": "nonsense"}', '{"钱": {"unit": 3}}', "[1]", "not json", '{"a": {"b": 1}}'):
        assert_problem(post(api, book, mapping=wrong), 400, "validation", "/mapping")


def test_a_doubtful_row_is_a_question_and_an_answer_may_be_sent_along(api, places):
    recorded = make_project("生物岛研发中心项目", district=places["440112"])
    book = make_workbook([["生物岛研发中心", "黄埔区", 1, None, None]])
    body = after(api, post(api, book))
    (question,) = body["questions"]
    assert question["candidates"][0]["code"] == recorded.code

    body = after(api, post(api, book, answers=json.dumps({question["key"]: recorded.code})))

    assert (body["status"], body["changed"]) == ("ready", 1)


@pytest.mark.parametrize("name", ["projects.docx", "projects.xlsm", "projects", "../../etc/passwd"])
def test_a_file_of_another_type_is_refused_at_once(api, name):
    assert_problem(post(api, b"something", name), 400, "validation", "/file")


def test_an_empty_file_or_none_is_refused(api):
    assert_problem(post(api, b""), 400, "validation", "/file")
    body, kind = form(mapping="{}")
    assert_problem(api.post("imports/", body, **{"Content-Type": kind}), 400, "validation", "/file")


def test_who_records_in_several_districts_says_into_which(places):
    user = make_user("both", district=places["440112"])
    services.add_member(user, places["440113"], "editor")
    api = Api(user)

    assert_problem(post(api, make_workbook(ROWS)), 400, "validation", "/district")
    assert post(api, make_workbook(ROWS), district="440113").status_code == 202


def test_who_may_not_import_is_refused_and_who_may_not_know_of_it_finds_nothing(api, places):
    viewer = Api(make_user("viewer", district=places["440112"], role="viewer"))
    neighbour = Api(make_user("neighbour", district=places["440113"]))
    reviewer = Api(make_user("reviewer", district=places["440112"], role="reviewer"))
    pk = post(api, make_workbook(ROWS)).json()["id"]
    worked(Import.objects.get(pk=pk))

    assert_problem(post(viewer, make_workbook(ROWS)), 403, "permission")
    assert_problem(post(neighbour, make_workbook(ROWS), district="440112"), 404, "not-found")
    for other in (viewer, neighbour):
        assert other.get("imports/").json()["results"] == []
        assert_problem(other.get(f"imports/{pk}/"), 404, "not-found")
        assert_problem(other.post(f"imports/{pk}/commit/", {}), 404, "not-found")
        assert_problem(other.get(f"imports/{pk}/errors.xlsx"), 404, "not-found")
    assert reviewer.get(f"imports/{pk}/").status_code == 200
    assert_problem(reviewer.post(f"imports/{pk}/commit/", {}), 403, "permission")
    reading = Api(make_user("reader", district=places["440112"]), "read")
    assert_problem(reading.post(f"imports/{pk}/commit/", {}), 403, "permission")


def test_the_same_key_takes_a_workbook_in_once(api):
    book = make_workbook(ROWS)

    first, second = (post(api, book, headers={"Idempotency-Key": "once"}) for _ in range(2))

    assert first.json()["id"] == second.json()["id"]
    assert first.headers["Location"] == second.headers["Location"]
    assert (first.status_code, second.status_code) == (202, 202)
    assert Import.objects.count() == 1


def test_a_step_may_name_the_version_that_was_looked_at(api):
    answer = post(api, make_workbook(ROWS))
    stale = api.get(f"imports/{answer.json()['id']}/").headers["ETag"]
    after(api, answer)

    refused = api.post(f"imports/{answer.json()['id']}/commit/", {}, **{"If-Match": stale})

    assert_problem(refused, 412, "precondition-failed")
    assert Import.objects.get().status == "ready"
