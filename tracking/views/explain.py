"""Why a figure changed between two moments, project by project and by cause."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from config.api import exports, replicas
from config.api.parameters import choice_parameter
from config.api.transactions import snapshot
from config.api.views import ApiMixin
from projects.access import Sight
from projects.models.ledger import LedgerQuerySet
from tracking import totals
from tracking.explain import explain, steps
from tracking.moments import Moment
from tracking.questions import EXPLAIN_PARAMETERS, UNDATED, Cell, read_change
from tracking.serializers.explain import COLUMNS, ExplanationSerializer, change_rows, explanation_shown
from tracking.sums import Sums
from tracking.totals import Of

HELD: dict[str, int | None] = {
    "count": 1,
    "with_amount": 1,
    "with_output": 1,
    "with_revenue": 0,
    "investment": 3_400_000_000,
    "expected_output": 5_000_000_000,
    "expected_revenue": None,
}
ADDED = {"count": 0, "investment": 600_000_000, "expected_output": 0, "expected_revenue": 0}
EXAMPLE = OpenApiExample(
    "The amount of a project was corrected after the release",
    response_only=True,
    value={
        "district": "440112",
        "quarter": "2023Q1",
        "kind": "signed",
        "of": "entered",
        "by": None,
        "member": None,
        "from": "release:7",
        "to": "now",
        "before": HELD,
        "after": {**HELD, "investment": 4_000_000_000},
        "changes": [
            {
                "project": {"id": 17, "code": "P00000017", "name": "生物医药产业园"},
                "kind": "signed",
                "cause": "amount_corrected",
                "actor": "wang",
                "at": "2023-05-11T16:20:00+08:00",
                "before": HELD,
                "after": {**HELD, "investment": 4_000_000_000},
                "difference": ADDED,
            }
        ],
        "changes_count": 1,
        "by_cause": {"amount_corrected": {"changes": 1, "projects": 1, "difference": ADDED}},
        "unexplained": {"count": 0, "investment": 0, "expected_output": 0},
    },
)


class ExplainView(ApiMixin):
    """The changes behind the difference of one figure between two moments."""

    parameters = (
        *EXPLAIN_PARAMETERS,
        choice_parameter(
            "format", ("json", "csv", "xlsx"), about="Instead of `Accept`; csv and xlsx hold every change."
        ),
    )
    renderer_classes = [JSONRenderer, exports.CsvRenderer, exports.XlsxRenderer]

    @extend_schema(
        operation_id="totals_explain_retrieve", responses=ExplanationSerializer, examples=[EXAMPLE]
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The figure before and after, every change with its cause, and sums by cause; nothing is left over.

        Size bands and thresholds are those of the later moment, on both sides.
        """
        return replicas.may_be_old(partial(self.answer, request), reader=request.user)

    def answer(self, request: Request) -> HttpResponseBase:
        """The explanation as it was asked for."""
        cell, start = read_change(self.query)
        sight = Sight(request.user)
        assert start.at
        if request.accepted_renderer.format != "json":
            found = steps(ever_in(cell), start.at, cell.as_of)
            return as_file(
                request.accepted_renderer.format, exports.rows_of(COLUMNS, change_rows(found, sight))
            )
        with snapshot():
            told = explain(ever_in(cell), start.at, cell.as_of, now=held_now(cell))
        return Response({**asked(cell, start), **explanation_shown(told, sight)})


def ever_in(cell: Cell) -> LedgerQuerySet:
    """All entries that ever were in the cell, with what is shown of their projects and people."""
    if cell.of == UNDATED:
        found = totals.ever_undated(cell.district, [cell.kind])
    else:
        found = totals.ever_behind(
            cell.district,
            cell.quarter,
            cell.kind,
            of=cell.of,  # type: ignore[arg-type]
            by=cell.by,
            member=cell.member,
            as_of=cell.as_of,
        )
    return found.select_related("project__district", "actor", "closing_actor")


def held_now(cell: Cell) -> Sums | None:
    """The cell's figure of now, where it is stored."""
    if cell.of == UNDATED:
        return None
    of: Of = cell.of  # type: ignore[assignment]
    return totals.held_now(
        cell.district, cell.quarter, cell.kind, of=of, by=cell.by, member=cell.member or None
    )


def asked(cell: Cell, start: Moment) -> dict[str, Any]:
    """What was asked, as it stands in the answer."""
    return {
        "district": cell.district.code,
        "quarter": cell.quarter or None,
        "kind": cell.kind,
        "of": cell.of,
        "by": cell.by,
        "member": cell.member,
        "from": start.written,
        "to": cell.moment.written,
    }


def as_file(file_format: str, rows: Any) -> HttpResponseBase:
    """Every change as one table, row by row."""
    write = exports.csv_response if file_format == "csv" else exports.xlsx_response
    return write(rows, "explain")
