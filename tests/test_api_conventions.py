"""What every list and detail of the API does alike: pages, order, sparse fields, files, ETags, repeated requests."""

from __future__ import annotations

import csv
import io
import threading
from datetime import date, timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.cache import cache
from django.db import DataError, IntegrityError, OperationalError, connections
from django.test import override_settings
from django.utils import timezone
from python_calamine import CalamineWorkbook

from config.api import throttles
from config.api.idempotency import CLAIM_EXPIRES, KEPT, forget_old
from config.api.outcomes import StageConflict, StaleVersion
from config.models import IdempotentRequest
from projects import services
from projects.models import ApiToken, District, Organization, Project, User
from tests.api import Api, assert_problem, token_of
from tests.makers import make_huangpu, make_organization, make_project, make_user, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def huangpu() -> District:
    return make_huangpu()["440112"]


@pytest.fixture
def user(huangpu: District) -> User:
    return make_user(district=huangpu)


@pytest.fixture
def api(user: User) -> Api:
    return Api(user)


def ids(response: Any) -> list[int]:
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def walk(api: Api, path: str, direction: str = "next") -> list[list[int]]:
    pages = []
    address: str | None = path
    while address:
        response = api.get(address)
        pages.append(ids(response))
        address = response.json()[direction]
    return pages


# --- Lists ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ordering", ["signed_on", "-signed_on", "total_investment,-signed_on", "-total_investment,name", "id"]
)
def test_pages_hold_every_project_once_in_order_though_dates_and_amounts_are_unknown_or_repeated(
    api: Api, ordering: str
) -> None:
    for number in range(13):
        day = date(2023, 1, 1 + number % 3)
        milestones: Any = {"signed": day} if number % 4 else {}
        make_project(
            f"项目{number % 5}",
            total_investment=number % 3 * 100 if number % 5 else None,
            milestones=milestones,
        )
    whole = ids(api.get(f"projects/?ordering={ordering}"))

    pages = walk(api, f"projects/?page_size=2&ordering={ordering}")

    assert [key for page in pages for key in page] == whole
    assert sorted(whole) == sorted(Project.objects.values_list("id", flat=True))
    assert [len(page) for page in pages] == [2] * 6 + [1]


@pytest.mark.parametrize("ordering", ["signed_on", "-total_investment", "-id"])
def test_previous_leads_back_the_same_way(api: Api, ordering: str) -> None:
    for number in range(7):
        make_project(total_investment=None if number % 2 else 5)
    pages = walk(api, f"projects/?page_size=3&ordering={ordering}")
    first = api.get(f"projects/?page_size=3&ordering={ordering}")
    last = api.get(api.get(first.json()["next"]).json()["next"])

    back = walk(api, last.json()["previous"], "previous")

    assert first.json()["previous"] is None
    assert last.json()["next"] is None
    assert back == [pages[1], pages[0]]


def test_unknown_values_come_last_whichever_way_the_order_runs(api: Api) -> None:
    unknown = make_project(total_investment=None)
    small = make_project(total_investment=1)
    large = make_project(total_investment=2)

    assert ids(api.get("projects/?ordering=total_investment")) == [small.pk, large.pk, unknown.pk]
    assert ids(api.get("projects/?ordering=-total_investment")) == [large.pk, small.pk, unknown.pk]


def test_a_project_entered_meanwhile_shifts_no_page(api: Api) -> None:
    for _ in range(4):
        make_project()
    first = api.get("projects/?page_size=2&ordering=-id")
    make_project()

    second = api.get(first.json()["next"])

    assert not set(ids(first)) & set(ids(second))
    assert len(ids(second)) == 2


def test_a_cursor_belongs_to_one_list_with_its_filters_and_order(api: Api) -> None:
    for _ in range(3):
        make_project()
        make_organization()
    cursor = (
        api.get("projects/?page_size=1&ordering=id").json()["next"].partition("cursor=")[2].partition("&")[0]
    )

    for query in (
        f"projects/?cursor={cursor}",
        f"projects/?ordering=-id&cursor={cursor}",
        f"projects/?ordering=id&district=440112&cursor={cursor}",
        f"organizations/?ordering=id&cursor={cursor}",
    ):
        assert_problem(api.get(query), 400, "validation", "cursor")
    assert len(ids(api.get(f"projects/?ordering=id&cursor={cursor}"))) == 2


