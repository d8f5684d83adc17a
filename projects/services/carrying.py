"""What hangs on a project and goes over to the one into which it is merged: people in charge and files; and back."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError

from projects.models import Attachment, BulkChange, Charge, Door, DuplicateDecision, Project, User
from projects.services.annexes import ATTACHMENT, FieldChange
from projects.services.charging import Charges
from projects.services.comparing import compare_later
from projects.services.recording import save_annex


@dataclass(slots=True)
class CarriedFiles:
    """Files that a project takes over or gives back. Their contents stay where they lie, by hash."""

    taken: Sequence[Attachment] = ()
    given_back: Sequence[Attachment] = ()
    actor: User | None = None
    told: list[FieldChange] = field(default_factory=list)

    def faults(self, project: Project) -> dict[str, list[ValidationError]]:
        """Nothing: what is there already, or too many, was left out."""
        return {}

    def write(self, project: Project, *, at: datetime) -> list[FieldChange]:
        """One row for each, or a mark on it."""
        told: list[FieldChange] = []
        for file in self.taken:
            file.project, file.pk = project, None
            file._state.adding = True
            file.save(force_insert=True)
            told.append(FieldChange(of=ATTACHMENT, field=file.kind, before=None, after=str(file)))
        for file in self.given_back:
            file.removed_at, file.removed_by = at, self.actor
            file.save(update_fields=["removed_at", "removed_by"])
            told.append(FieldChange(of=ATTACHMENT, field=file.kind, before=str(file), after=None))
        return told


def charges_to_carry(project: Project, main: Project) -> list[Charge]:
    """Copies of a project's people in charge whom the main project lacks; no second leader on the same day."""
    stored = [*main.charges.all()]
    held = {_person(charge) for charge in stored}
    found: list[Charge] = []
    for charge in project.charges.order_by("pk"):
        leaders = [c for c in [*stored, *found] if c.role == Charge.Role.LEADER]
        clashes = charge.role == Charge.Role.LEADER and any(charge.overlaps(c) for c in leaders)
        if _person(charge) not in held and not clashes:
            carried = copy.copy(charge)
            carried.pk, carried.version = None, 1
            carried._state = copy.copy(charge._state)
            carried._state.adding = True
            found.append(carried)
    return found


def files_to_carry(project: Project, main: Project) -> list[Attachment]:
    """Copies of the rows of a project's files that the main project lacks, as many as it may have."""
    kept = set(Attachment.objects.filter(project=main).kept().values_list("sha256", flat=True))
    others = Attachment.objects.filter(project=project).kept().exclude(sha256__in=kept).order_by("pk")
    return list(others[: max(0, settings.ATTACHMENTS_PER_PROJECT - len(kept))])


def take_back_decision(bulk: BulkChange, *, actor: User | None, at: datetime, door: Door) -> None:
    """Where a bulk change was a decision on duplicates: give back what went over, and ask about the pair again."""
    decision = DuplicateDecision.objects.filter(bulk=bulk).select_related("pair", "main").first()
    if decision is None:
        return
    if decision.main is not None:
        _give_back(decision, decision.main, actor=actor, at=at, door=door)
    compare_later([decision.pair.first_id], at)
    decision.pair.waits = True
    decision.pair.save(update_fields=["waits"])


def _give_back(
    decision: DuplicateDecision, main: Project, *, actor: User | None, at: datetime, door: Door
) -> None:
    """Only what nobody has changed or removed since."""
    carried = decision.carried
    charges = list(Charge.objects.filter(project=main, pk__in=carried.get("charges", []), version=1))
    files = list(Attachment.objects.filter(project=main, pk__in=carried.get("files", [])).kept())
    if charges:
        save_annex(main, Charges(removed=charges), actor=actor, at=at, door=door)
    if files:
        save_annex(main, CarriedFiles(given_back=files, actor=actor), actor=actor, at=at, door=door)


def _person(charge: Charge) -> tuple[str, int | None, str]:
    return (charge.role, charge.user_id, charge.name)
