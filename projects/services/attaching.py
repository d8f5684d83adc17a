"""Attaching files to projects: looked at, kept by hash, written with the project's history; removed, but kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects.file_names import shown_name
from projects.file_store import store
from projects.file_types import type_of
from projects.models import Attachment, Door, Project, User
from projects.services.annexes import ATTACHMENT, FieldChange
from projects.services.recording import save_annex


@dataclass(slots=True)
class Attached:
    """A file that comes to a project."""

    attachment: Attachment

    def faults(self, project: Project) -> dict[str, list[ValidationError]]:
        """There already, or one too many."""
        kept = Attachment.objects.filter(project=project).kept()
        if same := kept.filter(sha256=self.attachment.sha256).first():
            message = _("This file is attached already, as %(name)s.")
            return {"file": [ValidationError(message, code="unique", params={"name": same.name})]}
        most = settings.ATTACHMENTS_PER_PROJECT
        if kept.count() >= most:
            message = _("A project has at most %(most)d files. Remove one that is not needed any more.")
            return {"file": [ValidationError(message, code="too_many", params={"most": most})]}
        return {}

    def write(self, project: Project, *, at: datetime) -> list[FieldChange]:
        """One row."""
        self.attachment.project, self.attachment.added_at = project, at
        self.attachment.save(force_insert=True)
        return [_change(None, self.attachment)]


@dataclass(slots=True)
class Detached:
    """A file that is removed from a project."""

    attachment: Attachment
    actor: User | None

    def faults(self, project: Project) -> dict[str, list[ValidationError]]:
        """Nothing. Raises StaleVersion where somebody else was first."""
        if not Attachment.objects.filter(pk=self.attachment.pk, project=project).kept().exists():
            raise StaleVersion(0)
        return {}

    def write(self, project: Project, *, at: datetime) -> list[FieldChange]:
        """A mark on its row."""
        self.attachment.removed_at, self.attachment.removed_by = at, self.actor
        self.attachment.save(update_fields=["removed_at", "removed_by"])
        return [_change(self.attachment, None)]


def attach_file(
    project: Project,
    file: UploadedFile[bytes],
    kind: str,
    *,
    actor: User | None,
    at: datetime,
    door: Door = Door.SYSTEM,
) -> Attachment:
    """Keep a file of one of Attachment.Kind that belongs to a recorded project.

    Raises ValidationError (under `file` or `kind`) where it is empty, not of a kept type, not what its name says, there
    already, or one too many. A content whose row comes to nothing stays in the folder, and harms nobody there.
    """
    attachment = Attachment(project=project, kind=kind, added_at=at, added_by=actor)
    others = {f.name for f in Attachment._meta.fields} - {"kind"}  # which are ours to set
    attachment.clean_fields(exclude=others)
    try:
        found = type_of(file.file)  # type: ignore[arg-type]
        attachment.name, attachment.file_type = shown_name(file.name or "", found), found
    except ValidationError as refusal:
        raise ValidationError({"file": refusal.error_list}) from refusal
    file.seek(0)
    attachment.sha256, attachment.size = store(file.chunks())
    save_annex(project, Attached(attachment), actor=actor, at=at, door=door)
    return attachment


def detach_file(
    attachment: Attachment, *, actor: User | None, at: datetime, door: Door = Door.SYSTEM
) -> None:
    """Remove a file from its project; the row stays, marked, and the content with it. Raises StaleVersion."""
    save_annex(attachment.project, Detached(attachment, actor), actor=actor, at=at, door=door)


def _change(before: Attachment | None, after: Attachment | None) -> FieldChange:
    """By what it is for: its name."""
    names = [str(each) if each else None for each in (before, after)]
    return FieldChange(
        of=ATTACHMENT, field=(after or before or Attachment()).kind, before=names[0], after=names[1]
    )
