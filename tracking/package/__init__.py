"""The quarter package: one zip per release with its totals, the entries behind them, and a script that checks them.

Same release, same bytes: only what never changes goes in. No names (they can be corrected), no addresses, nothing of
the present; rows in a fixed order, times in UTC, money in whole yuan, and a zip without compression or clock.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO

from config.api.transactions import snapshot
from tracking.models import Release
from tracking.package.archive import Archive
from tracking.package.contents import files_of, manifest
from tracking.package.figures import totals_of
from tracking.package.tables import totals_csv

__all__ = ["build", "name_of", "totals_digest"]


def build(release: Release) -> IO[bytes]:
    """The package as an open temporary file at its beginning; memory does not grow with the number of entries."""
    with ExitStack() as stack:
        file = stack.enter_context(TemporaryFile())
        with snapshot(patient=True), Archive(file) as archive:
            for name, chunks in files_of(release):
                archive.add(name, chunks)
            archive.add("manifest.json", [manifest(release, archive.added)])
        file.seek(0)
        stack.pop_all()  # whoever sends it closes it
        return file


def name_of(release: Release) -> str:
    """As it is saved: `mingzhang-440112-2023Q1-r0.zip`."""
    return f"mingzhang-{release.district.code}-{release.quarter}-r{release.revision}.zip"


def totals_digest(release: Release) -> str:
    """The SHA-256 of the release's totals.csv: the same for ever, or something has gone wrong."""
    digest = hashlib.sha256()
    with snapshot(patient=True):
        for chunk in totals_csv(totals_of(release)):
            digest.update(chunk)
    return digest.hexdigest()
