"""Whose address a request has: only what a proxy of ours has written is believed."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from config.addresses import client_address

CALLER, PROXY, FORGED = "203.0.113.7", "10.0.0.2", "198.51.100.9"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, PROXY),
        (0, FORGED, PROXY),
        (1, CALLER, CALLER),
        (1, f"{FORGED}, {CALLER}", CALLER),
        (1, None, PROXY),
        (1, "not an address", PROXY),
        (2, f"{FORGED}, {CALLER}, 10.0.0.3", CALLER),
    ],
)
def test_only_our_own_proxies_are_believed(
    rf: RequestFactory, settings: Settings, proxies: int, forwarded: str | None, address: str
) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}

    request = rf.get("/", headers=headers, REMOTE_ADDR=PROXY)

    assert client_address(request) == address
