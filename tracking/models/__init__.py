"""The figures and what follows from them."""

from tracking.models.audits import AuditDifference, AuditPart, AuditRun
from tracking.models.claims import ReportedTotal, Target, Unit
from tracking.models.mailing import Delivery, Subscription
from tracking.models.releases import Release, ReleaseProof
from tracking.models.runs import Part, RebuildPart, RebuildRun, Run
from tracking.models.totals import (
    AMOUNT_COLUMNS,
    BY_SECTOR_LEVELS,
    ENTERED,
    LEFT,
    MEASURES,
    QuarterlyTotal,
    SectorTotal,
)

__all__ = [
    "AMOUNT_COLUMNS",
    "BY_SECTOR_LEVELS",
    "ENTERED",
    "LEFT",
    "MEASURES",
    "AuditDifference",
    "AuditPart",
    "AuditRun",
    "Delivery",
    "Part",
    "QuarterlyTotal",
    "RebuildPart",
    "RebuildRun",
    "Release",
    "ReleaseProof",
    "ReportedTotal",
    "Run",
    "SectorTotal",
    "Subscription",
    "Target",
    "Unit",
]
