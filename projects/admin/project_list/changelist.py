"""The list of projects: pages from key to key, sorted by columns shown or not, with its figures and its chips."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from projects.admin import lists
from projects.admin.filters import SelectFilter
from projects.admin.lists import KeysetList
from projects.admin.project_list.addresses import EVERYTHING, OWN, SUMS, VIEW, address, query_of
from projects.admin.project_list.chips import Chip, chips_of
from projects.admin.project_list.columns import COLUMNS, FORMATS
from projects.admin.project_list.figures import Figures, figures_of
from projects.admin.project_list.shown import shown
from projects.admin.project_list.views import Tab, tabs
from projects.models import AmountUnit, SavedView
from projects.unmasking import unmask


class ProjectList(KeysetList):
    """Django's list, in the columns that somebody has chosen."""

    chips: list[Chip]
    tabs: list[Tab]
    view: SavedView | None

    def get_filters_params(self, params: Any = None) -> Any:
        """Without what is no filter."""
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in OWN}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """With what the columns need, in one more query for each kind of it."""
        rows = super().get_queryset(request, exclude_parameters)
        needed = {name for column in shown(request).columns for name in column.prefetch}
        return rows.prefetch_related(*sorted(needed))

    # --- sorted by numbers that do not depend on which columns are shown ----------------------------------------------

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """By the columns that ?o= numbers among all that there are."""
        displayed, self.list_display = self.list_display, [lists.CHECKBOX, *COLUMNS]
        try:
            return super().get_ordering(request, queryset)
        finally:
            self.list_display = displayed

    def get_ordering_field_columns(self) -> Any:
        """Which of the shown columns it is sorted by, by their places among them."""
        asked = super().get_ordering_field_columns() if ORDER_VAR in self.params else {}
        places = {self._number(column): place for place, column in enumerate(self.list_display)}
        return {places[number]: way for number, way in asked.items() if number in places}

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """With the numbers of columns in the place of their places."""
        more = dict(new_params or {})
        if more.get(ORDER_VAR):
            more[ORDER_VAR] = ".".join(map(self._numbered, more[ORDER_VAR].split(".")))
        return super().get_query_string(more, remove)

    def _numbered(self, part: str) -> str:
        way, place = ("-", part[1:]) if part.startswith("-") else ("", part)
        return f"{way}{self._number(self.list_display[int(place)])}"

    def _number(self, column: Any) -> int:
        return 0 if column == lists.CHECKBOX else COLUMNS.index(column) + 1

    # --- what it adds up to -------------------------------------------------------------------------------------------

    def get_results(self, request: HttpRequest) -> None:
        """The page, and what stands around it."""
        self.request = request
        self.asked = query_of(request)
        self.adds_all = request.GET.get(SUMS) == "all"
        for held in (self.params, self.filter_params):
            held.pop(SUMS, None)
        super().get_results(request)
        unmask(self.result_list, request.user, timezone.localdate())
        if self.figures.more and self.adds_all:
            self.figures = figures_of(self.queryset, None)
        self._count_choices(request)
        self.unit = shown(request).unit
        self.view = shown(request).view
        self.chips = chips_of(self, request)
        self.tabs = tabs(request)
        self.may_change = self.model_admin.has_change_permission(request)

    @property
    def selects(self) -> list[SelectFilter]:
        """The filters with choices."""
        return [spec for spec in self.filter_specs if isinstance(spec, SelectFilter)]

    def counted(self) -> tuple[int, bool]:
        """By the same statement that adds up."""
        return self.figures.number, self.figures.more

    @cached_property
    def figures(self) -> Figures:
        """Of all rows, as far as they are counted unasked, with the choices of filters that are not in use."""
        free = [spec for spec in self.selects if not spec.value()]
        return figures_of(self.queryset, lists.MOST, _cases(free))

    def all_rows(self) -> QuerySet[Any]:
        """All that is listed, not a page of it, in the list's order."""
        return self._keyset(self.request).rows().prefetch_related(None)

    def _count_choices(self, request: HttpRequest) -> None:
        """Put beside each choice how many it holds; what a filter in use leaves out is counted without that filter."""
        choices = dict(self.figures.choices)
        for spec in self.selects:
            if spec.value() and (cases := _cases([spec])):
                rows = self._without(spec, request)
                choices |= figures_of(rows, lists.MOST, cases).choices
        for spec in self.selects:
            name = spec.parameter_name
            spec.counts = {value: number for (of, value), number in choices.items() if of == name}

    def _without(self, left_out: SelectFilter, request: HttpRequest) -> QuerySet[Any]:
        rows = self.root_queryset
        for spec in self.filter_specs:
            if spec is not left_out:
                narrowed = spec.queryset(request, rows)
                rows = rows if narrowed is None else narrowed
        found, _repeated = self.model_admin.get_search_results(request, rows, self.query)
        return found

    @property
    def investment(self) -> str:
        """The sum of total investment, in the reader's unit."""
        return FORMATS[self.unit](self.figures.investment if self.figures.investments else None)

    @property
    def output(self) -> str:
        """The sum of expected output, in the reader's unit."""
        return FORMATS[self.unit](self.figures.output if self.figures.outputs else None)

    @property
    def here(self) -> str:
        """The query of this list, for links to what belongs to it."""
        return address(self.asked)

    @property
    def cleared(self) -> str:
        """The list that nothing narrows, in the same order."""
        narrowing = set(self.asked) - {ORDER_VAR}
        return address(self.asked, without=narrowing, **({VIEW: EVERYTHING} if len(self.tabs) > 1 else {}))

    @property
    def is_own_view(self) -> bool:
        """Whether the view that is open may be changed by the reader."""
        return self.view is not None and not any(tab.is_open and tab.owner for tab in self.tabs)

    @property
    def units(self) -> list[tuple[str, Any]]:
        """In what amounts can be shown."""
        return list(AmountUnit.choices)

    @property
    def all_added(self) -> str:
        """The same list with everything added up."""
        return address(self.asked, **{SUMS: "all"})


def _cases(filters: list[SelectFilter]) -> dict[tuple[str, str], Q]:
    return {
        (str(spec.parameter_name), value): rule for spec in filters for value, rule in spec.cases().items()
    }
