"""Every address of the service × every kind of reader: nobody gets what lies elsewhere, and a viewer changes nothing.

The addresses are found in the resolver, those of the admin among them. A new one that this module cannot fill in fails
with a sentence: add its record to `RECORDS` or its question to `QUESTIONS`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import Model
from django.forms import ModelChoiceField
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from projects import services
from projects.access import within
from projects.models import (
    ApiToken,
    Attachment,
    Ceremony,
    Charge,
    District,
    ExportLayout,
    Import,
    LedgerEntry,
    ListPreference,
    Mention,
    Milestone,
    Organization,
    ProgressReport,
    Project,
    SavedView,
    Sector,
    SectorScheme,
    SizeBand,
    Succession,
    Tag,
    User,
)
from tests.access import FOREIGN, HUANGPU, LEFT_OUT, OWN, World, one_transaction, stored, text_of
from tests.makers import NOW, make_bands, make_organization, make_user
from tests.pages import signed_in
from tests.test_attachments import PDF
from tests.workbooks_made import Rows, checked
from tracking.models import AuditRun, Delivery, Release, ReportedTotal, Subscription
from tracking.signing_in.models import Event

pytestmark = pytest.mark.django_db

READERS = ("stranger", "viewer", "editor", "administrator")  # of 黄埔区; the stranger holds no role
SECRET = "番禺"  # in the names of what lies in the neighbouring district
CODES = {"own": OWN, "foreign": FOREIGN}

# What belongs to no district: everybody who signs in reads it, or a superuser keeps it.
SHARED = {Organization, Sector, SectorScheme, SizeBand, Succession, Tag, AuditRun}
# Where what leads to a record's district is not said by its page in the admin.
PATHS: dict[type[Model], str] = {
    ApiToken: "user__memberships__district__path",
    Attachment: "project__district__path",
    Charge: "project__district__path",
    Delivery: "subscription__district__path",
    District: "path",
    Event: "user__memberships__district__path",
    ExportLayout: "district__path",
    LedgerEntry: "project__district__path",
    Mention: "comment__project__district__path",
    Milestone: "project__district__path",
    Release: "district__path",
    SavedView: "district__path",
    Subscription: "district__path",
    User: "memberships__district__path",
}
# Which record a parameter of an address means; in the admin that is said by the address itself.
RECORDS: dict[tuple[str, str], type[Model] | str] = {
    ("admin:projects_apitoken_revoke", "token_key"): ApiToken,
    ("admin:signing_in_event_end", "pk"): User,
    ("admin:signing_in_event_reset", "pk"): User,
    ("admin:projects_project_duplicate_decide", "other"): Project,
    ("admin:projects_project_mention", "pk"): Mention,
    ("admin:projects_project_restore_version", "version"): "1",
    ("admin:projects_project_view", "pk"): SavedView,
    ("admin:projects_project_layout", "pk"): ExportLayout,
    ("admin:projects_project_detach", "of"): Attachment,
    ("admin:projects_project_download", "of"): Attachment,
    ("attachment-content", "pk"): Attachment,
    ("attachment-detail", "pk"): Attachment,
    ("ceremony", "pk"): Ceremony,
    ("ceremony-detail", "pk"): Ceremony,
    ("charge-detail", "pk"): Charge,
    ("claim", "pk"): ReportedTotal,
    ("definition_api", "name"): "signed",
    ("district-detail", "code"): District,
    ("import-detail", "pk"): Import,
    ("import-check", "pk"): Import,
    ("import-commit", "pk"): Import,
    ("import-errors", "pk"): Import,
    ("import-undo", "pk"): Import,
    ("milestone-detail", "pk"): Milestone,
    ("organization-detail", "pk"): Organization,
    ("release", "pk"): Release,
    ("release-detail", "pk"): Release,
    ("release_package", "pk"): Release,
    ("release_package_api", "pk"): Release,
    ("reported_total-detail", "pk"): ReportedTotal,
    ("revision-detail", "version"): "1",
    ("sector-detail", "code"): Sector,
    ("subscription-detail", "pk"): Subscription,
    ("tag-detail", "code"): Tag,
    ("token-detail", "id"): ApiToken,
    ("unsubscribe", "token"): "forged",
}
NAMED_BY = {
    ApiToken: "token_key",
    District: "code",
    Sector: "code",
    Tag: "code",
}  # in addresses other than the admin's
CELL = "district={code}&quarter=2023Q1&kind=signed"
QUESTIONS = {
    "admin:projects_project_exclude": "ids={id}",
    "admin:projects_project_include": "ids={id}",
    "admin:projects_project_restore": "ids={id}",
    "admin:projects_project_submit": "ids={id}",
    "admin:projects_project_void": "ids={id}",
    "admin:projects_user_roles": "district={code}",
    "cohort_projects": "district={code}&from=2023Q1&quarter=2023Q1&column=signed",
    "cohorts": "district={code}&quarter=2023Q1",
    "cohorts_totals": "district={code}&quarter=2023Q1",
    "explain": CELL + "&from={at}",
    "figures": CELL,
    "lead_times": "district={code}&quarter=2023Q1",
    "new_release": "district={code}&quarter=2022Q4",
    "punctuality": "district={code}&quarter=2023Q1",
    "releases": "district={code}",
    "revisions": "district={code}&quarter=2023Q1",
    "start": "district={code}&quarter=2023Q1",
    "totals": CELL,
    "totals_explain": CELL + "&from={at}",
    "totals_trace": CELL,
    "undated": "district={code}",
}
# Open to everybody, with the answer; they tell nothing of any record.
OPEN = {
    "api_docs": 200, "health": 200, "metrics": 404, "schema": 200, "set_language": 302, "sign_in": 200,
    "sign_out": 405, "unsubscribe": 404,
}  # fmt: skip
# Autocomplete has its own test; the others are Django's catch-alls, which show nothing.
ELSEWHERE = {"admin:autocomplete", "admin:app_list", "admin:view_on_site", "admin:None"}
NO_CSRF = {"unsubscribe", "schema", "api_docs"}  # a mail program's one click (RFC 8058); no forms at all
DOCUMENT = "schema"  # the API's own description, with examples
OWN_AFFAIRS: set[type[Model]] = {
    ApiToken,
    ExportLayout,
    ListPreference,
    SavedView,
    Subscription,
}  # everybody's own, a viewer's too
BUTTONS = ('name="_save"', 'name="_continue"', 'class="addlink"', 'class="deletelink"')


# --- the addresses --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Route:
    """One address of the service: its name, and its pattern with the parameters in angle brackets."""

    name: str
    pattern: str

    @property
    def is_api(self) -> bool:
        return self.pattern.startswith("/api/v1/")

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"<(?:\w+:)?(\w+)>", self.pattern)

    @property
    def asks_for_a_record(self) -> bool:
        """Whether it names something that lies in a district."""
        return bool(self.parameters) or self.name in QUESTIONS

    def __str__(self) -> str:
        return f"{self.name} {self.pattern}"


def routes() -> list[Route]:
    """All that the service answers, but what ELSEWHERE names."""
    return [route for route in _walk(get_resolver().url_patterns) if route.name not in ELSEWHERE]


def _walk(patterns: Any, before: str = "/", space: str = "") -> Iterator[Route]:
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(
                pattern.url_patterns, path, f"{pattern.namespace}:" if pattern.namespace else space
            )
        else:
            yield Route(f"{space}{pattern.name}", path)


def model_of(route: Route, parameter: str) -> type[Model] | str:
    """Which record the parameter means; fails with a sentence where nobody has said."""
    if (route.name, parameter) in RECORDS:
        return RECORDS[route.name, parameter]
    if parameter == "project_id" or (parameter == "pk" and route.name.startswith("project-")):
        return Project
    found = re.match(r"/admin/(\w+)/(\w+)/<", route.pattern)
    if found and parameter in ("object_id", "id", "pk"):
        return apps.get_model(found[1], found[2])
    pytest.fail(f"Say in RECORDS which record the parameter {parameter!r} of {route} means.")


def record(model: type[Model], place: str) -> Any:
    """The first record of a model that lies in a place, or any of what belongs to none."""
    rows = model._default_manager.order_by("pk")
    if model not in SHARED:
        pages = admin.site._registry.get(model)
        path = PATHS.get(model) or getattr(pages, "place", None)
        if not path:
            pytest.fail(
                f"Say in PATHS how {model._meta.label} leads to its district, or in SHARED that it does not."
            )
        rows = rows.filter(within(District.objects.get(code=CODES[place]).path, path))
    found = rows.first()
    if found is None:
        pytest.fail(
            f"The world of this test holds no {model._meta.label} that lies in {CODES[place]}: add one."
        )
    return found


def address(world: World, route: Route, place: str) -> str:
    """The route with what lies in a place filled in; looked up once."""
    known: dict[tuple[Route, str], str] = world.__dict__.setdefault("addresses", {})
    if (route, place) not in known:
        known[route, place] = _address(world, route, place)
    return known[route, place]


def _address(world: World, route: Route, place: str) -> str:
    def fill(match: re.Match[str]) -> str:
        model = model_of(route, match[1])
        if isinstance(model, str):
            return model
        by_admin = route.name.startswith("admin:") and match[1] != "token_key"
        return str(getattr(record(model, place), "pk" if by_admin else NAMED_BY.get(model, "pk")))

    filled = re.sub(r"<(?:\w+:)?(\w+)>", fill, route.pattern)
    question = QUESTIONS.get(route.name, "").format(**world.names[place])
    return f"{filled}?{question}" if question else filled


# --- the world ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Two neighbouring districts with something of every kind in both."""
    with django_db_blocker.unblock(), one_transaction():
        made = World()
        own = made.districts[OWN]
        made.users["administrator"] = make_user("administrator", district=own, role="administrator")
        browser = signed_in(made.users["administrator"])
        browser.raise_request_exception = False
        made.browsers["administrator"] = browser
        User.objects.filter(username__startswith="neighbour").update(name=f"{SECRET}王芳")
        for owner, code in (("publisher", OWN), ("neighbour", FOREIGN)):
            _add_people_and_papers(made, owner, code)
        make_organization("投资公司")
        make_bands()
        services.save_reference(Tag(code="lead", name="链主企业"))
        yield made


