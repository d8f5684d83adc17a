"""What would be refused of many changes, asked without making them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from projects.models import User
from projects.services.changes import Change
from projects.services.many import Refusal, RefusedChanges, checked, lock_all, save_projects
from projects.services.rounds import in_rounds
from projects.services.transactions import one_transaction


@one_transaction
def refusals_of(changes: Sequence[Change], *, actor: User | None, at: datetime) -> dict[int, Refusal]:
    """The refusals by the place of their change, by the rules of the saves themselves.

    Changes that do not build on each other are only checked; otherwise all are made and taken back. The records that
    were given are of no use afterwards: they hold what was laid out or taken back.
    """
    refusals: dict[int, Refusal] = {}
    stands = lock_all(changes)
    rounds = in_rounds(changes, stands)
    if len(rounds) > 1:
        return _made_and_taken_back(changes, actor=actor, at=at)
    for together in rounds:
        for _right in checked(changes, together, stands, refusals, at=at):
            pass
    return dict(sorted(refusals.items()))


def _made_and_taken_back(
    changes: Sequence[Change], *, actor: User | None, at: datetime
) -> dict[int, Refusal]:
    try:
        with transaction.atomic():
            save_projects(changes, actor=actor, at=at)
            transaction.set_rollback(True)
    except RefusedChanges as refused:
        return dict(refused.refusals)
    return {}
