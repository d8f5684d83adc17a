"""Committing what was checked, all or nothing; and taking it back as a whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext

from projects import services
from projects.access import edits_everywhere, may_edit
from projects.imports.matching import Wanted, match_all, recorded_in
from projects.models import BulkChange, District, Door, Import, ImportPart, Organization, Project, User
from projects.services import Change, plans
from projects.services.plans import PROJECT

Planned = Mapping[str, Any]  # a row as a check has kept it
CHUNK = 2_000  # rows whose records are held at once
PARTS = 10
Tell = Callable[[int, int], None]  # how far: rows done, of how many
LONGEST_TITLE = 200


class Changed(Exception):
    """The record is no longer what the preview was made from, so nothing was imported."""


class Forbidden(Exception):
    """Whoever asked for it does not record projects there any more."""


def changes_of(
    planned: Sequence[Planned], actor: User, *, at: datetime, is_trial: bool = False
) -> list[Change]:
    """The changes that rows stand for, in their order. Raises Changed where one was looked at in another version.

    On trial investors that are not recorded yet are left out instead of being entered.
    """
    entered = {} if is_trial else _entered(_new_backers(planned), at)
    wholes = {line["parent"] for line in planned if line["parent"]}
    parts = (planned[start : start + CHUNK] for start in range(0, len(planned), CHUNK))
    return list(_stream(parts, wholes, entered, actor, at))


def _stream(
    parts: Iterable[Sequence[Planned]],
    wholes: Collection[str],
    entered: Mapping[str, Organization],
    actor: User,
    at: datetime,
) -> Iterator[Change]:
    """The changes one after the other; of rows that others are phases of the project is kept."""
    projects: dict[str, Project] = {}
    for some in parts:
        known = plans.known_of([line["project"] for line in some if line["project"]], actor, at)
        linked = plans.linked_of([change for line in some for change in line["changes"]])
        backers = _backers(some)
        for line in some:
            record = known.get(line["project"]) if line["project"] else plans.blank()
            if record is None or (line["version"] or 1) != record.project.version:
                raise Changed
            change = plans.change_of(record, line["changes"], linked)
            if line["backers"] is not None:
                said = line["backers"]
                new = [entered[name] for name in said["new"] if name in entered]
                change.investors = [backers[pk] for pk in said["ids"] if pk in backers] + new
            if line["parent"] is not None:
                if line["parent"] not in projects:
                    raise Changed
                change.project.parent = projects[line["parent"]]
            if line["key"] in wholes:
                projects[line["key"]] = change.project
            yield change


def _backers(planned: Sequence[Planned]) -> dict[int, Organization]:
    ids = {pk for line in planned if line["backers"] for pk in line["backers"]["ids"]}
    return Organization.objects.in_bulk(ids) if ids else {}


def _new_backers(planned: Iterable[Planned]) -> dict[str, None]:
    return dict.fromkeys(name for line in planned if line["backers"] for name in line["backers"]["new"])


def _entered(names: Collection[str], at: datetime) -> dict[str, Organization]:
    """Investors that are not recorded yet, recorded now; one that somebody else has entered meanwhile is taken."""
    there = (
        {o.name: o for o in Organization.objects.filter(name__in=list(names)).order_by("-pk")}
        if names
        else {}
    )
    return {
        name: there.get(name) or services.save_versioned(Organization(name=name), at=at) for name in names
    }


# --- committed ----------------------------------------------------------------------------------------------------


def commit(run: Import, actor: User, *, at: datetime, tell: Tell) -> BulkChange:
    """Write what the preview shows, in the caller's transaction. Raises Changed, Forbidden, RefusedChanges."""
    gist = _gist_of(run)
    _check_rights(run, gist.existing, actor)
    _check_new(run, gist.wanted)
    title = gettext("Import: %(name)s") % {"name": run.file_name}
    bulk = BulkChange(title=title[:LONGEST_TITLE])
    entered = _entered(gist.backers, at)
    services.save_stream(
        lambda: _told(_stream(_kept(run), gist.wholes, entered, actor, at), run, tell),
        existing=gist.existing,
        actor=actor,
        at=at,
        door=Door.IMPORT,
        reason=bulk.title,
        bulk=bulk,
    )
    return bulk


def _told(changes: Iterable[Change], run: Import, tell: Tell) -> Iterator[Change]:
    """The same, with a word about how far it is."""
    of = run.created + run.changed
    for done, change in enumerate(changes):
        if done % CHUNK == 0:
            tell(done, of)
        yield change


def _kept(run: Import) -> Iterator[list[Planned]]:
    """What is to be written, some of it at a time: what is new first."""
    for sort in (ImportPart.Sort.CREATED, ImportPart.Sort.CHANGED):
        held: list[Planned] = []
        for part in run.parts.filter(sort=sort).order_by("number").iterator(chunk_size=PARTS):
            held += part.lines
            if len(held) >= CHUNK:
                yield held
                held = []
        if held:
            yield held


class _Gist(NamedTuple):
    """What has to be known of all rows before the first is written."""

    existing: list[int]  # projects
    wanted: list[Wanted]  # what new rows mean
    backers: dict[str, None]  # names of investors to be entered
    wholes: set[str]  # rows that others are phases of


def _gist_of(run: Import) -> _Gist:
    gist = _Gist([], [], {}, set())
    for some in _kept(run):
        gist.existing.extend(line["project"] for line in some if line["project"])
        gist.wanted.extend(_wanted(line, run) for line in some if line["project"] is None)
        gist.backers.update(_new_backers(some))
        gist.wholes.update(line["parent"] for line in some if line["parent"])
    return gist


def is_editor_of(actor: User, district: District | None) -> bool:
    """Whether somebody still records projects in the whole district, or in the whole country."""
    return edits_everywhere(actor) if district is None else may_edit(actor, district)


def _check_rights(run: Import, existing: Sequence[int], actor: User) -> None:
    if not is_editor_of(actor, run.district):
        raise Forbidden
    here = recorded_in(run.district).filter(pk__among=existing).order_by().count()
    if here != len(set(existing)):
        raise Changed


def _check_new(run: Import, wanted: Sequence[Wanted]) -> None:
    """What was new when it was looked at must still be: somebody may have recorded the same meanwhile."""
    matches = match_all(wanted, run.district)
    if any(match.project is not None or match.fault or match.asked for match in matches):
        raise Changed


def _wanted(line: Planned, run: Import) -> Wanted:
    said = {change["field"]: change["after"] for change in line["changes"] if change["of"] == PROJECT}
    code, approval_code, name, phase = (
        str(said.get(field) or "") for field in ("code", "approval_code", "name", "phase")
    )
    answer = str(run.answers.get(line["key"], ""))
    return Wanted(code, approval_code, name, phase, said.get("district"), answer)


# --- taken back ---------------------------------------------------------------------------------------------------


def undo(run: Import, actor: User, *, at: datetime) -> None:
    """Take back all that the import did, in the caller's transaction.

    Raises Forbidden, BuiltUpon where any of it was changed since, RefusedChanges where a rule stands against it.
    """
    assert run.bulk is not None
    if not is_editor_of(actor, run.district):
        raise Forbidden
    if run.bulk.revisions.exclude(project__district__path__startswith=run.path).exists():
        raise services.BuiltUpon([])
    services.undo_bulk(run.bulk, actor=actor, at=at, door=Door.IMPORT)
