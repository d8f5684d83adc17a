"""Confidential before signing: what would tell who comes is put aside as it is written, and comes back afterwards.

A confidential project is stored under its mask, so whatever reads projects reads the mask; nothing has to remember to.
Its history alone holds what was true, and tells it to those only who may know it (`projects.history`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.utils import timezone

from projects.models import HIDDEN, Project, PutAside, mask_of
from projects.services.changes import Draft, Secret
from projects.unmasking import is_unmasked

INVESTORS = "investors"


def end_secrets(drafts: Sequence[Draft], at: datetime) -> None:
    """Let projects be confidential no longer that are signed by now, on a day that is known, or whose date has come."""
    for draft in drafts:
        if draft.project.confidential and _is_over(draft.project, at):
            draft.project.confidential, draft.project.confidential_until = False, None


def recall(drafts: Sequence[Draft]) -> None:
    """Find what was true until now of recorded projects that are confidential, or were, and what is to be."""
    concerned = [draft for draft in drafts if draft.stored is not None and is_hidden(draft)]
    if not concerned:
        return
    ids = [draft.project.pk for draft in concerned]
    aside = PutAside.objects.prefetch_related(INVESTORS).in_bulk(ids)
    for draft in concerned:
        row = aside.get(draft.project.pk)
        holder: Any = row or draft.stored
        before = {name: getattr(holder, name) for name in HIDDEN}
        before[INVESTORS] = sorted(holder.investors.all(), key=attrgetter("pk"))
        draft.secret = Secret(before, _facts(draft, before, is_aside=row is not None))


def hide(drafts: Sequence[Draft]) -> None:
    """Put masks in the place of what is secret of these projects, which have their ids; or bring back what was."""
    for draft in drafts:
        project = draft.project
        if draft.stored is None and project.confidential:
            draft.secret = Secret({}, _facts(draft, {INVESTORS: []}, is_aside=False))
        if draft.secret is None:
            continue
        facts = draft.secret.after
        if project.confidential:
            _set(project, mask_of(project.pk))
            draft.links[INVESTORS] = []
        else:
            facts["code"] = _free_code(project, facts["code"])
            _set(project, facts)
            draft.links[INVESTORS] = facts[INVESTORS]


def keep_secrets(drafts: Sequence[Draft]) -> None:
    """Write what was put aside of projects that are written by now, and drop what is not secret any more."""
    for draft in drafts:
        if draft.secret is None:
            continue
        if draft.project.confidential:
            facts = {name: draft.secret.after[name] for name in HIDDEN}
            row, _made = PutAside.objects.update_or_create(project=draft.project, defaults=facts)
            row.investors.set(draft.secret.after[INVESTORS])
        else:
            PutAside.objects.filter(project=draft.project).delete()


def is_hidden(draft: Draft) -> bool:
    """Whether the project is confidential, or was until now."""
    return draft.project.confidential or (draft.stored is not None and draft.stored.confidential)


def _is_over(project: Project, at: datetime) -> bool:
    until = project.confidential_until
    return project.signed_on is not None or (until is not None and until <= timezone.localdate(at))


def _facts(draft: Draft, before: dict[str, Any], *, is_aside: bool) -> dict[str, Any]:
    """What is to be true of the project: as given, and where only the mask was given, as it was put aside."""
    facts = {name: getattr(draft.project, name) for name in HIDDEN}
    if is_aside and not is_unmasked(draft.project):
        mask = mask_of(draft.project.pk)
        facts = {name: before[name] if value == mask[name] else value for name, value in facts.items()}
    given = draft.change.investors
    return {**facts, INVESTORS: before[INVESTORS] if given is None else list(given)}


def _set(project: Project, values: dict[str, Any]) -> None:
    for name in HIDDEN:
        setattr(project, name, values[name])


def _free_code(project: Project, code: str) -> str:
    """The project's code; where somebody has taken it meanwhile, its number."""
    taken = Project.objects.filter(code=code).exclude(pk=project.pk).exists()
    return mask_of(project.pk)["code"] if taken else code
