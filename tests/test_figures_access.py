"""Who may do what with figures: every address of the API, the pages and the admin × person × own, foreign, missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.urls import get_resolver

from projects.models import Succession
from tests.access import (
    HIDDEN,
    LEFT_OUT,
    PEOPLE,
    Answers,
    World,
    answers,
    foreign,
    one_transaction,
    own,
    shape,
    stored,
    text_of,
    turned_away,
)
from tests.api import PROBLEM
from tests.test_api_document import routes
from tracking.models import AuditRun, Release, ReportedTotal, Subscription, Target

pytestmark = pytest.mark.django_db

NOBODY_HAS = answers(404)
EVERYBODY = answers(200)
# an address and what it answers about one's own district is the same for every figure
CELL = "district={code}&quarter=2023Q1&kind=signed"
CLAIM = {"district": "440112", "period": "2023Q1", "measure": "started_count", "value": 3, "unit": "projects"}
MAIL = {"email": "a@example.org", "district": "440112"}


@dataclass(frozen=True)
class Row:
    """An address with its answer to each of PEOPLE; `{code}` and the others stand for the records of that place."""

    path: str
    place: str
    answers: Answers
    method: str = "get"
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.place}"


def everywhere(path: str, *places: str) -> list[Row]:
    """A figure or record that those see in whose district it lies."""
    found = [Row(path, "own", own()), Row(path, "foreign", foreign()), Row(path, "missing", NOBODY_HAS)]
    return [row for row in found if not places or row.place in places]


def api_rows() -> list[Row]:
    """Figures, releases, claims, subscriptions and definitions."""
    figures = (
        f"totals/?{CELL}",
        f"totals/trace/?{CELL}",
        f"totals/explain/?{CELL}&from={{at}}",
        "cohorts/?district={code}&quarter=2023Q1",
        "lead-times/?district={code}&quarter=2023Q1",
        "punctuality/?district={code}&quarter=2023Q1",
    )
    filtered = (
        "releases/?district={code}",
        "releases/?covering={code}",
        "reported-totals/?district={code}",
        "subscriptions/?district={code}",
    )
    lists = ("releases/", "reported-totals/", "subscriptions/", "definitions/", "definitions/signed/")
    return [
        *(row for path in figures for row in everywhere(path)),
        *(row for path in filtered for row in everywhere(path, "own", "foreign")),
        *(Row(path, "missing", answers(400)) for path in filtered),  # no code of any district
        *(Row(path, "own", EVERYBODY) for path in lists),
        Row("definitions/nonsense/", "own", NOBODY_HAS),
        *release_rows(),
        *claim_rows(),
        *subscription_rows(),
    ]


def release_rows() -> list[Row]:
    detail, package = "releases/{release}/", "releases/{release}/package/"
    body = {"district": "440112", "quarter": "2022Q4"}
    return [
        *everywhere(detail),
        *everywhere(package),
        # a higher district's release holds for its parts; its package holds what they may not see
        Row(detail, "above", answers(200, stranger=404, removed=404)),
        Row(package, "above", answers(403, stranger=404, removed=404, superuser=200)),
        Row("releases/", "own", own(403, publisher=201, superuser=201), "post", body),
        Row(
            "releases/",
            "foreign",
            foreign(201, neighbour=403),
            "post",
            {**body, "district": "440113"},
        ),
        Row("releases/", "missing", answers(400), "post", {**body, "district": "999999"}),
        # nobody changes or deletes one
        *(Row(detail, place, answers(405), method, {}) for place in ("own", "foreign", "missing")
          for method in ("patch", "delete")),
    ]  # fmt: skip


def claim_rows() -> list[Row]:
    detail = "reported-totals/{claim}/"
    entered = answers(403, editor=201, neighbour=404, superuser=201)
    elsewhere = answers(403, editor=404, neighbour=201, superuser=201)
    moved = {"district": "440113"}
    return [
        *everywhere(detail),
        Row("reported-totals/", "own", entered, "post", CLAIM),
        Row("reported-totals/", "foreign", elsewhere, "post", {**CLAIM, **moved}),
        Row(detail, "own", own(403, editor=200, superuser=200), "patch", {"note": "核对"}),
        Row(detail, "foreign", foreign(403, neighbour=200, superuser=200), "patch", {"note": "核对"}),
        Row(detail, "missing", NOBODY_HAS, "patch", {"note": "核对"}),
        Row(detail, "own", own(403, editor=404, superuser=200), "patch", moved),
        Row(detail, "own", own(403, editor=204, superuser=204), "delete"),
        Row(detail, "foreign", foreign(403, neighbour=204, superuser=204), "delete"),
        Row(detail, "missing", NOBODY_HAS, "delete"),
    ]


def subscription_rows() -> list[Row]:
    """One's own, about what one sees; those of others are a superuser's."""
    detail = "subscriptions/{mail}/"
    found = [
        Row("subscriptions/", "own", own(201), "post", MAIL),
        Row("subscriptions/", "foreign", foreign(201), "post", {**MAIL, "district": "440113"}),
    ]
    for method, status, body in (
        ("get", 200, None),
        ("patch", 200, {"active": False}),
        ("delete", 204, None),
    ):
        found += [
            Row(detail, "own", answers(404, editor=status, superuser=status), method, body),
            Row(detail, "foreign", answers(404, neighbour=status, superuser=status), method, body),
            Row(detail, "missing", NOBODY_HAS, method, body),
        ]
    return found


def page_rows() -> list[Row]:
    """Pages for people who have signed in, and the few for everybody."""
    cell, span = "district={code}&quarter=2023Q1", "district={code}&from=2023Q1&quarter=2023Q1"
    figures = (
        f"/?{cell}",
        f"/figures/?{CELL}",
        f"/figures/?{CELL}&format=csv",
        f"/figures/?{CELL}&format=xlsx",
        f"/explain/?{CELL}&from={{at}}",
        f"/explain/?{CELL}&from={{at}}&format=csv",
        f"/explain/?{CELL}&from={{at}}&format=xlsx",
        f"/revisions/?{cell}",
        f"/revisions/?{cell}&format=csv",
        f"/revisions/?{cell}&format=xlsx",
        f"/cohorts/?{cell}",
        f"/cohorts/projects/?{span}&column=signed",
        "/undated/?district={code}",
        "/undated/?district={code}&format=csv",
        "/undated/?district={code}&format=xlsx",
        "/releases/?district={code}",
        "/claims/{claim}/",
        "/ceremonies/{event}/",
        "/releases/{release}/",
        "/releases/{release}/package.zip",
    )
    new = "/releases/new/?district={code}&quarter=2022Q4"
    published, elsewhere = (
        own(403, publisher=200, superuser=200),
        foreign(403, neighbour_publisher=200, superuser=200),
    )
    found = [
        *(row for path in figures for row in everywhere(path)),
        *(Row(path, "own", EVERYBODY) for path in ("/", "/districts/", "/definitions/")),
        Row(
            "/districts/?q=440113", "own", answers(200, neighbour=302, neighbour_publisher=302, superuser=302)
        ),
        Row("/releases/", "own", EVERYBODY),
        Row("/cohorts/", "own", EVERYBODY),
        Row("/releases/{release}/", "above", answers(200, stranger=404, removed=404)),
        Row(
            "/releases/{release}/package.zip", "above", answers(403, stranger=404, removed=404, superuser=200)
        ),
        Row(new, "own", published),
        Row(new, "foreign", elsewhere),
        Row(new, "missing", NOBODY_HAS),
        Row("/releases/new/", "own", answers(403, publisher=200, neighbour_publisher=200, superuser=200)),
        Row(new, "own", own(403, publisher=302, superuser=302), "post", {"note": ""}),
        Row(new, "foreign", foreign(403, neighbour_publisher=302, superuser=302), "post", {"note": ""}),
        Row(new, "missing", NOBODY_HAS, "post", {"note": ""}),
    ]
    return [Row(row.path, row.place, turned_away(row.answers), row.method, row.body) for row in found]


def open_rows() -> list[Row]:
    """Addresses that need nobody to be signed in."""
    all_of_them = dict.fromkeys(PEOPLE, 404)
    return [
        Row("/unsubscribe/forged/", "own", all_of_them),
        Row("/unsubscribe/forged/", "own", all_of_them, "post", {}),
    ]


def admin_rows() -> list[Row]:
    """What members see in the admin, what editors and publishers do there, and what superusers keep."""
    rows = [
        *of_model("release", "release", add=dict.fromkeys(("publisher", "neighbour_publisher"), 200)),
        *of_model("reportedtotal", "claim", editors=True),
        *of_model("target", "target", editors=True),
        *operators("auditrun", "run", add=403, change=200, delete=403),
        *operators("subscription", "mail", add=200, change=200, delete=200),
        *operators("delivery", "delivery", add=403, change=200, delete=403),
        Row("/admin/tracking/auditrun/ask/", "own", answers(403, superuser=302), "post", {}),
        Row("/admin/tracking/auditrun/ask/", "own", answers(403, superuser=405)),
        Row("/admin/tracking/auditrun/{run}/rebuild/", "own", answers(403, superuser=405)),
        Row("/admin/tracking/auditrun/{run}/rebuild/", "missing", answers(403, superuser=404), "post", {}),
        *succession_rows(),
        *split_rows(),
    ]
    shut = {"nobody": 302, "revoked": 302, "stranger": 302, "removed": 302}
    return [Row(row.path, row.place, row.answers | shut, row.method, row.body) for row in rows]


def of_model(model: str, key: str, *, add: Answers | None = None, editors: bool = False) -> list[Row]:
    """Records that lie in a district: its members read them, its editors may change them where `editors` says so.

    Who changes or deletes none of them is told so before it is looked for: the same of what is not there.
    """
    base = f"/admin/tracking/{model}/"
    one = f"{base}{{{key}}}/"
    add = {"editor": 200, "neighbour": 200} if editors else add or {}
    removed, gone = ({"superuser": 200}, {"superuser": 404}) if editors else ({}, {})
    changes: dict[str, Answers] = {
        "own": {"editor": 200, "neighbour": 404, "superuser": 200},
        "foreign": {"editor": 404, "neighbour": 200, "superuser": 200},
        "missing": {"editor": 404, "neighbour": 404, "superuser": 404},
    }
    return [
        Row(base, "own", EVERYBODY),
        Row(f"{base}add/", "own", answers(403, **({"superuser": 200} | add))),
        *(row for page in ("change/", "history/") for row in everywhere(one + page)),
        Row(one, "own", answers(302)),
        *(Row(f"{one}delete/", place, answers(403, **removed)) for place in ("own", "foreign")),
        Row(f"{one}delete/", "missing", answers(403, **gone)),
        *(
            Row(f"{one}change/", place, answers(403, **(found if editors else {})), "post", {})
            for place, found in changes.items()
        ),
    ]


def operators(model: str, key: str, *, add: int, change: int, delete: int) -> list[Row]:
    """Pages of superusers alone; the others are told the same of what is there and of what is not."""
    base = f"/admin/tracking/{model}/"
    one = f"{base}{{{key}}}/"
    pages = ((base, 200), (f"{base}add/", add), (f"{one}change/", change), (f"{one}history/", 200))
    return [
        *(
            Row(path, "own", answers(403, superuser=status))
            for path, status in (*pages, (f"{one}delete/", delete))
        ),
        Row(f"{one}change/", "missing", answers(403, superuser=404)),
        Row(one, "own", answers(302)),
    ]


def succession_rows() -> list[Row]:
    base, one = "/admin/projects/succession/", "/admin/projects/succession/{succession}/"
    return [
        Row(base, "own", EVERYBODY),
        Row(f"{base}add/", "own", answers(403, superuser=200)),
        Row(f"{one}change/", "own", own()),
        Row(f"{one}history/", "own", own()),
        Row(f"{one}delete/", "own", answers(403, superuser=200)),
        Row(f"{one}change/", "own", answers(403), "post", {}),
        Row(f"{one}change/", "missing", NOBODY_HAS),
        Row(one, "own", answers(302)),
    ]


def split_rows() -> list[Row]:
    page = "/admin/projects/project/{id}/split/"
    return [
        Row(page, "own", own(403, editor=200, superuser=200)),
        Row(page, "foreign", foreign(403, neighbour=200, superuser=200)),
        Row(page, "missing", NOBODY_HAS),
        Row(page, "foreign", foreign(403, neighbour=200, superuser=200), "post", {}),
    ]


# --- asking ---------------------------------------------------------------------------------------------------------

# What a refused request must leave as it is.
KEPT = (Release, ReportedTotal, Subscription, Target, AuditRun, Succession)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), one_transaction():
        made = World()
        succession = str(Succession.objects.get().pk)
        for place, names in made.names.items():
            names["succession"] = "9999999" if place == "missing" else succession
        yield made


def answered(row: Row, send: Any) -> Answers:
    """The answer to each of PEOPLE; what one did is undone, so that the next finds everything as it was."""
    found = {}
    before = stored(KEPT)
    for name in PEOPLE:
        mark = transaction.savepoint()
        response = send(name)
        body = text_of(response)
        found[name] = response.status_code
        assert row.method == "get" or response.status_code < 400 or stored(KEPT) == before
        assert [text for text in HIDDEN.get(name, LEFT_OUT) if text in body] == [], (name, body)
        transaction.savepoint_rollback(mark)
    return found


def sent_to_api(world: World, row: Row, path: str) -> Any:
    def send(name: str) -> Any:
        api = world.apis[name]
        headers = {"Accept": "application/zip"} if path.endswith("package/") else {}
        if row.method == "get":
            response = api.get(path, **headers)
        elif row.method == "post":
            response = api.post(path, row.body)
        else:
            match = {"If-Match": api.get(path).headers.get("ETag", '"none"')}
            response = (
                api.patch(path, row.body, **match) if row.method == "patch" else api.delete(path, **match)
            )
        if response.status_code >= 400:
            assert response.headers["Content-Type"] == PROBLEM
            assert response.json()["detail"]
        return response

    return send


@pytest.mark.parametrize("row", api_rows(), ids=str)
def test_each_program_gets_the_answer_that_is_its_users(world: World, row: Row) -> None:
    path = row.path.format(**world.names[row.place])

    assert answered(row, sent_to_api(world, row, path)) == row.answers


@pytest.mark.parametrize("row", [*page_rows(), *open_rows(), *admin_rows()], ids=str)
def test_each_reader_gets_the_page_that_is_theirs(world: World, row: Row) -> None:
    path = row.path.format(**world.names[row.place])

    def send(name: str) -> Any:
        browser = world.browsers[name]
        return browser.get(path) if row.method == "get" else browser.post(path, row.body)

    assert answered(row, send) == row.answers


# --- every address has its rows --------------------------------------------------------------------------------------


def test_every_address_of_figures_in_the_api_has_its_rows() -> None:
    served = {shape(path) for path in routes(get_resolver("tracking.urls").url_patterns)}

    assert served == {shape(row.path) for row in api_rows()}


def test_every_page_has_its_rows() -> None:
    served = {shape(path) for path in routes(get_resolver("tracking.pages.urls").url_patterns)}

    assert served == {shape(row.path) for row in [*page_rows(), *open_rows()]}


def test_every_page_of_figures_in_the_admin_has_its_rows() -> None:
    mine = ("/admin/tracking/", "/admin/projects/succession/")
    served = set(routes(get_resolver().url_patterns))
    figures = {shape(path) for path in served if path.startswith(mine) or path.endswith("/split/")}

    assert figures == {shape(row.path) for row in admin_rows()}
