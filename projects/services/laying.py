"""A project as it is recorded, laid beside values of its history: where they differ, and what change brings them."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.models import Kind, Milestone, Organization, Project, Tag, maker_of
from projects.services.annexes import FieldChange
from projects.services.changes import Change
from projects.services.dates import is_empty
from projects.services.revising import PROJECT, plain
from projects.unmasking import is_unmasked, recall

LINKS: dict[str, type[Organization] | type[Tag]] = {"investors": Organization, "tags": Tag}
# By what the field is of (the project, or a kind of milestone), and its name.
Values = dict[tuple[str, str], Any]
Linked = Mapping[str, Any]  # investors and tags by id, under their names


class Record(NamedTuple):
    """A project as it is recorded, with its milestones by kind and the ids of its investors and tags, by name."""

    project: Project
    milestones: dict[str, Milestone]
    links: dict[str, list[int]]

    def value(self, of: str, name: str) -> Any:
        """What a field holds now, as a revision has it."""
        if of == PROJECT and name in LINKS:
            return self.links[name]
        record = self.project if of == PROJECT else self.milestones.get(of, NO_MILESTONE)
        return plain(getattr(record, field_of(of, name).attname))


NO_MILESTONE = Milestone()
step_of = maker_of(Milestone, "project_id", "kind")
NOTHING = Record(Project(), {}, {name: [] for name in LINKS})


@cache
def _blank_value(of: str, name: str) -> Any:
    """What a field holds of a project that is not recorded yet."""
    return NOTHING.value(of, name)


@cache
def field_of(of: str, name: str) -> Any:
    """The model's field that a change names."""
    return (Project if of == PROJECT else Milestone)._meta.get_field(name)


def read_records(projects: Sequence[Project]) -> list[Record]:
    """These projects with their milestones, investors and tags, read at once."""
    ids = [project.pk for project in projects]
    milestones: dict[int, dict[str, Milestone]] = defaultdict(dict)
    for milestone in Milestone.objects.filter(project_id__among=ids).order_by("pk"):
        milestones[milestone.project_id][milestone.kind] = milestone
    links: dict[int, dict[str, list[int]]] = {pk: {name: [] for name in LINKS} for pk in ids}
    for name in LINKS:
        field: Any = Project._meta.get_field(name)
        rows = field.remote_field.through._default_manager.filter(project_id__among=ids)
        other = f"{field.m2m_reverse_field_name()}_id"
        for project, linked in rows.order_by(other).values_list("project_id", other):
            links[project][name].append(linked)
    recall(projects)
    for project in filter(is_unmasked, projects):
        links[project.pk]["investors"] = sorted(each.pk for each in project.investors.all())
    return [Record(project, milestones[project.pk], links[project.pk]) for project in projects]


def differences_of(record: Record, values: Values) -> list[FieldChange]:
    """Where these values are not what is recorded; a field that there is no more is passed over."""
    found = []
    held = _blank_value if record.project._state.adding else record.value
    for (of, name), value in values.items():
        try:
            now = held(of, name)
        except FieldDoesNotExist:
            continue
        if now != value:
            found.append(FieldChange(of=of, field=name, before=now, after=value))
    return sorted(found, key=_place)


def _place(change: FieldChange) -> tuple[int, int]:
    """The project first, then its milestones in the order of their kinds; fields as the model has them."""
    return _place_of(change["of"], change["field"])


@cache
def _place_of(of: str, name: str) -> tuple[int, int]:
    names = [f.name for f in (Project if of == PROJECT else Milestone)._meta.fields]
    place = names.index(name) if name in names else len(names)
    return (-1 if of == PROJECT else list(Kind).index(Kind(of)), place)


def change_of(record: Record, differences: Sequence[FieldChange], known: Linked) -> Change:
    """The change that gives a record these values."""
    project = record.project
    steps: dict[str, Milestone] = {}
    links: dict[str, list[Any] | None] = dict.fromkeys(LINKS)
    for change in differences:
        of, name = change["of"], change["field"]
        if of == PROJECT and name in LINKS:
            links[name] = [known[name][pk] for pk in change["after"]]
        elif of == PROJECT:
            set_field(project, name, change["after"])
        else:
            if of not in steps:
                held = record.milestones.get(of)
                steps[of] = copy.copy(held) if held else step_of([project.pk, of])
            set_field(steps[of], name, change["after"])
    emptied = [step for step in steps.values() if is_empty(step)]
    kept = [step for step in steps.values() if not is_empty(step)]
    return Change(
        project,
        kept,
        [step for step in emptied if step.pk],
        investors=links["investors"],
        tags=links["tags"],
    )


def set_field(record: models.Model, name: str, value: Any) -> None:
    """Give a record a value as a revision has it."""
    column, read = _written(type(record), name)
    setattr(record, column, read(value))


@cache
def _written(model: type[models.Model], name: str) -> tuple[str, Callable[[Any], Any]]:
    """The column of a field, and what reads its values."""
    field: Any = model._meta.get_field(name)
    return field.attname, field.to_python


def linked_of(differences: Sequence[FieldChange]) -> Linked:
    """The investors and tags that come back by these changes, by id. Raises ValidationError where one was deleted."""
    known: dict[str, Any] = {}
    for name, model in LINKS.items():
        ids = {pk for change in differences if change["field"] == name for pk in change["after"]}
        known[name] = model.objects.in_bulk(ids) if ids else {}
        if len(known[name]) != len(ids):
            message = _("An organization or a tag that it had then has been deleted since.")
            raise ValidationError({name: ValidationError(message, code="deleted")})
    return known
