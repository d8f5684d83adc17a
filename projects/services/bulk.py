"""Many new records at once: the rows and ledger entries that single saves would make, written in bulk.

For data that is right by its making (generated, or checked row by row before): the only check here is the database's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db import transaction

from projects import ledger, sealing
from projects.entries import Content, entries_of, movements
from projects.ledger import Entry
from projects.models import District, Door, Milestone, Organization, Project, User
from projects.rows import checked_at_once, columns_of, insert_records, insert_rows, reserve_ids, uncollected
from projects.sequence import settle
from projects.services.announce import announce_after_commit
from projects.services.comparing import compare_later
from projects.services.dates import derive
from projects.services.revising import Origin, insert_revisions
from projects.services.searching import make_found

CHUNK = 2_000  # families held in memory at once


@dataclass(slots=True)
class Registration:
    """A new project with its milestones, its investors' ids and its phases, none of them saved yet."""

    project: Project
    milestones: Sequence[Milestone] = ()
    investors: Sequence[int] = ()
    phases: Sequence[Registration] = field(default_factory=list)


@dataclass(slots=True)
class Registered:
    """How many rows were written."""

    projects: int = 0
    milestones: int = 0
    entries: int = 0


@transaction.atomic
def register_many(
    families: Iterable[Registration],
    *,
    actor: User | None,
    at: datetime,
    door: Door = Door.SYSTEM,
    compared: bool = True,
) -> Registered:
    """Record many new projects: all or none, in memory that does not grow with their number.

    Every project has its code and is no phase unless it stands in another one's `phases`. Raises IntegrityError
    where a rule of the database is broken. What is invented is not `compared`, for it is like much else.
    """
    done = Registered()
    stream = iter(families)
    with checked_at_once():
        while chunk := list(islice(stream, CHUNK)):
            with uncollected():
                _register_chunk(chunk, actor=actor, at=at, origin=Origin(door), done=done)
                if compared:
                    compare_later(
                        [one.project.pk for family in chunk for one in (family, *family.phases)], at
                    )
    if done.entries:
        announce_after_commit()
    return done


@transaction.atomic
def register_organizations(organizations: Sequence[Organization], *, at: datetime) -> None:
    """Record many new organizations; each gets its id."""
    for organization, pk in zip(organizations, reserve_ids(Organization, len(organizations)), strict=True):
        organization.pk, organization.created_at, organization.updated_at = pk, at, at
    insert_records(Organization, organizations, with_ids=True)


@transaction.atomic
def register_districts(districts: Sequence[District]) -> None:
    """Record many new districts, higher ones first, so that a parent has its path before its children."""
    for district, pk in zip(districts, reserve_ids(District, len(districts)), strict=True):
        district.pk = pk
        district.path = district.path_below(district.parent)
        district.parent = district.parent  # takes over the id that the parent has by now
    insert_records(District, districts, with_ids=True)


def _register_chunk(
    chunk: list[Registration], *, actor: User | None, at: datetime, origin: Origin, done: Registered
) -> None:
    everything = [one for family in chunk for one in (family, *family.phases)]
    _give_ids(everything)
    entries: list[tuple[Project, Content]] = []
    for family in chunk:
        for one in (family, *family.phases):
            if one is not family:
                one.project.parent = family.project
            _complete(one, at)
            wanted = entries_of(one.project, one.milestones, has_phases=bool(one.phases))
            entries += [(one.project, content) for content in wanted.values()]
    milestones = [milestone for one in everything for milestone in one.milestones]
    insert_records(Project, (one.project for one in everything), with_ids=True)
    insert_records(Milestone, milestones, with_ids=True)
    _insert_investors(everything)
    known = Organization.objects.in_bulk({pk for one in everything for pk in one.investors})
    make_found([(one.project, [known[pk] for pk in one.investors]) for one in everything])
    moved = movements([], (content for _project, content in entries))
    posted = list(_entries(entries, at))
    ledger.write([], posted, moved, actor=actor)
    moments = {entry.project_id: entry.recorded_at for entry in posted}
    insert_revisions([(one.project, ()) for one in everything], moments, actor=actor, at=at, origin=origin)
    done.projects += len(everything)
    done.milestones += len(milestones)
    done.entries += len(entries)


def _give_ids(registrations: Sequence[Registration]) -> None:
    projects = reserve_ids(Project, len(registrations))
    milestones = iter(reserve_ids(Milestone, sum(len(one.milestones) for one in registrations)))
    for one, pk in zip(registrations, projects, strict=True):
        one.project.pk = pk
        for milestone in one.milestones:
            milestone.pk = next(milestones)
            milestone.project_id = pk


def _complete(one: Registration, at: datetime) -> None:
    """Set what a single save would have set."""
    one.project.created_at = one.project.updated_at = at
    for milestone in one.milestones:
        milestone.created_at = milestone.updated_at = at
        settle(milestone)
    derive(one.project, list(one.milestones))


def _insert_investors(registrations: Iterable[Registration]) -> None:
    through = Project.investors.through
    columns = columns_of(through, "project", "organization")
    rows = [(one.project.pk, pk) for one in registrations for pk in one.investors]
    if rows:
        insert_rows(through, columns, rows)


def _entries(contents: Iterable[tuple[Project, Content]], at: datetime) -> Iterator[Entry]:
    at = sealing.moment_of_posting(at)
    quarter = ledger.Quarters()[at]
    for project, content in contents:
        yield Entry(project.pk, content, at, ledger.cause_of_posting(content, None, quarter))
