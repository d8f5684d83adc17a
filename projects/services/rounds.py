"""Which of many changes may be made together: none that builds on another of the same round.

Made round after round, changes give what they would give one after the other in their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from projects.models import Project
from projects.services.changes import Change


class Claim(Enum):
    """What a change does with a project or a code; alike claims of several changes go together, but for the first."""

    OWN = "changes it, or takes it"
    JOIN = "comes or stays as its phase"
    LEAVE = "is its phase no longer, or a void one"


class Standing(NamedTuple):
    """What decides about a recorded project's place in its family, as stored."""

    code: str
    parent_id: int | None
    is_void: bool


def in_rounds(changes: Sequence[Change], stored: dict[int, Standing]) -> list[list[int]]:
    """The indexes of the changes, round by round, within a round in their order."""
    rounds: list[list[int]] = []
    taken: dict[Hashable, dict[Claim, int]] = defaultdict(dict)
    for index, change in enumerate(changes):
        claims = list(_claims(change.project, stored))
        number = 1 + max((_last(claim, taken[what]) for what, claim in claims), default=-1)
        for what, claim in claims:
            taken[what][claim] = max(number, taken[what].get(claim, number))
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(index)
    return rounds


def _last(claim: Claim, earlier: dict[Claim, int]) -> int:
    """The last round with a claim beside which this one cannot be; -1 if there is none."""
    return max(
        (number for other, number in earlier.items() if Claim.OWN in (claim, other) or claim != other),
        default=-1,
    )


def _claims(project: Project, stored: dict[int, Standing]) -> Iterator[tuple[Hashable, Claim]]:
    """What a change claims: its project, its codes old and new, its parents old and new."""
    before = None if project._state.adding else stored.get(project.pk)
    parent = project.parent_id or _unsaved_parent(project)
    yield _key(project), Claim.OWN
    for code in {project.code, before.code if before else ""} - {""}:
        yield f"code {code}", Claim.OWN
    if parent is not None:
        leaves = before and before.parent_id == parent and project.is_void and not before.is_void
        yield parent, Claim.LEAVE if leaves else Claim.JOIN
    if before and before.parent_id and before.parent_id != parent:
        yield before.parent_id, Claim.LEAVE


def _key(project: Project) -> Hashable:
    return f"new {id(project)}" if project._state.adding else project.pk


def _unsaved_parent(project: Project) -> Hashable | None:
    """The key of a parent that is to be recorded among these changes."""
    parent = unsaved_parent(project)
    return None if parent is None else _key(parent)


def unsaved_parent(project: Project) -> Project | None:
    """A parent that was not recorded when it was named here; it may be by now."""
    if project.parent_id is None and Project.parent.is_cached(project):
        return project.parent
    return None
