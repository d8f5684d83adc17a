"""The history of projects in words: labels instead of field names, names instead of ids, amounts as they are spoken.

Whatever a reader may not see is not named, wherever it stood.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from projects.amounts import UNKNOWN
from projects.forms import spoken
from projects.models import (
    HIDDEN,
    AmountField,
    Attachment,
    Charge,
    District,
    Kind,
    Milestone,
    ProgressReport,
    Project,
    Revision,
    Sector,
    Tag,
)
from projects.services.annexes import ATTACHMENT, CHARGE, REPORT

if TYPE_CHECKING:
    from projects.access import Reader

OUTSIDE = _("(as recorded; outside your districts)")
DELETED = _("(deleted since)")
FieldChange = Mapping[str, Any]


SECRET = {*HIDDEN, "investors", "void_reason"}
NOTE = "note"  # of a milestone


class Named(NamedTuple):
    """What a relation leads to: as programs name it, and in words."""

    code: int | str | None
    label: str


class Line(NamedTuple):
    """One field of a revision in words; `old` and `new` are for programs."""

    of: str
    field: str
    label: str
    before: str
    after: str
    old: Any
    new: Any


class Told(NamedTuple):
    """A revision with its fields in words."""

    revision: Revision
    lines: list[Line]

    @property
    def is_first(self) -> bool:
        """Whether the project was recorded by it."""
        return not self.revision.changes


def told(revisions: Sequence[Revision], reader: Reader) -> list[Told]:
    """These revisions in words, in their order; names are read at once for all of them."""
    open_changes = {revision.pk: list(revision.changes) for revision in revisions}
    for revision in _of_secret_projects(revisions, reader):
        open_changes[revision.pk] = [change for change in revision.changes if not is_secret(change)]
        revision.reason = ""
    words = Words((change for changes in open_changes.values() for change in changes), reader)
    return [Told(revision, words.lines(open_changes[revision.pk])) for revision in revisions]


def _of_secret_projects(revisions: Sequence[Revision], reader: Reader) -> list[Revision]:
    """Those of confidential projects of which something is hidden from the reader today."""
    ids = {revision.project_id for revision in revisions}
    secret = set(Project.objects.filter(pk__in=ids, confidential=True).values_list("pk", flat=True))
    if secret:
        known = Project.objects.filter(pk__in=secret).known_to(reader, timezone.localdate())
        secret -= set(known.values_list("pk", flat=True))
    return [revision for revision in revisions if revision.project_id in secret]


def is_secret(change: FieldChange) -> bool:
    """Whether a change tells what a confidential project hides, for it was recorded before it became one."""
    if change["of"] == "project":
        return change["field"] in SECRET
    return change["of"] in (ATTACHMENT, REPORT) or change["field"] == NOTE


def field_of(change: FieldChange) -> Any:
    """The model's field that a change names; None if there is none any more."""
    if change["of"] in (CHARGE, ATTACHMENT, REPORT):
        return None
    model = Project if change["of"] == "project" else Milestone
    try:
        return model._meta.get_field(change["field"])
    except FieldDoesNotExist:
        return None


class Words:
    """Names for what changes hold, as far as one reader may know them."""

    def __init__(self, changes: Iterable[FieldChange], reader: Reader) -> None:
        ids: dict[Any, set[int]] = defaultdict(set)
        for change in changes:
            field = field_of(change)
            if field is not None and field.related_model:
                ids[field.related_model] |= {*_ids(change["before"]), *_ids(change["after"])}
        self._named = {model: _names(model, known, reader) for model, known in ids.items() if known}

    def lines(self, changes: Sequence[FieldChange]) -> list[Line]:
        """Each change as a line; a first plan that is the plan itself is not told twice."""
        shown = [change for change in changes if not _is_repeated(change, changes)]
        return [self._line(change) for change in shown]

    def _line(self, change: FieldChange) -> Line:
        field = field_of(change)
        name = str(field.verbose_name) if field is not None else change["field"]
        label = _label(change, name)
        before, after = (self._value(field, change[which]) for which in ("before", "after"))
        return Line(change["of"], change["field"], label, before.label, after.label, before.code, after.code)

    def _value(self, field: Any, value: Any) -> Any:
        if field is None or not field.related_model or value is None:
            return _Value(value, shown(field, value))
        known = self._named.get(field.related_model, {})
        found = [known.get(pk, Named(None, str(DELETED))) for pk in _ids(value)]
        codes = [each.code for each in found]
        text = "、".join(each.label for each in found) or UNKNOWN
        return _Value(codes if isinstance(value, list) else codes[0], text)


def _label(change: FieldChange, name: str) -> str:
    """What a change is about: a field of the project, of a milestone, or something that hangs on the project."""
    of = change["of"]
    if of == "project":
        return capfirst(name)
    if of == CHARGE:
        return str(dict(Charge.Role.choices).get(name, name))
    if of == REPORT:
        return f"{capfirst(ProgressReport._meta.verbose_name)} · {name}"
    if of == ATTACHMENT:
        kind = dict(Attachment.Kind.choices).get(name, name)
        return f"{capfirst(Attachment._meta.verbose_name)} · {kind}"
    return f"{Kind(of).label} · {name}"


class _Value(NamedTuple):
    """A value as programs read it, and in words."""

    code: Any
    label: str


def shown(field: Any, value: Any) -> str:
    """A value that is no relation, in words."""
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(field, models.DateTimeField):
        return f"{timezone.localtime(datetime.fromisoformat(value)):%Y-%m-%d %H:%M}"
    if isinstance(field, models.IntegerField | models.DecimalField):
        return f"{spoken(value)}元" if isinstance(field, AmountField) else f"{Decimal(value):,f}"
    choices = dict(field.flatchoices) if field is not None and field.choices else {}
    return str(choices.get(value, value))


def _ids(value: Any) -> Sequence[int]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _names(model: Any, ids: set[int], reader: Reader) -> dict[int, Named]:
    """What these ids are called; what lies outside the reader's districts has no name."""
    found = {pk: Named(None, str(OUTSIDE)) for pk in ids} if hasattr(model.objects, "visible_to") else {}
    rows = model.objects.visible_to(reader) if found else model.objects.all()
    for pk, record in rows.in_bulk(ids).items():
        code = record.code if model in (District, Sector, Tag) else pk
        found[pk] = Named(code, getattr(record, "label", None) or str(record))
    return found


def _is_repeated(change: FieldChange, changes: Sequence[FieldChange]) -> bool:
    if change["field"] != "planned_first_on":
        return False
    plan = next((c for c in changes if c["of"] == change["of"] and c["field"] == "planned_on"), None)
    return plan is not None and (plan["before"], plan["after"]) == (change["before"], change["after"])