def _add_people_and_papers(world: World, owner: str, code: str) -> None:
    """What hangs on a project: a view, a comment that calls somebody, who is in charge, a file."""
    name, place = ("黄埔", "own") if code == OWN else (SECRET, "foreign")
    project, actor = Project.objects.get(pk=world.names[place]["id"]), world.users[owner]
    facts = {"owner": actor, "name": f"{name}视图", "district": world.districts[code]}
    SavedView(**facts, created_at=NOW, updated_at=NOW).save()
    table = {"owner": actor, "title": f"{name}月报", "district": world.districts[code]}
    columns = [{"what": "name", "of": "", "upper": "", "lower": ""}]
    ExportLayout(**table, columns=columns, created_at=NOW, updated_at=NOW).save()
    report = ProgressReport(project=project, month=date(2026, 10, 1), narrative=f"{name}进展")
    services.save_report(report, actor=actor, at=NOW)
    called = [world.users["editor" if code == OWN else "neighbour_publisher"]]
    services.comment_on(project, f"{name}评论", actor=actor, at=NOW, called=called)
    charge = Charge(project=project, role="leader", name=f"{name}区长", from_on=date(2026, 1, 1))
    services.save_charge(charge, actor=actor, at=NOW)
    Event.objects.create(
        at=NOW, kind="succeeded", user=actor, username=f"{name}登录名", agent=f"{name}浏览器"
    )
    rows: Rows = [
        [f"{name}新项目", code, 100, "2023-01-29", None],
        [f"{name}坏项目", "火星", "x", None, None],
    ]
    checked(rows, into=world.districts[code], actor=actor, name=f"{name}表.xlsx")
    paper = SimpleUploadedFile(f"{name}合同.pdf", PDF)
    services.attach_file(project, paper, "contract", actor=actor, at=NOW)


