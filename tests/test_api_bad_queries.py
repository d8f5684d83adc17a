"""Query strings, paths, headers and methods that clients get wrong, or try on purpose."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, override_settings

from projects.models import User
from tests.api import Api, assert_problem
from tests.makers import make_huangpu, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user(district=make_huangpu()["440112"])


@pytest.fixture
def api(user: User) -> Api:
    return Api(user)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("distrct=440112", "distrct"),
        ("district=440112&district=440113", "district"),
        ("district=999999", "district"),
        ("district=440112%20", "district"),
        ("district=", "district"),
        ("sector=nonsense", "sector"),
        ("stage=nonsense", "stage"),
        ("stage=", "stage"),
        ("kind=signed,started", "kind"),
        ("size_band=nonsense", "size_band"),
        ("investor=abc", "investor"),
        ("investor=" + "9" * 100, "investor"),
        ("ordering=district__password", "ordering"),
        ("ordering=id,name,code,stage", "ordering"),
        ("ordering=id,-id", "ordering"),
        ("ordering=" + ",".join(["id"] * 500), "ordering"),
        ("ordering=", "ordering"),
        ("fields=nonsense", "fields"),
        ("fields=", "fields"),
        ("quarter=2026Q5", "quarter"),
        ("quarter=2026-Q1'--", "quarter"),
        ("quarter=0000Q1", "quarter"),
        ("page_size=100000", "page_size"),
        ("page_size=0", "page_size"),
        ("page_size=-1", "page_size"),
        ("page_size=abc", "page_size"),
        ("page_size=%D9%A1", "page_size"),
        ("page_size=1.0", "page_size"),
        ("cursor=forged", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=eyJhIjoxfQ:abc", "cursor"),
        ("cursor=" + "x" * 7000, "cursor"),
        ("count=yes", "count"),
        ("overdue=1", "overdue"),
        ("q=" + "%20".join(["a"] * 100), "q"),
        ("q=" + "a" * 201, "q"),
        ("q=%00", "q"),
        ("q=a%00b", "q"),
        ("q=a%0d%0ab", "q"),
        ("q=%20", "q"),
        ("q=%ff%fe", ""),
        ("%ff=1", ""),
        ("signed_from=20230101", "signed_from"),
        ("signed_from=2023-02-30", "signed_from"),
        ("signed_to=0001-01-01", "signed_to"),
        ("updated_since=yesterday", "updated_since"),
        ("updated_since=0001-01-01T00:00:00Z", "updated_since"),
        ("updated_since=2099-01-01T00:00:00Z", "updated_since"),
        ("updated_since=2023-01-01T00:00:00", "updated_since"),
        ("investment_min=-5", "investment_min"),
        ("investment_min=NaN", "investment_min"),
        ("investment_max=1e400", "investment_max"),
        ("token=mz_abc", "token"),
        ("&".join(f"a{n}=1" for n in range(100)), ""),
    ],
    ids=lambda value: value[:30],
)
def test_a_parameter_that_is_not_known_or_cannot_be_read_is_refused_and_named(
    api: Api, query: str, parameter: str
) -> None:
    assert_problem(api.get(f"projects/?{query}"), 400, "validation", parameter)


def test_all_bad_parameters_are_named_at_once(api: Api) -> None:
    response = api.get("projects/?typo=1&page_size=0&quarter=2023Q5")

    assert_problem(response, 400, "validation", "typo", "page_size", "quarter")


@pytest.mark.parametrize("text", ["((a%2B)%2B)%2B$", "%25", "_", "'; DROP TABLE x; --", "%F0%9F%98%80", "\\"])
def test_a_search_for_odd_characters_means_them_literally(api: Api, text: str) -> None:
    make_project("基地")

    response = api.get(f"projects/?q={text}")

    assert response.status_code == 200
    assert response.json()["results"] == []


def test_a_filter_by_a_district_that_one_may_not_see_finds_nothing_at_all(api: Api) -> None:
    assert_problem(api.get("projects/?district=440113"), 404, "not-found")


@pytest.mark.parametrize(
    "path",
    [
        "projects/abc/",
        "projects/" + "9" * 31 + "/",
        "projects/" + "9" * 5000 + "/",
        "projects/-1/",
        "projects/1.0/",
        "projects/%00/",
        "projects/%01/",
        "projects/..%2f..%2f/",
        "projects/%ff/",
        "projects/%D9%A1/",
        "districts/999999/",
        "districts/440112%00/",
        "districts/%ff%fe/",
        "nonsense/",
        "projects/1/milestones/",
        "projects/1/nonsense/",
        "tokens/nonsense/",
        "projects",
        "../../etc/passwd",
    ],
    ids=lambda path: path[:24],
)
def test_a_path_that_names_nothing_is_not_found(api: Api, path: str) -> None:
    assert_problem(api.get(path), 404, "not-found")


@pytest.mark.parametrize("path", ["projects", "organizations"])
def test_a_post_without_the_final_slash_is_never_redirected(api: Api, path: str) -> None:
    assert_problem(api.post(path, {"name": "x"}), 404, "not-found")


@pytest.mark.parametrize("file_format", ["api", "xml", "html", "admin"])
def test_an_unknown_format_is_not_found(api: Api, file_format: str) -> None:
    assert_problem(api.get(f"projects/?format={file_format}"), 404, "not-found")


def test_an_address_of_nine_kilobytes_is_too_long(api: Api) -> None:
    assert_problem(api.get("projects/?q=" + "a" * 9000), 414, "too-large")


@pytest.mark.parametrize("accept", ["application/xml", "///;;q=zz", "text/html", "image/png"])
def test_a_format_that_is_not_offered_is_not_acceptable(api: Api, accept: str) -> None:
    assert_problem(api.get("projects/", Accept=accept), 406, "not-acceptable")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "",
        "application/json; charset=utf-7",
        "application/json; charset=utf-16",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/xml",
        "a" * 3000,
    ],
    ids=lambda value: value[:30],
)
def test_a_body_that_does_not_say_it_is_json_is_not_read(api: Api, content_type: str) -> None:
    response = api.post("projects/", {"name": "x"}, **{"Content-Type": content_type})

    assert_problem(response, 415, "media-type")


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "x"])
def test_a_compressed_body_is_not_read(api: Api, encoding: str) -> None:
    assert_problem(api.post("projects/", b"\x1f\x8b", **{"Content-Encoding": encoding}), 415, "media-type")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "a b", "127.0.0.1@evil.example"])
def test_a_foreign_host_is_refused(api: Api, host: str) -> None:
    assert_problem(api.get("projects/", Host=host), 400, "malformed")


def test_forged_forwarding_headers_are_ignored(api: Api, user: User) -> None:
    make_project(district=make_huangpu()["440112"])
    make_project(district=make_huangpu()["440112"])
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-For": "1.2.3.4",
        "Forwarded": "host=evil.example",
    }

    response = api.get("projects/?page_size=1", **forged)

    assert response.status_code == 200
    assert "evil" not in response.content.decode()


def test_a_method_override_is_ignored(api: Api) -> None:
    project = make_project()

    response = api.post(f"projects/{project.pk}/", {}, **{"X-HTTP-Method-Override": "DELETE"})

    assert_problem(response, 405, "method")
    assert response.headers["Allow"] == "GET, HEAD, PATCH"


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "CONNECT", "FOO"])
@pytest.mark.parametrize("path", ["/api/v1/projects/", "/", "/admin/"])
def test_unknown_methods_are_refused_everywhere(api: Api, method: str, path: str) -> None:
    response = api.client.generic(method, path, headers=api.headers)

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize("method", ["put", "options", "delete"])
def test_a_list_takes_only_its_methods(api: Api, method: str) -> None:
    response = getattr(api.client, method)("/api/v1/projects/", headers=api.headers)

    assert_problem(response, 405, "method")
    assert response.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Token abc",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "bearer abc",
        "Bearer wrong",
        "Bearer " + "x" * 8000,
        "Basic YTpi",
        "Bearer \u00e9",
    ],
    ids=lambda value: ascii(value[:20]),
)
def test_whoever_has_no_right_token_is_told_one_and_the_same(header: str) -> None:
    make_huangpu()
    client = Client(raise_request_exception=False)
    headers = {"Accept-Language": "en", **({"Authorization": header} if header else {})}

    response = client.get("/api/v1/projects/?token=mz_abc", headers=headers)

    problem = assert_problem(response, 401, "authentication")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert problem["detail"] == "Send a valid token, as Authorization: Bearer <token>, or sign in."


@override_settings(DEBUG=False)
def test_a_mistake_of_ours_tells_nothing_of_itself(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("secret in /srv/app")

    monkeypatch.setattr("projects.views.projects.ProjectViewSet.get_queryset", fail)

    response = api.get("projects/")

    assert_problem(response, 500, "internal")
    assert "secret" not in response.content.decode()


def test_a_browser_without_a_csrf_token_changes_nothing(user: User) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(user)

    response = client.post(
        "/api/v1/projects/", {}, content_type="application/json", headers={"Accept-Language": "en"}
    )

    problem = assert_problem(response, 403, "permission")
    assert "CSRF token" in problem["detail"]


@pytest.mark.parametrize(
    ("accept", "language", "title"),
    [
        ("en", "en", "Not found"),
        ("en-GB,en;q=0.9,zh;q=0.1", "en", "Not found"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans", None),
        ("zh-TW", "zh-Hans", None),
        ("fr", "zh-Hans", None),
        ("fr,en;q=0.5", "en", "Not found"),
        ("*", "zh-Hans", None),
        ("", "zh-Hans", None),
        ("x" * 5000, "zh-Hans", None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_problems_are_in_the_readers_language(
    user: User, accept: str, language: str, title: str | None
) -> None:
    response = Api(user, language=accept).get("projects/1/")

    assert response.status_code == 404
    assert response.headers["Content-Language"] == language
    if title:
        assert response.json()["title"] == title


def test_every_answer_of_the_api_carries_the_headers_that_keep_it_private(api: Api) -> None:
    for path in ("projects/", "projects/1/", "nonsense/", "projects/?q=" + "a" * 9000):
        headers = api.get(path).headers

        assert headers["Cache-Control"] == "no-store"
        assert {"Authorization", "Cookie", "Accept-Language"} <= set(headers["Vary"].split(", "))
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
        assert headers["Referrer-Policy"] == "same-origin"
