"""Check constraints that are also told in Python: the database's own rule, without asking the database each time."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, cached_property
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.constants import LOOKUP_SEP

Leaf = tuple[str, Any]  # a path with its lookup, and what it is compared with
Truth = Callable[[Mapping[str, Any]], bool | None]

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "exact": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, choices: value in choices,
}


class Check(models.CheckConstraint):
    """A check constraint whose `validate` evaluates the condition on the record's own values.

    Django asks the database about each constraint of each record, in a savepoint: most of what a save would cost. Here
    null is neither true nor false, as in SQL, and a rule is broken only where it is false. Conditions are made of Q, F,
    `isnull` and COMPARISONS; another one is refused with KeyError when it is first told.
    """

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: Collection[str] | None = None,
        using: str = "default",
    ) -> None:
        """Raise ValidationError where the rule is broken; fields that are wrong already (`exclude`) tell nothing."""
        if exclude and not self.names.isdisjoint(exclude):
            return
        columns = _columns(model)
        values = {name: getattr(instance, columns[name]) for name in self.names}
        if self.told(values) is False:
            raise ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    @cached_property
    def names(self) -> frozenset[str]:
        """The fields that the rule is about."""
        return frozenset(_names(self.condition))  # type: ignore[arg-type]

    @cached_property
    def told(self) -> Truth:
        """The rule as a function of the values of its fields."""
        return _told(self.condition)  # type: ignore[arg-type]

    def deconstruct(self) -> Any:
        """As Django's own, which it is in the database."""
        _path, arguments, options = super().deconstruct()
        return "django.db.models.CheckConstraint", arguments, options


def _told(condition: Q) -> Truth:
    """The condition as a function of a record's values, made once for all records."""
    parts = [_told(child) if isinstance(child, Q) else _compared(child) for child in condition.children]
    decided = condition.connector == Q.OR  # one true decides an OR, one false an AND
    negated = condition.negated

    def told(values: Mapping[str, Any]) -> bool | None:
        whole: bool | None = not decided
        for part in parts:
            answer = part(values)
            if answer is decided:
                whole = decided
                break
            if answer is None:
                whole = None
        return not whole if negated and whole is not None else whole

    return told


def _names(condition: Q) -> Iterator[str]:
    for child in condition.children:
        if isinstance(child, Q):
            yield from _names(child)
            continue
        path, against = cast("Leaf", child)
        yield _split(path)[0]
        if isinstance(against, F):
            yield _name(against)


@cache
def _columns(model: type[models.Model]) -> dict[str, str]:
    return {f.name: f.attname for f in model._meta.concrete_fields}


@cache
def _split(path: str) -> tuple[str, str]:
    name, _sep, lookup = path.partition(LOOKUP_SEP)
    return name, lookup or "exact"


def _name(reference: F) -> str:
    return str(reference.name)  # type: ignore[attr-defined]  # the stubs do not know it


def _compared(leaf: Any) -> Truth:
    path, against = cast("Leaf", leaf)
    name, lookup = _split(path)
    if lookup == "isnull":
        return lambda values: (values[name] is None) is bool(against)
    compare = COMPARISONS[lookup]

    def compared(values: Mapping[str, Any]) -> bool | None:
        value = values[name]
        other = values[_name(against)] if isinstance(against, F) else against
        return None if value is None or other is None else bool(compare(value, other))

    return compared
