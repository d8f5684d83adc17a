"""The stages of a project as steps: when each was reached or is planned, and how long it was in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from projects.admin.project_list.columns import as_known
from projects.models import STAGE_KINDS, Kind, Milestone, Precision


class Step(NamedTuple):
    """One stage: `state` is done, now, skipped, planned or open; `days` in it so far, `about` where dates are vague."""

    label: Any
    state: str
    reached: str = ""
    planned: date | None = None
    days: int | None = None
    about: bool = False


def steps_of(milestones: Iterable[Milestone], today: date) -> list[Step]:
    """Every stage in its order; a termination only where there was one."""
    by_kind = {Kind(m.kind): m for m in milestones}
    happened = [kind for kind in STAGE_KINDS if kind in by_kind and by_kind[kind].has_happened]
    shown = [kind for kind in STAGE_KINDS if kind != Kind.TERMINATED or kind in happened]
    return [_step(kind, by_kind, happened, today) for kind in shown]


def _step(kind: Kind, by_kind: dict[Kind, Milestone], happened: list[Kind], today: date) -> Step:
    if kind not in happened:
        planned = by_kind[kind].planned_on if kind in by_kind else None
        passed = any(STAGE_KINDS.index(kind) < STAGE_KINDS.index(later) for later in happened)
        return Step(kind.label, "skipped" if passed else "planned" if planned else "open", planned=planned)
    here = by_kind[kind]
    following = next((by_kind[later] for later in happened[happened.index(kind) + 1 :]), None)
    state = "done" if following else "now"
    if kind == Kind.TERMINATED or not here.happened_on or (following and not following.happened_on):
        return Step(kind.label, state, as_known(here))
    until = following.happened_on if following and following.happened_on else today
    vague = {here.precision, following.precision if following else Precision.DAY} != {Precision.DAY}
    return Step(kind.label, state, as_known(here), days=(until - here.happened_on).days, about=vague)