def ask(world: World, reader: str, route: Route, path: str) -> Any:
    """What a browser gets, of the API, too: a session has every scope."""
    headers = {"Accept": "application/zip"} if route.name == "release_package_api" else {}
    response: Any = world.browsers[reader].get(path, headers=headers)
    response.told = text_of(response)  # read at once: a file that nobody reads stays open
    return response


def leaks(response: Any, hidden: tuple[str, ...]) -> list[str]:
    body = getattr(response, "told", None) or text_of(response)
    return [text for text in hidden if text in body]


# --- reading --------------------------------------------------------------------------------------------------------


def test_every_address_is_reached_by_a_superuser(world: World) -> None:
    """Otherwise the others' refusals would say nothing."""
    failed = []
    for route in routes():
        response = ask(world, "superuser", route, address(world, route, "own"))
        mine = route.name.startswith(
            (
                "token-",
                "subscription-",
                "unsubscribe",
                "admin:projects_project_view",
                "admin:projects_project_layout",
            )
        )
        closed = (
            route.pattern.startswith("/admin/") and response.status_code == 403
        )  # nobody adds or deletes these
        if (
            response.status_code not in (200, 302, 405)
            and not closed
            and not mine
            and route.name != "metrics"
        ):
            failed.append(f"{route}: {response.status_code}. Say in QUESTIONS what it is asked.")

    assert failed == []


