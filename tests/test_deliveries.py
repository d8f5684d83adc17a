"""Emails that are due: planned once, claimed by one worker, sent through a real SMTP server, and lost by no fault."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from smtplib import SMTPAuthenticationError
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from projects import services
from projects.models import Membership
from tests.mail import Server, mail_server, parts, read
from tests.makers import NOW, SHANGHAI, YI, make_huangpu, make_project, make_user
from tests.pages import signed_in
from tests.processes import LOOPBACK, Forked, free_port, side_by_side
from tracking import deliveries, mail_folder, tasks
from tracking.deliveries import MOST_ATTEMPTS, Outcome, deliver, deliver_due, due, plan_deliveries
from tracking.models import Delivery, Subscription

pytestmark = pytest.mark.django_db

APRIL = datetime(2023, 4, 1, 8, tzinfo=SHANGHAI)
WORKERS, SUBSCRIBERS = 4, 12


def committed(test: Callable[..., None]) -> Callable[..., None]:
    """For a test with further processes, which see only what is committed."""
    marked: Callable[..., None] = pytest.mark.django_db(transaction=True)(test)
    return marked


def subscribe(number: int = 1, *, at: datetime = NOW, **more: Any) -> Subscription:
    """Somebody who may see 黄埔区 and wants its email in English."""
    district = make_huangpu()["440112"]
    user = make_user(f"reader{number}", district=district, role="viewer")
    facts = {"email": f"reader{number}@example.org", "language": "en", "district": district, **more}
    return services.save_versioned(Subscription(user=user, **facts), at=at)


def planned(number: int = 1) -> Delivery:
    """A subscriber's delivery for 2023Q1."""
    subscription = subscribe(number)
    plan_deliveries(APRIL)
    return Delivery.objects.get(subscription=subscription)


def lease_runs_out() -> None:
    """As if the lease had ended a second ago, by the database's clock."""
    Delivery.objects.filter(state="claimed").update(claimed_until=timezone.now() - timedelta(seconds=1))


def dies(*args: Any) -> None:
    """The process is killed."""
    os.kill(os.getpid(), signal.SIGKILL)


def in_a_process_that_dies(pk: int) -> None:
    """A worker takes the delivery, and does not survive it."""
    with pytest.raises(AssertionError, match="died without an answer"):
        Forked(lambda: deliver(pk, APRIL)).result(within=30)


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    with mail_server(settings) as server:
        yield server


# --- Planned --------------------------------------------------------------------------------------------------------


def test_a_quarter_that_has_ended_is_planned_once_for_each_active_subscription():
    subscribe(1)
    subscribe(2, active=False)

    counts = [plan_deliveries(APRIL) for _ in range(3)]

    assert counts == [1, 0, 0]
    assert Delivery.objects.values_list("subscription__email", "period", "state").get() == (
        "reader1@example.org",
        "2023Q1",
        "due",
    )


@committed
def test_two_timetables_at_once_plan_each_email_once():
    for number in range(SUBSCRIBERS):
        subscribe(number)

    side_by_side([lambda: plan_deliveries(APRIL) for _ in range(WORKERS)], within=60)

    assert Delivery.objects.count() == SUBSCRIBERS
    assert Delivery.objects.values("subscription").distinct().count() == SUBSCRIBERS


def test_a_quarter_ends_at_midnight_in_shanghai():
    subscribe()

    plan_deliveries(datetime(2023, 3, 31, 23, 59, tzinfo=SHANGHAI))
    before = set(Delivery.objects.values_list("period", flat=True))
    plan_deliveries(datetime(2023, 4, 1, 0, 0, tzinfo=SHANGHAI))

    assert before == {"2022Q4"}
    assert set(Delivery.objects.values_list("period", flat=True)) == {"2022Q4", "2023Q1"}


