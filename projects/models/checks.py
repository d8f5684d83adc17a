"""Check constraints that are also told in Python: the database's own rule, without asking the database each time."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, cached_property, reduce
from typing import Any, NamedTuple, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.constants import LOOKUP_SEP

Leaf = tuple[str, Any]  # a path with its lookup, and what it is compared with
Values = Mapping[str, Any]  # by column
Test = Callable[[Values], bool]


class Ways(NamedTuple):
    """A condition: what tells that it is true, and what tells that it is false; with null it may be neither."""

    is_true: Test
    is_false: Test


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
        if model not in self._broken:
            self._broken[model] = _ways(self.condition, _columns(model)).is_false  # type: ignore[arg-type]
        try:
            return not self._broken[model](record.__dict__)
        except KeyError:  # a field that was not read from the database
            held = {column: getattr(record, column) for column in _columns(model).values()}
            return not self._broken[model](held)

    @cached_property
    def _broken(self) -> dict[type[models.Model], Test]:
        """What tells of a record's values that they break the rule, by model: made once for all records."""
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


def _ways(condition: Q, columns: Mapping[str, str]) -> Ways:
    """The condition as functions of values."""
    parts = [
        _ways(child, columns) if isinstance(child, Q) else _compared(child, columns)
        for child in condition.children
    ]
    are_true, are_false = [part.is_true for part in parts], [part.is_false for part in parts]
    if condition.connector == Q.OR:
        ways = Ways(reduce(_either, are_true), reduce(_both, are_false))
    else:
        ways = Ways(reduce(_both, are_true), reduce(_either, are_false))
    return Ways(ways.is_false, ways.is_true) if condition.negated else ways


def _either(one: Test, other: Test) -> Test:
    return lambda values: one(values) or other(values)


def _both(one: Test, other: Test) -> Test:
    return lambda values: one(values) and other(values)


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


def _compared(leaf: Any, columns: Mapping[str, str]) -> Ways:
    path, against = cast("Leaf", leaf)
    name, lookup = _split(path)
    column = columns[name]
    if lookup == "isnull":
        is_empty: Test = lambda values: values[column] is None  # noqa: E731
        is_given: Test = lambda values: values[column] is not None  # noqa: E731
        return Ways(is_empty, is_given) if against else Ways(is_given, is_empty)
    compare = COMPARISONS[lookup]
    if isinstance(against, F):
        return _beside(column, compare, columns[_name(against)])
    if against is None:
        return Ways(_never, _never)
    return Ways(
        lambda values: (value := values[column]) is not None and compare(value, against),
        lambda values: (value := values[column]) is not None and not compare(value, against),
    )


def _beside(column: str, compare: Callable[[Any, Any], bool], other: str) -> Ways:
    """One column compared with another; where either holds nothing, it is neither true nor false."""

    def is_true(values: Values) -> bool:
        one, two = values[column], values[other]
        return one is not None and two is not None and compare(one, two)

    def is_false(values: Values) -> bool:
        one, two = values[column], values[other]
        return one is not None and two is not None and not compare(one, two)

    return Ways(is_true, is_false)


def _never(_values: Values) -> bool:
    return False
