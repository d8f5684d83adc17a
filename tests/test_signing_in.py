"""Signing in and out, the lockout, changing the password, and the pages that say no."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.test import Client, RequestFactory

from config.api import handlers
from tests.makers import make_district, make_user
from tests.pages import Page, read, signed_in

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-password-1"


def sign_in(
    client: Client, username: str, password: str, address: str = "127.0.0.1", following: str = ""
) -> int:
    """Try to sign in from an address; the status of the answer."""
    facts = {"username": username, "password": password, "next": following}
    return client.post("/sign-in/", facts, REMOTE_ADDR=address).status_code


def test_signing_in_leads_to_the_page_that_was_asked_for() -> None:
    make_user("officer", district=make_district())
    client = Client()

    answer = client.post(
        "/sign-in/", {"username": "officer", "password": PASSWORD, "next": "/?district=440112"}
    )

    assert answer.status_code == 302
    assert answer["Location"] == "/?district=440112"
    assert client.get("/sign-in/").status_code == 302


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(elsewhere: str) -> None:
    make_user("officer", district=make_district())

    answer = Client().post("/sign-in/", {"username": "officer", "password": PASSWORD, "next": elsewhere})

    assert answer["Location"] == "/"


def test_after_five_wrong_passwords_the_right_one_is_refused_too_but_not_for_colleagues() -> None:
    district = make_district()
    make_user("officer", district=district)
    make_user("colleague", district=district)

    tries = [sign_in(Client(), "officer", "wrong") for _ in range(5)]

    assert tries == [200, 200, 200, 200, 429]
    refused = Client(headers={"cookie": "language=en"}).post(
        "/sign-in/", {"username": "officer", "password": PASSWORD}
    )
    assert refused.status_code == 429
    assert "Too many attempts" in refused.content.decode()
    assert sign_in(Client(), "colleague", PASSWORD) == 302
    assert sign_in(Client(), "officer", PASSWORD, address="10.1.1.1") == 302


def test_a_wrong_password_and_an_unknown_name_are_answered_alike() -> None:
    make_user("officer", district=make_district())

    answers = [
        Page(Client().post("/sign-in/", {"username": name, "password": "wrong"}).content.decode()).text
        for name in ("officer", "nobody")
    ]

    assert answers[0] == answers[1]


@pytest.mark.parametrize("username", ["x\x00y", "x" * 10_000, "\u202eofficer", "' OR 1=1 --"])
def test_a_strange_name_is_only_a_wrong_one(username: str) -> None:
    assert sign_in(Client(), username, PASSWORD) == 200


def test_signing_out_takes_a_form_and_ends_the_session() -> None:
    client = signed_in(make_user(district=make_district()))

    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/").status_code == 302


def test_a_password_is_changed_with_the_old_one_and_the_session_stays() -> None:
    user = make_user("officer", district=make_district())
    client = signed_in(user)
    new = {"new_password1": "another-long-password-2", "new_password2": "another-long-password-2"}

    wrong = client.post("/password/", {"old_password": "wrong", **new})
    right = client.post("/password/", {"old_password": PASSWORD, **new}, follow=True)

    assert wrong.status_code == 200
    assert "Your new password holds from now on." in right.content.decode()
    assert client.get("/").status_code == 200
    assert sign_in(Client(), "officer", "another-long-password-2") == 302


def test_the_language_changes_with_one_form_and_stays_on_the_page() -> None:
    client = signed_in(make_user(district=make_district()), language="zh-hans")

    answer = client.post("/i18n/setlang/", {"language": "en", "next": "/undated/?district=440112"})

    assert answer["Location"] == "/undated/?district=440112"
    assert answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"


# --- the pages that say no ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_unknown_address_is_answered_with_a_way_back(language: str) -> None:
    client = Client()
    client.cookies["language"] = language

    page = read(client, "/nowhere/", status=404)

    assert [link.href for link in page.links] == ["/", "/"]
    assert page.styled == []


def test_a_form_from_elsewhere_is_refused_with_a_page() -> None:
    make_user("officer", district=make_district())
    client = Client(enforce_csrf_checks=True, headers={"cookie": "language=en"})

    answer = client.post("/sign-in/", {"username": "officer", "password": PASSWORD})

    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()


def test_what_one_may_not_do_what_failed_and_what_is_away_have_their_pages() -> None:
    request = RequestFactory().get("/", headers={"cookie": "language=en"})

    refused = handlers.permission_denied(request, PermissionDenied())
    failed = handlers.server_error(request)
    try:
        raise OperationalError("connection refused")  # noqa: TRY301
    except OperationalError:
        away = handlers.server_error(request)

    assert [answer.status_code for answer in (refused, failed, away)] == [403, 500, 503]
    assert "connection refused" not in away.content.decode()  # type: ignore[attr-defined]
    assert away["Retry-After"]


def test_pages_are_neither_indexed_nor_kept_by_the_browser() -> None:
    answer = signed_in(make_user(district=make_district())).get("/")

    assert 'name="robots" content="noindex, nofollow"' in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
