"""What goes with a project beside its milestones and is saved with it: checked, written, told in the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypedDict

from django.core.exceptions import ValidationError

from projects.models import Project

# What a change in the history is `of`; its `field` is the role, the kind, the month.
CHARGE, ATTACHMENT, REPORT = "charge", "attachment", "report"


class FieldChange(TypedDict):
    """What one field of a project, or of what hangs on it, was and is."""

    of: str
    field: str
    before: Any
    after: Any


class Annex(Protocol):
    """New, changed or removed records that hang on one project. They move no figure, so the ledger knows none of it."""

    def faults(self, project: Project) -> Mapping[str, Sequence[ValidationError]]:
        """Everything wrong with it, under the name that forms and bodies have for it."""
        ...

    def write(self, project: Project, *, at: datetime) -> list[FieldChange]:
        """Write it for a project that is recorded and locked; what that changes, in the words of the history."""
        ...
