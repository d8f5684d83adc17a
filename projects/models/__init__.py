"""The record and its ledger."""

from projects.models.base import AmountField, LongTextField, TextField, Versioned
from projects.models.districts import District, ancestors_of
from projects.models.ledger import Cause, LedgerEntry, TouchedCell
from projects.models.milestones import (
    COUNTABLE_KINDS,
    STAGE_KINDS,
    STOCK_KINDS,
    Kind,
    Milestone,
    Precision,
    Reason,
    period_of,
)
from projects.models.projects import Project
from projects.models.reference import Ceremony, Organization, Ownership, Sector, SectorScheme, SizeBand
from projects.models.stages import ExclusionReason, ProjectType, Stage
from projects.models.users import ApiToken, Membership, User

__all__ = [
    "COUNTABLE_KINDS",
    "STAGE_KINDS",
    "STOCK_KINDS",
    "AmountField",
    "ApiToken",
    "Cause",
    "Ceremony",
    "District",
    "ExclusionReason",
    "Kind",
    "LedgerEntry",
    "LongTextField",
    "Membership",
    "Milestone",
    "Organization",
    "Ownership",
    "Precision",
    "Project",
    "ProjectType",
    "Reason",
    "Sector",
    "SectorScheme",
    "SizeBand",
    "Stage",
    "TextField",
    "TouchedCell",
    "User",
    "Versioned",
    "ancestors_of",
    "period_of",
]
