"""Which device and program a User-Agent header means, in words; and what of the header is kept."""

from __future__ import annotations

import re

from django.http import HttpRequest
from django.utils.translation import gettext as _

from config.addresses import client_address
from tracking.signing_in.models import LONGEST_AGENT

HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
PROGRAMS = (
    ("MicroMessenger", "微信 WeChat"), ("DingTalk", "钉钉 DingTalk"), ("Edg", "Edge"), ("OPR", "Opera"),
    ("QQBrowser", "QQ浏览器"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"),
)  # fmt: skip
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def agent_of(request: HttpRequest) -> str:
    """The header without anything invisible, shortened."""
    return HIDDEN.sub("", request.headers.get("User-Agent", ""))[:LONGEST_AGENT]


def address_of(request: HttpRequest) -> str | None:
    """The caller's address, or nothing where the server was told none."""
    return client_address(request) or None


def in_words(agent: str) -> str:
    """As people know it: Chrome · Windows."""
    found = [next((name for mark, name in names if mark in agent), "") for names in (PROGRAMS, SYSTEMS)]
    return " · ".join(name for name in found if name) or _("unknown program")


def cleaned(text: str, longest: int = 150) -> str:
    """A name as it was typed, without anything invisible, shortened."""
    return HIDDEN.sub("", text)[:longest]
