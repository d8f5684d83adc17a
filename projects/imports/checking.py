"""Checking a workbook: read, understood, compared with the record, asked of every rule; nothing is recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects import services
from projects.file_store import path_of
from projects.imports import columns, planning, reading
from projects.imports.applying import Tell, changes_of
from projects.imports.duplicates import warn_of_duplicates, warn_of_rows_alike
from projects.imports.findings import Finding, Place, found
from projects.imports.keeping import Pages, as_planned
from projects.imports.rows import Line
from projects.models import Import, ImportPart, User
from projects.workbooks import Unreadable, read_tables
from projects.workbooks.fields import BESIDE_DATES

TOGETHER = 2_000  # rows whose records are held at once
Sort = ImportPart.Sort

LOST = _("The file is no longer there. Send it again.")
NOTHING = _("There is no row of a project in this workbook. The template shows how one looks.")
STALE = _("Somebody has changed this project while the workbook was being checked. Check it again.")


def check(run: Import, reader: User, *, at: datetime, tell: Tell) -> None:
    """Find and keep everything that is to be said about a workbook before it is imported; `reader` is who imports it.

    Called in a transaction; the import's own row is given the counts, and is not saved.
    """
    pages = Pages(run)
    errors: list[Finding] = []
    warnings: list[Finding] = []
    try:
        tables = read_tables(path_of(run.sha256), run.file_name)
    except Unreadable as refusal:
        errors.append(found(Place(), refusal.code, refusal.detail, value=run.file_name))
    except FileNotFoundError:
        errors.append(found(Place(), "lost", LOST, value=run.file_name))
    else:
        of_columns = columns.settle(tables, run)
        run.columns = columns.described(tables)
        errors += [f for f in of_columns if f.code in columns.ERRORS]
        warnings += [f for f in of_columns if f.code not in columns.ERRORS]
        warnings += reading.remarks_of(tables)
        lines = reading.lines_of(tables)
        del tables
        if not lines:
            errors.append(found(Place(), "nothing", NOTHING, value=run.file_name))
        for line in _checked(lines, run, reader, pages, at=at, tell=tell):
            errors += line.errors
            warnings += line.warnings
            line.let_go()
    pages.keep_findings(Sort.ERRORS, errors)
    pages.keep_findings(Sort.WARNINGS, warnings)
    pages.close()
    run.rows, run.refused = pages.rows, pages.refused
    run.created, run.changed, run.unchanged, run.error_count, run.warning_count = (
        pages.kept[sort] for sort in (Sort.CREATED, Sort.CHANGED, Sort.UNCHANGED, Sort.ERRORS, Sort.WARNINGS)
    )
    run.status = Import.Status.INVALID if errors else Import.Status.READY


def _checked(
    lines: Sequence[Line], run: Import, reader: User, pages: Pages, *, at: datetime, tell: Tell
) -> Iterator[Line]:
    """The rows, once all has been said of them and they are kept."""
    number, done = len(lines), 0
    tell(number // 4, number)
    names = planning.settle(lines, run)
    warn_of_rows_alike(lines, names.investors)
    usual = reading.usual_amounts(lines)
    for part in parts_of(lines):
        planning.compare(part, names, reader, at=at)
        planned = {line.key: as_planned(line) for line in part}
        ask_the_rules(part, planned, reader, at=at)
        warn_of_duplicates(part, reader)
        reading.look_for_slips(part, usual)
        for line in part:
            pages.keep(line, planned[line.key])
            yield line
        done += len(part)
        tell(number // 4 + done * 3 // 4, number)


def parts_of(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The rows, some thousand at a time: phases of another row's project directly after it, and never without it."""
    phases: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.parent is not None:
            phases[line.parent.key].append(line)
    part: list[Line] = []
    for line in lines:
        if line.parent is None:
            part += [line, *phases[line.key]] if line.key in phases else [line]
            if len(part) >= TOGETHER:
                yield part
                part = []
    if part:
        yield part


# --- rules --------------------------------------------------------------------------------------------------------


def ask_the_rules(
    lines: Sequence[Line], planned: Mapping[str, dict[str, Any]], actor: User, *, at: datetime
) -> None:
    """Have each row refused as saving it would refuse it; phases beside what they are phases of."""
    asked = [line for line in lines if line.differs and line.match.fault is None]
    there = {line.key for line in asked}
    asked = [line for line in asked if line.parent is None or line.parent.key in there]
    family = {line.parent.key for line in asked if line.parent} | {line.key for line in asked if line.parent}
    for is_family in (False, True):
        together = [line for line in asked if (line.key in family) is is_family]
        made = changes_of([planned[line.key] for line in together], actor, at=at, is_trial=True)
        for index, refusal in services.refusals_of(made, actor=actor, at=at).items():
            _note(together[index], refusal)


def _note(line: Line, refusal: ValidationError | StaleVersion) -> None:
    if isinstance(refusal, StaleVersion):
        line.refuse("name", "stale", STALE)
        return
    found_errors = (
        refusal.error_dict if hasattr(refusal, "error_dict") else {NON_FIELD_ERRORS: refusal.error_list}
    )
    for name, errors in found_errors.items():
        is_reason = any(error.code == "reason_required" for error in errors)
        line.refuse_by_rule(name if line.has(name) else _cell_of(line, name, is_reason=is_reason), errors)


def _cell_of(line: Line, name: str, *, is_reason: bool) -> str:
    """The field at whose cell a fault of another field is shown: of a milestone, or of the row as a whole."""
    if name == "milestones":
        steps = (cell for cell in line.columns if planning.kind_of(cell) and cell not in BESIDE_DATES)
        given = [cell for cell in steps if line.has(cell)]
        if is_reason:  # of a step that ends or halts
            given = [cell for cell in given if cell.replace("_on", "_reason") in BESIDE_DATES] + given
        return given[0] if given else "name"
    return name if name in line.wrong else "name" if name == NON_FIELD_ERRORS else name
