"""Pages of a list by keyset: the next page starts after the last row, however many rows come before it.

DRF's own CursorPagination is not used: it skips rows whose first ordering column is null or often repeated.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from operator import or_
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
        """For order_by(); written out for nulls only, so that plain indexes serve."""
        column = F(self.path)
        descending = self.descending != reverse
        if not self.nullable:
            return column.desc() if descending else column.asc()
        nulls = {"nulls_first": True} if reverse else {"nulls_last": True}
        return column.desc(**nulls) if descending else column.asc(**nulls)

    def same(self, value: Any) -> Q:
        """The rows with this value."""
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def bound(self, value: Any, *, reverse: bool) -> Q:
        """What holds for all rows from this value on: no new condition, but one that an index serves."""
        if self.nullable:
            return Q()
        return Q(**{f"{self.path}__{'lte' if self.descending != reverse else 'gte'}": value})

    def beyond(self, value: Any, *, reverse: bool) -> Q | None:
        """The rows strictly after this value (before it, in reverse); None if there cannot be any."""
        if value is None:
            return Q(**{f"{self.path}__isnull": False}) if reverse else None
        rows = Q(**{f"{self.path}__{'lt' if self.descending != reverse else 'gt'}": value})
        return rows | Q(**{f"{self.path}__isnull": True}) if self.nullable and not reverse else rows


@dataclass
class Page(Generic[M]):
    """One page and the positions of its neighbours: a cursor, or None where there is none."""

    rows: list[M]
    next: str | None
    previous: str | None


class Keyset(Generic[M]):
    """A fixed order over a queryset, and cursors into it that only this list, with these filters, accepts."""

    def __init__(
        self, queryset: QuerySet[M], orderings: Sequence[tuple[str, bool]], binding: Sequence[str]
    ) -> None:
        """`orderings` are (path, descending); the primary key is added, which makes the order total."""
        columns = list(orderings) if orderings and orderings[-1][0] == "id" else [*orderings, ("pk", False)]
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
        rows = self.queryset.order_by(*(key.order(reverse=reverse) for key in self.keys))
        if values is not None:
            rows = rows.filter(self._beyond(values, reverse=reverse))
        found = list(rows[: size + 1])
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

    def _beyond(self, values: list[Any], *, reverse: bool) -> Q:
        """(a beyond) or (a same and b beyond) or …, as SQL has no row comparison that knows of unknown values."""
        places, same = [], Q()
        for key, value in zip(self.keys, values, strict=True):
            beyond = key.beyond(value, reverse=reverse)
            if beyond is not None:
                places.append(same & beyond)
            same &= key.same(value)
        return self.keys[0].bound(values[0], reverse=reverse) & reduce(or_, places)

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
