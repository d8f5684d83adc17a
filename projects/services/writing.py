"""Writing drafts that were found right: the rows of projects, milestones and investors, and what the ledger follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeVar

from django.db import connection

from projects import ledger
from projects.models import Milestone, Project, User, Versioned
from projects.rows import columns_of, insert_records, insert_rows, read_rows, reserve_ids, update_rows
from projects.services.annexes import FieldChange
from projects.services.changes import Draft
from projects.services.comparing import compare_later, end_pairs, is_compared_anew
from projects.services.counting import postings, settle_review
from projects.services.dates import derive, is_empty
from projects.services.masking import INVESTORS, end_secrets, hide, keep_secrets, recall
from projects.services.revising import PROJECT, Origin, write_revisions
from projects.services.searching import is_found_otherwise, keep_found, make_found

V = TypeVar("V", bound=Versioned)


def write(
    drafts: Sequence[Draft],
    locked: dict[int, Project],
    *,
    actor: User | None,
    at: datetime,
    origin: Origin,
) -> bool:
    """Write these drafts, none of which builds on another, their history, and post; whether any total moves."""
    recall(drafts)
    for draft in drafts:
        derive(draft.project, draft.after)
        settle_review(draft)
    end_secrets(drafts, at)
    _write_projects(drafts)
    _write_milestones(drafts, at)
    invested_anew = _write_links(drafts, "investors")
    _write_links(drafts, "tags")
    for draft in drafts:
        for annex in draft.change.annexes:
            draft.beside += annex.write(draft.project, at=at)
    keep_secrets(drafts)
    make_found([(d.project, d.linked(INVESTORS) or ()) for d in drafts if d.stored is None])
    keep_found(
        [
            d.project.pk
            for d in drafts
            if d.stored and (d.project.pk in invested_anew or is_found_otherwise(d.project, d.stored))
        ]
    )
    end_pairs(drafts)
    compare_later([d.project.pk for d in drafts if d.project.pk in invested_anew or is_compared_anew(d)], at)
    posted = ledger.post(postings(drafts, locked), actor=actor, at=at)
    write_revisions(drafts, posted.moments, actor=actor, at=at, origin=origin)
    return posted.moved


def _write_projects(drafts: Sequence[Draft]) -> None:
    new = [draft.project for draft in drafts if draft.stored is None]
    for project, pk in zip(new, reserve_ids(Project, len(new)), strict=True):
        project.pk = pk
        project.code = project.code or f"P{pk:08d}"
    hide(drafts)
    _insert(Project, new)
    changed = [(draft.project, draft.stored) for draft in drafts if draft.stored is not None]
    _update(Project, changed)


def _write_milestones(drafts: Sequence[Draft], at: datetime) -> None:
    new: list[Milestone] = []
    changed: list[tuple[Milestone, Milestone]] = []
    for draft in drafts:
        for milestone in draft.change.milestones:
            if is_empty(milestone):
                continue
            milestone.__dict__["project_id"] = draft.project.pk  # which it has by now
            milestone.updated_at = at
            if milestone._state.adding:
                milestone.created_at = at
                new.append(milestone)
            else:
                changed.append((milestone, draft.milestones[milestone.pk]))
    gone = [m.pk for draft in drafts for m in draft.gone]
    if gone:
        Milestone.objects.filter(pk__in=gone).delete()
    _update(Milestone, changed)
    for milestone, pk in zip(new, reserve_ids(Milestone, len(new)), strict=True):
        milestone.pk = pk
    _insert(Milestone, new)


def _insert(model: type[V], records: Sequence[V]) -> None:
    if not records:
        return
    insert_records(model, records, with_ids=True)
    for record in records:
        record._state.adding, record._state.db = False, connection.alias


def _update(model: type[V], changed: Sequence[tuple[V, V]]) -> None:
    """Write what differs between these records and what is stored of them, and count up their versions."""
    if not changed:
        return
    for record, _stored in changed:
        record.version += 1
    names = [f.attname for f in model._meta.concrete_fields]
    cells = itemgetter(*names)
    pairs = [(cells({**s.__dict__, **r.__dict__}), cells(s.__dict__)) for r, s in changed]
    differ = sorted({i for new, old in pairs if new != old for i in range(len(names)) if new[i] != old[i]})
    columns = [model._meta.concrete_fields[i] for i in differ]
    rows = [
        [record.pk, *(new[i] for i in differ)]
        for (record, _), (new, _old) in zip(changed, pairs, strict=True)
    ]
    update_rows(model, columns, rows)


def _write_links(drafts: Sequence[Draft], name: str) -> set[int]:
    """Bring investors or tags to those that are given, where any are; the projects that had others, by id."""
    field: Any = Project._meta.get_field(name)
    through = field.remote_field.through
    key, own, other = columns_of(through, "id", "project", field.m2m_reverse_field_name())
    drafts = [draft for draft in drafts if draft.linked(name) is not None]
    stored: dict[int, dict[int, int]] = defaultdict(dict)
    known = [draft.project.pk for draft in drafts if draft.stored is not None]
    for pk, project, linked in read_rows(through, (key, own, other), own, known):
        stored[project][linked] = pk
    gone: list[int] = []
    new: list[list[int]] = []
    others = set()
    for draft in drafts:
        given = {record.pk for record in draft.linked(name) or ()}
        held = stored[draft.project.pk]
        draft.project.__dict__.get("_prefetched_objects_cache", {}).pop(name, None)
        gone += [pk for linked, pk in held.items() if linked not in given]
        new += [[draft.project.pk, linked] for linked in sorted(given - held.keys())]
        if given != held.keys():
            others.add(draft.project.pk)
            if name != INVESTORS or draft.secret is None:  # else told with what is secret
                told = FieldChange(of=PROJECT, field=name, before=sorted(held), after=sorted(given))
                draft.beside.append(told)
    if gone:
        through._default_manager.filter(pk__in=gone).delete()
    if new:
        insert_rows(through, (own, other), new)
    return others
