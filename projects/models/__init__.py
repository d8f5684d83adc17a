"""The record and its ledger."""

from projects.models.accounts import AccountChange
from projects.models.attachments import Attachment
from projects.models.base import AmountField, LongTextField, TextField, Versioned
from projects.models.charges import Charge
from projects.models.comments import Comment, Mention
from projects.models.confidential import HIDDEN, PutAside, mask_of
from projects.models.districts import District, Succession, ancestors_of
from projects.models.imports import Import, ImportMapping, ImportPart