def test_a_list_counts_when_it_is_asked_to(api: Api) -> None:
    for _ in range(3):
        make_project()

    assert api.get("projects/?page_size=1&count=true").json()["count"] == 3
    assert "count" not in api.get("projects/?page_size=1&count=false").json()
    assert "count" not in api.get("projects/").json()


@override_settings(PUBLIC_URL="https://projects.example.org")
def test_links_start_with_the_public_address(api: Api) -> None:
    make_project()
    make_project()

    listed = api.get("projects/?page_size=1")
    made = api.post("organizations/", {"name": "甲公司"})

    assert listed.json()["next"].startswith("https://projects.example.org/api/v1/projects/?")
    assert (
        made.headers["Location"] == f"https://projects.example.org/api/v1/organizations/{made.json()['id']}/"
    )


def test_only_the_fields_asked_for_are_sent(api: Api) -> None:
    project = make_project("基地")

    assert api.get("projects/?fields=id,name").json()["results"] == [{"id": project.pk, "name": "基地"}]
    assert api.get(f"projects/{project.pk}/?fields=name").json() == {"name": "基地"}


def test_a_list_asks_the_database_as_often_for_many_projects_as_for_few(
    api: Api, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        make_project().investors.add(make_organization())

    with django_assert_max_num_queries(6):
        assert len(ids(api.get("projects/"))) == 8


# --- Files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["format", "accept"])
def test_a_whole_list_comes_as_csv_that_excel_reads(api: Api, way: str) -> None:
    for number in range(3):
        make_project(f"项目{number}", total_investment=102_600_000_000)

    response = (
        api.get(
            "projects/?format=csv&page_size=1&ordering=name&fields=name,total_investment,district,signed_on,suspended"
        )
        if way == "format"
        else api.get(
            "projects/?ordering=name&fields=name,total_investment,district,signed_on,suspended",
            Accept="text/csv",
        )
    )

    raw = b"".join(response.streaming_content)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert rows == [["name", "district", "suspended", "total_investment", "signed_on"]] + [
        [f"项目{number}", "440112", "false", "102600000000", ""] for number in range(3)
    ]


@pytest.mark.parametrize("way", ["format", "accept"])
def test_a_whole_list_comes_as_a_workbook(api: Api, way: str) -> None:
    make_project("基地", total_investment=102_600_000_001, land_area_mu="12.50")
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    fields = "fields=name,total_investment,land_area_mu,signed_on"

    response = (
        api.get(f"projects/?format=xlsx&{fields}")
        if way == "format"
        else api.get(f"projects/?{fields}", Accept=kind)
    )

    assert response.headers["Content-Type"] == kind
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(response.streaming_content)))
    assert book.get_sheet_by_index(0).to_python() == [
        ["name", "total_investment", "land_area_mu", "signed_on"],
        ["基地", 102_600_000_001.0, 12.5, ""],
    ]


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)"])
def test_a_name_that_a_spreadsheet_would_carry_out_is_made_harmless(
    api: Api, file_format: str, name: str
) -> None:
    make_project(name)

    raw = b"".join(api.get(f"projects/?format={file_format}&fields=name").streaming_content)

    if file_format == "csv":
        cell = raw.decode("utf-8-sig").split("\r\n")[1]
    else:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        cell = str(book.get_sheet_by_index(0).to_python()[1][0])
    assert cell == f"'{name}"


def test_a_detail_does_not_come_as_a_file(api: Api) -> None:
    project = make_project()

    assert_problem(api.get(f"projects/{project.pk}/", Accept="text/csv"), 406, "not-acceptable")
    assert_problem(api.get(f"projects/{project.pk}/?format=csv"), 404, "not-found")


def test_problems_are_problem_documents_whatever_format_was_asked_for(api: Api) -> None:
    assert_problem(api.get("projects/?page_size=0", Accept="text/csv"), 400, "validation", "page_size")
    assert_problem(api.get("projects/?page_size=0&format=xlsx"), 400, "validation", "page_size")


# --- ETags ----------------------------------------------------------------------------------------------------------


