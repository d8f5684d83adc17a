"""Rebuilds as jobs: asked for by a person or the command, done city by city by workers while everybody works on."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from projects.models import User
from projects.services.announce import announce_after_commit, send_hint
from projects.services.transactions import one_transaction
from tracking import cells, parts
from tracking.models import Part, RebuildPart, RebuildRun, Run

logger = logging.getLogger(__name__)

REBUILD_TOTALS = "tracking.rebuild_totals"


@one_transaction
def ask_for_rebuild(*, actor: User | None, at: datetime) -> RebuildRun:
    """Have all stored totals made anew from the ledger, by workers: the rebuild that waits already, or a new one."""
    waiting = RebuildRun.objects.filter(started_at=None).order_by("id").first()
    run = waiting or RebuildRun.objects.create(asked_at=at, asked_by=actor)
    logger.warning("User %s asked for all totals to be rebuilt.", actor and actor.pk)
    transaction.on_commit(partial(send_hint, REBUILD_TOTALS))
    return run


class Rebuild(parts.Work):
    """A rebuild's parts: those of tracking.cells, in any order, and what lies above them as one more."""

    runs, parts = RebuildRun, RebuildPart
    of_one_moment = False  # locks first, then reads what is there

    def lay_out(self) -> list[int | None]:
        return [*cells.parts(), None]

    def look(self, part: Part) -> None:
        """Nothing beforehand: what it writes, it reads under the same locks."""

    def store(self, part: Part, seen: Any) -> int:
        if part.district_id is None:
            return cells.rebuild_above()
        corrected = cells.rebuild_part(part.district_id)
        if corrected:
            announce_after_commit()  # what lies above follows by the roll-up
        return corrected

    def tell(self, run: Run) -> None:
        logger.warning("Totals rebuilt because somebody asked: %d places were not right.", run.found)


REBUILD = Rebuild()
