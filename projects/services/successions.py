"""Successions of districts: recorded after a full check, with the days on which the one ends and the other begins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import InUse
from projects import sealing
from projects.models import District, Succession, User
from projects.sequence import EARLIEST
from projects.services.transactions import one_transaction

ONE_DAY = timedelta(days=1)
LEVELS = list(District.Level)
Fault = tuple[str, ValidationError]  # the field and the sentence


@one_transaction
def save_succession(succession: Succession, *, actor: User | None, at: datetime) -> Succession:
    """Record that one district took the place of another; the old one ends on the day before, a new one begins.

    What is recorded stays as it is. Raises ValidationError with everything wrong at once; TypeError for a change of a
    recorded one.
    """
    if not succession._state.adding:
        raise TypeError("A succession is recorded once and not changed.")
    succession.recorded_at, succession.recorded_by = sealing.moment_of_posting(at), actor
    _lock(succession)
    _check(succession, today=timezone.localdate(at))
    predecessor, successor = succession.predecessor, succession.successor
    predecessor.valid_to = succession.happened_on - ONE_DAY
    predecessor.save(update_fields=["valid_to"])
    if succession.kind != Succession.Kind.MERGED and successor.valid_from is None:
        successor.valid_from = succession.happened_on
        successor.save(update_fields=["valid_from"])
    succession.save()
    return succession


@one_transaction
def delete_succession(succession: Succession) -> None:
    """Take back a succession recorded by mistake, with the days that it set, unless somebody has changed them since.

    Raises InUse once the ledger was sealed after it, by a release or an email: figures of then may have been given out.
    """
    if sealing.moment_of_posting(succession.recorded_at) > succession.recorded_at:
        raise InUse(_("Figures have been released or mailed with this succession, so it stays."))
    _lock(succession)
    predecessor, successor = succession.predecessor, succession.successor
    succession.delete()
    others = predecessor.successions.exists()
    if not others and predecessor.valid_to == succession.happened_on - ONE_DAY:
        predecessor.valid_to = None
        predecessor.save(update_fields=["valid_to"])
    made = succession.kind != Succession.Kind.MERGED and not successor.origins.exists()
    if made and successor.valid_from == succession.happened_on:
        successor.valid_from = None
        successor.save(update_fields=["valid_from"])


def _lock(succession: Succession) -> None:
    """Read both districts anew and let nobody else change them, always from the top down."""
    named = [pk for pk in (succession.predecessor_id, succession.successor_id) if pk]
    rows = District.objects.select_for_update(no_key=True).filter(pk__in=named).order_by("path")
    found = {district.pk: district for district in rows}
    if succession.predecessor_id in found:
        succession.predecessor = found[succession.predecessor_id]
    if succession.successor_id in found:
        succession.successor = found[succession.successor_id]


# --- what may be recorded -----------------------------------------------------------------------------------------


def _check(succession: Succession, *, today: date) -> None:
    errors: dict[str, list[ValidationError]] = defaultdict(list)
    try:
        succession.full_clean(exclude={"recorded_by"})
    except ValidationError as refusal:
        for name, found in refusal.error_dict.items():
            errors[name] += found
    known = not {"predecessor", "successor", "kind", "happened_on"} & set(errors)
    if known and succession.predecessor_id != succession.successor_id:
        for name, error in _faults(succession, today):
            errors[name].append(error)
    if errors:
        raise ValidationError(dict(errors))


def _faults(succession: Succession, today: date) -> Iterator[Fault]:
    yield from _faults_of_day(succession, today)
    yield from _faults_of_places(succession)
    yield from _faults_of_predecessor(succession)
    yield from _faults_of_successor(succession)


def _faults_of_day(succession: Succession, today: date) -> Iterator[Fault]:
    day, old, new = succession.happened_on, succession.predecessor, succession.successor
    if not EARLIEST <= day <= today:
        message = _("Write the day from which it counted: from 1949 on, and not in the future.")
        yield "happened_on", ValidationError(message, code="out_of_range")
    if old.valid_from and old.valid_from >= day:
        message = _("%(district)s began only on %(day)s.")
        yield "happened_on", _about(message, old, old.valid_from, "before_its_beginning")
    if new.valid_to and new.valid_to < day:
        yield (
            "happened_on",
            _about(_("%(district)s ended already on %(day)s."), new, new.valid_to, "after_its_end"),
        )


def _faults_of_places(succession: Succession) -> Iterator[Fault]:
    old, new = succession.predecessor, succession.successor
    if abs(LEVELS.index(District.Level(old.level)) - LEVELS.index(District.Level(new.level))) > 1:
        message = _("The two are too far apart: choose districts of the same level, or of the next.")
        yield "successor", ValidationError(message, code="level")
    inside = old.path.startswith(new.path) and succession.kind != Succession.Kind.MERGED
    if inside or _leads_to(new.path, old.path):
        message = _("%(new)s leads back to %(old)s: check which of them is the older.")
        yield "successor", ValidationError(message, code="circle", params={"new": new, "old": old})


def _faults_of_predecessor(succession: Succession) -> Iterator[Fault]:
    old, day = succession.predecessor, succession.happened_on
    before = list(old.successions.select_related("successor"))
    split = [succession, *before]
    if before and not all(s.kind == Succession.Kind.SPLIT and s.happened_on == day for s in split):
        message = _(
            "It became %(new)s already. Only a split has several successors, all of them from the same day."
        )
        yield (
            "predecessor",
            ValidationError(message, code="ended_already", params={"new": before[0].successor}),
        )
    elif old.valid_to and old.valid_to != day - ONE_DAY:
        message = _("%(district)s ended on %(day)s; what follows counts from the next day.")
        yield "happened_on", _about(message, old, old.valid_to, "another_end")


def _faults_of_successor(succession: Succession) -> Iterator[Fault]:
    new, day, kind = succession.successor, succession.happened_on, succession.kind
    if kind == Succession.Kind.MERGED:
        if new.valid_from and new.valid_from > day:
            yield (
                "happened_on",
                _about(_("%(district)s began only on %(day)s."), new, new.valid_from, "not_yet"),
            )
        return
    if new.valid_from and new.valid_from != day:
        message = _(
            "%(district)s exists since %(day)s: a new district begins on this day, a merger needs none."
        )
        yield "kind", _about(message, new, new.valid_from, "existed_before")
    if new.origins.filter(happened_on__lt=day).exists() or _is_renamed_twice(succession):
        message = _("%(new)s has come from another district already: record this as merged.")
        yield "kind", ValidationError(message, code="made_already", params={"new": new})


def _is_renamed_twice(succession: Succession) -> bool:
    """Whether two districts would bear the new name: that is a merger."""
    made = succession.successor.origins.exclude(kind=Succession.Kind.MERGED)
    if succession.kind == Succession.Kind.SPLIT:
        made = made.filter(kind=Succession.Kind.RENAMED)
    return made.exists()


def _about(message: object, district: District, day: date, code: str) -> ValidationError:
    return ValidationError(message, code=code, params={"district": district, "day": day.isoformat()})  # type: ignore[arg-type]


def _leads_to(start: str, goal: str) -> bool:
    """Whether one comes from a path to another by what succeeded it and by what it lies in."""
    successors: dict[str, list[str]] = defaultdict(list)
    for old, new in Succession.objects.order_by("id").values_list("predecessor__path", "successor__path"):
        successors[old].append(new)
    waiting, seen = [start], set[str]()
    while waiting:
        path = waiting.pop()
        if path and path not in seen:
            seen.add(path)
            waiting += [*successors[path], path[: path.rstrip("/").rfind("/") + 1]]
    return goal in seen
