"""Keeps the texts by which projects are found, and the cores of their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter

from projects.alike import kept_core
from projects.initials import initials_of
from projects.models import Organization, Project
from projects.models.search import ProjectSearch, text_of
from projects.rows import columns_of, insert_rows

OWN = ("code", "approval_code", "name", "name_en")
NAME = OWN.index("name")
INVESTORS = ("name", "name_en", "uscc")
CHUNK = 2_000
COLUMNS = columns_of(ProjectSearch, "project", "text", "core")
words_of, names_of = attrgetter(*OWN), attrgetter(*INVESTORS)


def make_found(projects: Sequence[tuple[Project, Sequence[Organization]]]) -> None:
    """Write the texts of new projects, with their investors."""
    rows = []
    for project, investors in projects:
        named = [names_of(each) for each in sorted(investors, key=attrgetter("pk"))] if investors else ()
        rows.append((project.pk, _text(words_of(project), named), kept_core(project.name)))
    if rows:
        insert_rows(ProjectSearch, COLUMNS, rows)


def keep_found(projects: Sequence[int]) -> None:
    """Bring the texts of these projects, by id, to what is recorded of them."""
    for start in range(0, len(projects), CHUNK):
        ids = projects[start : start + CHUNK]
        owned = Project.objects.filter(pk__in=ids).order_by().values_list("pk", *OWN)
        invested: dict[int, list[Sequence[str | None]]] = defaultdict(list)
        investors = Organization.objects.filter(projects__in=ids).order_by("projects", "pk")
        for pk, *names in investors.values_list("projects", *INVESTORS):
            invested[pk].append(names)
        stored = ProjectSearch.objects.filter(pk__in=ids).values_list("pk", "text", "core")
        known = {pk: (text, core) for pk, text, core in stored}
        found = {pk: (_text(own, invested[pk]), kept_core(own[NAME])) for pk, *own in owned}
        ProjectSearch.objects.bulk_create(
            [
                ProjectSearch(project_id=pk, text=text, core=core)
                for pk, (text, core) in found.items()
                if known.get(pk) != (text, core)
            ],
            update_conflicts=True,
            unique_fields=["project"],
            update_fields=["text", "core"],
        )


def _text(own: Sequence[str], investors: Iterable[Sequence[str | None]]) -> str:
    """The project's words, its investors', and at the end the initials of the Chinese names among them."""
    words, names = list(own), [own[NAME]]
    for investor in investors:
        words += (word or "" for word in investor)
        names.append(investor[INVESTORS.index("name")] or "")
    return text_of([*words, *map(initials_of, names)])


def keep_found_of(organization: Organization) -> None:
    """The same for the projects in which an organization invests, after its name was changed."""
    keep_found(list(organization.projects.order_by("pk").values_list("pk", flat=True)))


def is_found_otherwise(project: Project, stored: Project | None) -> bool:
    """Whether the project's own words have changed."""
    return stored is None or any(getattr(project, name) != getattr(stored, name) for name in OWN)
