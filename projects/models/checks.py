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
Values = Mapping[str, Any]  # by column
Truth = Callable[[Values], bool | None]

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
        if not self.holds(instance):
            raise ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    def holds(self, record: models.Model) -> bool:
        """Whether the record keeps the rule."""
        model = type(record)
        if model not in self._told:
            self._told[model] = _told(self.condition, _columns(model))  # type: ignore[arg-type]
        try:
            return self._told[model](record.__dict__) is not False
        except KeyError:  # a field that was not read from the database
            held = {column: getattr(record, column) for column in _columns(model).values()}
            return self._told[model](held) is not False

    @cached_property
    def _told(self) -> dict[type[models.Model], Truth]:
        """The rule as a function of the values of a record's columns, by model: made once for all records."""
        return {}

    @cached_property
    def names(self) -> frozenset[str]:
        """The fields that the rule is about."""
        return frozenset(_names(self.condition))  # type: ignore[arg-type]

    def deconstruct(self) -> Any:
        """As Django's own, which it is in the database."""
        _path, arguments, options = super().deconstruct()
        return "django.db.models.CheckConstraint", arguments, options


def keeps_checks(record: models.Model) -> bool:
    """Whether a record keeps all its model's check constraints."""
    return all(check.holds(record) for check in _checks_of(type(record)))


@cache
def _checks_of(model: type[models.Model]) -> list[Check]:
    return [each for each in model._meta.constraints if isinstance(each, Check)]


def _told(condition: Q, columns: Mapping[str, str]) -> Truth:
    """The condition as a function of values."""
    parts = [
        _told(child, columns) if isinstance(child, Q) else _compared(child, columns)
        for child in condition.children
    ]
    decided = condition.connector == Q.OR  # one true decides an OR, one false an AND
    negated = condition.negated

    def told(values: Values) -> bool | None:
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


def _compared(leaf: Any, columns: Mapping[str, str]) -> Truth:
    path, against = cast("Leaf", leaf)
    name, lookup = _split(path)
    column = columns[name]
    if lookup == "isnull":
        return lambda values: (values[column] is None) is bool(against)
    compare = COMPARISONS[lookup]
    if isinstance(against, F):
        other_column = columns[_name(against)]

        def compared(values: Values) -> bool | None:
            value, other = values[column], values[other_column]
            return None if value is None or other is None else bool(compare(value, other))

        return compared
    if against is None:
        return lambda _values: None
    return lambda values: None if (value := values[column]) is None else bool(compare(value, against))
