"""One change, one transaction: retried as a whole where the database asks for it."""

import copy
import functools
from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, models, transaction
from django.utils.functional import LazyObject

from config.api.transactions import TRIES, is_retried, pause

P = ParamSpec("P")
R = TypeVar("R")


def one_transaction(function: Callable[P, R]) -> Callable[P, R]:
    """Run the function in a transaction; after a deadlock run it again, at most five times in all.

    Inside a transaction of the caller it takes part in that one, and retrying is the caller's affair.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            with transaction.atomic():
                return function(*args, **kwargs)
        as_given = _snapshot([*args, *kwargs.values()])
        for attempt in range(1, TRIES):
            try:
                with transaction.atomic():
                    return function(*args, **kwargs)
            except OperationalError as error:
                if not is_retried(error):
                    raise
                for record, content in as_given:
                    record.__dict__.clear()
                    record.__dict__.update(_copied(content))
                pause(attempt)
        with transaction.atomic():
            return function(*args, **kwargs)

    return run


def _snapshot(values: Iterable[object]) -> list[tuple[models.Model, dict[str, object]]]:
    """What the records among the arguments hold before the first try, for a further try begins as the first did.

    `request.user` stands for a record without being one, and holds nothing that a save would change.
    """
    records = [
        record
        for value in values
        for record in (value if isinstance(value, list | tuple) else [value])
        if isinstance(record, models.Model) and not isinstance(record, LazyObject)
    ]
    return [(record, _copied(record.__dict__)) for record in records]


def _copied(content: dict[str, object]) -> dict[str, object]:
    """What a record holds, and which related records it has at hand; those themselves are not the save's to change."""
    state = copy.copy(content["_state"])
    state.__dict__["fields_cache"] = dict(state.__dict__.get("fields_cache", {}))
    more = {name: dict(held) for name, held in content.items() if isinstance(held, dict)}
    return {**content, **more, "_state": state}
