"""Who may do what: every address of the API × method × person × own, foreign and missing records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import override_settings
from django.urls import get_resolver

from projects.models import (
    ApiToken,
    Attachment,
    Ceremony,
    Charge,
    District,
    Import,
    Milestone,
    Organization,
    Project,
    Sector,
    Tag,
    User,
)
from projects.services import save_reference, save_versioned
from tests.access import one_transaction, stored
from tests.api import PROBLEM, Api
from tests.makers import (
    NOW,
    make_district,
    make_huangpu,
    make_organization,
    make_project,
    make_release,
    make_sector,
    make_user,
    record,
)
from tests.test_api_document import routes
from tests.test_attachments import attach, png, upload
from tests.test_charges import in_charge
from tests.workbooks_made import make_workbook, worked
from tests.workbooks_made import send as send_workbook

pytestmark = pytest.mark.django_db

PEOPLE = ("nobody", "stranger", "viewer", "editor", "neighbour", "revoked", "superuser")
MISSING = "9999999"
FILE: dict[str, Any] = {"kind": "contract"}  # a body that is a form with a file
WORKBOOK: dict[str, Any] = {"district": "440112"}  # the same with a workbook
Places = dict[str, dict[str, str]]
# What a refused request must leave as it is.
KEPT = (Project, Milestone, Ceremony, District, Organization, Sector, Charge, Attachment, Tag, Import)


@dataclass(frozen=True)
class Row:
    """An address with its answer to each of PEOPLE, in their order; `{id}` stands for the record of that place."""

    method: str
    path: str
    place: str
    answers: tuple[int, ...]
    body: dict[str, Any] | None = None


def rows() -> list[Row]:
    """The whole matrix. Everybody signed in reads reference data; what lies elsewhere is 404, never 403."""
    project = {"name": "基地", "district": "440112"}
    step = {"kind": "started", "happened_on": "2023-05-01"}
    event = {"district": "440112", "name": "集中签约", "held_on": "2023-01-29"}
    charge = {"role": "officer", "name": "王专员", "from_on": "2026-01-01"}
    listed = (401, 200, 200, 200, 200, 401, 200)
    seen, edited = (401, 404, 200, 200, 404, 401, 200), (401, 404, 403, 200, 404, 401, 200)
    foreign_seen, foreign_edited = (401, 404, 404, 404, 200, 401, 200), (401, 404, 404, 404, 200, 401, 200)
    known = (401, 404, 404, 200, 404, 401, 200)  # a workbook may hold what is confidential
    missing = (401, 404, 404, 404, 404, 401, 404)
    added = (401, 403, 403, 201, 404, 401, 201)
    step_added, step_removed = (401, 404, 403, 201, 404, 401, 201), (401, 404, 403, 204, 404, 401, 204)
    admin_only, admin_added = (401, 403, 403, 403, 403, 401, 200), (401, 403, 403, 403, 403, 401, 201)
    found = [
        Row("get", "projects/", "own", listed),
        Row("post", "projects/", "own", added, project),
        Row(
            "post",
            "projects/",
            "foreign",
            (401, 403, 403, 404, 201, 401, 201),
            {**project, "district": "440113"},
        ),
        Row("get", "projects/{id}/", "own", seen),
        Row("patch", "projects/{id}/", "own", edited, {"name": "新名"}),
        Row("get", "projects/{id}/", "foreign", foreign_seen),
        Row("patch", "projects/{id}/", "foreign", foreign_edited, {"name": "新名"}),
        Row("get", "projects/{id}/milestones/", "own", seen),
        Row("post", "projects/{id}/milestones/", "own", step_added, step),
        Row("get", "projects/{id}/milestones/", "foreign", foreign_seen),
        Row("post", "projects/{id}/milestones/", "foreign", (401, 404, 404, 404, 201, 401, 201), step),
        Row("get", "projects/{id}/milestones/{step}/", "own", seen),
        Row("patch", "projects/{id}/milestones/{step}/", "own", edited, {"note": "备注"}),
        Row("delete", "projects/{id}/milestones/{step}/", "own", step_removed),
        Row("get", "projects/{id}/milestones/{step}/", "foreign", foreign_seen),
        Row("patch", "projects/{id}/milestones/{step}/", "foreign", foreign_edited, {"note": "备注"}),
        Row("delete", "projects/{id}/milestones/{step}/", "foreign", (401, 404, 404, 404, 204, 401, 204)),
        Row("get", "projects/{other}/milestones/{step}/", "own", missing),
        Row("get", "projects/{id}/history/", "own", seen),
        Row("get", "projects/{id}/history/{version}/", "own", seen),
        Row("get", "projects/{id}/history/{version}/", "missing", missing),
        Row("get", "projects/{id}/history/", "foreign", foreign_seen),
        Row("get", "projects/{id}/history/{version}/", "foreign", foreign_seen),
        Row("post", "projects/{id}/submit/", "own", (401, 404, 403, 428, 404, 401, 428), {}),
        Row("post", "projects/{id}/return/", "own", (401, 404, 403, 403, 404, 401, 428), {}),
        Row("post", "projects/{id}/approve/", "own", (401, 404, 403, 403, 404, 401, 428), {}),
        Row("post", "projects/{id}/approve/", "foreign", (401, 404, 404, 404, 403, 401, 428), {}),
        Row("get", "projects/{id}/duplicates/", "own", seen),
        Row("get", "projects/{id}/duplicates/", "foreign", foreign_seen),
        Row("get", "projects/{id}/charges/", "own", seen),
        Row("post", "projects/{id}/charges/", "own", step_added, charge),
        Row("get", "projects/{id}/charges/{charge}/", "own", seen),
        Row("patch", "projects/{id}/charges/{charge}/", "own", edited, {"unit": "区政府"}),
        Row("delete", "projects/{id}/charges/{charge}/", "own", step_removed),
        Row("get", "projects/{id}/charges/", "foreign", foreign_seen),
        Row("patch", "projects/{id}/charges/{charge}/", "foreign", foreign_edited, {"unit": "区政府"}),
        Row("get", "projects/{other}/charges/{charge}/", "own", missing),
        Row("get", "projects/{id}/attachments/", "own", seen),
        Row("post", "projects/{id}/attachments/", "own", step_added, FILE),
        Row("get", "projects/{id}/attachments/{file}/", "own", seen),
        Row("get", "projects/{id}/attachments/{file}/content/", "own", seen),
        Row("delete", "projects/{id}/attachments/{file}/", "own", step_removed),
        Row("get", "projects/{id}/attachments/", "foreign", foreign_seen),
        Row("post", "projects/{id}/attachments/", "foreign", (401, 404, 404, 404, 201, 401, 201), FILE),
        Row("get", "projects/{id}/attachments/{file}/", "foreign", foreign_seen),
        Row("get", "projects/{id}/attachments/{file}/content/", "foreign", foreign_seen),
        Row("delete", "projects/{id}/attachments/{file}/", "foreign", (401, 404, 404, 404, 204, 401, 204)),
        Row("get", "projects/{other}/attachments/{file}/content/", "own", missing),
        Row("get", "imports/", "own", listed),
        Row("post", "imports/", "own", (401, 403, 403, 202, 404, 401, 202), WORKBOOK),
        Row("get", "imports/template.xlsx", "own", (401, 403, 403, 200, 200, 401, 200)),
        *[Row("get", f"imports/{{run}}/{tail}", "own", known) for tail in ("", "errors.xlsx")],
        *[Row("get", f"imports/{{run}}/{tail}", "foreign", foreign_seen) for tail in ("", "errors.xlsx")],
        *[
            Row("post", f"imports/{{run}}/{step}/", place, answers, {})
            for step, done in (("check", 202), ("commit", 202), ("undo", 409))
            for place, answers in (
                ("own", (401, 404, 404, done, 404, 401, done)),
                ("foreign", (401, 404, 404, 404, done, 401, done)),
            )
        ],
        Row("get", "tags/", "own", listed),
        Row("post", "tags/", "own", admin_added, {"code": "new-tag", "name": "新标签"}),
        Row("get", "tags/{tag}/", "own", listed),
        Row("patch", "tags/{tag}/", "own", admin_only, {"name_en": "Leader"}),
        Row("delete", "tags/{tag}/", "own", (401, 403, 403, 403, 403, 401, 204)),
        Row("get", "ceremonies/", "own", listed),
        Row("post", "ceremonies/", "own", added, event),
        Row("get", "ceremonies/{event}/", "own", seen),
        Row("patch", "ceremonies/{event}/", "own", edited, {"note": "备注"}),
        Row("delete", "ceremonies/{event}/", "own", step_removed),
        Row("get", "ceremonies/{event}/", "foreign", foreign_seen),
        Row("patch", "ceremonies/{event}/", "foreign", foreign_edited, {"note": "备注"}),
        Row("delete", "ceremonies/{event}/", "foreign", (401, 404, 404, 404, 204, 401, 204)),
        Row("get", "districts/", "own", listed),
        Row(
            "post",
            "districts/",
            "own",
            admin_added,
            {"code": "440114", "name": "花都区", "level": "district", "parent": "440100"},
        ),
        Row("get", "districts/{code}/", "own", seen),
        Row("get", "districts/{code}/", "foreign", foreign_seen),
        Row("patch", "districts/{code}/", "own", (401, 404, 403, 403, 404, 401, 200), {"name_en": "New"}),
        Row("delete", "districts/{code}/", "own", (401, 404, 403, 403, 404, 401, 409)),
        Row("get", "sectors/", "own", listed),
        Row("post", "sectors/", "own", admin_added, {"code": "chips", "name": "芯片", "scheme": "tests"}),
        Row("get", "sectors/biomedicine/", "own", listed),
        Row("patch", "sectors/biomedicine/", "own", admin_only, {"name_en": "Biomedicine"}),
        Row("delete", "sectors/biomedicine/", "own", (401, 403, 403, 403, 403, 401, 204)),
        Row("get", "organizations/", "own", listed),
        Row("post", "organizations/", "own", (401, 403, 403, 201, 201, 401, 201), {"name": "甲公司"}),
        Row("get", "organizations/{organization}/", "own", listed),
        Row(
            "patch",
            "organizations/{organization}/",
            "own",
            (401, 403, 403, 200, 200, 401, 200),
            {"name": "乙公司"},
        ),
        Row("delete", "organizations/{organization}/", "own", (401, 403, 403, 204, 204, 401, 204)),
        Row("get", "tokens/", "own", listed),
        Row(
            "post",
            "tokens/",
            "own",
            (401, 201, 201, 201, 201, 401, 201),
            {"name": "导出", "scopes": ["read"]},
        ),
        Row("get", "tokens/{token}/", "own", missing),
        Row("delete", "tokens/{token}/", "own", missing),
        Row("get", "me/", "own", listed),
    ]
    gone = [
        Row(row.method, row.path, "missing", missing, row.body)
        for row in found
        if row.place == "own" and "{" in row.path
    ]
    return [*found, *gone]


def figure_rows() -> list[Row]:
    """What is told of figures, of one's own districts and of others'."""
    seen, foreign = (401, 404, 200, 200, 404, 401, 200), (401, 404, 404, 404, 200, 401, 200)
    cell = "district={code}&quarter=2023Q1&kind=signed"
    explained = f"totals/explain/?{cell}&from=2026-11-22T10:00:00%2B08:00"
    cohorts = [
        f"{name}/?district={{code}}&quarter=2023Q1" for name in ("cohorts", "lead-times", "punctuality")
    ]
    releases = [
        Row("get", "releases/", "own", (401, 200, 200, 200, 200, 401, 200)),
        Row("get", "releases/{release}/", "missing", (401, 404, 404, 404, 404, 401, 404)),
        # a token that may write may not release
        Row(
            "post",
            "releases/",
            "own",
            (401, 403, 403, 403, 403, 401, 403),
            {"district": "440112", "quarter": "2022Q4"},
        ),
    ]
    return releases + [
        Row("get", path, place, answers)
        for path in (explained, *cohorts, "releases/{release}/")
        for place, answers in (("own", seen), ("foreign", foreign))
    ]


ROWS = rows()


@pytest.fixture(scope="module")
def names(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Places]:
    """What `{id}` and the others stand for, by place; the files of all tests are in one folder."""
    folder = override_settings(ATTACHMENT_FOLDER=tmp_path_factory.mktemp("attachments"))
    with django_db_blocker.unblock(), folder, one_transaction():
        yield make_places()


def make_places() -> Places:
    districts = make_huangpu()
    make_sector()
    organization, token = make_organization(), ApiToken.objects.create(make_user())[0]
    found: Places = {}
    for place, code in (("own", "440112"), ("foreign", "440113")):
        project = make_project(district=districts[code])
        step = record(project, "signed", date(2023, 1, 29))
        event = save_versioned(
            Ceremony(district=districts[code], name="活动", held_on=date(2023, 1, 29)), at=NOW
        )
        found[place] = {"id": str(project.pk), "step": str(step.pk), "event": str(event.pk), "code": code}
        found[place]["version"] = "2"
        found[place]["charge"] = str(in_charge(project).pk)
        found[place]["file"] = str(attach(project).pk)
        found[place]["release"] = str(make_release(districts[code]).pk)
    tag = save_reference(Tag(code="chain-leader", name="链主"))
    shared = {"organization": str(organization.pk), "token": token.token_key, "tag": tag.code}
    other = {"other": found["foreign"]["id"]}
    found["own"] |= {**shared, **other}
    found["missing"] = dict.fromkeys(
        (
            "id",
            "step",
            "event",
            "code",
            "organization",
            "token",
            "other",
            "release",
            "version",
            "charge",
            "file",
            "tag",
            "run",
        ),
        MISSING,
    )
    return found


def add_imports(names: Places) -> None:
    """A checked workbook of either place."""
    root = make_user("root", superuser=True)
    for place in ("own", "foreign"):
        into = make_district(names[place]["code"])
        run = send_workbook([["新基地", into.name, 1, None, None]], into=into, actor=root)
        names[place]["run"] = str(worked(run).pk)


def person(name: str) -> Api:
    huangpu, panyu = make_district("440112"), make_district("440113")
    users = {
        "stranger": make_user,
        "viewer": lambda: make_user(district=huangpu, role="viewer"),
        "editor": lambda: make_user(district=huangpu),
        "neighbour": lambda: make_user(district=panyu),
        "revoked": lambda: make_user(district=huangpu),
        "superuser": lambda: make_user(superuser=True),
    }
    api = Api(users[name]()) if name in users else Api()
    if name == "revoked":
        ApiToken.objects.filter(user__in=User.objects.all()).exclude(name="").delete()
    return api


@pytest.mark.parametrize(
    "row", [*ROWS, *figure_rows()], ids=lambda row: f"{row.method} {row.path} {row.place}"
)
def test_each_person_gets_the_answer_that_is_theirs(row: Row, names: Places) -> None:
    if "{run}" in row.path:
        names = {place: dict(known) for place, known in names.items()}
        add_imports(names)
    path = row.path.format(**names[row.place])
    before = stored(KEPT)

    answers = tuple(alone(name, row, path, before) for name in PEOPLE)

    assert dict(zip(PEOPLE, answers, strict=True)) == dict(zip(PEOPLE, row.answers, strict=True))


def alone(name: str, row: Row, path: str, before: dict[str, list[Any]]) -> int:
    """The answer to one person; what it did is undone, so that the next finds everything as it was."""
    mark = transaction.savepoint()
    response = send(person(name), row.method, path, row.body)
    if response.status_code >= 400:
        assert response.headers["Content-Type"] == PROBLEM
        assert stored(KEPT) == before
    transaction.savepoint_rollback(mark)
    if response.streaming:
        b"".join(response.streaming_content)  # which closes the file
    status: int = response.status_code
    return status


def send(api: Api, method: str, path: str, body: Any) -> Any:
    if body is WORKBOOK:
        form = {
            **WORKBOOK,
            "file": SimpleUploadedFile("项目.xlsx", make_workbook([["基地", "440112", 1, None, None]])),
        }
        return api.client.post(f"/api/v1/{path}", form, headers=api.headers)
    if body is FILE:
        form = {**FILE, "file": upload(png(), "证.png")}
        return api.client.post(f"/api/v1/{path}", form, headers=api.headers)
    if method in ("get", "post"):
        return api.get(path) if method == "get" else api.post(path, body)
    current = api.get(path)
    match = {"If-Match": current.headers.get("ETag", '"none"')}
    return api.patch(path, body, **match) if method == "patch" else api.delete(path, **match)


def test_every_address_of_the_record_has_its_rows() -> None:
    served = {shape(path.lstrip("/")) for path in routes(get_resolver("projects.urls").url_patterns)}

    assert served == {shape(row.path) for row in ROWS}


def shape(path: str) -> str:
    """Its parts, with every name in braces and every code the same."""
    return "/".join(
        "{}" if part.startswith("{") or part == "biomedicine" else part for part in path.split("/")
    )
