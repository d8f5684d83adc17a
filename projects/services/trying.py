"""What would be refused of many changes, asked without making them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from projects.models import User
from projects.services.changes import Change
from projects.services.many import Refusal, RefusedChanges, save_projects
from projects.services.transactions import one_transaction


@one_transaction
def refusals_of(changes: Sequence[Change], *, actor: User | None, at: datetime) -> dict[int, Refusal]:
    """The refusals by the place of their change. All are made and taken back, so every rule is asked as it would be.

    The records that were given are of no use afterwards: they hold what was taken back.
    """
    try:
        with transaction.atomic():
            save_projects(changes, actor=actor, at=at)
            transaction.set_rollback(True)
    except RefusedChanges as refused:
        return dict(refused.refusals)
    return {}
