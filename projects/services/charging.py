"""Who is in charge of a project: one leader at a time, any number of officers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects.models import Charge, Door, Project, User
from projects.services.annexes import CHARGE, FieldChange
from projects.services.recording import save_annex
from projects.services.transactions import one_transaction

OURS = {"project", "version", "created_at", "updated_at"}  # set here, never by who fills in
TOLD = ("role", "user", "name", "unit", "telephone", "from_on", "until_on")
OVERLAP = _(
    "%(one)s is leader in charge from %(one_from)s until %(one_until)s, and %(other)s from %(other_from)s until "
    "%(other_until)s. One leader at a time: let the first end on the day before the other begins."
)


@dataclass(slots=True)
class Charges:
    """People who are put in charge, changed or taken away, with the project that they are in charge of."""

    given: Sequence[Charge] = ()
    removed: Sequence[Charge] = ()

    def faults(self, project: Project) -> dict[str, list[ValidationError]]:
        """What is wrong with each, and with the leaders' periods together. Raises StaleVersion."""
        stored = {charge.pk: charge for charge in _of(project)}
        errors: dict[str, list[ValidationError]] = defaultdict(list)
        for charge in [*self.given, *self.removed]:
            if charge.pk and (charge.pk not in stored or stored[charge.pk].version != charge.version):
                raise StaleVersion(stored[charge.pk].version if charge.pk in stored else 0)
        for charge in self.given:
            try:
                charge.full_clean(exclude=OURS)
            except ValidationError as refusal:
                errors["charges"] += [e for found in refusal.error_dict.values() for e in found]
        if not errors:
            errors["charges"] += overlaps(self._after(stored))
        return {name: found for name, found in errors.items() if found}

    def write(self, project: Project, *, at: datetime) -> list[FieldChange]:
        """Each as it is now; what differs from before."""
        stored = {charge.pk: charge for charge in _of(project)}
        told: list[FieldChange] = []
        for charge in self.given:
            before = stored.get(charge.pk)
            if before is not None and _told(before) == _told(charge):
                continue
            charge.project, charge.updated_at = project, at
            if before is None:
                charge.created_at = at
            else:
                charge.version += 1
            charge.save()
            told += _changes(before, charge)
        for charge in self.removed:
            told += _changes(stored[charge.pk], None)
            stored[charge.pk].delete()
        return told

    def _after(self, stored: dict[int, Charge]) -> list[Charge]:
        """Everybody in charge as it will stand."""
        touched = {charge.pk for charge in [*self.given, *self.removed] if charge.pk}
        return [*(charge for pk, charge in stored.items() if pk not in touched), *self.given]


@one_transaction
def save_charge(charge: Charge, *, actor: User | None, at: datetime, door: Door = Door.SYSTEM) -> Charge:
    """Put somebody in charge of a recorded project, or change that.

    Raises ValidationError with everything wrong at once, StaleVersion where somebody else has changed it since.
    """
    try:
        charge.full_clean(exclude=OURS)
        save_annex(charge.project, Charges([charge]), actor=actor, at=at, door=door)
    except ValidationError as refusal:
        told = refusal.error_dict
        raise ValidationError(
            {("from_on" if name == "charges" else name): e for name, e in told.items()}
        ) from refusal
    return charge


@one_transaction
def remove_charge(charge: Charge, *, actor: User | None, at: datetime, door: Door = Door.SYSTEM) -> None:
    """Take back what was recorded by mistake; who only ceases to be in charge gets a last day. Raises StaleVersion."""
    save_annex(charge.project, Charges(removed=[charge]), actor=actor, at=at, door=door)


def overlaps(charges: Sequence[Charge]) -> Iterator[ValidationError]:
    """A sentence for each two leaders who would be in charge on the same day."""
    leaders = [charge for charge in charges if charge.role == Charge.Role.LEADER]
    for pair in combinations(sorted(leaders, key=lambda charge: charge.from_on), 2):
        if pair[0].overlaps(pair[1]):
            one, other = ({"": c.person, "_from": c.from_on, "_until": c.until_on or "…"} for c in pair)
            params = {f"one{k}": v for k, v in one.items()} | {f"other{k}": v for k, v in other.items()}
            yield ValidationError(OVERLAP, code="leaders_overlap", params=params)


def _of(project: Project) -> QuerySet[Charge]:
    return (
        Charge.objects.filter(project=project).select_related("user") if project.pk else Charge.objects.none()
    )


def _told(charge: Charge) -> tuple[Any, ...]:
    return tuple(getattr(charge, name) for name in TOLD)


def _changes(before: Charge | None, after: Charge | None) -> Iterator[FieldChange]:
    """By role, each in one line: who, of which unit, with which telephone, from when until when."""
    lines = (_line(before), _line(after))
    if before and after and before.role != after.role:
        yield FieldChange(of=CHARGE, field=before.role, before=lines[0], after=None)
        yield FieldChange(of=CHARGE, field=after.role, before=None, after=lines[1])
        return
    role = (after or before or Charge()).role
    yield FieldChange(of=CHARGE, field=role, before=lines[0], after=lines[1])


def _line(charge: Charge | None) -> str | None:
    if charge is None:
        return None
    return " · ".join(filter(None, [charge.person, charge.unit, charge.telephone, charge.period]))
