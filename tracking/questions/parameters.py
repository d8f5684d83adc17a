"""The query parameters of totals, trace and explanation: how each is read and what the API's document says of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from config.api.parameters import Parameter, choice_parameter, read_choice, read_moment
from projects.models import COUNTABLE_KINDS, District
from projects.models.districts import code_shape
from projects.quarters import parse_quarter
from tracking.divisions import MODES
from tracking.moments import NOW, RELEASE_PREFIX, Moment, past, read_id, released
from tracking.totals import BREAKDOWNS, FIGURES

KINDS = [kind.value for kind in COUNTABLE_KINDS]
UNDATED = "undated"
QUARTER_SHAPE = {"type": "string", "pattern": r"^(19|20|21)[0-9]{2}Q[1-4]$", "example": "2023Q1"}


class SubjectParameter(Parameter):
    """The district that a total is about: one that the reader may not see is not there, whether or not it exists."""

    def value(self, text: str, request: Request) -> District:
        """The district. Raises ValidationError for what cannot be a code, Http404."""
        code_shape(text)
        district = District.objects.visible_to(request.user).filter(code=text).first()
        if district is None:
            raise Http404
        return district


class AsOfParameter(Parameter):
    """A past moment, not before anything was recorded."""

    def value(self, text: str, request: Request) -> Moment:
        """The moment. Raises ValueError."""
        return past(read_moment(text))


class ReleaseParameter(Parameter):
    """A release, looked for once the question is known to be complete."""

    def value(self, text: str, request: Request) -> Callable[[], Moment]:
        """What finds its moment, or raises Http404 where the reader may not see it. Raises ValueError."""
        return partial(released, read_id(text), request.user)


class FromParameter(Parameter):
    """A past time or `release:7`; a release is looked for once the question is known to be complete."""

    def value(self, text: str, request: Request) -> Callable[[], Moment]:
        """What finds the moment, or raises Http404 for a release that is not there. Raises ValueError."""
        if text.startswith(RELEASE_PREFIX):
            return partial(released, read_id(text.removeprefix(RELEASE_PREFIX)), request.user)
        moment = self.moment(text)
        return lambda: moment

    def moment(self, text: str) -> Moment:
        """Read a past time. Raises ValueError."""
        return past(read_moment(text))


class ToParameter(FromParameter):
    """The same, or `now`."""

    def moment(self, text: str) -> Moment:
        """Read a past time or `now`. Raises ValueError."""
        return NOW if text == "now" else super().moment(text)


def _quarter_parameter(name: str, about: Any) -> Parameter:
    return Parameter(name=name, read=parse_quarter, about=about, schema=QUARTER_SHAPE)


TOTALS_PARAMETERS: tuple[Parameter, ...] = (
    SubjectParameter(
        name="district",
        required=True,
        about=_("The code of a district; everything below it is part of its totals."),
        schema={"type": "string", "example": "440112"},
    ),
    _quarter_parameter("quarter", _("One quarter, as 2023Q1; or give `from` and `to`.")),
    _quarter_parameter("from", _("The first of up to 80 quarters.")),
    _quarter_parameter("to", _("The last of up to 80 quarters.")),
    Parameter(
        name="kind",
        read=read_choice(KINDS),
        many=True,
        about=_("One or several kinds of milestone, between commas; all that are counted if left out."),
        schema={"type": "string", "enum": KINDS},
    ),
    choice_parameter(
        "by",
        BREAKDOWNS,
        about=_(
            "Break each total down by this; `district` means the child districts. The bands of `size_band` are "
            "exclusive and add up; each part of `size_threshold` (`ge-1bn`) holds the larger ones, too, so they do not."
        ),
    ),
    AsOfParameter(
        name="as_of",
        about=_("What was recorded at this past moment, as 2023-04-05T08:00:00+08:00; now if left out."),
        schema={"type": "string", "format": "date-time"},
    ),
    ReleaseParameter(
        name="release",
        about=_("What was released under this id, instead of `as_of`."),
        schema={"type": "integer", "format": "int64"},
    ),
    choice_parameter(
        "divisions",
        MODES,
        about=_(
            "Where districts were merged, split or renamed: `now` counts every project where its district lies today, "
            "`then` where it lay in each quarter; as recorded if left out."
        ),
    ),
)

TRACE_PARAMETERS: tuple[Parameter, ...] = (
    *TOTALS_PARAMETERS,
    Parameter(
        name="member",
        about=_("With `by`: which part, as in `member` of the total; empty for the part that is not known."),
    ),
    choice_parameter(
        "of",
        (*FIGURES, UNDATED),
        about=_(
            "Which figure of the cell: entered if left out. Those of construction (`carried_over` and the like) are "
            "of `started` alone. `undated` lists what is in no quarter; then give none."
        ),
    ),
)


FROM = FromParameter(
    name="from",
    required=True,
    about=_("The earlier moment: a past time, as 2023-04-05T08:00:00+08:00, or a release, as `release:7`."),
    schema={"type": "string", "example": "release:7"},
)
TO = ToParameter(
    name="to",
    about=_("The later moment: a time or a release in the same way, or `now`; now if left out."),
    schema={"type": "string", "example": "now"},
)
_OF_A_CELL = {parameter.name: parameter for parameter in TRACE_PARAMETERS}
EXPLAIN_PARAMETERS: tuple[Parameter, ...] = (
    _OF_A_CELL["district"],
    _quarter_parameter("quarter", _("The quarter, as 2023Q1; none with `of=undated`.")),
    *(_OF_A_CELL[name] for name in ("kind", "of", "by", "member")),
    FROM,
    TO,
)
