"""A mail server on loopback that takes mail as a real one does, and can be told to misbehave."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.processes import LOOPBACK, free_port


class Server:
    """Keeps what it took. `refusal` is answered instead of 250; `drops` so many connections after DATA, mail taken."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refusal = ""
        self.drops = 0
        self.pause = 0.0
        self.port = free_port()
        self._lock = threading.Lock()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        time.sleep(self.pause)  # noqa: ASYNC251  the whole server is slow
        if self.refusal:
            return self.refusal
        assert isinstance(envelope.content, bytes)
        with self._lock:
            self.taken.append(read(envelope.content))
        if self.drops:
            self.drops -= 1
            connection: Any = server.transport
            connection.abort()
        return "250 taken"

    @property
    def ids(self) -> list[str]:
        """The Message-IDs in the order in which they came."""
        return [message["Message-ID"] for message in self.taken]


@contextmanager
def mail_server(settings: Any) -> Iterator[Server]:
    """A running server, and settings by which Django sends to it."""
    server = Server()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = LOOPBACK, server.port, 10
    controller = Controller(server, hostname=LOOPBACK, port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


def read(raw: bytes) -> EmailMessage:
    """A message as a mail program reads it."""
    message: Any = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def parts(message: EmailMessage) -> tuple[str, str]:
    """Its text and its HTML."""
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return str(text.get_content()), str(html.get_content())