def test_a_reader_with_the_current_version_is_told_so(api: Api) -> None:
    project = make_project()
    path = f"projects/{project.pk}/"
    etag = api.get(path).headers["ETag"]

    for named in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        response = api.get(path, **{"If-None-Match": named})
        assert (response.status_code, response.content, response.headers["ETag"]) == (304, b"", etag)
    assert api.get(path, **{"If-None-Match": '"x"'}).status_code == 200
    assert Api(make_user(superuser=True), language="zh-Hans").get(path).headers["ETag"] == etag


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_a_change_names_the_version_that_it_changes(api: Api, method: str) -> None:
    project = make_project()
    milestone = record(project, "signed", date(2023, 1, 29))
    path = f"projects/{project.pk}/milestones/{milestone.pk}/"
    body: tuple[Any, ...] = ({"note": "x1"},) if method == "patch" else ()
    send = getattr(api, method)

    assert_problem(send(path, *body), 428, "precondition-required")
    for stale in ('"stale"', "nonsense", f"W/{api.get(path).headers['ETag']}", ""):
        assert_problem(send(path, *body, **{"If-Match": stale}), 412, "precondition-failed")
    milestone.refresh_from_db()
    assert (milestone.version, milestone.note) == (1, "")
    assert send(path, *body, **{"If-Match": api.get(path).headers["ETag"]}).status_code in (200, 204)


def test_any_version_may_be_meant_by_a_star(api: Api) -> None:
    project = make_project()

    assert api.patch(f"projects/{project.pk}/", {"name": "新名"}, **{"If-Match": "*"}).status_code == 200


def test_of_two_changes_of_one_version_the_second_is_refused_and_changes_nothing(api: Api) -> None:
    project = make_project(expected_output=1)
    path = f"projects/{project.pk}/"
    etag = api.get(path).headers["ETag"]

    first = api.patch(path, {"name": "先"}, **{"If-Match": etag})
    second = api.patch(path, {"expected_output": 5}, **{"If-Match": etag})

    assert first.headers["ETag"] != etag
    assert_problem(second, 412, "precondition-failed")
    project.refresh_from_db()
    assert (project.name, project.expected_output, project.version) == ("先", 1, 2)


def test_a_milestone_changes_its_projects_etag(api: Api) -> None:
    project = make_project()
    before = api.get(f"projects/{project.pk}/").headers["ETag"]

    api.post(f"projects/{project.pk}/milestones/", {"kind": "signed", "happened_on": "2023-01-29"})

    assert api.get(f"projects/{project.pk}/").headers["ETag"] != before


# --- Idempotency-Key ------------------------------------------------------------------------------------------------


def key(value: str = "key-1") -> dict[str, str]:
    return {"Idempotency-Key": value}


def test_a_repeated_request_gets_the_first_answer_and_does_nothing_twice(api: Api) -> None:
    body = {"name": "基地", "district": "440112"}

    first = api.post("projects/", body, **key())
    second = api.post("projects/", body, **key())

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert all(second.headers[name] == first.headers[name] for name in ("Location", "ETag", "Content-Type"))
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Project.objects.count() == 1


def test_a_key_used_for_something_else_is_refused(api: Api) -> None:
    api.post("projects/", {"name": "基地", "district": "440112"}, **key())

    for path, body in (
        ("projects/", {"name": "别的", "district": "440112"}),
        ("organizations/", {"name": "甲公司"}),
    ):
        assert_problem(api.post(path, body, **key()), 422, "idempotency-mismatch")
    assert Project.objects.count() == 1


def test_a_key_is_ones_own(api: Api, huangpu: District) -> None:
    body = {"name": "基地", "district": "440112"}
    api.post("projects/", body, **key())

    other = Api(make_user(district=huangpu)).post("projects/", body, **key())

    assert other.status_code == 201
    assert Project.objects.count() == 2


def test_a_refused_request_may_be_corrected_under_the_same_key(api: Api) -> None:
    assert_problem(api.post("projects/", {"name": "基地", "district": "999999"}, **key()), 400, "validation")

    assert api.post("projects/", {"name": "基地", "district": "440112"}, **key()).status_code == 201


@pytest.mark.parametrize("bad", ["x" * 256, "x" * 300, "", "a b", "é"])
def test_a_key_is_printable_and_not_too_long(api: Api, bad: str) -> None:
    assert_problem(api.post("organizations/", {"name": "甲公司"}, **key(bad)), 400, "validation")


def test_while_the_first_runs_the_second_is_told_to_wait(api: Api) -> None:
    body = {"name": "甲公司"}
    save, answers = services.save_versioned, []

    def save_while_another_comes(record: Organization, **more: Any) -> Organization:
        answers.append(api.post("organizations/", body, **key()))
        return save(record, **more)

    with mock.patch("projects.services.save_versioned", save_while_another_comes):
        first = api.post("organizations/", body, **key())

    assert first.status_code == 201
    assert_problem(answers[0], 409, "conflict")
    assert answers[0].headers["Retry-After"] == "1"
    assert Organization.objects.count() == 1


