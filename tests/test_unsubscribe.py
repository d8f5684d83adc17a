"""The link in an email by which its reader ends the subscription, and the other links beside it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from projects import services
from tests.makers import NOW, SHANGHAI, YI, make_huangpu, make_project, make_user
from tests.pages import signed_in
from tracking.deliveries import compose, due
from tracking.models import Delivery, Subscription
from tracking.unsubscribing import link_to_end

pytestmark = pytest.mark.django_db

APRIL = datetime(2023, 4, 1, 8, tzinfo=SHANGHAI)


@pytest.fixture
def subscription() -> Subscription:
    district = make_huangpu()["440112"]
    make_project(district=district, total_investment=YI, milestones={"signed": date(2023, 1, 29)})
    make_project(district=district, milestones={"started": "unknown"})
    reader = make_user("reader", district=district, role="viewer")
    return services.save_versioned(
        Subscription(user=reader, email="reader@example.org", district=district, language="en"), at=NOW
    )


def message(subscription: Subscription) -> Any:
    """The email of 2023Q1."""
    due(APRIL)
    return compose(
        Delivery.objects.select_related("subscription__district", "subscription__user").get(), APRIL
    )


def active() -> bool:
    return Subscription.objects.get().active


def test_looking_at_the_link_ends_nothing_and_the_button_does(
    subscription: Subscription, client: Client
) -> None:
    link = link_to_end(subscription)

    asked = client.get(link)
    before = active()
    ended = client.post(link)

    assert (asked.status_code, ended.status_code, before, active()) == (200, 200, True, False)
    assert "reader@example.org" in asked.content.decode()
    assert "<button>" not in ended.content.decode().split("<main")[1]
    assert "no-store" in asked.headers["Cache-Control"]


def test_a_mail_program_ends_it_with_one_request(subscription: Subscription) -> None:
    strict = Client(enforce_csrf_checks=True)

    answers = [strict.post(link_to_end(subscription), {"List-Unsubscribe": "One-Click"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert not active()
    assert Subscription.objects.get().version == 2


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_we_have_not_signed_leads_nowhere(
    subscription: Subscription, client: Client, method: str
) -> None:
    forged = f"/unsubscribe/{subscription.pk}:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/"

    response = getattr(client, method)(forged)

    assert response.status_code == 404
    assert active()


def test_a_subscription_that_is_gone_leads_nowhere(subscription: Subscription, client: Client) -> None:
    link = link_to_end(subscription)
    subscription.delete()

    assert client.get(link).status_code == 404


def test_every_link_of_the_email_opens_for_its_reader(subscription: Subscription) -> None:
    sent = message(subscription)
    words = sent.body.split()
    html = sent.alternatives[0][0].replace("&amp;", "&")
    links = {part.split('"')[0] for part in html.split('href="')[1:]}
    browser = signed_in(subscription.user)

    answers = {link: browser.get(link.removeprefix("http://127.0.0.1:8000")).status_code for link in links}

    assert set(answers.values()) == {200}
    assert {word for word in words if word.startswith("http")} <= links
    assert len(links) >= 7


def test_mail_programs_are_offered_the_link_where_it_is_safe(
    subscription: Subscription, settings: Any
) -> None:
    plain = message(subscription)
    settings.PUBLIC_URL = "https://projects.example.org"
    safe = message(subscription)

    assert "List-Unsubscribe" not in plain.extra_headers
    assert safe.extra_headers["List-Unsubscribe"] == f"<{link_to_end(subscription)}>"
    assert safe.extra_headers["List-Unsubscribe"].startswith("<https://projects.example.org/unsubscribe/")
    assert safe.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