def test_a_timetable_that_was_down_for_a_year_catches_up_the_last_quarter_only():
    subscribe()
    plan_deliveries(APRIL)

    plan_deliveries(APRIL + timedelta(days=366))

    assert sorted(Delivery.objects.values_list("period", flat=True)) == ["2023Q1", "2024Q1"]


# --- Sent -----------------------------------------------------------------------------------------------------------


def test_what_is_due_goes_out_with_its_figures_and_is_marked(server):
    subscription = subscribe()
    make_project(
        "智谷",
        district=subscription.district,
        total_investment=34 * YI,
        milestones={"signed": date(2023, 1, 29)},
    )

    outcomes = deliver_due(APRIL)

    delivery = Delivery.objects.get()
    [message] = server.taken
    assert outcomes == Counter({Outcome.SENT: 1})
    assert (delivery.state, delivery.attempts, delivery.error) == ("sent", 1, "")
    assert delivery.sent_at is not None
    assert message["To"] == "reader1@example.org"
    assert message["Message-ID"] == delivery.message_id
    assert message["Subject"] == "[Mingzhang] Huangpu, projects in Q1 2023: 1 signed, 0 started"
    assert message["Auto-Submitted"] == "auto-generated"
    assert all("智谷" in part and "34.00" in part for part in parts(message))


def test_what_was_sent_is_not_sent_again(server):
    delivery = planned()

    outcomes = [deliver(delivery.pk, APRIL), deliver(delivery.pk, APRIL)]

    assert outcomes == [Outcome.SENT, Outcome.SKIPPED]
    assert len(server.taken) == 1


