"""Addresses of the list: what stands in them, and the same list a little different."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode

from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.http import HttpRequest

SUMS = "sums"  # ?sums=all adds up a list however long it is
VIEW = "view"  # ?view=7 opens a saved view, ?view=all none
UNIT = "unit"  # the unit of a saved view, where it is not the reader's
EVERYTHING = "all"
OWN = (SUMS, VIEW, UNIT)  # what is no filter
OF_A_PAGE = (PAGE_VAR, ERROR_FLAG, SUMS)  # what does not go along to another page

Query = Mapping[str, Sequence[str]]


def query_of(request: HttpRequest) -> dict[str, list[str]]:
    """What the list is asked for, without what belongs to one page of it."""
    return {name: values for name, values in request.GET.lists() if name not in OF_A_PAGE}


def address(query: Query, *, without: Iterable[str] = (), **more: str) -> str:
    """The list's address for a query, less some parameters and with others."""
    kept = {name: values for name, values in query.items() if name not in set(without)}
    return "?" + urlencode(
        sorted({**kept, **{name: [value] for name, value in more.items()}}.items()), doseq=True
    )


def widened(query: Query, name: str) -> str:
    """The list without one condition. A view's bare address would bring its conditions back: then it is left."""
    kept = {key: values for key, values in query.items() if key != name}
    return address({VIEW: [EVERYTHING]} if set(kept) == {VIEW} else kept)
