"""The record and its ledger."""

from projects.models.accounts import AccountChange
from projects.models.attachments import Attachment
from projects.models.base import AmountField, LongTextField, TextField, Versioned
from projects.models.charges import Charge
from projects.models.comments import Comment, Mention
from projects.models.confidential import HIDDEN, PutAside, mask_of
from projects.models.districts import District, Succession, ancestors_of
from projects.models.duplicates import (
    HINT,
    DuplicateCheck,
    DuplicateDecision,
    DuplicatePair,
    Likeness,
    Verdict,
)
from projects.models.imports import Import, ImportMapping, ImportPart
from projects.models.layouts import ExportLayout, GroupedBy
from projects.models.ledger import Cause, LedgerEntry, LedgerSeal, TouchedCell
from projects.models.lists import AmountUnit, ExportUnit, ListPreference, SavedView
from projects.models.making import maker_of
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
from projects.models.reference import (
    Ceremony,
    Organization,
    Ownership,
    PastBands,
    Sector,
    SectorScheme,
    SizeBand,
    bands_holding,
)
from projects.models.reports import ProgressReport
from projects.models.revisions import BulkChange, Door, Revision
from projects.models.search import ProjectSearch, SearchedText, holds_all
from projects.models.stages import ExclusionReason, ProjectType, Review, Stage
from projects.models.tags import Tag
from projects.models.users import ApiToken, Membership, User, colleagues

__all__ = [
    "COUNTABLE_KINDS",
    "HIDDEN",
    "HINT",
    "STAGE_KINDS",
    "STOCK_KINDS",
    "AccountChange",
    "AmountField",
    "AmountUnit",
    "ApiToken",
    "Attachment",
    "BulkChange",
    "Cause",
    "Ceremony",
    "Charge",
    "Comment",
    "District",
    "Door",
    "DuplicateCheck",
    "DuplicateDecision",
    "DuplicatePair",
    "ExclusionReason",
    "ExportLayout",
    "ExportUnit",
    "GroupedBy",
    "Import",
    "ImportMapping",
    "ImportPart",
    "Kind",
    "LedgerEntry",
    "LedgerSeal",
    "Likeness",
    "ListPreference",
    "LongTextField",
    "Membership",
    "Mention",
    "Milestone",
    "Organization",
    "Ownership",
    "PastBands",
    "Precision",
    "ProgressReport",
    "Project",
    "ProjectSearch",
    "ProjectType",
    "PutAside",
    "Reason",
    "Review",
    "Revision",
    "SavedView",
    "SearchedText",
    "Sector",
    "SectorScheme",
    "SizeBand",
    "Stage",
    "Succession",
    "Tag",
    "TextField",
    "TouchedCell",
    "User",
    "Verdict",
    "Versioned",
    "ancestors_of",
    "bands_holding",
    "colleagues",
    "holds_all",
    "maker_of",
    "mask_of",
    "period_of",
]
