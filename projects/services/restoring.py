"""Taking back: an earlier version of one project, or one bulk change of many. Both are new changes, posted as such."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import F, Max, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.models import BulkChange, Door, Project, Revision, User
from projects.services.annexes import FieldChange
from projects.services.carrying import take_back_decision
from projects.services.changes import Change
from projects.services.laying import Values, change_of, differences_of, field_of, linked_of, read_records
from projects.services.many import CHUNK, lock_projects, save_stream
from projects.services.recording import save_project
from projects.services.revising import REVIEW
from projects.services.transactions import one_transaction

LONGEST = 200  # characters of a title


class BuiltUpon(Exception):
    """Some projects of a bulk change were changed since, so nothing was undone; which ones."""

    def __init__(self, projects: Sequence[Project]) -> None:
        super().__init__(projects)
        self.projects = projects


# --- one project --------------------------------------------------------------------------------------------------


def versions_of(project: Project) -> list[int]:
    """The versions to which a project can be brought back, the latest first: all but the present one."""
    known = list(project.revisions.order_by("-version").values_list("version", "changes"))
    versions = [version for version, _changes in known]
    if known and known[-1][1]:  # recorded before there was a history: what its first change found
        versions.append(versions[-1] - 1)
    return versions[1:]


def restoration(project: Project, version: int) -> list[FieldChange]:
    """What bringing this project back to that version would change: before is now, after is then."""
    since = project.revisions.filter(version__gt=version).order_by("-version")
    (record,) = read_records([project])
    return differences_of(record, _earlier(since))


@one_transaction
def restore_version(
    project: Project, version: int, *, actor: User | None, at: datetime, door: Door = Door.SYSTEM
) -> Project:
    """Bring a project, with its milestones, investors and tags, back to what it was at an earlier version.

    Raises ValidationError with everything that stands against it, StaleVersion where the project was changed since it
    was read.
    """
    if version not in versions_of(project):
        raise ValidationError(_("There is no such version."), code="no_version")
    since = project.revisions.filter(version__gt=version).order_by("-version")
    (record,) = read_records([project])
    differences = differences_of(record, _earlier(since))
    if not differences:
        raise ValidationError(_("Since then nothing has changed that could be restored."), code="same")
    _refuse_missing(differences)
    change = change_of(record, differences, linked_of(differences))
    return save_project(
        change.project,
        actor=actor,
        at=at,
        investors=change.investors,
        milestones=change.milestones,
        removed=change.removed,
        tags=change.tags,
        door=door,
        reason=gettext("Version %(version)d restored") % {"version": version},
    )


def _refuse_missing(differences: Sequence[FieldChange]) -> None:
    """Say what cannot come back: what is named was deleted meanwhile, or a declaration has a way of its own."""
    errors: list[ValidationError] = []
    for change in differences:
        field = field_of(change["of"], change["field"])
        value = change["after"]
        if field.many_to_one and value and not field.related_model._base_manager.filter(pk=value).exists():
            message = _("%(field)s: what was recorded then has been deleted since.")
            errors.append(ValidationError(message, code="deleted", params={"field": field.verbose_name}))
        if change["field"] == "voided_at" and value:
            message = _("The project was void then. Declare it void instead, with the reason.")
            errors.append(ValidationError(message, code="void"))
    if errors:
        raise ValidationError(errors)


# --- many ---------------------------------------------------------------------------------------------------------


@one_transaction
def undo_bulk(
    bulk: BulkChange,
    *,
    actor: User | None,
    at: datetime,
    door: Door = Door.SYSTEM,
    leaving: Collection[int] = (),
) -> list[int]:
    """Take back a bulk change: every project gets the values that it had before; one that it created becomes void.

    All or none: raises BuiltUpon with the projects that were changed since, unless their ids are among `leaving`, which
    are left as they are. Raises ValidationError where the bulk change is undone already, RefusedChanges where a rule
    stands against it. Who may do it, the door decides. Returns the ids of the projects in their order, which is that of
    the refusals, too.
    """
    bulk = BulkChange.objects.select_for_update(no_key=True).get(pk=bulk.pk)
    if bulk.undone_at:
        raise ValidationError(_("This change has been undone already."), code="undone")
    left = set(leaving)
    ids = [pk for pk in _ids_of(bulk) if pk not in left]
    lock_projects(set(ids))
    if changed := _changed_since(bulk, ids):
        raise BuiltUpon(changed)
    bulk.undone_at, bulk.undone_by = at, actor
    bulk.save(update_fields=["undone_at", "undone_by"])
    if not ids:
        return []
    title = gettext("Undone: %(title)s") % {"title": bulk.title}
    together = BulkChange(title=title[:LONGEST])
    save_stream(
        lambda: _undoing(bulk, ids, at, together.title),
        existing=ids,
        actor=actor,
        at=at,
        door=door,
        bulk=together,
    )
    take_back_decision(bulk, actor=actor, at=at, door=door)
    return ids


def projects_of(bulk: BulkChange) -> list[Project]:
    """The projects that a bulk change has changed, in the order of their ids."""
    rows = Project.objects.filter(pk__among=list(_ids_of(bulk)))
    return list(rows.select_related("district").order_by("pk"))


def _ids_of(bulk: BulkChange) -> Iterable[int]:
    return bulk.revisions.order_by("project_id").values_list("project_id", flat=True).distinct()


def _changed_since(bulk: BulkChange, ids: Sequence[int]) -> list[Project]:
    """Those of these projects, which are locked, that have a later revision than those of the bulk change."""
    rows = Revision.objects.filter(project_id__among=ids).order_by().values("project_id")
    latest = rows.annotate(last=Max("version"), own=Max("version", filter=Q(bulk=bulk)))
    changed = latest.exclude(last=F("own")).values_list("project_id", flat=True)
    return list(Project.objects.filter(pk__among=list(changed)).select_related("district").order_by("pk"))


def _undoing(bulk: BulkChange, ids: Sequence[int], at: datetime, title: str) -> Iterator[Change]:
    """The changes that take back what a bulk change did, by project; some thousand are held at a time."""
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        revisions: dict[int, list[Revision]] = defaultdict(list)
        for revision in bulk.revisions.filter(project_id__among=some).order_by("project_id", "-version"):
            revisions[revision.project_id].append(revision)
        records = read_records(list(Project.objects.filter(pk__among=some).order_by("pk")))
        differences = [differences_of(record, _earlier(revisions[record.project.pk])) for record in records]
        known = linked_of([change for changes in differences for change in changes])
        for record, changes in zip(records, differences, strict=True):
            if any(not revision.changes for revision in revisions[record.project.pk]):
                record.project.voided_at, record.project.void_reason = at, title
            yield change_of(record, changes, known)


# --- values -------------------------------------------------------------------------------------------------------


def _earlier(revisions: Iterable[Revision]) -> Values:
    """What was recorded before these revisions of one project, which come latest first; its review never comes back."""
    return {
        (c["of"], c["field"]): c["before"]
        for revision in revisions
        for c in revision.changes
        if c["field"] != REVIEW
    }