def workers_share(server: Server) -> Counter[str]:
    """Several workers get the hints for the same deliveries at once; how often each mail arrived."""
    ids = [planned(number).pk for number in range(SUBSCRIBERS)]
    server.pause = 0.02

    def work(seed: int) -> list[Outcome]:
        order = random.Random(seed).sample(ids, len(ids)) if seed else ids
        return [deliver(pk, APRIL) for pk in order]

    side_by_side([lambda seed=seed // 2: work(seed) for seed in range(WORKERS)], within=120)  # type: ignore[misc]
    assert {delivery.state for delivery in Delivery.objects.all()} == {"sent"}
    return Counter(server.ids)


@committed
def test_several_workers_with_the_same_hints_send_each_email_once(server):
    arrived = workers_share(server)

    assert len(arrived) == SUBSCRIBERS
    assert set(arrived.values()) == {1}


@committed
def test_without_the_claim_the_same_work_sends_doubles(server, monkeypatch):
    def claim_without_comparing(pk: int, now: datetime) -> Delivery | None:
        delivery = Delivery.objects.select_related("subscription__user", "subscription__district").get(pk=pk)
        if delivery.state != "due":
            return None
        time.sleep(0.1)  # another worker reads the same
        Delivery.objects.filter(pk=pk).update(state="claimed", attempts=F("attempts") + 1)
        return delivery

    monkeypatch.setattr(deliveries, "claim", claim_without_comparing)

    arrived = workers_share(server)

    assert max(arrived.values()) > 1


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What the hints carry that are sent; none is taken by anybody."""
    sent: list[dict[str, str]] = []

    def take(task: str, **given: str) -> bool:
        sent.append(given)
        return True

    monkeypatch.setattr(deliveries, "send_hint", take)
    monkeypatch.setattr(tasks, "send_hint", take)
    return sent


def test_doubled_ticks_and_hints_send_each_email_once(server, hints):
    delivery = planned()

    tasks.send_due_emails()
    tasks.send_due_emails()
    for hint in list(hints):
        tasks.send_next_email(**hint)

    assert server.ids.count(delivery.message_id) == 1
    assert {delivery.state for delivery in Delivery.objects.all()} == {"sent"}


def test_a_tick_sends_a_few_hints_however_many_emails_are_due_and_each_email_sent_sends_one_more(
    server, hints
):
    for number in range(SUBSCRIBERS):
        subscribe(number)

    tasks.send_due_emails()
    of_the_tick = len(hints)
    waiting = hints.copy()
    while waiting:
        before = len(hints)
        tasks.send_next_email(**waiting.pop())
        waiting += hints[before:]

    assert of_the_tick == deliveries.HINTS < SUBSCRIBERS
    assert len(hints) == of_the_tick + SUBSCRIBERS
    assert len(server.ids) == SUBSCRIBERS


def test_a_chain_of_hints_ends_and_leaves_the_rest_to_the_next_tick(server, hints):
    subscribe(1)
    subscribe(2)
    plan_deliveries(APRIL)

    deliveries.follow_hint(APRIL, APRIL + deliveries.HINTS_LAST)

    assert (len(server.ids), hints) == (1, [])
    assert due(APRIL + deliveries.HINTS_LAST)


def test_an_email_that_fails_does_not_end_the_chain_for_the_others(server, hints):
    planned()
    server.refusal = "452 later"

    deliveries.follow_hint(APRIL, APRIL)

    assert len(hints) == 1


# --- Crashes --------------------------------------------------------------------------------------------------------


@committed
def test_a_worker_killed_before_it_sends_loses_nothing(server, monkeypatch):
    delivery = planned()
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "compose", dies)
        in_a_process_that_dies(delivery.pk)

    meanwhile = deliver(delivery.pk, APRIL), due(APRIL)
    lease_runs_out()
    afterwards = deliver_due(APRIL)

    assert meanwhile == (Outcome.SKIPPED, [])
    assert afterwards == Counter({Outcome.SENT: 1})
    assert server.ids == [delivery.message_id]


def killed_between_sending_and_marking(monkeypatch: pytest.MonkeyPatch) -> Delivery:
    """A delivery whose mail the server has taken and whose worker was killed before it could say so."""
    delivery = planned()
    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "close", dies)
        in_a_process_that_dies(delivery.pk)
    lease_runs_out()
    return delivery


@committed
def test_a_worker_killed_after_it_sent_leads_to_a_repeat_under_the_same_message_id(server, monkeypatch):
    delivery = killed_between_sending_and_marking(monkeypatch)

    deliver_due(APRIL)

    assert server.ids == [delivery.message_id] * 2
    assert Delivery.objects.get().state == "sent"


@committed
def test_or_the_mail_in_doubt_is_held_until_somebody_decides(server, monkeypatch, settings):
    settings.MAIL_REPEAT_AFTER_CRASH = False
    delivery = killed_between_sending_and_marking(monkeypatch)

    first = deliver_due(APRIL)
    state = Delivery.objects.get().state
    deliveries.send_again([delivery.pk])
    second = deliver_due(APRIL)

    assert (first, state) == (Counter(), "held")
    assert second == Counter({Outcome.SENT: 1})
    assert server.ids == [delivery.message_id] * 2


def test_workers_that_always_die_on_an_email_are_not_given_it_for_ever(server):
    delivery = planned()
    Delivery.objects.update(state="claimed", attempts=MOST_ATTEMPTS)
    lease_runs_out()

    outcomes = deliver_due(APRIL)

    assert outcomes == Counter()
    assert Delivery.objects.get(pk=delivery.pk).state == "failed"
    assert server.taken == []


def test_a_connection_that_breaks_after_the_data_leads_to_a_repeat_under_the_same_message_id(server):
    delivery = planned()
    server.drops = 1

    first = deliver(delivery.pk, APRIL)
    second = deliver(delivery.pk, APRIL + timedelta(minutes=6))

    assert (first, second) == (Outcome.FAILED, Outcome.SENT)
    assert server.ids == [delivery.message_id] * 2


def test_or_that_mail_too_is_held(server, settings):
    settings.MAIL_REPEAT_AFTER_CRASH = False
    delivery = planned()
    server.drops = 1

    outcome = deliver(delivery.pk, APRIL)

    assert (outcome, Delivery.objects.get().state) == (Outcome.HELD, "held")
    assert due(APRIL + timedelta(days=1)) == []


# --- Failures -------------------------------------------------------------------------------------------------------


def test_a_server_that_is_away_is_tried_again_later_and_then_given_up(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = LOOPBACK, free_port()
    delivery = planned()
    now, pauses, outcomes = APRIL, [], []

    while due(now) == [delivery.pk]:
        outcomes.append(deliver(delivery.pk, now))
        delivery.refresh_from_db()
        if delivery.next_attempt_at and delivery.state == "due":
            assert due(delivery.next_attempt_at - timedelta(seconds=1)) == []
            pauses.append((delivery.next_attempt_at - now).total_seconds() / 60)
            now = delivery.next_attempt_at

    assert outcomes == [Outcome.FAILED] * (MOST_ATTEMPTS - 1) + [Outcome.GIVEN_UP]
    assert pauses == [5, 10, 20, 40, 80, 160, 320]
    assert (delivery.state, delivery.attempts) == ("failed", MOST_ATTEMPTS)
    assert "refused" in delivery.error


def test_what_was_given_up_can_be_sent_again(server):
    delivery = planned()
    Delivery.objects.update(state="failed", attempts=MOST_ATTEMPTS, error="away")

    deliveries.send_again([delivery.pk])

    assert deliver_due(APRIL) == Counter({Outcome.SENT: 1})


def test_a_superuser_has_them_sent_again_from_the_admin():
    delivery, sent = planned(1), planned(2)
    Delivery.objects.filter(pk=delivery.pk).update(state="held", attempts=3)
    Delivery.objects.filter(pk=sent.pk).update(state="sent", sent_at=NOW)
    chosen = {"action": "send_again", "_selected_action": [delivery.pk, sent.pk]}
    page = "/admin/tracking/delivery/"

    by_a_reader = signed_in(delivery.subscription.user).post(page, chosen)
    before = Delivery.objects.get(pk=delivery.pk).state
    by_a_superuser = signed_in(make_user("boss", superuser=True)).post(page, chosen)

    assert (by_a_reader.status_code, before, by_a_superuser.status_code) == (403, "held", 302)
    assert Delivery.objects.get(pk=delivery.pk).state == "due"
    assert Delivery.objects.get(pk=sent.pk).state == "sent"


def test_a_refusal_is_kept_in_the_servers_words(server):
    delivery = planned()
    server.refusal = "452 too much mail today " + "x" * 400

    outcome = deliver(delivery.pk, APRIL)
    server.refusal = ""
    second = deliver(delivery.pk, APRIL + timedelta(minutes=5))

    delivery.refresh_from_db()
    assert (outcome, second) == (Outcome.FAILED, Outcome.SENT)
    assert (delivery.state, delivery.attempts, delivery.error) == ("sent", 2, "")


def test_an_error_is_shortened_and_holds_no_password(settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "robot", "s3cret-word"
    error = SMTPAuthenticationError(535, b"bad login robot/s3cret-word\r\n" + b"x" * 500)

    said = deliveries.describe(error)

    assert said.startswith("SMTPAuthenticationError: 535 bad login")
    assert "s3cret" not in said
    assert "robot" not in said
    assert "\n" not in said
    assert len(said) <= 300
    assert deliveries.describe(RuntimeError("s3cret-word")) == "RuntimeError"


def test_a_log_line_about_a_failure_names_neither_the_address_nor_the_servers_words(server, caplog):
    delivery = planned()
    server.refusal = "550 reader1@example.org is not known"

    deliver(delivery.pk, APRIL)

    [said] = [record.getMessage() for record in caplog.records if record.name == "tracking.deliveries"]
    assert said == f"Delivery {delivery.pk} failed, attempt 1: SMTPDataError"
    assert "550 reader1@example.org is not known" in Delivery.objects.get().error


# --- Rights ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", ["membership", "user", "subscription"])
def test_rights_are_asked_when_the_email_goes_out(server, taken):
    delivery = planned()
    if taken == "membership":
        Membership.objects.all().delete()
    elif taken == "user":
        type(delivery.subscription.user).objects.update(is_active=False)
    else:
        Subscription.objects.update(active=False)

    outcome = deliver(delivery.pk, APRIL)

    assert (outcome, Delivery.objects.get().state) == (Outcome.NOT_ALLOWED, "not_allowed")
    assert server.taken == []


# --- The command ----------------------------------------------------------------------------------------------------


def test_the_command_sends_what_is_due_at_a_given_moment_and_says_how_many(server):
    subscribe()
    out = StringIO()

    call_command("send_due_emails", now="2023-04-01T00:30", stdout=out)
    call_command("send_due_emails", "--now", "2023-04-01T00:31:00+08:00", stdout=out)
    call_command("send_due_emails", "--now", "2023-07-01", stdout=out)

    assert out.getvalue().splitlines() == ["Emails: 1 sent.", "Emails: none due.", "Emails: 1 sent."]
    assert [delivery.period for delivery in Delivery.objects.order_by("id")] == ["2023Q1", "2023Q2"]


def test_without_an_offset_the_moment_is_in_shanghai(server):
    subscribe()

    call_command("send_due_emails", now="2023-03-31T23:59", stdout=StringIO())

    assert Delivery.objects.get().period == "2022Q4"


def test_the_command_fails_where_an_email_could_not_be_sent(server):
    subscribe()
    server.refusal = "550 no"
    out = StringIO()

    with pytest.raises(CommandError, match="Not every email"):
        call_command("send_due_emails", now="2023-04-01", stdout=out)

    assert out.getvalue() == "Emails: 1 failed.\n"


@pytest.mark.parametrize("text", ["tomorrow", "2023-13-01", "2023-04-31T10:00"])
def test_a_moment_that_cannot_be_read_is_refused(text):
    with pytest.raises(CommandError, match="--now is a time"):
        call_command("send_due_emails", now=text)


# --- Files ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "tracking.mail_folder.EmailBackend"
    settings.MAIL_FOLDER = tmp_path / "mail"
    folder: Path = settings.MAIL_FOLDER
    return folder


def test_without_a_mail_server_each_email_becomes_a_file_that_mail_programs_read(folder):
    subscription = subscribe(language="zh-hans")

    deliver_due(APRIL)

    [path] = folder.iterdir()
    message = read(path.read_bytes())
    assert path.suffix == ".eml"
    assert Delivery.objects.get().message_id.strip("<>") in path.name
    assert message["To"] == subscription.email
    assert "黄埔区" in message["Subject"]
    assert all("黄埔区" in part for part in parts(message))


@committed
def test_a_file_that_was_written_before_the_crash_is_not_written_twice(folder, monkeypatch):
    delivery = planned()
    with monkeypatch.context() as patch:
        patch.setattr(mail_folder.EmailBackend, "close", dies)
        in_a_process_that_dies(delivery.pk)
    lease_runs_out()

    outcomes = deliver_due(APRIL)

    assert outcomes == Counter({Outcome.SENT: 1})
    assert len(list(folder.iterdir())) == 1


@committed
def test_processes_that_write_at_once_leave_whole_files_and_nothing_else(folder):
    def write(number: int) -> int:
        messages = [
            EmailMessage(f"../../a/b {number}\t{n} 进展" + "很长" * 200, "字" * 50_000, to=["a@example.org"])
            for n in range(5)
        ]
        return mail_folder.EmailBackend().send_messages(messages)

    counts = side_by_side([lambda number=number: write(number) for number in range(3)], within=60)

    paths = list(folder.iterdir())
    assert counts == [5, 5, 5]
    assert len(paths) == 15
    for path in paths:
        message = read(path.read_bytes())
        assert message.get_content().strip() == "字" * 50_000
