"""The tree of districts, brought up to date from a list: new ones recorded, names and validity renewed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from projects import services
from projects.models import District
from projects.services.bulk import register_districts
from seeds.divisions import Division, Place, divisions_of, problems_of_columns
from seeds.tables import read_rows

RENEWED = ("name", "name_en", "valid_from", "valid_to")


class DivisionsError(ValueError):
    """A list that cannot be loaded: `problems` has a sentence for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(slots=True)
class Count:
    """How many districts a list added, changed in name or validity, and left as they were."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


@transaction.atomic
def load_divisions(text: str) -> Count:
    """Record the districts of a list, and bring names and validity of recorded ones up to date.

    An empty cell, or a column that is not there, changes nothing. Where DivisionsError or TableError is raised,
    nothing is kept.
    """
    rows, misshapen = read_rows(text)
    if problems := problems_of_columns(rows):
        raise DivisionsError(problems)
    recorded = recorded_districts()
    divisions, problems = divisions_of(rows, places_of(recorded))
    if misshapen or problems:
        raise DivisionsError([*misshapen, *problems])
    new = [division for division in divisions if division.code not in recorded]
    changed = [recorded[d.code] for d in divisions if d.code in recorded and _renew(recorded[d.code], d)]
    register_districts(unsaved(new, recorded))
    for district in changed:
        services.save_district(district)
    return Count(len(new), len(changed), len(divisions) - len(new) - len(changed))


def recorded_districts() -> dict[str, District]:
    """Every recorded district by its code."""
    return {district.code: district for district in District.objects.select_related("parent")}


def places_of(districts: Mapping[str, District]) -> dict[str, Place]:
    """Where each of them stands."""
    return {code: Place(d.level, d.parent.code if d.parent else "") for code, d in districts.items()}


def unsaved(new: list[Division], recorded: Mapping[str, District]) -> list[District]:
    """Unsaved districts for new divisions, higher ones first, each below its parent."""
    known = dict(recorded)
    for division in new:
        known[division.code] = District(
            code=division.code,
            name=division.name,
            name_en=division.name_en,
            level=division.level,
            parent=known[division.parent_code] if division.parent_code else None,
            valid_from=division.valid_from,
            valid_to=division.valid_to,
        )
    return [known[division.code] for division in new]


def _renew(district: District, division: Division) -> bool:
    """Take over what the list says of a recorded district; whether that changed anything."""
    said = {name: getattr(division, name) for name in RENEWED}
    news = {name: value for name, value in said.items() if value and value != getattr(district, name)}
    for name, value in news.items():
        setattr(district, name, value)
    return bool(news)
