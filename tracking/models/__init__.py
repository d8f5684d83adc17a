"""The figures and what follows from them."""

from tracking.models.audits import AuditDifference, AuditRun
from tracking.models.claims import ReportedTotal, Target, Unit
from tracking.models.mailing import Delivery, Subscription
from tracking.models.releases import Release, ReleaseProof
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
    "AuditRun",
    "Delivery",
    "QuarterlyTotal",
    "Release",
    "ReleaseProof",
    "ReportedTotal",
    "SectorTotal",
    "Subscription",
    "Target",
    "Unit",
]
