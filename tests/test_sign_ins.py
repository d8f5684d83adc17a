"""Sign-ins: the second step, passwords that others chose, the list of one's sign-ins, and what is kept of it all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from projects import services
from projects.models import AccountChange, User
from tests.makers import make_district, make_user
from tests.pages import Page, signed_in
from tracking.signing_in import second_step
from tracking.signing_in.agents import in_words
from tracking.signing_in.models import Event, RecoveryCode, SignIn

pytestmark = pytest.mark.django_db

PASSWORD, OTHER = "a-long-password-1", "another-long-password-2"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140 Safari/537.36"


def sign_in(username: str, password: str = PASSWORD, agent: str = CHROME, **more: Any) -> Client:
    """A browser that has typed name and password."""
    client = Client(headers={"user-agent": agent})
    client.cookies["language"] = "en"
    client.post("/sign-in/", {"username": username, "password": password}, **more)
    return client


def code_of(user: User, steps: int = 0) -> str:
    """What the device shows now, or so many half minutes later."""
    device = TOTPDevice.objects.get(user=user)
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = timezone.now().timestamp() + steps * device.step
    return f"{totp.token():06}"


def with_second_step(user: User) -> list[str]:
    """Switched on half an hour ago."""
    second_step.waiting_device(user)
    with time_machine.travel(timezone.now() - timedelta(minutes=30), tick=False):
        codes = second_step.switch_on(user, code_of(user), at=timezone.now())
    assert codes
    return codes


def kinds() -> list[str]:
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


@pytest.fixture
def officer() -> User:
    return make_user("officer", district=make_district())


# --- the second step ------------------------------------------------------------------------------------------------


def test_the_second_step_is_switched_on_with_a_first_code_and_shows_recovery_codes_once(
    officer: User,
) -> None:
    client = sign_in("officer")

    page = client.get("/second-step/").content.decode()
    wrong = client.post("/second-step/", {"code": "abcdef"})
    TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    right = client.post("/second-step/", {"code": code_of(officer)})

    assert "otpauth://totp/Mingzhang%3Aofficer?secret=" in page
    assert "<svg" in page
    assert Page(page).styled == []
    assert "This code is wrong" in wrong.content.decode()
    assert len(right.context["codes"]) == 10
    assert not set(right.context["codes"]) & set(RecoveryCode.objects.values_list("digest", flat=True))
    assert right.context["codes"][0] not in client.get("/second-step/").content.decode()
    assert AccountChange.objects.filter(user=officer, kind="second_step_on").exists()


def test_with_a_second_step_nothing_opens_before_the_code(officer: User) -> None:
    with_second_step(officer)

    client = sign_in("officer")
    before = client.get("/")
    wrong = client.post("/sign-in/code/", {"code": "000000"})
    TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    right = client.post("/sign-in/code/", {"code": code_of(officer), "next": "/undated/"})

    assert before["Location"].startswith("/sign-in/")
    assert wrong.status_code == 200
    assert right["Location"] == "/undated/"
    assert client.get("/").status_code == 200
    assert kinds() == ["code_failed", "succeeded"]


def test_a_code_is_taken_once(officer: User) -> None:
    with_second_step(officer)
    first, second = sign_in("officer"), sign_in("officer")
    code = code_of(officer)

    first.post("/sign-in/code/", {"code": code})
    second.post("/sign-in/code/", {"code": code})

    assert first.get("/").status_code == 200
    assert second.get("/").status_code == 302


def test_a_recovery_code_stands_for_a_lost_device_once(officer: User) -> None:
    code = with_second_step(officer)[0]
    first, second = sign_in("officer"), sign_in("officer")

    first.post("/sign-in/code/", {"code": code.upper()})
    second.post("/sign-in/code/", {"code": code})

    assert first.get("/").status_code == 200
    assert second.get("/").status_code == 302


def test_wrong_codes_slow_down_the_next_and_five_ask_for_the_password_again(officer: User) -> None:
    with_second_step(officer)
    client = sign_in("officer")

    client.post("/sign-in/code/", {"code": "000000"})
    at_once = client.post("/sign-in/code/", {"code": code_of(officer)})
    for _try in range(3):
        client.post("/sign-in/code/", {"code": "000000"})
    after_five = client.post("/sign-in/code/", {"code": code_of(officer)})

    assert at_once.status_code == 200
    assert after_five["Location"] == "/sign-in/"
    assert client.get("/").status_code == 302


def test_the_code_must_be_typed_within_minutes(officer: User) -> None:
    with_second_step(officer)
    client = sign_in("officer")

    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        late = client.post("/sign-in/code/", {"code": code_of(officer)})

    assert late["Location"] == "/sign-in/"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil"]
)
def test_the_code_never_leads_to_another_site(officer: User, elsewhere: str) -> None:
    with_second_step(officer)
    client = sign_in("officer")

    answer = client.post("/sign-in/code/", {"code": code_of(officer), "next": elsewhere})

    assert answer["Location"] == "/"


def test_it_is_switched_off_with_the_password(officer: User) -> None:
    code = with_second_step(officer)[0]
    client = sign_in("officer")
    client.post("/sign-in/code/", {"code": code})

    client.post("/second-step/", {"password": "wrong"})
    assert second_step.device_of(officer)
    client.post("/second-step/", {"password": PASSWORD})

    assert second_step.device_of(officer) is None
    assert not RecoveryCode.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "asked"), [(["all"], True), (["editor"], True), (["publisher"], False), ([], False)]
)
def test_a_deployment_may_ask_everybody_or_some_roles_for_it(
    officer: User, settings: Any, wanted: list[str], asked: bool
) -> None:
    settings.TOTP_REQUIRED = wanted

    client = sign_in("officer")
    page, api = client.get("/"), client.get("/api/v1/me/")

    assert (page.status_code, api.status_code) == ((302, 403) if asked else (200, 200))
    if asked:
        assert page["Location"] == "/second-step/"
        client.get("/second-step/")
        client.post("/second-step/", {"code": code_of(officer)})
        assert client.get("/").status_code == 200


def test_an_administrator_resets_the_second_step_of_the_own_people_alone(officer: User) -> None:
    outside = make_user("outside", district=make_district("440113", "番禺区"))
    client = signed_in(make_user("boss", district=make_district(), role="administrator"))
    for user in (officer, outside):
        with_second_step(user)

    own = client.post(f"/admin/signing_in/event/{officer.pk}/reset/")
    foreign = client.post(f"/admin/signing_in/event/{outside.pk}/reset/")

    assert (own.status_code, foreign.status_code) == (302, 404)
    assert second_step.device_of(officer) is None
    assert second_step.device_of(outside)
    last = AccountChange.objects.filter(user=officer).latest("id")
    assert (last.kind, last.actor and last.actor.username) == ("second_step_off", "boss")


# --- passwords ------------------------------------------------------------------------------------------------------


def test_a_password_that_an_administrator_chose_is_changed_before_anything_else(officer: User) -> None:
    boss = signed_in(make_user("boss", district=make_district(), role="administrator"))
    new = {"password1": OTHER, "password2": OTHER, "usable_password": "true", "set-password": "1"}
    boss.post(f"/admin/projects/user/{officer.pk}/password/", new)

    client = sign_in("officer", OTHER)
    blocked = client.get("/admin/")
    own = {
        "old_password": OTHER,
        "new_password1": "a-third-password-3",
        "new_password2": "a-third-password-3",
    }
    client.post("/password/", own)

    assert blocked["Location"] == "/password/"
    assert client.get("/").status_code == 200
    assert sign_in("officer", "a-third-password-3").get("/").status_code == 200


def test_a_new_person_changes_the_first_password(officer: User) -> None:
    boss = signed_in(make_user("boss", district=make_district(), role="administrator"))
    facts = {
        "username": "new",
        "password1": OTHER,
        "password2": OTHER,
        "district": "440112",
        "role": "editor",
    }
    boss.post("/admin/projects/user/add/", facts)

    assert sign_in("new", OTHER).get("/")["Location"] == "/password/"


def test_the_last_passwords_are_not_taken_again(officer: User) -> None:
    client = sign_in("officer")
    first = {"old_password": PASSWORD, "new_password1": OTHER, "new_password2": OTHER}
    back = {"old_password": OTHER, "new_password1": PASSWORD, "new_password2": PASSWORD}

    client.post("/password/", first)
    refused = client.post("/password/", back)

    assert "You have used this password before" in refused.content.decode()
    officer.refresh_from_db()
    assert officer.check_password(OTHER)


def test_changing_the_password_ends_all_other_sign_ins(officer: User) -> None:
    here, there = sign_in("officer"), sign_in("officer")

    here.post("/password/", {"old_password": PASSWORD, "new_password1": OTHER, "new_password2": OTHER})

    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
    assert [each["this"] for each in here.get("/sign-ins/").context["rows"]] == [True]


# --- one's own sign-ins ---------------------------------------------------------------------------------------------


def test_one_sees_ones_sign_ins_and_ends_one_or_all_others(officer: User) -> None:
    here, phone, office = (
        sign_in("officer", agent=agent) for agent in (CHROME, "iPhone Safari", "Firefox Linux")
    )

    rows = here.get("/sign-ins/").context["rows"]
    other = next(each["row"] for each in rows if each["device"] == "Safari · iPhone")
    here.post("/sign-ins/end/", {"end": other.pk})

    assert {each["device"] for each in rows} == {"Chrome · Windows", "Safari · iPhone", "Firefox · Linux"}
    assert [client.get("/").status_code for client in (here, phone, office)] == [200, 302, 200]
    here.post("/sign-ins/end/", {"all": "1"})
    assert [client.get("/").status_code for client in (here, office)] == [200, 302]


@pytest.mark.parametrize("value", ["", "abc", "-1", "9" * 30, "0"])
def test_nobody_ends_the_sign_in_of_another(officer: User, value: str) -> None:
    colleague = sign_in(make_user("colleague", district=make_district()).username)
    theirs = SignIn.objects.get().pk
    here = sign_in("officer")

    for asked in (value, theirs):
        assert here.post("/sign-ins/end/", {"end": asked}).status_code == 302

    assert colleague.get("/").status_code == 200


def test_last_seen_is_noted_once_a_minute(officer: User) -> None:
    client = sign_in("officer")
    client.get("/definitions/")
    row = SignIn.objects.get()

    with time_machine.travel(row.seen_at + timedelta(minutes=5)):
        cache.delete(f"seen:{row.pk}")  # as the minute that has passed does
        client.get("/definitions/")
        seen = SignIn.objects.get().seen_at
        client.get("/definitions/")

    assert seen - row.seen_at >= timedelta(minutes=4)
    assert SignIn.objects.get().seen_at == seen


def test_an_administrator_ends_the_sign_ins_of_the_own_people(officer: User) -> None:
    client = sign_in("officer")
    boss = signed_in(make_user("boss", district=make_district(), role="administrator"))

    page = boss.get(f"/admin/projects/user/{officer.pk}/change/").content.decode()
    boss.post(f"/admin/signing_in/event/{officer.pk}/end/")

    assert f"/admin/signing_in/event/{officer.pk}/end/" in page
    assert client.get("/").status_code == 302
    assert AccountChange.objects.filter(user=officer, kind="sessions_ended").exists()


def test_a_session_gets_a_new_key_when_somebody_signs_in(officer: User) -> None:
    client = Client()
    session: Any = client.session
    session["planted"] = "by somebody else"
    session.save()
    planted = session.session_key

    client.post("/sign-in/", {"username": "officer", "password": PASSWORD})

    assert client.session.session_key != planted
    assert SignIn.objects.get().session_key == client.session.session_key


# --- what is kept ---------------------------------------------------------------------------------------------------


def test_everything_at_the_door_is_noted(officer: User) -> None:
    for _try in range(5):
        sign_in("officer", "wrong")
    sign_in("nobody", "wrong")
    client = sign_in("officer", REMOTE_ADDR="10.1.1.1")
    client.post("/sign-out/")

    assert kinds() == ["failed"] * 4 + ["locked_out", "failed", "succeeded", "signed_out"]
    found = Event.objects.order_by("id")
    assert [event.user for event in found][4:6] == [officer, None]
    assert (found[6].address, in_words(found[6].agent)) == ("10.1.1.1", "Chrome · Windows")
    assert not SignIn.objects.exists()


def test_what_happened_at_the_door_is_never_changed(officer: User) -> None:
    sign_in("officer")

    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.update(kind="failed")
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.all()._raw_delete("default")


def test_a_hostile_header_is_shortened_and_escaped_and_no_forged_address_believed(officer: User) -> None:
    agent = "<script>alert(1)</script>\u202e" + "x" * 5000
    client = sign_in("officer", agent=agent, HTTP_X_FORWARDED_FOR="1.2.3.4")
    event = Event.objects.get()
    root = signed_in(make_user("root", superuser=True))

    pages = [client.get("/sign-ins/").content.decode(), root.get("/admin/signing_in/event/").content.decode()]

    assert event.address == "127.0.0.1"
    assert len(event.agent) == 200
    assert "\u202e" not in event.agent
    assert all("<script>alert(1)" not in page for page in pages)


def test_an_administrator_reads_what_concerns_the_own_people(officer: User) -> None:
    make_user("outside", district=make_district("440113", "番禺区"))
    both = make_user("both", district=make_district())
    services.add_member(both, make_district("440113"), "viewer")
    for name in ("officer", "outside", "nobody-at-all"):
        sign_in(name)
    boss = signed_in(make_user("boss", district=make_district(), role="administrator"))

    shown = boss.get("/admin/signing_in/event/")

    assert {event.username for event in shown.context["cl"].result_list} == {"officer"}
    assert signed_in(officer).get("/admin/signing_in/event/").status_code == 403


@pytest.mark.parametrize("username", ["\u202eofficer", "x" * 400, "a\u200bb"])
def test_a_strange_name_is_kept_without_what_hides_in_it(username: str) -> None:
    sign_in(username)

    event = Event.objects.get()
    assert event.kind == "failed"
    assert len(event.username) <= 150
    assert not {"\u202e", "\u200b"} & set(event.username)