def test_the_claim_of_a_process_that_died_is_taken_over_after_a_minute(api: Api, user: User) -> None:
    body = {"name": "甲公司"}
    api.post("organizations/", body, **key())
    Organization.objects.all().delete()
    claims = IdempotentRequest.objects.filter(user=user)
    claims.update(status=None, body="", claimed_at=timezone.now() - CLAIM_EXPIRES / 2)

    early = api.post("organizations/", body, **key())
    claims.update(claimed_at=timezone.now() - CLAIM_EXPIRES - timedelta(seconds=1))
    late = api.post("organizations/", body, **key())

    assert early.status_code == 409
    assert late.status_code == 201
    assert Organization.objects.count() == 1


def test_keys_are_forgotten_after_a_day(api: Api) -> None:
    api.post("organizations/", {"name": "甲公司"}, **key())

    assert forget_old(timezone.now()) == 0
    assert forget_old(timezone.now() + KEPT + timedelta(seconds=1)) == 1


def test_a_secret_is_not_kept_with_the_answer(user: User, api: Api) -> None:
    body = {"name": "统计导出", "scopes": ["read"]}

    first = api.post("tokens/", body, **key())
    second = api.post("tokens/", body, **key())

    assert first.json()["token"].startswith("mz_")
    assert second.json() == {**first.json(), "token": None}
    assert first.json()["token"] not in "".join(IdempotentRequest.objects.values_list("body", flat=True))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_eight_repeated_requests_at_once_make_one_project() -> None:
    token = token_of(make_user(district=make_huangpu()["440112"]))
    answers: list[Any] = []
    start = threading.Barrier(8)

    def post() -> None:
        api = Api()
        api.headers["Authorization"] = f"Bearer {token}"
        start.wait()
        for _ in range(20):
            response = api.post("projects/", {"name": "基地", "district": "440112"}, **key())
            if response.status_code != 409:
                answers.append(response)
                break
        connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Project.objects.count() == 1
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.content for answer in answers}) == 1


# --- Tokens and scopes ------------------------------------------------------------------------------------------------


def test_a_token_works_until_it_is_revoked(user: User, api: Api) -> None:
    made = api.post("tokens/", {"name": "统计导出", "scopes": ["read"], "days": 30}).json()
    bearer = Api()
    bearer.headers["Authorization"] = f"Bearer {made['token']}"

    before = bearer.get("me/")
    listed = api.get("tokens/").json()["results"]
    path = f"tokens/{made['id']}/"
    deleted = api.delete(path, **{"If-Match": api.get(path).headers["ETag"]})

    assert before.status_code == 200
    assert before.json()["scopes"] == ["read"]
    assert {row["token"] for row in listed} == {None}
    assert deleted.status_code == 204
    assert_problem(bearer.get("me/"), 401, "authentication")
    assert made["token"] not in str(list(ApiToken.objects.values()))


def test_an_expired_token_and_that_of_a_disabled_user_are_refused(user: User) -> None:
    expired, disabled = Api(user), Api(make_user("gone"))
    ApiToken.objects.filter(user=user).update(expiry=timezone.now())
    User.objects.filter(username="gone").update(is_active=False)

    for client in (expired, disabled):
        assert_problem(client.get("me/"), 401, "authentication")


def test_rights_that_change_hold_at_the_next_request(user: User, api: Api) -> None:
    project = make_project()
    panyu = make_huangpu()["440113"]
    assert api.get(f"projects/{project.pk}/").status_code == 200

    user.memberships.update(district=panyu)

    assert_problem(api.get(f"projects/{project.pk}/"), 404, "not-found")


def test_a_token_does_only_what_its_scopes_allow(user: User) -> None:
    reader, writer = Api(user, "read"), Api(user, "write")
    project = make_project()

    assert reader.get("projects/").status_code == 200
    assert_problem(reader.post("projects/", {"name": "x1", "district": "440112"}), 403, "permission")
    assert_problem(reader.patch(f"projects/{project.pk}/", {}), 403, "permission")
    assert_problem(writer.get("projects/"), 403, "permission")
    assert writer.post("projects/", {"name": "x1", "district": "440112"}).status_code == 201


