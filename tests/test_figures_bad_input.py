"""What is asked wrongly of figures, the same everywhere: the API says which parameter, a page says it in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import get_resolver

from tests.access import World, one_transaction, shape, text_of
from tests.api import PROBLEM, assert_problem
from tests.test_api_document import routes

pytestmark = pytest.mark.django_db

HERE = {"district": "440112", "quarter": "2023Q1"}
CELL = {**HERE, "kind": "signed"}
API: dict[str, dict[str, str]] = {
    "totals/": CELL,
    "totals/trace/": CELL,
    "totals/explain/": {**CELL, "from": "{at}"},
    "cohorts/": HERE,
    "lead-times/": HERE,
    "punctuality/": HERE,
    "definitions/": {},
    "definitions/signed/": {},
    "releases/": HERE,
    "releases/{release}/": {},
    "releases/{release}/package/": {},
    "reported-totals/": {"district": "440112"},
    "reported-totals/{claim}/": {},
    "subscriptions/": {"district": "440112"},
    "subscriptions/{mail}/": {},
}
PAGES: dict[str, dict[str, str]] = {
    "/": HERE,
    "/figures/": CELL,
    "/explain/": {**CELL, "from": "{at}"},
    "/revisions/": HERE,
    "/cohorts/": HERE,
    "/cohorts/projects/": {**HERE, "column": "signed"},
    "/undated/": {"district": "440112"},
    "/claims/{claim}/": {},
    "/ceremonies/{event}/": {},
    "/districts/": {"q": "4401"},
    "/definitions/": {},
    "/releases/": HERE,
    "/releases/new/": HERE,
    "/releases/{release}/": {},
    "/releases/{release}/package.zip": {},
}
# what is put in the place of a good value; an address that has no such parameter refuses its name
WRONG: list[tuple[str, str]] = [
    ("distrct", "440112"),
    ("quarter", "2026Q5"),
    ("quarter", "2026-Q1'--"),
    ("quarter", "0000Q1"),
    ("quarter", ""),
    ("quarter", "２０２３Q1"),
    ("district", "440112 "),
    ("district", "440112\x00"),
    ("district", "440112\r\nBcc:"),
    ("kind", "\x00"),
    ("kind", "signed\x85"),
    ("kind", "nonsense"),
    ("as_of", "yesterday"),
    ("as_of", "2999-01-01T00:00:00Z"),
    ("as_of", "0001-01-01T00:00:00Z"),
    ("as_of", "2023-02-30T00:00:00Z"),
    ("as_of", "2023-01-01T00:00:00+99:99"),
    ("as_of", ""),
    ("release", "abc"),
    ("release", "0"),
    ("release", "-1"),
    ("release", "1" + "0" * 30),
    ("release", "９"),
    ("from", "yesterday"),
    ("from", "2999-01-01T00:00:00Z"),
    ("from", "release:abc"),
    ("from", "release:" + "9" * 100),
    ("to", "tomorrow"),
    ("to", "release:"),
    ("by", "password"),
    ("divisions", "tomorrow"),
    ("cursor", "forged"),
    ("cursor", ""),
    ("page_size", "0"),
    ("page", "0"),
    ("page", "9" * 30),
    ("fields", "password"),
    ("ordering", "district__password"),
    ("member", "x" * 300),
    ("\x00", "1"),
]
# pages look a district up as it is written: one that is not there is not found
LOOKED_UP = {"440112 "}
IDS = ("0", "-1", "1" + "0" * 30, "9" * 5000, "abc", "1.0", "%00", "%D9%A1", "..%2f..%2f", "99999999999")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), one_transaction():
        yield World()


def address(world: World, path: str, asked: Any) -> str:
    """With the records of Huangpu in the places of their names."""
    names = {**world.names["own"], "at": world.names["own"]["at"].replace("%2B", "+")}
    pairs = [(name, text.format(**names)) for name, text in dict(asked).items()]
    return f"{path.format(**names)}?{urlencode(pairs)}"


def assert_page(response: Any, status: int) -> str:
    """It is a page of this status with a sentence and a way back, and says nothing of how it is made."""
    body = text_of(response)
    assert response.status_code == status, (response.status_code, body[:2000])
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<h1" in body
    assert 'href="/"' in body
    assert "Traceback" not in body
    return body


@pytest.mark.parametrize(("path", "asked"), API.items())
def test_the_api_answers_what_is_asked_well(world: World, path: str, asked: dict[str, str]) -> None:
    response = program(world, path, address(world, path, asked))

    assert response.status_code == 200
    text_of(response)


@pytest.mark.parametrize(("path", "asked"), PAGES.items())
def test_pages_answer_what_is_asked_well(world: World, path: str, asked: dict[str, str]) -> None:
    response = world.browsers["superuser"].get(address(world, path, asked))

    assert response.status_code == 200
    text_of(response)


def program(world: World, path: str, full: str) -> Any:
    headers = {"Accept": "application/zip"} if path.endswith("package/") else {}
    return world.apis["superuser"].get(full, **headers)


@pytest.mark.parametrize(("path", "asked"), API.items())
def test_the_api_names_each_parameter_that_it_cannot_read(
    world: World, path: str, asked: dict[str, str]
) -> None:
    for name, text in WRONG:
        response = program(world, path, address(world, path, {**asked, name: text}))

        assert_problem(response, 400, "validation", name)


@pytest.mark.parametrize(("path", "asked"), PAGES.items())
def test_a_page_names_each_parameter_that_it_cannot_read(
    world: World, path: str, asked: dict[str, str]
) -> None:
    for name, text in WRONG:
        response = world.browsers["superuser"].get(address(world, path, {**asked, name: text}))

        takes = text in LOOKED_UP and "district" in asked
        body = assert_page(response, 404 if takes else 400)
        assert takes or name.strip("\x00") in body


@pytest.mark.parametrize(("path", "asked"), API.items())
def test_the_api_refuses_what_is_said_twice_and_what_is_no_text(
    world: World, path: str, asked: dict[str, str]
) -> None:
    good = address(world, path, asked)
    for name in ("district", "quarter", "kind", "from", "fields", "format"):
        value = asked.get(name, "id").replace("{at}", "2026-11-22T10:00:00Z")
        twice = program(world, path, f"{good}&{name}={value}&{name}={value}")
        assert twice.status_code in (400, 404 if name == "format" else 400), (name, twice.content)
        assert twice.headers["Content-Type"] == PROBLEM
    for raw in ("%ff=1", "kind=%ff%fe", "&".join(f"a{n}=1" for n in range(100))):
        assert_problem(program(world, path, f"{good}&{raw}"), 400, "validation")
    assert_problem(program(world, path, f"{good}&member={'x' * 9000}"), 414, "too-large")


@pytest.mark.parametrize(("path", "asked"), PAGES.items())
def test_a_page_refuses_what_is_said_twice_and_what_is_no_text(
    world: World, path: str, asked: dict[str, str]
) -> None:
    browser, good = world.browsers["superuser"], address(world, path, asked)
    for name, value in {**CELL, "format": "csv"}.items():
        assert_page(browser.get(f"{good}&{name}={value}&{name}={value}"), 400)
    for raw in ("%ff=1", "kind=%ff%fe", "&".join(f"a{n}=1" for n in range(100))):
        assert_page(browser.get(f"{good}&{raw}"), 400)
    assert browser.get(f"{good}&member={'x' * 9000}").status_code == 414


@pytest.mark.parametrize("path", [path for path in API if "{" in path])
def test_the_api_has_no_record_under_what_is_no_number(world: World, path: str) -> None:
    before, _brace, rest = path.partition("{")
    for pk in IDS:
        response = program(world, path, f"{before}{pk}{rest.partition('}')[2]}")
        assert_problem(response, 404, "not-found")


@pytest.mark.parametrize("path", [path for path in PAGES if "{" in path])
def test_there_is_no_page_under_what_is_no_number(world: World, path: str) -> None:
    before, _brace, rest = path.partition("{")
    for pk in IDS:
        assert_page(world.browsers["superuser"].get(f"{before}{pk}{rest.partition('}')[2]}"), 404)


@pytest.mark.parametrize(
    "model", ["release", "reportedtotal", "target", "subscription", "delivery", "auditrun"]
)
@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_nor_in_the_admin(world: World, model: str, page: str) -> None:
    for pk in ("0", "-1", "1" + "0" * 30, "abc", "_5F", "1.0"):
        answer = world.browsers["superuser"].get(f"/admin/tracking/{model}/{pk}/{page}/")
        assert answer.status_code in (404, 403 if page == "delete" else 404), (pk, answer.status_code)


def test_every_address_that_is_read_is_asked_wrongly_too() -> None:
    exempt = {"/sign-in/", "/sign-out/", "/password/", "/password/done/", "/unsubscribe/{token}/"}
    pages = set(routes(get_resolver("tracking.pages.urls").url_patterns)) - exempt
    served = {shape(path) for path in routes(get_resolver("tracking.urls").url_patterns)}

    assert {shape(path) for path in API} == served
    assert {shape(path) for path in PAGES} == {shape(path) for path in pages}


# --- methods --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", API)
def test_what_can_only_be_read_says_which_methods_there_are(world: World, path: str) -> None:
    full = path.format(**world.names["own"])
    api = world.apis["superuser"]
    for method in ("put", "post", "patch", "delete", "options"):
        response = getattr(api.client, method)(
            f"/api/v1/{full}", b"{}", content_type="application/json", headers=api.headers
        )
        allowed = response.headers.get("Allow", "").lower().split(", ")
        if response.status_code == 405:
            assert_problem(response, 405, "method")
            assert method not in allowed
        else:  # of what can be entered and changed: see who may
            assert path.partition("/")[0] in ("releases", "reported-totals", "subscriptions")
            assert response.status_code in (400, 428)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_that_is_read_takes_no_form(world: World, path: str) -> None:
    full = path.format(**world.names["own"])
    for method in ("put", "post", "patch", "delete"):
        response = getattr(world.browsers["superuser"], method)(full)
        assert response.status_code == 405 or (path, method) == ("/releases/new/", "post")
