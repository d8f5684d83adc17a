"""Projects that may be one and the same: their names are alike once widths, spaces, brackets and trimmings are gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.models import Q

from projects.models import Project, holds_all
from projects.text import comparable_name

if TYPE_CHECKING:
    from projects.access import Reader

SHORTEST = 2  # characters of a core: 项目 alone is like nothing
SHORTEST_HALF = 3  # by the halves of a core a name with brackets inside is found: they break one of them
CANDIDATES = 100
SHOWN = 5
BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕")
TRIMMINGS = re.compile(
    r"有限责任公司|股份有限公司|有限公司|第?[一二三四五六七八九十0-9]+期(?:工程)?|首期(?:工程)?|(?:建设)?项目"
)


def core_of(name: str) -> str:
    """What is compared of a name: without the form of the company, 项目, the phase, and what stands in brackets."""
    text = comparable_name(name)
    while text != (inner := BRACKETS.sub("", text)):
        text = inner
    return TRIMMINGS.sub("", text)


def alike(name: str, reader: Reader, *, besides: Project | None = None) -> list[Project]:
    """The kept projects that the reader sees whose names have the same core; not `besides`, nor its own family."""
    core = core_of(name)
    if len(core) < SHORTEST:
        return []
    rows = Project.objects.visible_to(reader).kept().select_related("district")
    if besides is not None and besides.pk:
        rows = rows.exclude(_family(besides))
    for part in _parts(core):
        candidates = list(rows.filter(holds_all([part]))[:CANDIDATES])
        if found := [project for project in candidates if core_of(project.name) == core]:
            return found[:SHOWN]
    return []


def _parts(core: str) -> Iterator[str]:
    """What to search for: the core as it is, else either half of it."""
    yield core
    half = len(core) // 2
    if half >= SHORTEST_HALF:
        yield core[:half]
        yield core[half:]


def _family(project: Project) -> Q:
    """The project itself, its phases, its larger project and that one's phases."""
    rule = Q(pk=project.pk) | Q(parent=project.pk)
    return rule | Q(pk=project.parent_id) | Q(parent=project.parent_id) if project.parent_id else rule
