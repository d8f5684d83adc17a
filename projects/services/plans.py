"""Changes that are planned first and made later: as plain values, field by field, in the form of the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from projects.models import Project, PutAside, User, maker_of
from projects.services.laying import (
    LINKS,
    Linked,
    Record,
    Values,
    change_of,
    differences_of,
    linked_of,
    read_records,
)
from projects.services.revising import PROJECT, plain
from projects.unmasking import is_unmasked, unmask

__all__ = [
    "LINKS",
    "PROJECT",
    "Linked",
    "Record",
    "Values",
    "blank",
    "change_of",
    "differences_of",
    "known_of",
    "linked_of",
    "plain",
]


_project = maker_of(Project)


def blank() -> Record:
    """A project that is not recorded yet."""
    return Record(_project([]), {}, {name: [] for name in LINKS})


def known_of(ids: Iterable[int], reader: User, at: datetime) -> Mapping[int, Record]:
    """Recorded projects with their milestones, investors and tags by id, as they are for somebody who may know them."""
    projects = list(
        Project.objects.filter(pk__among=sorted(set(ids))).select_related("district").order_by("pk")
    )
    unmask(projects, reader, timezone.localdate(at))
    records = read_records(projects)
    _give_investors([record for record in records if is_unmasked(record.project)])
    return {record.project.pk: record for record in records}


def _give_investors(hidden: Sequence[Record]) -> None:
    """Those who invest in confidential projects are put aside, too."""
    through: Any = PutAside.investors.through
    ids = [record.project.pk for record in hidden]
    rows = through._default_manager.filter(putaside_id__in=ids).order_by("organization_id") if ids else ()
    by_id = {record.project.pk: record for record in hidden}
    for row in rows:
        by_id[row.putaside_id].links["investors"].append(row.organization_id)