def test_a_token_makes_no_token_that_may_do_more_than_itself(user: User) -> None:
    writer = Api(user, "read", "write")

    assert_problem(writer.post("tokens/", {"name": "more", "scopes": ["publish"]}), 403, "permission")
    assert writer.post("tokens/", {"name": "less", "scopes": ["read"]}).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x1", "scopes": []},
        {"name": "x1", "scopes": ["admin"]},
        {"name": "x1", "scopes": "read"},
        {"name": "x1", "scopes": ["read"], "days": 0},
        {"name": "x1", "scopes": ["read"], "days": 5000},
        {"name": "x1", "scopes": ["read"], "user": 1},
        {"scopes": ["read"]},
    ],
)
def test_a_token_that_makes_no_sense_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert_problem(api.post("tokens/", body), 400, "validation")


def test_one_sees_only_ones_own_tokens(api: Api, huangpu: District) -> None:
    other = Api(make_user(district=huangpu))
    made = other.post("tokens/", {"name": "theirs", "scopes": ["read"]}).json()

    assert_problem(api.get(f"tokens/{made['id']}/"), 404, "not-found")
    assert made["id"] not in [row["id"] for row in api.get("tokens/").json()["results"]]


# --- Faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message", ["connection refused", "database is locked", "canceling statement due to lock timeout"]
)
def test_a_database_that_does_not_answer_is_a_503_that_says_when_to_come_back(api: Api, message: str) -> None:
    with mock.patch(
        "projects.views.projects.ProjectViewSet.get_queryset", side_effect=OperationalError(message)
    ):
        response = api.get("projects/")

    assert_problem(response, 503, "unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert message not in response.content.decode()


@pytest.mark.parametrize(
    ("raised", "status", "kind"),
    [
        (StageConflict("Another request was first."), 409, "stage-conflict"),
        (StaleVersion(3), 412, "precondition-failed"),
        (IntegrityError("UNIQUE constraint failed: projects_milestone.kind"), 409, "conflict"),
        (DataError("value out of range"), 400, "malformed"),
        (OperationalError("deadlock detected"), 503, "unavailable"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_whoever_comes_second_is_told_what_became_of_their_request(
    api: Api, raised: Exception, status: int, kind: str
) -> None:
    project = make_project()

    with mock.patch("projects.services.save_milestone", side_effect=raised):
        response = api.post(
            f"projects/{project.pk}/milestones/", {"kind": "signed", "happened_on": "2023-01-29"}
        )

    problem = assert_problem(response, status, kind)
    assert "UNIQUE" not in str(problem)


def test_a_database_that_is_away_before_any_view_is_a_503_too(api: Api) -> None:
    with mock.patch(
        "django.contrib.sessions.middleware.SessionMiddleware.process_request", side_effect=OperationalError
    ):
        response = api.get("projects/")

    assert_problem(response, 503, "unavailable")


# --- Throttles --------------------------------------------------------------------------------------------------------


@pytest.fixture
def rates(settings: Any) -> Any:
    def set_rates(**rates: str) -> None:
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}

    throttles.Window.away_until = 0.0
    cache.clear()
    return set_rates


def test_too_many_requests_are_told_when_to_come_back(api: Api, rates: Any, huangpu: District) -> None:
    rates(user="2/h")

    answers = [api.get("me/") for _ in range(3)]

    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert_problem(answers[2], 429, "throttled")
    assert 0 < int(answers[2].headers["Retry-After"]) <= 3600
    assert Api(make_user(district=huangpu)).get("me/").status_code == 200


def test_wrong_tokens_are_counted_by_address_and_a_forged_address_does_not_help(api: Api, rates: Any) -> None:
    rates(refused="3/h")
    guesser = Api()
    guesser.headers["Authorization"] = "Bearer mz_wrong"

    answers = [guesser.get("me/", **{"X-Forwarded-For": f"10.0.0.{number}"}) for number in range(5)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert api.get("me/").status_code == 200


def test_throttles_let_everything_pass_while_the_cache_is_away(api: Api, rates: Any) -> None:
    rates(user="1/h")

    with mock.patch.object(throttles, "cache") as away:
        away.add.side_effect = ConnectionError
        answers = [api.get("me/") for _ in range(3)]

    throttles.Window.away_until = 0.0
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert away.add.call_count == 1
