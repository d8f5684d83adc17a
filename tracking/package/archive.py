"""A zip whose bytes depend only on what is put in: no compression, no clock, no owner, files in a fixed order."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self
from zipfile import ZIP_STORED, ZipFile, ZipInfo

MIDNIGHT = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
UNIX = 3
READABLE = 0o100644 << 16  # a plain file that everybody may read


@dataclass(frozen=True, slots=True)
class Added:
    """What was put in: its size in bytes and its SHA-256."""

    size: int
    sha256: str


class Archive:
    """Writes files one after the other into an open file; `added` says what went in, by name."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = ZipFile(file, "w", ZIP_STORED)
        self.added: dict[str, Added] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Put one file in; it passes through a temporary file, since a zip says a file's size before the file."""
        digest, size = hashlib.sha256(), 0
        with TemporaryFile() as held:
            for chunk in chunks:
                digest.update(chunk)
                size += held.write(chunk)
            held.seek(0)
            with self._zip.open(_info(name, size), "w") as target:
                shutil.copyfileobj(held, target)
        self.added[name] = Added(size, digest.hexdigest())


def _info(name: str, size: int) -> ZipInfo:
    info = ZipInfo(name, MIDNIGHT)
    info.compress_type = ZIP_STORED
    info.create_system = UNIX
    info.external_attr = READABLE
    info.file_size = size
    return info
