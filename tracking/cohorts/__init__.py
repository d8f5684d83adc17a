"""Cohorts 签约批次: what has become of the projects that were signed together, how long it took, and whether on time.

Everything is read from the ledger, so that it can be asked as of any moment. Nothing is guessed: where dates are too
coarse to tell, what may be is counted apart from what is certain. Formulas: docs/definitions.md.
"""

from tracking.cohorts.lead_times import PARTS, SPANS, LeadTime, lead_times
from tracking.cohorts.members import BANDS as DELAY_CELLS
from tracking.cohorts.members import CELLS, LEAD_TIME_CELLS, PUNCTUALITY_CELLS, Asked, Behind, projects_behind
from tracking.cohorts.punctuality import (
    DELAY_BANDS,
    OUTCOMES,
    PUNCTUAL_KINDS,
    OnPlan,
    Punctuality,
    on_plan,
    punctuality,
)
from tracking.cohorts.rates import Rate, Spread, funds_rate
from tracking.cohorts.signing import COLUMNS, RATES, WITHIN, Cohort, Share, cohorts, is_too_young
from tracking.cohorts.steps import BREAKDOWNS as COHORT_BREAKDOWNS
from tracking.cohorts.steps import PERIODS, CohortBy, Per, add_months

__all__ = [
    "CELLS", "COHORT_BREAKDOWNS", "COLUMNS", "DELAY_BANDS", "DELAY_CELLS", "LEAD_TIME_CELLS", "OUTCOMES",
    "PARTS", "PERIODS", "PUNCTUALITY_CELLS", "PUNCTUAL_KINDS", "RATES", "SPANS", "WITHIN", "Asked",
    "Behind", "Cohort", "CohortBy", "LeadTime", "OnPlan", "Per", "Punctuality", "Rate", "Share",
    "Spread", "add_months", "cohorts", "funds_rate", "is_too_young", "lead_times", "on_plan",
    "projects_behind", "punctuality",
]  # fmt: skip
