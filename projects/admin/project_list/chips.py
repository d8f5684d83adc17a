"""Chips: what the list is narrowed by, each with a link that takes it away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import IGNORED_PARAMS, SEARCH_VAR
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from projects.admin.project_list.addresses import OWN, query_of, widened
from projects.models import Project

if TYPE_CHECKING:
    from projects.admin.project_list.changelist import ProjectList

LONGEST = 60


class Chip(NamedTuple):
    """One condition, and the list without it."""

    title: str
    value: str
    address: str


def chips_of(changes: ProjectList, request: HttpRequest) -> list[Chip]:
    """What was searched for, then the filters in the order of the form, then look-ups that links lead to."""
    query = query_of(request)
    return [
        Chip(capfirst(str(title)), value[:LONGEST], widened(query, name))
        for name, title, value in _conditions(changes, request)
    ]


def _conditions(changes: ProjectList, request: HttpRequest) -> Iterator[tuple[str, Any, str]]:
    if changes.query:
        yield SEARCH_VAR, _("search"), changes.query
    filters = set()
    for spec in changes.selects:
        name = str(spec.parameter_name)
        filters.add(name)
        if value := spec.value():
            named = {str(key): str(label) for key, label in spec.lookup_choices}
            yield name, spec.title, named.get(value, value).strip("\u3000")
    for name, values in query_of(request).items():
        if name not in {*filters, *IGNORED_PARAMS, *OWN}:
            yield name, _title_of(name), _value_of(name, values[-1], request)


def _title_of(lookup: str) -> Any:
    return getattr(get_fields_from_path(Project, lookup.partition("__")[0])[-1], "verbose_name", lookup)


def _value_of(lookup: str, value: str, request: HttpRequest) -> str:
    """The whole project by its name, as far as the reader may see it; anything else as it stands."""
    if not lookup.startswith("parent") or not value.isdecimal():
        return value
    whole = Project.objects.visible_to(request.user).filter(pk=value).first()
    return whole.label if whole else value
