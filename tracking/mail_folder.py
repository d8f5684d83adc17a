"""Email for an installation without a mail server: each message becomes one .eml file in settings.MAIL_FOLDER.

A file appears whole or not at all. A message whose Message-ID is in the folder already is not written again, so a
delivery that is repeated after a crash leaves one file.
"""

import os
import re
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

SUBJECT_LENGTH = 40  # characters, of at most four bytes each: a file name holds 255 bytes
ID_LENGTH = 64


class EmailBackend(BaseEmailBackend):
    """Django's email backend that writes files."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write each message that has recipients; how many there were."""
        folder = Path(settings.MAIL_FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        addressed = [message for message in email_messages if message.recipients()]
        for message in addressed:
            keep(message, folder)
        return len(addressed)


def keep(message: EmailMessage, folder: Path) -> Path:
    """The file of this message, written now unless it is there."""
    mime: Any = message.message()
    key = _key(mime["Message-ID"])
    for found in folder.glob(f"*_{key}.eml"):
        return found
    subject = re.sub(r"[\W_]+", "-", str(message.subject))[:SUBJECT_LENGTH].strip("-") or "email"
    target = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}_{subject}_{key}.eml"
    descriptor, draft = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(mime.as_bytes(linesep="\r\n"))
            file.flush()
            os.fsync(file.fileno())
        return Path(draft).replace(target)
    finally:
        Path(draft).unlink(missing_ok=True)


def _key(message_id: str) -> str:
    """The Message-ID as a part of a file name; nothing in it means anything to glob()."""
    return re.sub(r"[^A-Za-z0-9.@-]", "", message_id)[:ID_LENGTH]
