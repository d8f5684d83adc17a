"""By what the rows of a table are put together: which members there are, and in which order they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from projects.models import District, GroupedBy, Ownership, Project, ProjectType, Sector, Stage

Key = tuple[Any, str]  # by which groups are sorted, and what they are called
NOT_SAID = gettext_lazy("not stated")


def group_title(group: str) -> str:
    return capfirst(str(GroupedBy(group).label)) if group else ""


def put_together(ids: Sequence[int], group: str) -> list[tuple[Key, list[int]]]:
    """The projects of each member, in the order of the members, each in the order of the list."""
    column, key = GROUPS[group]
    keys = key()
    found: dict[Key, list[int]] = {}
    members: dict[int, Any] = {}
    for start in range(0, len(ids), 10_000):
        rows = Project.objects.filter(pk__among=list(ids[start : start + 10_000])).order_by()
        members.update(rows.values_list("pk", column))
    for pk in ids:
        if pk in members:
            found.setdefault(keys(members[pk]), []).append(pk)
    return sorted(found.items(), key=lambda item: item[0])


def _districts(level: str) -> Callable[[], Callable[[Any], Key]]:
    """By the district of this level above (or by the place itself where none is): in the order of the tree."""

    def keys() -> Callable[[Any], Key]:
        rows = list(District.objects.order_by().values_list("pk", "path", "code", "name", "level"))
        names = {code: name for _pk, _path, code, name, _level in rows}
        levels = {code: its for _pk, _path, code, _name, its in rows}
        found: dict[Any, Key] = {}
        for pk, path, code, _name, _level in rows:
            branch = path.rstrip("/").split("/")
            at = next((each for each in branch if levels.get(each) == level), code)
            found[pk] = (path[: path.index(at)] + at, names[at])
        return found.__getitem__

    return keys


def _choices(choices: Any) -> Callable[[], Callable[[Any], Key]]:
    def keys() -> Callable[[Any], Key]:
        order = {value: (place, str(label)) for place, (value, label) in enumerate(choices.choices)}
        unknown = (len(order), str(NOT_SAID))
        return lambda value: order.get(value, unknown)

    return keys


def _sectors() -> Callable[[Any], Key]:
    names = dict(Sector.objects.order_by().values_list("pk", "name"))
    order = {pk: place for place, pk in enumerate(Sector.objects.values_list("pk", flat=True))}
    return lambda pk: (order[pk], names[pk]) if pk else (len(order), str(NOT_SAID))


GROUPS: dict[str, tuple[str, Callable[[], Callable[[Any], Key]]]] = {
    GroupedBy.COUNTY: ("district", _districts(District.Level.DISTRICT)),
    GroupedBy.CITY: ("district", _districts(District.Level.CITY)),
    GroupedBy.SECTOR: ("sector", _sectors),
    GroupedBy.OWNERSHIP: ("ownership", _choices(Ownership)),
    GroupedBy.PROJECT_TYPE: ("project_type", _choices(ProjectType)),
    GroupedBy.STAGE: ("stage", _choices(Stage)),
}
