"""Where files are kept: outside of everything that is served, under the hash of their content, each content once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from django.conf import settings


class Stored(NamedTuple):
    """A file that is kept."""

    sha256: str
    size: int


def store(chunks: Iterable[bytes]) -> Stored:
    """Keep a content; one that is kept already is not kept twice. Whole, or not at all."""
    folder = Path(settings.ATTACHMENT_FOLDER)
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle, incoming = tempfile.mkstemp(prefix="incoming-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        place = path_of(digest.hexdigest())
        place.parent.mkdir(mode=0o750, exist_ok=True)
        Path(incoming).replace(place)
    except BaseException:
        Path(incoming).unlink(missing_ok=True)
        raise
    return Stored(digest.hexdigest(), size)


def path_of(sha256: str) -> Path:
    """Where the content with this hash is, or would be."""
    return Path(settings.ATTACHMENT_FOLDER) / sha256[:2] / sha256
