"""Which fields of a record are plainly right: told by a look at the value, where its own `clean` would find nothing.

What a look cannot tell is left to `clean`, so that the rules stand in one place. Cleaning is what recording the fifty
thousand rows of a workbook would otherwise consist of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from django.core.validators import (
    BaseValidator,
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
)
from django.db import models

from projects.models.base import AmountField, LongTextField, TextField
from projects.text import is_plain

Field = Any  # what `models.Field` would be, if the stubs knew all that a field holds
Look = Callable[[Any], bool]

NOTHING = object()  # is no value
KEPT = ("version", "created_at", "updated_at")  # by the services


class Looks(NamedTuple):
    """The fields of a model, and what tells of each that its value is right; its references, with what may be empty."""

    names: list[str]
    values: Callable[[dict[str, Any]], tuple[Any, ...]]
    looks: list[Look]
    references: list[tuple[str, str, object]]


def doubtful(record: models.Model) -> list[str]:
    """The names of the fields that are not plainly right: for `clean_fields` to look into. References always are."""
    names, values, looks, references = _looks_at(type(record))
    held = record.__dict__
    found = [name for name, column, empty in references if held.get(column) is not empty]
    try:
        given = values(held)
    except KeyError:  # a field that was not read from the database
        return names + found
    for look, value in zip(looks, given, strict=True):
        if not look(value):
            break
    else:
        return found
    return found + [name for name, look, value in zip(names, looks, given, strict=True) if not look(value)]


@cache
def _looks_at(model: type[models.Model]) -> Looks:
    references = [f for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey)]
    fields = [f for f in model._meta.concrete_fields if f not in references and f.name not in KEPT]
    return Looks(
        names=[f.name for f in fields],
        values=itemgetter(*(f.attname for f in fields)),
        looks=[_look_at(f) for f in fields],
        references=[(f.name, f.attname, _empty(f)) for f in references],
    )


def _look_at(field: Field) -> Look:
    """What tells that a value is right: an empty one that may be empty, or one that its sort of field lets pass."""
    make = next((make for kinds, make in LOOKS if type(field) in kinds), _only_empty)
    return make(field) or _only_empty(field)


# --- sorts of fields; None where such a field has a rule that a look does not know --------------------------------


def _empty(field: Field) -> object:
    """What stands for no value, where that may be."""
    return None if field.blank or (field.null and not field.editable) else NOTHING


def _only_empty(field: Field) -> Look:
    empty = _empty(field)
    return lambda value: value is empty


def _exactly(kind: type) -> Callable[[Field], Look | None]:
    """Values of one type and no other, of a field without rules of its own."""

    def make(field: Field) -> Look | None:
        empty = _empty(field)
        plain = not field.choices and not field.validators
        return (lambda value: value is empty or type(value) is kind) if plain else None

    return make


def _whole(field: Field) -> Look | None:
    empty, bounds = _empty(field), _bounds(field.validators)
    if field.choices or bounds is None:
        return None
    low, high = bounds
    return lambda value: value is empty or (type(value) is int and low <= value <= high)


def _decimal(field: Field) -> Look | None:
    own = [
        v for v in field.validators if isinstance(v, BaseValidator)
    ]  # the other one counts digits, as `high` does
    empty, bounds = _empty(field), _bounds(own)
    if field.choices or bounds is None or len(field.validators) != len(own) + 1:
        return None
    places = field.decimal_places
    most = 10 ** (field.max_digits - places) - 1
    low, high = max(bounds[0], -most), min(bounds[1], most)

    def is_right(value: Any) -> bool:
        if value is empty:
            return True
        if type(value) is not Decimal or not value.is_finite():
            return False
        exponent = value.as_tuple().exponent
        return isinstance(exponent, int) and -places <= exponent <= 0 and low <= value <= high

    return is_right


def _bounds(validators: Iterable[Any]) -> tuple[float, float] | None:
    """The range that these validators leave; None if there are others among them."""
    low, high = float("-inf"), float("inf")
    for validator in validators:
        if type(validator) is MinValueValidator and isinstance(validator.limit_value, int):
            low = max(low, validator.limit_value)
        elif type(validator) is MaxValueValidator and isinstance(validator.limit_value, int):
            high = min(high, validator.limit_value)
        else:
            return None
    return low, high


def _line(field: Field) -> Look | None:
    shapes = [v for v in field.validators if type(v) is RegexValidator and not v.inverse_match]
    searches: list[Callable[[str], object]] = [v.regex.search for v in shapes]  # type: ignore[union-attr]
    if not _limits_length(field, besides=len(shapes)):
        return None
    shortest, longest = 0 if field.blank else 1, field.max_length
    if field.choices:
        known = frozenset(value for value, _label in field.flatchoices).union([""] if field.blank else [])
        return None if shapes else lambda value: isinstance(value, str) and value in known

    def is_right(value: Any) -> bool:
        if type(value) is not str or not shortest <= len(value) <= longest:
            return False
        return not value or all(search(value) for search in searches)

    return is_right


def _text(field: Field) -> Look | None:
    return _plain_text(field) if not field.choices and _limits_length(field, besides=0) else None


def _long_text(field: Field) -> Look | None:
    return None if field.choices or field.validators else _plain_text(field)


def _plain_text(field: Field) -> Look:
    blank, longest = field.blank, field.max_length
    return lambda value: (
        type(value) is str and ((len(value) <= longest and is_plain(value)) if value else blank)
    )


def _limits_length(field: Field, *, besides: int) -> bool:
    """Whether the field's rules are its greatest length and so many others."""
    limits = [v.limit_value for v in field.validators if type(v) is MaxLengthValidator]
    return limits == [field.max_length] and len(field.validators) == besides + 1


LOOKS: list[tuple[tuple[type, ...], Callable[[Field], Look | None]]] = [
    ((models.BooleanField,), _exactly(bool)),
    ((models.DateField,), _exactly(date)),
    ((models.DateTimeField,), _exactly(datetime)),
    ((AmountField, models.BigIntegerField, models.IntegerField, models.PositiveIntegerField), _whole),
    ((models.DecimalField,), _decimal),
    ((models.CharField,), _line),
    ((TextField,), _text),
    ((LongTextField,), _long_text),
]
