"""How a page is asked for: who may, which parameters it takes, and what a wrong one is answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial, wraps
from typing import Any, cast
from unicodedata import normalize

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.request import Request

from config.api import replicas
from config.api.errors import ParameterErrors
from config.api.parameters import LONGEST_CURSOR, Parameter, choice_parameter, read_moment, read_query
from projects.models import District, Kind, User
from projects.quarters import parse_quarter
from tracking.divisions import MODES, Mode
from tracking.figures import EVERYTHING, category_rule
from tracking.moments import Moment, past
from tracking.questions import ReleaseParameter, moment_asked
from tracking.totals import BREAKDOWNS, FIGURES

DISTRICT = Parameter(name="district", about="A district's code.")
QUARTER = Parameter(name="quarter", read=parse_quarter)
OF = choice_parameter("of", FIGURES)
BY = choice_parameter("by", BREAKDOWNS)
MEMBER = Parameter(name="member")
CURSOR = Parameter(name="cursor", longest=LONGEST_CURSOR)
LOCAL_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)", re.ASCII)


class LocalTimeParameter(Parameter):
    """A past moment: in local time as people type it, 2023-04-05 08:00, or with its offset as in the API."""

    def value(self, text: str, request: Request) -> Moment:
        """The moment. Raises ValueError."""
        return past(read_moment(_with_offset(normalize("NFKC", text).strip())))


def _with_offset(text: str) -> str:
    """What is written in local time with its offset. Raises ValueError for no date and time at all."""
    local = LOCAL_TIME.fullmatch(text)
    try:
        if local:
            return timezone.make_aware(datetime.fromisoformat(f"{local[1]}T{local[2]}")).isoformat()
    except ValueError:  # 2023-02-30
        text = ""
    if ":" not in text:
        raise ValueError(_("Write a date and a time, as 2023-04-05 08:00."))
    return text


AS_OF = LocalTimeParameter(name="as_of")
RELEASE = ReleaseParameter(name="release")
DIVISIONS = choice_parameter("divisions", MODES)
AskedRelease = Callable[[], Moment] | None


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

View = Callable[..., HttpResponseBase]
WITH_FORM = require_http_methods(["GET", "HEAD", "POST"])


def page(*parameters: Parameter, methods: Callable[[View], View] = require_safe) -> Callable[[View], View]:
    """A page for people who have signed in; it is given exactly the parameters that were asked, by name.

    Anything else in the query string is answered with a page that says what is wrong, and with a way back. `methods`
    is one of Django's decorators: WITH_FORM for a page that also takes what its form sends.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, **named: Any) -> HttpResponseBase:
            try:
                return view(request, **named, **read_query(cast("Request", request), parameters))
            except ParameterErrors as error:
                return render(request, "400.html", {"wrong": _sentences(error)}, status=400)

        return never_cache(methods(login_required(answer)))

    return decorate


def seconds_old(view: View) -> View:
    """The page may come from a replica: it changes nothing, and what it shows may be some seconds old."""

    @wraps(view)
    def answer(request: HttpRequest, **asked: Any) -> HttpResponseBase:
        return replicas.may_be_old(partial(view, request, **asked), reader=request.user)

    return answer


def moment_for(
    district: District,
    quarter: str | None,
    as_of: Moment | None,
    release: AskedRelease,
    divisions: Mode | None = None,
) -> Moment:
    """As of which moment a page answers about a district and quarter, from its parameters; now without either.

    With `divisions` it answers on those of now or of then.

    Raises ParameterErrors for both at once and for a release of an earlier quarter, Http404 for a release that the
    reader may not see or of another district.
    """
    asked = (
        {"district": district}
        | ({"as_of": as_of} if as_of else {})
        | ({"release": release} if release else {})
    )
    return replace(moment_asked(asked, [quarter] if quarter else []), divisions=divisions)


def reader(request: HttpRequest) -> User:
    """Who reads: a user, since every page wants people to sign in."""
    return cast("User", request.user)


def _sentences(error: ParameterErrors) -> list[tuple[str, str]]:
    """What is wrong, by parameter."""
    detail = cast("dict[str, list[Any]]", error.detail)
    return [(name, str(sentence)) for name, sentences in detail.items() for sentence in sentences]
