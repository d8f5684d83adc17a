"""Confidential before signing: what would tell who comes is put aside as it is written, and comes back afterwards.

A confidential project is stored under its mask, so whatever reads projects reads the mask; nothing has to remember to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from projects.models import HIDDEN, Organization, Project, PutAside, mask_of
from projects.services.changes import Draft
from projects.unmasking import is_unmasked

INVESTORS = "investors"


def end_secrets(drafts: Sequence[Draft], at: datetime) -> None:
    """Let projects be confidential no longer that are signed by now, on a day that is known, or whose date has come."""
    for draft in drafts:
        if draft.project.confidential and _is_over(draft.project, at):
            draft.project.confidential, draft.project.confidential_until = False, None


def hide(drafts: Sequence[Draft]) -> None:
    """Put what is secret of these projects, which have their ids, aside and masks in its place; or bring it back."""
    concerned = [draft for draft in drafts if is_hidden(draft)]
    if not concerned:
        return
    ids = [draft.project.pk for draft in concerned if draft.stored is not None]
    aside = PutAside.objects.prefetch_related(INVESTORS).in_bulk(ids)
    for draft in concerned:
        project, row = draft.project, aside.get(draft.project.pk)
        facts = _facts(draft, row)
        draft.secrets, draft.backers = facts, _backers(draft, row)
        if project.confidential:
            _set(project, mask_of(project.pk))
            draft.links[INVESTORS] = []
        else:
            _set(project, {**facts, "code": _free_code(project, facts["code"])})
            draft.links[INVESTORS] = draft.backers


def keep_secrets(drafts: Sequence[Draft]) -> None:
    """Write what was put aside of projects that are written by now, and drop what is not secret any more."""
    for draft in drafts:
        if draft.secrets is None:
            continue
        if draft.project.confidential:
            row, _made = PutAside.objects.update_or_create(project=draft.project, defaults=draft.secrets)
            row.investors.set(draft.backers)
        else:
            PutAside.objects.filter(project=draft.project).delete()


def is_hidden(draft: Draft) -> bool:
    """Whether the project is confidential, or was until now."""
    return draft.project.confidential or (draft.stored is not None and draft.stored.confidential)


def _is_over(project: Project, at: datetime) -> bool:
    until = project.confidential_until
    return project.signed_on is not None or (until is not None and until <= timezone.localdate(at))


def _facts(draft: Draft, row: PutAside | None) -> dict[str, str]:
    """What is true of the project: as given, and where only the mask was given, as it was put aside."""
    given = {name: getattr(draft.project, name) for name in HIDDEN}
    if row is None or is_unmasked(draft.project):
        return given
    mask = mask_of(draft.project.pk)
    return {name: getattr(row, name) if value == mask[name] else value for name, value in given.items()}


def _backers(draft: Draft, row: PutAside | None) -> list[Organization]:
    """Who invests: as given, else as it was put aside, else as it is stored."""
    if draft.change.investors is not None:
        return list(draft.change.investors)
    if row is not None:
        return list(row.investors.all())
    return list(draft.stored.investors.all()) if draft.stored else []


def _set(project: Project, values: dict[str, str]) -> None:
    for name, value in values.items():
        setattr(project, name, value)


def _free_code(project: Project, code: str) -> str:
    """The project's code; where somebody has taken it meanwhile, its number."""
    taken = Project.objects.filter(code=code).exclude(pk=project.pk).exists()
    return mask_of(project.pk)["code"] if taken else code
