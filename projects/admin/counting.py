"""How long a list is: counted as far as anybody pages, for counting a million rows takes longer than showing fifty."""

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator

MOST = 10_000  # rows that are counted, and that can be paged through


class BoundedPaginator(AnyPaginator):
    """Django's, of the first MOST rows; `more` says whether there are others."""

    @cached_property
    def _found(self) -> int:
        rows: Any = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return rows.order_by().values("pk")[: MOST + 1].count()

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most MOST."""
        return min(self._found, MOST)

    @cached_property
    def more(self) -> bool:
        """Whether there are more rows than are counted."""
        return self._found > MOST
