"""Quarterly totals, and the ledger entries behind each of their figures."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from config.api import exports, replicas
from config.api.etags import etag_of, is_unchanged
from config.api.parameters import choice_parameter
from config.api.schema import ListShape
from config.api.views import ApiMixin, ResourceViewSet
from projects.models import LedgerEntry
from projects.models.ledger import LedgerQuerySet
from tracking import totals
from tracking.questions import (
    TOTALS_PARAMETERS,
    TRACE_PARAMETERS,
    UNDATED,
    Question,
    read_cell,
    read_question,
)
from tracking.releases import standing_all
from tracking.serializers.totals import (
    COLUMNS,
    EntrySerializer,
    TotalsSerializer,
    figures,
    flat,
    mark_shown,
    total_shown,
)

EXAMPLE = OpenApiExample(
    "Started projects of a sector",
    response_only=True,
    value={
        "results": [
            {
                "district": "440112",
                "quarter": "2023Q1",
                "kind": "started",
                "by": "sector",
                "member": "biomedicine",
                "entered": (
                    started := {
                        "count": 100,
                        "with_amount": 97,
                        "with_output": 90,
                        "with_revenue": 0,
                        "investment": 102_600_000_000,
                        "expected_output": 128_300_000_000,
                        "expected_revenue": None,
                    }
                ),
                "left": {
                    "count": 3,
                    "with_amount": 3,
                    "with_output": 3,
                    "with_revenue": 0,
                    "investment": 900_000_000,
                    "expected_output": 1_100_000_000,
                    "expected_revenue": None,
                },
                "stock": {**started, "count": 412, "with_amount": 400, "investment": 398_000_000_000},
                "ytd": started,
                "yoy": {"count": 0.56, "investment": 0.31},
                "qoq": {"count": -0.2, "investment": 0.05},
                "carried_over": (
                    building := {**started, "count": 315, "with_amount": 306, "investment": 296_300_000_000}
                ),
                "carried_over_year": building,
                "start_or_resume": (
                    both := {**started, "count": 415, "with_amount": 403, "investment": 398_900_000_000}
                ),
                "start_or_resume_year": both,
            }
        ],
        "undated": {"count": 4, "with_amount": 2, "investment": 300_000_000},
        "as_of": "2023-04-05T08:00:00+08:00",
        "release": None,
        "divisions": None,
        "released": [
            {
                "quarter": "2023Q1",
                "release": 7,
                "district": "440100",
                "revision": 1,
                "provisional": False,
                "released_at": "2023-04-10T09:00:00+08:00",
            }
        ],
    },
)


TRACED = OpenApiExample(
    "A project signed in the first quarter and started in the second",
    response_only=True,
    value={
        "project": {"id": 17, "code": "P00000017", "name": "生物医药产业园"},
        "kind": "signed",
        "quarter": "2023Q1",
        "left_quarter": "2023Q2",
        "district": "440112-GDD",
        "investment": 3_400_000_000,
        "expected_output": 5_000_000_000,
        "expected_revenue": None,
        "recorded_at": "2023-02-01T09:30:00+08:00",
        "cause": "reported",
    },
)
SUM = {
    "count": 1,
    "with_amount": 1,
    "with_output": 1,
    "with_revenue": 0,
    "investment": 3_400_000_000,
    "expected_output": 5_000_000_000,
    "expected_revenue": None,
}
UNCHANGED = "An ETag; 304 where the figures are still the same."


class TotalsView(ApiMixin):
    """A district's totals by quarter and kind, broken down where that is asked for."""

    parameters = (
        *TOTALS_PARAMETERS,
        choice_parameter("format", ("json", "csv", "xlsx"), about="Instead of `Accept`."),
    )
    renderer_classes = [JSONRenderer, exports.CsvRenderer, exports.XlsxRenderer]

    @extend_schema(
        operation_id="totals_retrieve",
        responses=TotalsSerializer,
        examples=[EXAMPLE],
        parameters=[
            OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description=UNCHANGED),
        ],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Flow, stock, year to date, 同比 and 环比 of each quarter and kind; sums are over the known amounts."""
        return replicas.may_be_old(partial(self.answer, request), reader=request.user)

    def answer(self, request: Request) -> HttpResponseBase:
        """The figures as they were asked for."""
        question = read_question(self.query)
        body = answer(question)
        if request.accepted_renderer.format != "json":
            return as_file(request.accepted_renderer.format, body["results"])
        etag = etag_of(question.district, body)
        if is_unchanged(request, etag):
            return HttpResponse(status=304, headers={"ETag": etag})
        moment, release = question.moment, question.moment.release
        shown = {
            "as_of": timezone.localtime(moment.at or replicas.now()).isoformat(),
            "release": release and release.pk,
            "divisions": question.divisions,
        }
        return Response({**body, **shown}, headers={"ETag": etag})


def answer(question: Question) -> dict[str, Any]:
    """The results, and what stands in none of them."""
    rows = totals.totals(
        question.district,
        question.quarters,
        question.kinds,
        by=question.by,
        as_of=question.as_of,
        divisions=question.divisions,
    )
    undated = totals.undated(
        question.district, question.kinds, as_of=question.as_of, divisions=question.divisions
    )
    return {
        "results": [total_shown(row, question.district.code, question.by) for row in rows],
        "undated": {
            "count": undated.count,
            "with_amount": undated.with_investment,
            "investment": undated.investment,
        },
        "released": [
            mark_shown(each)
            for _quarter, each in sorted(standing_all(question.district, question.quarters).items())
        ],
    }


def as_file(file_format: str, results: list[dict[str, Any]]) -> HttpResponseBase:
    """The results as one table."""
    rows = exports.rows_of(COLUMNS, map(flat, results))
    write = exports.csv_response if file_format == "csv" else exports.xlsx_response
    return write(rows, "totals")


class TraceShape(ListShape):
    """A page with the sum of the whole list."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """As of every list, and `sum`."""
        shape = super().get_paginated_response_schema(schema)
        total = {
            "allOf": [{"$ref": "#/components/schemas/Figures"}],
            "description": "The sum of all entries, whatever the page: equal to the figure of the total.",
            "example": SUM,
        }
        shape["properties"]["sum"] = total
        shape["required"].append("sum")
        return shape


class TraceViewSet(ResourceViewSet[LedgerEntry]):
    """The ledger entries behind one figure of one cell, and their sum."""

    serializer_class = EntrySerializer
    parameters = TRACE_PARAMETERS
    pagination_class = TraceShape

    def get_queryset(self) -> LedgerQuerySet:
        """The entries of the cell that is asked for; those within the reader's own district only."""
        if getattr(self, "swagger_fake_view", False):
            return LedgerEntry.objects.none()
        return self.found().select_related("project__district", "district")

    def found(self) -> LedgerQuerySet:
        """The entries of the cell that is asked for."""
        cell = read_cell(self.query)
        if cell.of == UNDATED:
            return totals.undated_entries(
                cell.district, [cell.kind], as_of=cell.as_of, divisions=cell.divisions
            )
        return totals.behind(
            cell.district,
            cell.quarter,
            cell.kind,
            of=cell.of,  # type: ignore[arg-type]
            by=cell.by,
            member=cell.member,
            as_of=cell.as_of,
            divisions=cell.divisions,
        )

    @extend_schema(operation_id="totals_trace_list", examples=[TRACED])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """One page of entries in the order of their posting, and the sum of all of them."""
        return replicas.may_be_old(partial(self.page, request), reader=request.user)

    def page(self, request: Request) -> HttpResponseBase:
        """The list and its sum."""
        response = super().list(request)
        if isinstance(response, Response):
            response.data["sum"] = figures(totals.sum_of(self.found()))
        return response