def test_who_has_not_signed_in_gets_nothing(world: World) -> None:
    found = []
    for route in routes():
        response = Client(raise_request_exception=False).get(address(world, route, "own"))
        expected = [OPEN[route.name]] if route.name in OPEN else [401] if route.is_api else [302, 405]
        sent = response.headers.get("Location", "/sign-in/")
        if response.status_code not in expected or not sent.startswith(("/sign-in/", "/admin/login/", "/")):
            found.append(f"{route}: {response.status_code}")
        if route.name != DOCUMENT and leaks(response, (*HUANGPU, SECRET)):
            found.append(f"{route}: shows a record")

    assert found == []


@pytest.mark.parametrize("reader", READERS)
def test_nobody_gets_what_lies_elsewhere(world: World, reader: str) -> None:
    hidden = (*LEFT_OUT, *HUANGPU) if reader == "stranger" else LEFT_OUT
    found = []
    for route in routes():
        if route.name == DOCUMENT:
            continue
        own, foreign = (address(world, route, place) for place in ("own", "foreign"))
        answers = {path: ask(world, reader, route, path) for path in dict.fromkeys((own, foreign))}
        found += [
            f"{path}: {answer.status_code}" for path, answer in answers.items() if answer.status_code >= 500
        ]
        found += [
            f"{path}: shows {told}" for path, answer in answers.items() if (told := leaks(answer, hidden))
        ]
        if own != foreign and not _is_hidden(answers[own].status_code, answers[foreign].status_code):
            found.append(f"{foreign}: {answers[foreign].status_code}, not 404")

    assert found == []


def _is_hidden(own: int, foreign: int) -> bool:
    """What lies elsewhere is not there; or the page is closed to this reader, moves to another, or wants a form."""
    return foreign == 404 or (foreign == own and foreign in (302, 403, 405))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_no_file_holds_what_lies_elsewhere(world: World, form: str) -> None:
    reader, files = "editor", Counter[int]()
    for route in routes():
        if route.name.startswith("admin:") or route.name == DOCUMENT:
            continue
        for place in ("own", "foreign"):
            path = address(world, route, place)
            response = ask(world, reader, route, f"{path}{'&' if '?' in path else '?'}format={form}")
            files[response.status_code] += 1
            assert response.status_code < 500, path
            assert leaks(response, LEFT_OUT) == [], path

    assert files[200] >= 15  # the lists of the API and the pages' files among them


@pytest.mark.parametrize("reader", ["viewer", "editor", "administrator"])
def test_searching_and_suggestions_find_nothing_elsewhere(world: World, reader: str) -> None:
    browser, asked = world.browsers[reader], 0
    for form in _forms():
        for name in form.autocomplete_fields:
            facts = {
                "app_label": form.model._meta.app_label,
                "model_name": form.model._meta.model_name,
                "field_name": name,
            }
            for term in ("", SECRET[:1], FOREIGN):
                response = browser.get(reverse("admin:autocomplete"), {**facts, "term": term})
                asked += 1
                assert response.status_code in (200, 403), (facts, response.status_code)
                assert leaks(response, LEFT_OUT) == [], facts
    for model in admin.site._registry:
        page = browser.get(
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"), {"q": SECRET}
        )
        assert page.status_code in (200, 403)
        if page.status_code == 200 and model not in SHARED:
            assert list(page.context["cl"].result_list) == [], model

    assert asked > 20


def _forms() -> list[Any]:
    """Every form of the admin that has fields with suggestions, inlines among them."""
    pages = list(admin.site._registry.values())
    inlines = [inline(page.model, admin.site) for page in pages for inline in page.inlines]
    for inline in inlines:
        inline.__dict__.setdefault("model", inline.model)
    return [*pages, *inlines]


# --- changing -------------------------------------------------------------------------------------------------------


def rows(*but: type[Model]) -> dict[str, list[Any]]:
    """Every row of every table of ours."""
    ours = [model for app in ("projects", "tracking") for model in apps.get_app_config(app).get_models()]
    return stored(model for model in ours if model not in but)


