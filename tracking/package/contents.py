"""What a package holds: totals, the entries behind them, bands, districts, definitions, a script, and a manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from projects.models import District, bands_holding
from tracking import definitions
from tracking.models import Release
from tracking.package.archive import Added
from tracking.package.figures import entries_of, totals_of
from tracking.package.tables import as_json, entries_csv, table, totals_csv, totals_json, utc

FORMAT = 1  # what it holds and how; another format gets the next number, and old releases keep theirs
AS_THEY_ARE = ("README.txt", "recompute.py")
FILES = Path(__file__).parent / "files"


def files_of(release: Release) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Every file but the manifest, by name, in the order in which they stand in the package."""
    rows = list(totals_of(release))
    yield "totals.csv", totals_csv(rows)
    yield "totals.json", totals_json(rows)
    yield "entries.csv", entries_csv(entries_of(release))
    yield "districts.csv", table(["code", "parent"], districts(release))
    yield "bands.csv", table(["code", "lower", "upper"], bands(release))
    yield "definitions.json", [as_json(texts(release))]
    for name in AS_THEY_ARE:
        yield name, [(FILES / name).read_bytes()]


def manifest(release: Release, added: Mapping[str, Added]) -> bytes:
    """What was released, when, and the size and checksum of every file."""
    return as_json(
        {
            "format": FORMAT,
            "release": release.pk,
            "district": release.district.code,
            "quarter": release.quarter,
            "revision": release.revision,
            "revises": release.revises_id,
            "provisional": release.provisional,
            "released_at": utc(release.released_at),
            "note": release.note,
            "definitions": release.definitions,
            "files": {name: {"sha256": one.sha256, "size": one.size} for name, one in added.items()},
        }
    )


def districts(release: Release) -> list[tuple[str, str]]:
    """The released district, without a parent, and those below it that hold any entry, with all in between."""
    top = release.district
    found = {(top.code, "")}
    holding = District.objects.filter(pk__in=entries_of(release).order_by().values("district"))
    for path in holding.order_by().values_list("path", flat=True):
        below = [top.code, *path.removeprefix(top.path).split("/")[:-1]]
        found |= set(zip(below[1:], below, strict=False))
    return sorted(found)


def bands(release: Release) -> list[tuple[str, int, int | None]]:
    """The size bands of the moment: code, lower bound (included), upper bound (not included, null: none)."""
    return [(band.code, band.lower, band.upper) for band in bands_holding(release.released_at)]


def texts(release: Release) -> dict[str, Any]:
    """The definitions that were in force, by id."""
    return {
        one.id: {
            "version": one.version,
            "name_zh": one.name_zh,
            "name_en": one.name_en,
            "formula_zh": one.formula_zh,
            "formula_en": one.formula_en,
            "unit": one.unit.value,
            "reference": one.reference,
        }
        for one in definitions.of_release(release)
    }
