"""Reading the figures: flow, stock, year to date, 同比 and 环比 of a district subtree, and the entries behind them.

Plain totals come from the stored cells; breakdowns and totals as of a past moment come from the ledger. Either way one
function answers, so that no reader knows the difference. Definitions: docs/definitions.md.
"""

from tracking.totals.behind import behind, entries, ever, ever_behind, ever_undated, sum_of, undated_entries
from tracking.totals.history import Change, Movement, Total, relative
from tracking.totals.reading import held_now, is_settled, movements, totals, undated
from tracking.totals.rules import (
    BREAKDOWNS,
    FIGURES,
    OVERLAPPING,
    UNDER_CONSTRUCTION,
    By,
    Of,
    band_rule,
    has_figure,
    member_of,
    parts_of,
    rule_of,
)

__all__ = [
    "BREAKDOWNS",
    "FIGURES",
    "OVERLAPPING",
    "UNDER_CONSTRUCTION",
    "By",
    "Change",
    "Movement",
    "Of",
    "Total",
    "band_rule",
    "behind",
    "entries",
    "ever",
    "ever_behind",
    "ever_undated",
    "has_figure",
    "held_now",
    "is_settled",
    "member_of",
    "movements",
    "parts_of",
    "relative",
    "rule_of",
    "sum_of",
    "totals",
    "undated",
    "undated_entries",
]
