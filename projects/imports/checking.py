"""Checking a workbook: read, understood, compared with the record, asked of every rule; nothing is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects import services
from projects.file_store import path_of
from projects.imports import columns, planning, reading
from projects.imports.applying import Tell, changes_of
from projects.imports.duplicates import warn_of_duplicates
from projects.imports.findings import Finding, Place, found, in_order
from projects.imports.matching import codes_of
from projects.imports.rows import Line
from projects.models import Import, ImportPart, User
from projects.rows import columns_of, insert_rows
from projects.workbooks import Unreadable, read_tables
from projects.workbooks.fields import NOTED

PAGE = 200  # lines of a part
PART = columns_of(ImportPart, "run", "sort", "number", "lines")
TOGETHER = 2_000  # rows whose records are held at once
Sort = ImportPart.Sort

LOST = _("The file is no longer there. Send it again.")
NOTHING = _("There is no row of a project in this workbook. The template shows how one looks.")
STALE = _("Somebody has changed this project while the workbook was being checked. Check it again.")


@dataclass
class Outcome:
    """What a check has found."""

    lines: list[Line] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    columns: list[dict[str, Any]] = field(default_factory=list)


def check(run: Import, reader: User, *, at: datetime, tell: Tell) -> Outcome:
    """Everything that is to be said about a workbook before it is imported; `reader` is who imports it."""
    outcome = Outcome()
    try:
        tables = read_tables(path_of(run.sha256), run.file_name)
    except Unreadable as refusal:
        outcome.errors.append(found(Place(), refusal.code, refusal.detail, value=run.file_name))
        return outcome
    except FileNotFoundError:
        outcome.errors.append(found(Place(), "lost", LOST, value=run.file_name))
        return outcome
    of_columns = columns.settle(tables, run)
    outcome.columns = columns.described(tables)
    outcome.errors += [f for f in of_columns if f.code in columns.ERRORS]
    outcome.warnings += [f for f in of_columns if f.code not in columns.ERRORS]
    outcome.warnings += reading.remarks_of(tables)
    outcome.lines = lines = reading.lines_of(tables)
    if not lines:
        outcome.errors.append(found(Place(), "nothing", NOTHING, value=run.file_name))
        return outcome
    number = len(lines)
    tell(number // 4, number)
    planning.plan(lines, run, reader, at=at, tell=lambda done: tell(number // 4 + done // 2, number))
    ask_the_rules(lines, reader, at=at)
    warn_of_duplicates(lines, reader)
    reading.look_for_slips(lines)
    outcome.errors += [finding for line in lines for finding in line.errors]
    outcome.warnings += [finding for line in lines for finding in line.warnings]
    return outcome


# --- rules --------------------------------------------------------------------------------------------------------


def ask_the_rules(lines: Sequence[Line], actor: User, *, at: datetime) -> None:
    """Have each row refused as saving it would refuse it; phases beside what they are phases of."""
    asked = [line for line in in_turn(lines) if line.differs and line.match.fault is None]
    family = {line.parent.key for line in asked if line.parent} | {line.key for line in asked if line.parent}
    alone = [line for line in asked if line.key not in family]
    groups = [alone[start : start + TOGETHER] for start in range(0, len(alone), TOGETHER)]
    for together in [*groups, [line for line in asked if line.key in family]]:
        made = changes_of([as_planned(line) for line in together], actor, at=at, is_trial=True)
        for index, refusal in services.refusals_of(made, actor=actor, at=at).items():
            _note(together[index], refusal)


def in_turn(lines: Iterable[Line]) -> list[Line]:
    """Rows in an order in which a phase comes after the project that it is a phase of."""
    return sorted(lines, key=lambda line: line.parent is not None)


def _note(line: Line, refusal: ValidationError | StaleVersion) -> None:
    if isinstance(refusal, StaleVersion):
        line.refuse("name", "stale", STALE)
        return
    found_errors = (
        refusal.error_dict if hasattr(refusal, "error_dict") else {NON_FIELD_ERRORS: refusal.error_list}
    )
    for name, errors in found_errors.items():
        line.refuse_by_rule(name if name in line.cells else _cell_of(line, name), errors)


def _cell_of(line: Line, name: str) -> str:
    """The field at whose cell a fault of another field is shown: of a milestone, or of the row as a whole."""
    if name == "milestones":
        return next((cell for cell in line.cells if planning.kind_of(cell) and cell not in NOTED), "name")
    return name if name in line.wrong else "name" if name == NON_FIELD_ERRORS else name


# --- kept ---------------------------------------------------------------------------------------------------------


def as_planned(line: Line) -> dict[str, Any]:
    """A row as it is kept: what committing needs, and what the preview shows."""
    return {
        "key": line.key,
        "sheet": line.sheet,
        "row": line.number,
        "project": line.match.project,
        "version": line.version,
        "code": str(line.said.get("code", "")),
        "name": str(line.said.get("name", "")),
        "changes": line.changes,
        "parent": line.parent.key if line.parent else None,
        "backers": None if line.investors is None or not (line.is_new or line.was_backed_by is not None) else
        {"ids": sorted(each.pk for each in line.investors if not isinstance(each, str)),
         "new": [each for each in line.investors if isinstance(each, str)],
         "before": line.was_backed_by or [],
         "after": [str(each if isinstance(each, str) else each.name) for each in line.investors]},
    }  # fmt: skip


def keep(run: Import, outcome: Outcome) -> None:
    """Write what was found, instead of what an earlier check had found."""
    refused = [line for line in outcome.lines if line.errors]
    right = in_turn(line for line in outcome.lines if not line.errors)
    pages: dict[str, list[Any]] = {
        Sort.CREATED: [as_planned(line) for line in right if line.is_new],
        Sort.CHANGED: [as_planned(line) for line in right if not line.is_new and line.differs],
        Sort.UNCHANGED: [as_planned(line) for line in right if not line.differs],
        Sort.ERRORS: [finding.as_json() for finding in in_order(outcome.errors)],
        Sort.WARNINGS: [finding.as_json() for finding in in_order(outcome.warnings)],
        Sort.QUESTIONS: [_question(line) for line in refused if line.match.asked],
    }
    run.parts.all().delete()
    rows = (
        (run.pk, str(sort), number, json.dumps(lines[start : start + PAGE], ensure_ascii=False))
        for sort, lines in pages.items()
        for number, start in enumerate(range(0, len(lines), PAGE))
    )
    insert_rows(ImportPart, PART, rows)
    run.rows, run.refused, run.columns = len(outcome.lines), len(refused), outcome.columns
    run.created, run.changed, run.unchanged = (
        len(pages[sort]) for sort in (Sort.CREATED, Sort.CHANGED, Sort.UNCHANGED)
    )
    run.error_count, run.warning_count = len(outcome.errors), len(outcome.warnings)
    run.status = Import.Status.INVALID if outcome.errors else Import.Status.READY


def _question(line: Line) -> dict[str, Any]:
    return {
        "key": line.key,
        "sheet": line.sheet,
        "row": line.number,
        "name": str(line.said.get("name", "")),
        "asked": codes_of(line.match.asked),
    }
