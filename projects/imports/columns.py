"""What columns mean: as somebody said of this file, else as the bureau did before, else by their words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from projects.amounts import WAN, YI, YUAN
from projects.imports.findings import Finding, Place, as_text, found
from projects.models import District, Import, ImportMapping, User
from projects.text import comparable_name
from projects.workbooks import FIELDS, Column, Read, Table

UNITS = (YUAN, WAN, YI)
SAMPLES = 3
MOST = 300  # columns that a mapping may name
LONGEST = 200  # characters of a heading
PROBLEMS = "导入问题"  # the column that a marked workbook has, and that is passed over when it comes back

UNKNOWN = _("This column is not imported, for its heading is not known. If it should be, say what it means.")
TWICE = _("Two columns mean the same. Say what the other one means, or that it is not imported.")
NO_UNIT = _("Neither the heading nor the title says the unit of this column. Choose it among the columns.")
NO_COLUMN = _("No column holds the names of the projects. Say which one does.")

Mapping_ = Mapping[str, Mapping[str, Any]]  # by heading: {"field": …, "unit": …}


def heading(words: str) -> str:
    """A heading as mappings know it."""
    return comparable_name(words)[:LONGEST]


def settle(tables: Sequence[Table], run: Import) -> list[Finding]:
    """Give each column its field and unit; what has to be said about columns as a whole. Errors have `is_error`."""
    remembered = {
        m.words: {"field": m.field, "unit": m.unit}
        for m in ImportMapping.objects.filter(district=run.district)
    }
    chosen: dict[str, Mapping[str, Any]] = {**remembered, **run.mapping}
    findings: list[Finding] = []
    for table in tables:
        for column in table.columns:
            _mean(column, chosen)
        findings += _faults(table)
    return findings


def _mean(column: Column, chosen: Mapping_) -> None:
    said = chosen.get(heading(column.words))
    if said is not None:
        column.field = said.get("field") or None
        column.ignored = column.field is None
        column.unit = said.get("unit") or column.unit
    if comparable_name(column.words) == PROBLEMS:
        column.field, column.ignored = None, True


ERRORS = {"column_twice", "unit_unknown", "no_names"}


def _faults(table: Table) -> list[Finding]:
    """Columns that mean nothing, the same as another, or amounts without a unit."""
    findings = []
    seen: set[str] = set()
    for column in table.columns:
        place = Place(table.sheet, table.header[-1] if table.header else None, column.letter, column.words)
        if column.field is None:
            if not column.ignored and column.words and any(v not in (None, "") for v in table.values(column)):
                findings.append(found(place, "unknown_column", UNKNOWN, value=column.words))
        elif column.field in seen:
            findings.append(found(place, "column_twice", TWICE, value=column.words))
        elif is_amount(column.field) and column.unit is None and any(map(_is_bare, table.values(column))):
            findings.append(found(place, "unit_unknown", NO_UNIT, value=column.words))
        seen.add(column.field or "")
    if not seen & {"name", "code", "approval_code"}:
        place = Place(table.sheet, table.header[-1] if table.header else None)
        findings.append(found(place, "no_names", NO_COLUMN))
    return findings


def is_amount(field: str | None) -> bool:
    """Whether a field is an amount of money, which needs a unit."""
    return field in FIELDS and FIELDS[field].read == Read.AMOUNT


def _is_bare(value: Any) -> bool:
    """Whether a cell holds a number without words."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return True
    return isinstance(value, str) and value.strip().replace(",", "").replace(".", "", 1).isdigit()


def described(tables: Iterable[Table]) -> list[dict[str, Any]]:
    """The columns as the page shows them, each heading once, with some of what stands below it."""
    shown: dict[str, dict[str, Any]] = {}
    for table in tables:
        for column in table.columns:
            key = heading(column.words)
            if key in ("", PROBLEMS) or key in shown:
                continue
            filled = (value for value in table.values(column) if value not in (None, ""))
            shown[key] = {
                "key": key,
                "sheet": table.sheet,
                "letter": column.letter,
                "words": column.words[:LONGEST],
                "field": column.field or "",
                "unit": column.unit,
                "ignored": column.ignored,
                "samples": [as_text(value)[:40] for value in islice(filled, SAMPLES)],
            }
    return list(shown.values())[:MOST]


# --- said by hand -------------------------------------------------------------------------------------------------


def read_mapping(given: Any) -> dict[str, dict[str, Any]]:
    """A mapping as programs send it: field names, or objects with `field` and `unit`, by heading.

    Raises ValidationError with all that is wrong with it.
    """
    if not isinstance(given, dict) or len(given) > MOST:
        raise ValidationError(
            _("A mapping is one JSON object: fields by the headings of columns."), code="invalid"
        )
    found_ones: dict[str, dict[str, Any]] = {}
    errors = []
    for words, said in given.items():
        field, unit = (said.get("field"), said.get("unit")) if isinstance(said, dict) else (said, None)
        if isinstance(said, dict) and set(said) - {"field", "unit"}:
            errors.append(_wrong(words, _("it has a field and a unit, nothing else")))
        if field not in (None, "") and not (isinstance(field, str) and field in FIELDS):
            errors.append(_wrong(words, _("there is no such field")))
        if unit is not None and (type(unit) is not int or unit not in UNITS):
            errors.append(_wrong(words, _("a unit is 1, 10000 or 100000000 yuan")))
        found_ones[heading(words)] = {"field": field or "", "unit": unit}
    if errors:
        raise ValidationError(errors)
    return found_ones


def _wrong(words: str, why: Any) -> ValidationError:
    message = _("The mapping of “%(words)s” cannot be used: %(why)s.")
    return ValidationError(message, code="mapping", params={"words": words[:LONGEST], "why": why})


def remember(district: District | None, mapping: Mapping_, *, actor: User | None, at: datetime) -> None:
    """Keep for the bureau, or for workbooks of the whole country, what somebody has said about headings."""
    for words, said in mapping.items():
        facts = {"field": said.get("field") or "", "unit": said.get("unit"), "set_by": actor, "set_at": at}
        ImportMapping.objects.update_or_create(district=district, words=words, defaults=facts)
