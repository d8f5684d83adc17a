"""Pages of a list by keyset: the next page starts after the last row, however many rows come before it.

DRF's own CursorPagination is not used: it skips rows whose first ordering column is null or often repeated.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from operator import and_
from typing import Any, Generic, NamedTuple, TypeVar

from django.conf import settings
from django.core import signing
from django.db.models import F, Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from config.api.parameters import refuse_parameter

M = TypeVar("M", bound=Model)


class Key(NamedTuple):
    """One column of the order; unknown values come last, whichever way it runs."""

    path: str
    descending: bool
    nullable: bool

    def order(self, *, reverse: bool) -> Any:
        """For order_by() where unknown values may be among the rows."""
        if not self.nullable:
            return self.order_of_known(reverse=reverse)
        column = F(self.path)
        nulls = {"nulls_first": True} if reverse else {"nulls_last": True}
        return column.desc(**nulls) if self.descending != reverse else column.asc(**nulls)

    def order_of_known(self, *, reverse: bool) -> Any:
        """For order_by() where there are none: without a word on them, so that a plain index serves both ways."""
        return F(self.path).desc() if self.descending != reverse else F(self.path).asc()

    def same(self, value: Any) -> Q:
        """The rows with this value."""
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def known(self) -> Q:
        """The rows with any value."""
        return Q(**{f"{self.path}__isnull": False}) if self.nullable else Q()

    def beyond(self, value: Any, *, reverse: bool) -> Q | None:
        """The rows with a known value after this one (before it, in reverse); None if there cannot be any."""
        if value is None:
            return self.known() if reverse else None
        return Q(**{f"{self.path}__{'lt' if self.descending != reverse else 'gt'}": value})

    def unknown_beyond(self, value: Any, *, reverse: bool) -> Q | None:
        """The rows without a value where they come after this one; None if there cannot be any."""
        return self.same(None) if self.nullable and value is not None and not reverse else None


@dataclass
class Page(Generic[M]):
    """One page and the positions of its neighbours: a cursor, or None where there is none."""

    rows: list[M]
    next: str | None
    previous: str | None


class Keyset(Generic[M]):
    """A fixed order over a queryset, and cursors into it that only this list, with these filters, accepts."""

    def __init__(
        self,
        queryset: QuerySet[M],
        orderings: Sequence[tuple[str, bool]],
        binding: Sequence[str],
        tie: str = "pk",
    ) -> None:
        """`orderings` are (path, descending). Where the last does not tell all rows apart, `tie` follows."""
        columns = list(orderings)
        last, descending = columns[-1] if columns else ("", False)
        if last != tie and not _unique(queryset.model, last):
            columns.append((tie, descending))
        self.queryset = queryset
        self.keys = [Key(path, down, _nullable(queryset.model, path)) for path, down in columns]
        text = json.dumps([queryset.model._meta.label, columns, *binding], default=str)
        self.signer = signing.Signer(salt=f"config.api.pagination:{text}")

    def rows(self) -> QuerySet[M]:
        """All rows in this order."""
        return self.queryset.order_by(*(key.order(reverse=False) for key in self.keys))

    def page(self, cursor: str | None, size: int) -> Page[M]:
        """The page at the cursor. Raises ParameterErrors for a cursor that is not this list's."""
        values, reverse = self._read(cursor) if cursor is not None else (None, False)
        found: list[M] = []
        for rows in self._pieces(values, reverse=reverse):
            found += rows[: size + 1 - len(found)]
            if len(found) > size:
                break
        more, found = len(found) > size, found[:size]
        if reverse:
            found.reverse()
        ahead = bool(found) and (more if not reverse else True)
        behind = bool(found) and (more if reverse else cursor is not None)
        return Page(
            found,
            self._write(found[-1], reverse=False) if ahead else None,
            self._write(found[0], reverse=True) if behind else None,
        )

    def _pieces(self, values: list[Any] | None, *, reverse: bool) -> Iterator[QuerySet[M]]:
        """What comes after a position (all, without one), in pieces that follow each other.

        After (a, b) come those with the same a and a later b, then those with a later a, then those with an unknown a.
        Each piece is one stretch of an index on (a, b), so no page costs more for lying further back.
        """
        first = self.keys[0]
        if values is None:
            yield self._known(first.known(), 0, reverse=reverse)
            if first.nullable:
                yield self._unknown(first.same(None), 0, reverse=reverse)
            return
        for depth in reversed(range(len(self.keys))):
            pairs = zip(self.keys[:depth], values, strict=False)
            same = reduce(and_, (key.same(value) for key, value in pairs), Q())
            key, value = self.keys[depth], values[depth]
            if (rule := key.beyond(value, reverse=reverse)) is not None:
                yield self._known(same & rule, depth, reverse=reverse)
            if (rule := key.unknown_beyond(value, reverse=reverse)) is not None:
                yield self._unknown(same & rule, depth, reverse=reverse)

    def _known(self, rule: Q, depth: int, *, reverse: bool) -> QuerySet[M]:
        """The rows of a rule that are alike in the columns before the one at `depth` and have a value in that one."""
        first = self.keys[depth].order_of_known(reverse=reverse)
        return self._ordered(rule, [first], depth + 1, reverse=reverse)

    def _unknown(self, rule: Q, depth: int, *, reverse: bool) -> QuerySet[M]:
        """The same where they have none in that one."""
        return self._ordered(rule, [], depth + 1, reverse=reverse)

    def _ordered(self, rule: Q, order: list[Any], depth: int, *, reverse: bool) -> QuerySet[M]:
        rest = [key.order(reverse=reverse) for key in self.keys[depth:]]
        return self.queryset.filter(rule).order_by(*order, *rest)

    def _write(self, row: M, *, reverse: bool) -> str:
        return self.signer.sign_object([[_value(row, key.path) for key in self.keys], reverse], compress=True)

    def _read(self, cursor: str) -> tuple[list[Any], bool]:
        try:
            values, reverse = self.signer.unsign_object(cursor)
        except Exception:  # noqa: BLE001  whatever is wrong with a forged text, it is not one of ours
            raise refuse_parameter("cursor", NOT_OURS) from None
        return values, reverse


NOT_OURS = _(
    "This cursor does not belong to this list. Follow `next` as it was given, or start again without it."
)


def _nullable(model: type[Model], path: str) -> bool:
    """Whether the column can be unknown; anything computed is taken to be."""
    field: Any = None
    for name in path.split("__"):
        if name in ("pk", "id"):
            return False
        field = next((known for known in model._meta.get_fields() if known.name == name), None)
        if field is None or field.null:
            return True
        model = field.related_model or model
    return False


def _unique(model: type[Model], path: str) -> bool:
    """Whether no two rows share a value of this column, and all have one."""
    if path in ("pk", "id"):
        return True
    field: Any = next((known for known in model._meta.concrete_fields if known.name == path), None)
    return field is not None and field.unique and not field.null


def _value(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name) if row is not None else None
    if isinstance(row, (date, datetime)):
        return row.isoformat()
    return str(row) if isinstance(row, Decimal) else row


def page_url(request: Request, cursor: str | None) -> str | None:
    """The absolute address of another page of the same list."""
    return (
        replace_query_param(absolute_url(request, request.get_full_path()), "cursor", cursor)
        if cursor
        else None
    )


def absolute_url(request: Request, path: str) -> str:
    """An address as the world knows it: never from the Host header where PUBLIC_URL is set."""
    public: str = settings.PUBLIC_URL
    return f"{public}{path}" if public else request.build_absolute_uri(path)
