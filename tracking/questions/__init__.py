"""What may be asked of the totals: read from a query string, complete and consistent, or refused with the reason."""

from tracking.questions.parameters import (
    EXPLAIN_PARAMETERS,
    FROM,
    TO,
    TOTALS_PARAMETERS,
    TRACE_PARAMETERS,
    UNDATED,
    ReleaseParameter,
)
from tracking.questions.reading import (
    MOST_QUARTERS,
    Cell,
    Question,
    moment_asked,
    read_cell,
    read_change,
    read_question,
    read_span,
    refuse_figure,
)

__all__ = [
    "EXPLAIN_PARAMETERS",
    "FROM",
    "MOST_QUARTERS",
    "TO",
    "TOTALS_PARAMETERS",
    "TRACE_PARAMETERS",
    "UNDATED",
    "Cell",
    "Question",
    "ReleaseParameter",
    "moment_asked",
    "read_cell",
    "read_change",
    "read_question",
    "read_span",
    "refuse_figure",
]
