"""Signing cohorts, lead times and punctuality."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import chain
from typing import Any, ClassVar

from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from config.api import exports, replicas
from config.api.etags import etag_of, is_unchanged
from config.api.parameters import Parameter, choice_parameter, read_choice
from config.api.views import ApiMixin
from tracking import cohorts
from tracking.cohorts import COHORT_BREAKDOWNS, PERIODS, PUNCTUAL_KINDS, SPANS
from tracking.questions import TOTALS_PARAMETERS, Question, read_question
from tracking.serializers.cohorts import (
    COHORT_COLUMNS,
    LEAD_TIME_COLUMNS,
    PUNCTUALITY_COLUMNS,
    CohortsSerializer,
    LeadTimesSerializer,
    PunctualitiesSerializer,
    cohort_shown,
    flat,
    lead_time_shown,
    punctuality_shown,
)

Row = dict[str, Any]
ASKED = ("district", "quarter", "from", "to", "as_of", "release")  # as of totals


def _several(name: str, choices: Iterable[str], about: Any) -> Parameter:
    known = [str(choice) for choice in choices]
    schema = {"type": "string", "enum": known}
    return Parameter(name=name, read=read_choice(known), many=True, about=about, schema=schema)


COHORT_PARAMETERS: tuple[Parameter, ...] = (
    *(parameter for parameter in TOTALS_PARAMETERS if parameter.name in ASKED),
    choice_parameter(
        "by",
        COHORT_BREAKDOWNS,
        about=_("Break each cohort down by this; `district` means the child districts."),
    ),
    choice_parameter(
        "per",
        PERIODS,
        about=_("One cohort for each quarter, for each year, or for the whole span; quarter if left out."),
    ),
    choice_parameter("format", ("json", "csv", "xlsx"), about="Instead of `Accept`."),
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="An ETag; 304 where the figures are still the same.",
)
PLACE = {
    "district": "440112",
    "by": None,
    "member": None,
    "first_quarter": "2023Q1",
    "last_quarter": "2023Q1",
}
MOMENT = {"as_of": "2024-05-08T08:00:00+08:00", "release": None}


def _example(numerator: int, uncertain: int = 0) -> Row:
    return {
        "numerator": numerator,
        "denominator": 50,
        "uncertain": uncertain,
        "share": numerator / 50,
        "first_quarter": "2023Q1",
        "last_quarter": "2023Q1",
    }


COHORT_EXAMPLE = OpenApiExample(
    "What was signed in a quarter, a year later",
    response_only=True,
    value={
        "results": [
            {
                **PLACE,
                "signed": {"count": 50, "with_amount": 48, "investment": 61_000_000_000},
                "started_3": _example(9, 2),
                "started_6": _example(17, 1),
                "started_12": _example(31, 1),
                "started_18": None,
                "completed_24": None,
                "completed_36": None,
                "performance": _example(45),
                "start": _example(33),
                "production": _example(4),
            }
        ],
        **MOMENT,
    },
)
LEAD_TIME_EXAMPLE = OpenApiExample(
    "From signing to start",
    response_only=True,
    value={
        "results": [
            {
                **PLACE,
                "span": "signed_started",
                "count": 50,
                "unknown": 6,
                "waiting": 17,
                "days": {"known": 27, "median": 148, "p90": 301},
            }
        ],
        **MOMENT,
    },
)
PUNCTUALITY_EXAMPLE = OpenApiExample(
    "Starts beside their first plans",
    response_only=True,
    value={
        "results": [
            {
                **PLACE,
                "kind": "started",
                "count": 40,
                "ahead": 5,
                "on_time": 10,
                "delayed": 20,
                "without_plan": 5,
                "without_date": 0,
                "delayed_1_12": 18,
                "delayed_13_24": 2,
                "delayed_25_60": 0,
                "delayed_61": 0,
                "days_ahead": {"known": 30, "median": -12, "p90": 4},
                "days_delayed": {"known": 18, "median": 61, "p90": 250},
            }
        ],
        **MOMENT,
    },
)


class _CohortView(ApiMixin):
    """One answer of results as JSON with an ETag, or as a table."""

    renderer_classes = [JSONRenderer, exports.CsvRenderer, exports.XlsxRenderer]
    columns: ClassVar[list[str]] = []
    filename: ClassVar[str] = ""

    def find(self, question: Question, asked: dict[str, Any]) -> Iterable[Row]:
        """The results; `asked` is what the cohorts are asked for beside the district and quarters."""
        raise NotImplementedError

    def answer(self, request: Request) -> HttpResponseBase:
        """The results of the question that was asked."""
        question = read_question(self.query)
        place = {"district": question.district.code, "by": question.by}
        asked = {"by": question.by, "per": [self.query.get("per", "quarter")], "as_of": question.as_of}
        rows = [{**place, **row} for row in self.find(question, asked)]
        if request.accepted_renderer.format != "json":
            return self.as_file(request.accepted_renderer.format, rows)
        etag = etag_of(question.district, {"results": rows})
        if is_unchanged(request, etag):
            return HttpResponse(status=304, headers={"ETag": etag})
        moment, release = question.moment, question.moment.release
        shown = {
            "as_of": timezone.localtime(moment.at or replicas.now()).isoformat(),
            "release": release and release.pk,
        }
        return Response({"results": rows, **shown}, headers={"ETag": etag})

    def as_file(self, file_format: str, rows: list[Row]) -> HttpResponseBase:
        """The results as one table."""
        lines = exports.rows_of(self.columns, (flat(row, self.columns) for row in rows))
        write = exports.csv_response if file_format == "csv" else exports.xlsx_response
        return write(lines, self.filename)


class CohortsView(_CohortView):
    """What was signed in each quarter, and what has become of it."""

    parameters = COHORT_PARAMETERS
    columns = COHORT_COLUMNS
    filename = "cohorts"

    def find(self, question: Question, asked: dict[str, Any]) -> Iterable[Row]:
        """The cohorts of the quarters."""
        today = timezone.localdate(question.as_of)
        found = cohorts.cohorts(question.district, question.quarters, today=today, **asked)
        return map(cohort_shown, found)

    @extend_schema(
        operation_id="cohorts_retrieve",
        responses=CohortsSerializer,
        examples=[COHORT_EXAMPLE],
        parameters=[IF_NONE_MATCH],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Signing cohorts: started and completed within so many months; 履约率, 开工率 and 投产率 so far."""
        return replicas.may_be_old(partial(self.answer, request), reader=request.user)


