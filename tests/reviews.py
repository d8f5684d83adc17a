"""Review in tests: people of one district, and a draft's way to approval in one line."""

from __future__ import annotations

from projects import services
from projects.models import District, LedgerEntry, Project, User
from tests.makers import NOW, fresh, make_user


def make_people(district: District) -> dict[str, User]:
    """An editor, another one, and two reviewers of a district."""
    roles = {"editor": "editor", "colleague": "editor", "reviewer": "reviewer", "second": "reviewer"}
    return {name: make_user(name, district=district, role=role) for name, role in roles.items()}


def submit(project: Project, editor: User) -> Project:
    """The project as submitted."""
    services.submit([fresh(project)], actor=editor, at=NOW)
    return fresh(project)


def approve(project: Project, editor: User, reviewer: User) -> Project:
    """The project as submitted by one and approved by the other."""
    services.approve([submit(project, editor)], actor=reviewer, at=NOW)
    return fresh(project)


def counted(project: Project) -> dict[str, int | None]:
    """What is counted of a project: the investment of each kind of milestone."""
    entries = LedgerEntry.objects.current().filter(project=project)
    return {entry.kind: entry.investment for entry in entries}
