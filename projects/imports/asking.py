"""What people ask of imports: a workbook taken in, its columns and doubts explained, imported, taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import NothingNew
from projects.access import Role, edits_everywhere, subtrees_of
from projects.file_names import visible_name
from projects.file_store import store
from projects.imports import columns
from projects.imports.jobs import WORK
from projects.models import District, Door, Import, ImportPart, User
from projects.services.announce import send_hint
from projects.services.transactions import one_transaction

SUFFIXES = (".xlsx", ".xls", ".csv", ".txt", ".tsv")
MOST_ANSWERS = 50_000
Status, Job = Import.Status, Import.Job
AGAIN = (Status.READY, Status.INVALID, Status.FAILED)  # from where a workbook may be checked once more

CHOOSE = _("Say into which district the workbook is imported: you record projects in several.")
EITHER = _("A workbook is imported into one district or into the whole country, not both.")
NOWHERE = _("You record projects in no district.")
WRONG_TYPE = _(
    "Only workbooks (.xlsx, .xls) and CSV files (.csv, .txt, .tsv) are read. Save it as one of these."
)
EMPTY = _("The file is empty.")
BUSY = _("It is being worked at just now. Wait until that is done.")
NOTHING = _("Everything in this workbook is recorded already: there is nothing to import.")
NOT_READY = _("Nothing is imported before all errors are corrected and all questions are answered.")
DONE = _("It was imported already, at %(at)s.")
UNDONE = _("It was taken back already, at %(at)s.")
NOT_DONE = _("It was not imported, so there is nothing to take back.")


def districts_of(user: User) -> list[District]:
    """Into what this user may import: the districts of the own roles as an editor, the highest first."""
    if user.is_superuser:
        return list(District.objects.filter(parent=None).order_by("path"))
    held = District.objects.filter(memberships__user=user, memberships__role=Role.EDITOR).distinct()
    districts = list(held.order_by("path"))
    return [
        d for d in districts if not any(d.path != o.path and d.path.startswith(o.path) for o in districts)
    ]


def place_for(user: User, chosen: District | None, *, everywhere: bool = False) -> District | None:
    """The district that was chosen, or the only one; None: the whole country. Raises ValidationError."""
    if everywhere:
        if chosen is not None:
            raise ValidationError({"district": ValidationError(EITHER, code="invalid")})
        if not edits_everywhere(user):
            raise ValidationError({"district": ValidationError(NOWHERE, code="foreign_district")})
        return None
    if chosen is not None:
        if not District.objects.filter(subtrees_of(user, Role.EDITOR), pk=chosen.pk).exists():
            raise ValidationError({"district": ValidationError(NOWHERE, code="foreign_district")})
        return chosen
    own = districts_of(user)
    if len(own) != 1:
        raise ValidationError({"district": ValidationError(CHOOSE if own else NOWHERE, code="required")})
    return own[0]


def take_in(
    file: UploadedFile[bytes],
    *,
    into: District | None,
    actor: User,
    at: datetime,
    door: Door,
    mapping: Any = None,
    answers: Any = None,
) -> Import:
    """Keep a workbook and have it checked; into the whole country where there is no district.

    Raises ValidationError (under `file`, `mapping` or `answers`).
    """
    errors: dict[str, Any] = {}
    name = _checked_name(file, errors)
    said = _tried(errors, "mapping", lambda: columns.read_mapping(mapping or {}))
    answered = _tried(errors, "answers", lambda: read_answers(answers or {}))
    if errors:
        raise ValidationError(errors)
    file.seek(0)
    kept = store(file.chunks())
    run = Import(
        district=into, uploaded_by=actor, asked_by=actor, asked_at=at, created_at=at, updated_at=at, door=door,
        file_name=name, sha256=kept.sha256, size=kept.size, mapping=said, answers=answered,
    )  # fmt: skip
    _save_new(run)
    return run


@one_transaction
def _save_new(run: Import) -> None:
    run.save(force_insert=True)
    columns.remember(run.district, run.mapping, actor=run.uploaded_by, at=run.created_at)
    _hint()


def _checked_name(file: UploadedFile[bytes], errors: dict[str, Any]) -> str:
    name = visible_name(file.name or "")
    if PurePosixPath(name).suffix.lower() not in SUFFIXES:
        errors["file"] = ValidationError(WRONG_TYPE, code="file_type")
    elif not file.size:
        errors["file"] = ValidationError(EMPTY, code="empty")
    return name


def _tried(errors: dict[str, Any], name: str, read: Any) -> Any:
    try:
        return read()
    except ValidationError as error:
        errors[name] = error.error_list
        return None


def read_answers(given: Any) -> dict[str, str]:
    """Answers to questions, by `sheet!row`: `new`, or the code of a project. Raises ValidationError."""
    fits = isinstance(given, dict) and len(given) <= MOST_ANSWERS
    if not fits or not all(isinstance(value, str) and len(value) <= 40 for value in given.values()):
        message = _("Answers are one JSON object: “new” or a project's code by sheet!row.")
        raise ValidationError(message, code="invalid")
    return {str(key)[:200]: value for key, value in given.items()}


# --- asked for ----------------------------------------------------------------------------------------------------


@one_transaction
def explain_columns(run: Import, mapping: Mapping[str, Any], *, actor: User, at: datetime) -> Import:
    """Say what columns mean, remember it for the bureau, and have the workbook checked again. Raises NothingNew."""
    here = _locked(run, AGAIN)
    here.mapping = {**here.mapping, **mapping}
    columns.remember(here.district, mapping, actor=actor, at=at)
    return _ask(here, Job.CHECK, Status.CHECKING, actor=actor, at=at)


@one_transaction
def answer(run: Import, answers: Mapping[str, str], *, actor: User, at: datetime) -> Import:
    """Answer which project rows mean, and have the workbook checked again. Raises NothingNew."""
    here = _locked(run, AGAIN)
    here.answers = {**here.answers, **{key: value for key, value in answers.items() if value}}
    return _ask(here, Job.CHECK, Status.CHECKING, actor=actor, at=at)


@one_transaction
def check_again(run: Import, *, actor: User, at: datetime) -> Import:
    """Compare the workbook with the record once more. Raises NothingNew."""
    return _ask(_locked(run, AGAIN), Job.CHECK, Status.CHECKING, actor=actor, at=at)


@one_transaction
def ask_to_commit(run: Import, *, actor: User, at: datetime) -> Import:
    """Have imported what the preview of this version shows. Raises NothingNew where that cannot be, with the reason."""
    here = _locked(run, (Status.READY,))
    if not here.has_news:
        raise NothingNew(NOTHING)
    return _ask(here, Job.COMMIT, Status.COMMITTING, actor=actor, at=at)


@one_transaction
def ask_to_undo(run: Import, *, actor: User, at: datetime) -> Import:
    """Have an import taken back as a whole. Raises NothingNew where that cannot be, with the reason."""
    here = _locked(run, (Status.COMMITTED,))
    return _ask(here, Job.UNDO, Status.COMMITTED, actor=actor, at=at)


def _locked(run: Import, statuses: Iterable[str]) -> Import:
    """The import as it is stored, for a change. Raises NothingNew where it has come too far, or not far enough."""
    here = Import.objects.select_for_update(no_key=True, of=("self",)).get(pk=run.pk)
    if here.job:
        raise NothingNew(BUSY)
    if here.status not in statuses:
        raise NothingNew(_why_not(here))
    return here


def _why_not(run: Import) -> Any:
    if run.status == Status.UNDONE and run.undone_at:
        return UNDONE % {"at": _shown(run.undone_at)}
    if run.status == Status.COMMITTED and run.committed_at:
        return DONE % {"at": _shown(run.committed_at)}
    return (
        NOT_READY if run.committed_at is None and run.status in (Status.INVALID, Status.FAILED) else NOT_DONE
    )


def _shown(at: datetime) -> str:
    return date_format(timezone.localtime(at), "Y-m-d H:i")


def _ask(here: Import, job: str, status: str, *, actor: User, at: datetime) -> Import:
    here.job, here.status, here.notice, here.tries = job, status, "", 0
    here.asked_by, here.asked_at, here.updated_at = actor, at, at
    here.done = here.of = 0
    here.version += 1
    here.save()
    _hint()
    return here


def _hint() -> None:
    transaction.on_commit(partial(send_hint, WORK))


# --- looked at ----------------------------------------------------------------------------------------------------


def page_of(run: Import, sort: str, number: int = 0) -> list[dict[str, Any]]:
    """One page of what a check has found."""
    part = ImportPart.objects.filter(run=run, sort=sort, number=number).first()
    return list(part.lines) if part else []


def sent_before(run: Import, user: User) -> Import | None:
    """The latest import of the very same file before this one, of those that the user may know of."""
    same = Import.objects.visible_to(user).filter(sha256=run.sha256, pk__lt=run.pk, district=run.district)
    return same.filter(committed_at__isnull=False).select_related("committed_by").order_by("-pk").first()
