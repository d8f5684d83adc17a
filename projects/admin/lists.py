"""Lists of the admin go from key to key, so that the last page of a million rows costs what the first does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from config.api.errors import ParameterErrors
from config.api.pagination import Keyset, Page

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator

MOST = 10_000  # rows that are counted, and that an action takes as a whole
CHECKBOX = "action_checkbox"  # Django's column of boxes that choose rows

NOT_OURS = _("This page does not belong to this list any more. Here is the first.")


def count_up_to(rows: QuerySet[Any], most: int) -> tuple[int, bool]:
    """How many rows there are, at most so many; and whether there are more."""
    found = rows.order_by().values("pk")[: most + 1].count()
    return min(found, most), found > most


class BoundedPaginator(AnyPaginator):
    """Django's, of the first rows: for the history of one record."""

    most = MOST

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most so many."""
        rows: Any = self.object_list
        return count_up_to(rows, self.most)[0]


class Suggestions(BoundedPaginator):
    """Of what a field suggests; whoever looks for another types more of its name."""

    most = 200


class KeysetList(ChangeList):
    """Django's list, but a page is named by the row after which it begins, and rows are counted only so far."""

    tie = "pk"  # the column that tells rows apart which are alike in all others

    def get_ordering_field(self, field_name: Any) -> Any:
        """The column behind what a list shows; none where the list is not sorted by it."""
        if self.sortable_by is not None and field_name not in self.sortable_by:
            return None
        return super().get_ordering_field(field_name)

    def get_results(self, request: HttpRequest) -> None:
        """The page at the cursor; where that is of another list or of nobody, the first page and a word about it."""
        cursor = request.GET.get(PAGE_VAR)
        page: Page[Any]
        try:
            page = self._keyset(request).page(cursor, self.list_per_page)
        except ParameterErrors:
            messages.warning(request, NOT_OURS)
            cursor = None
            page = self._keyset(request).page(None, self.list_per_page)
        whole = cursor is None and page.next is None
        self.result_count, self.more = (len(page.rows), False) if whole else self.counted()
        self.result_list = page.rows
        self.first = self.get_query_string() if cursor else ""
        self.previous = self.get_query_string({PAGE_VAR: page.previous}) if page.previous else ""
        self.next = self.get_query_string({PAGE_VAR: page.next}) if page.next else ""
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.show_admin_actions = True
        self.full_result_count = None

    def counted(self) -> tuple[int, bool]:
        """How many rows there are, as far as they are counted; and whether there are more."""
        return count_up_to(self.queryset, MOST)

    def _keyset(self, request: HttpRequest) -> Keyset[Any]:
        asked = [f"{name}={value}" for name, value in sorted(self.filter_params.items())]
        columns = list(self._columns()) or [(self.tie, True)]
        return Keyset(self.queryset, columns, [request.path, *asked], tie=self.tie)

    def _columns(self) -> Iterator[tuple[str, bool]]:
        """The order of the list, each column once."""
        seen: set[str] = set()
        for part in self.queryset.query.order_by:
            for path, descending in columns_of(self.model, str(part)):
                if path not in {"pk", *seen}:
                    seen.add(path)
                    yield path, descending


def columns_of(model: type[Model], part: str, *, turned: bool = False) -> Iterator[tuple[str, bool]]:
    """What one part of an order means in columns: a relation is ordered as the rows are to which it leads."""
    path, descending = part.lstrip("-"), part.startswith("-") != turned
    field: Any = None
    related: Any = model
    for name in path.split("__"):
        field = related._meta.pk if name == "pk" else related._meta.get_field(name)
        related = field.related_model or related
    if not field.related_model:
        yield path, descending
        return
    order: Sequence[Any] = related._meta.ordering or ["pk"]
    for inner in order:
        for column, down in columns_of(related, inner, turned=descending):
            yield f"{path}__{column}", down
