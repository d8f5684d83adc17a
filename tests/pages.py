"""Reading pages in tests: their links, figures and sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from projects.models import User

VOID = {"meta", "link", "input", "br", "hr", "img"}


@dataclass
class Link:
    """One link: where it leads, what it shows, what it is called where that is not shown."""

    href: str
    label: str = ""
    text: str = ""


@dataclass
class Page(HTMLParser):
    """The links and the text of a page, and every attribute named style, which no page may have."""

    html: str
    links: list[Link] = field(default_factory=list)
    text: str = ""
    styled: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self._link: Link | None = None
        self.feed(self.html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self._open.append(tag)
        if tag == "a":
            self._link = Link(known.get("href") or "", known.get("aria-label") or "")
            self.links.append(self._link)
        if tag == "dd":
            self.cells.append("")
        if tag in ("style", "script") or "style" in known or any(name.startswith("on") for name in known):
            self.styled.append(f"<{tag} {attrs}>")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = None
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text += data + " "
        if self._link:
            self._link.text += data.strip()
        if "dd" in self._open and "small" not in self._open:
            self.cells[-1] += data.strip()

    def opening(self, start: str) -> list[Link]:
        """The links whose address starts so."""
        return [link for link in self.links if link.href.startswith(start)]


def signed_in(user: User, language: str = "en") -> Client:
    """A browser in which this user has signed in and chosen a language."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["language"] = language
    return client


def read(client: Client, address: str, status: int = 200) -> Page:
    """Open an address; the page must answer with this status."""
    response = client.get(address)
    assert response.status_code == status, (address, response.status_code)
    return Page(response.content.decode())


def download(client: Client, address: str) -> bytes:
    """A file that a page offers, whole."""
    response: Any = client.get(address)
    assert response.status_code == 200, (address, response.status_code)
    return b"".join(response.streaming_content)