class LeadTimesView(_CohortView):
    """How many days lie between two steps."""

    parameters = (
        *COHORT_PARAMETERS,
        _several("span", SPANS, _("From which step to which; both spans if left out.")),
    )
    columns = LEAD_TIME_COLUMNS
    filename = "lead-times"

    def find(self, question: Question, asked: dict[str, Any]) -> Iterable[Row]:
        """The lead times of each span."""
        spans = dict.fromkeys(self.query.get("span", SPANS))
        found = (cohorts.lead_times(question.district, question.quarters, span, **asked) for span in spans)
        return map(lead_time_shown, chain.from_iterable(found))

    @extend_schema(
        operation_id="lead_times_retrieve",
        responses=LeadTimesSerializer,
        examples=[LEAD_TIME_EXAMPLE],
        parameters=[IF_NONE_MATCH],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Days from signing to start and from start to completion, by the quarter of the first step."""
        return replicas.may_be_old(partial(self.answer, request), reader=request.user)


class PunctualityView(_CohortView):
    """What started and was completed in each quarter, beside its first plan."""

    parameters = (
        *COHORT_PARAMETERS,
        _several("kind", PUNCTUAL_KINDS, _("Starts, completions, or both if left out.")),
    )
    columns = PUNCTUALITY_COLUMNS
    filename = "punctuality"

    def find(self, question: Question, asked: dict[str, Any]) -> Iterable[Row]:
        """The punctuality of each kind."""
        kinds = list(dict.fromkeys(self.query.get("kind", map(str, PUNCTUAL_KINDS))))
        found = cohorts.punctuality(question.district, question.quarters, kinds, **asked)
        return map(punctuality_shown, found)

    @extend_schema(
        operation_id="punctuality_retrieve",
        responses=PunctualitiesSerializer,
        examples=[PUNCTUALITY_EXAMPLE],
        parameters=[IF_NONE_MATCH],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Ahead, on time, delayed, without a plan, undated; delays by bands; days ahead of the first plan."""
        return replicas.may_be_old(partial(self.answer, request), reader=request.user)