def changed(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> list[str]:
    return [label for label, rows in after.items() if rows != before[label]]


@pytest.mark.parametrize("reader", ["stranger", "viewer"])
def test_a_viewer_changes_nothing(world: World, reader: str) -> None:
    browser, before = world.browsers[reader], rows(*OWN_AFFAIRS)
    found = []
    for route in routes():
        mark = transaction.savepoint()
        path = address(world, route, "own")
        for method, facts in _changes(route, browser, path):
            response = getattr(browser, method)(path, **facts)
            if response.status_code >= 500:
                found.append(f"{method} {path}: {response.status_code}")
            if not _is_refused(response) and (touched := changed(before, rows(*OWN_AFFAIRS))):
                found.append(f"{method} {path}: changed {touched}")
        if route.name in ("sign_out", "admin:logout"):
            browser.force_login(world.users[reader], backend="django.contrib.auth.backends.ModelBackend")
        transaction.savepoint_rollback(mark)

    assert found == []
    assert changed(before, rows(*OWN_AFFAIRS)) == []


def _is_refused(response: Any) -> bool:
    sent: str = response.headers.get("Location", "")
    return response.status_code >= 400 or sent.startswith("/admin/login/")


def _changes(route: Route, browser: Client, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a viewer may try at an address."""
    if not route.is_api:
        pk = path.split("/")[4] if path.count("/") > 4 else "1"
        facts = {"name": "侵入", "post": "yes", "reason": "other", "note": "侵入", "_save": "1"}
        yield (
            "post",
            {"data": {**facts, "give": f"{pk}:{OWN}:editor", "username": "viewer", "role": "editor"}},
        )
        yield "post", {"data": {"action": "delete_selected", "_selected_action": ["1"], "post": "yes"}}
        return
    headers = {"If-Match": browser.get(path).headers.get("ETag", '"1"')}
    body = '{"name": "侵入", "note": "侵入"}'
    for method in ("post", "patch", "put", "delete"):
        yield method, {"data": body, "content_type": "application/json", "headers": headers}


def test_a_viewers_pages_have_no_button_to_change_anything(world: World) -> None:
    found = []
    for route in routes():
        if route.name.startswith("admin:"):
            body = text_of(world.browsers["viewer"].get(address(world, route, "own")))
            found += [f"{route}: {button}" for button in BUTTONS if button in body]

    assert found == []


def test_no_form_takes_a_record_of_another_district(world: World) -> None:
    """Another district's id in every select of every form that an editor has."""
    browser, tried, found = world.browsers["editor"], 0, []
    before = rows()
    for model, pages in admin.site._registry.items():
        page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/add/"
        form = browser.get(page)
        if form.status_code != 200 or "adminform" not in (form.context or {}):
            continue
        fields = form.context["adminform"].form.fields
        for field, choice in fields.items():
            model_of_choice: Any = getattr(getattr(choice, "queryset", None), "model", None)
            if isinstance(choice, ModelChoiceField) and model_of_choice not in SHARED:
                value = record(model_of_choice, "foreign").pk
                answer = browser.post(page, {field: value, "name": "项目"})
                tried += 1
                errors = answer.context["adminform"].form.errors if answer.context else {}
                found += [] if field in errors else [f"{pages}: {field} takes {value}"]
                found += [f"{pages}: {field} shows {told}" for told in leaks(answer, LEFT_OUT)]

    assert found == []
    assert tried >= 5
    assert changed(before, rows()) == []


def test_a_foreign_inline_and_fields_that_nobody_asked_for_change_nothing(world: World) -> None:
    own, foreign = record(Project, "own"), record(Milestone, "foreign")
    page = reverse("admin:projects_project_change", args=[own.pk])
    before = rows()
    inline = {
        "milestones-TOTAL_FORMS": "1", "milestones-INITIAL_FORMS": "1", "milestones-0-id": str(foreign.pk),
        "milestones-0-project": str(own.pk), "milestones-0-kind": "signed", "milestones-0-note": "侵入",
    }  # fmt: skip
    mass = {
        "id": str(foreign.project_id),
        "code": "P99999999",
        "version": "99",
        "stage": "completed",
        "is_void": "on",
    }

    answer = world.browsers["editor"].post(
        page, {"name": own.name, "seen_version": str(own.version), **inline, **mass}
    )

    assert answer.status_code in (200, 302, 400, 404)
    assert leaks(answer, LEFT_OUT) == []
    after = rows()
    assert [row for row in after["projects.Milestone"] if "侵入" in row] == []
    assert changed({k: v for k, v in before.items() if k != "projects.Project"}, {
        k: v for k, v in after.items() if k == "projects.Milestone"
    }) == []  # fmt: skip
    stays = Project.objects.get(pk=own.pk)
    assert (stays.code, stays.stage, stays.is_void) == (own.code, own.stage, own.is_void)
    assert stays.version <= own.version + 1


def test_no_form_without_its_token_is_heard(world: World) -> None:
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.force_login(world.users["editor"], backend="django.contrib.auth.backends.ModelBackend")
    before = rows()
    found = []
    for route in routes():
        path = address(world, route, "own")
        answer = (
            browser.post(path, data="{}", content_type="application/json")
            if route.is_api
            else browser.post(path, {})
        )
        if answer.status_code != 403 and route.name not in NO_CSRF:
            found.append(f"{route}: {answer.status_code}")

    assert found == []
    assert changed(before, rows()) == []
