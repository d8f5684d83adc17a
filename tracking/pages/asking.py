"""How a page is asked for: who may, which parameters it takes, and what a wrong one is answered."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from config.api.errors import ParameterErrors
from config.api.parameters import LONGEST_CURSOR, Parameter, choice_parameter, read_query
from projects.models import Kind, User
from projects.quarters import parse_quarter
from tracking.figures import EVERYTHING, category_rule
from tracking.totals import BREAKDOWNS, FIGURES

DISTRICT = Parameter(name="district", about="A district's code.")
QUARTER = Parameter(name="quarter", read=parse_quarter)
OF = choice_parameter("of", FIGURES)
BY = choice_parameter("by", BREAKDOWNS)
MEMBER = Parameter(name="member")
CURSOR = Parameter(name="cursor", longest=LONGEST_CURSOR)


def _read_category(text: str) -> str:
    if category_rule(text) is None:
        raise ValueError(_("The records do not know this category."))
    return text


def _read_kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(text.split(","))
    if len(set(kinds)) != len(kinds) or not set(kinds) <= set(Kind.values):
        raise ValueError(_("Write a kind of milestone, as in signed."))
    return kinds


KIND = Parameter(name="kind", read=_read_kinds)
CATEGORY = Parameter(name="category", read=_read_category)
NO_CATEGORY = EVERYTHING

View = Callable[..., HttpResponse]


def page(*parameters: Parameter) -> Callable[[View], View]:
    """A page for people who have signed in; it is given exactly the parameters that were asked, by name.

    Anything else in the query string is answered with a page that says what is wrong, and with a way back.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest) -> HttpResponse:
            try:
                return view(request, **read_query(cast("Request", request), parameters))
            except ParameterErrors as error:
                return render(request, "400.html", {"wrong": _sentences(error)}, status=400)

        return cast("View", never_cache(require_safe(login_required(answer))))

    return decorate


def reader(request: HttpRequest) -> User:
    """Who reads: a user, since every page wants people to sign in."""
    return cast("User", request.user)


def _sentences(error: ParameterErrors) -> list[tuple[str, str]]:
    """What is wrong, by parameter."""
    detail = cast("dict[str, list[Any]]", error.detail)
    return [(name, str(sentence)) for name, sentences in detail.items() for sentence in sentences]
