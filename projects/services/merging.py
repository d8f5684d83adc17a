"""Two people at one project: what one has typed, laid upon what the other has saved in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from projects.models import Milestone, Project
from projects.services.differences import folded
from projects.services.laying import LINKS, set_field
from projects.services.revising import PROJECT, plain


def lay_upon_newest(
    project: Project,
    milestones: Sequence[Milestone],
    links: Mapping[str, Sequence[Any]],
    *,
    seen: int,
    newest: int,
) -> dict[str, list[Any]]:
    """Make what was typed upon version `seen` a change of version `newest`, not saved yet; its investors and tags.

    What others have changed since stays as they left it, except where it was changed here as well: that holds. The
    project has version `newest` afterwards, so that a still later change is noticed when it is saved.
    """
    since = project.revisions.filter(version__gt=seen, version__lte=newest).order_by("version")
    typed: dict[str, Project | Milestone] = {PROJECT: project, **{m.kind: m for m in milestones if m.pk}}
    ids = {name: sorted(record.pk for record in records) for name, records in links.items()}
    for (of, name), change in folded(since).items():
        before, after = change["before"], change["after"]
        if of == PROJECT and name in ids:
            ids[name] = after if ids[name] == before else ids[name]
        elif of in typed and _value(typed[of], name) == before:
            set_field(typed[of], name, after)
    project.version = newest
    return {name: list(LINKS[name].objects.filter(pk__in=pks).order_by("pk")) for name, pks in ids.items()}


def _value(record: Project | Milestone, name: str) -> Any:
    field: Any = record._meta.get_field(name)
    return plain(getattr(record, field.attname))
