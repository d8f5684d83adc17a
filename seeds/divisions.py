"""A list of divisions: read, completed from the codes, and checked, every mistake at once with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from projects.models import District
from projects.text import clean_text
from seeds.tables import Row

COLUMNS = ("code", "name", "name_en", "level", "parent_code", "valid_from", "valid_to", "source")
REQUIRED = ("code", "name")
CODE = re.compile(r"[0-9]{6}(-[A-Z0-9]{1,12})?")
ORDER = [level.value for level in District.Level]
LEVELS_ZH = {"国家": "country", "省": "province", "市": "city", "区县": "district", "开发区": "zone"}


@dataclass(slots=True)
class Division:
    """One node of the tree as a file describes it; `parent_code` is empty at the top."""

    line: int
    code: str
    name: str
    name_en: str
    level: str
    parent_code: str
    valid_from: date | None
    valid_to: date | None


def divisions_of(rows: Iterable[Row], known: dict[str, str]) -> tuple[list[Division], list[str]]:
    """The divisions that the rows describe, higher ones first, and a sentence for each mistake.

    `known` gives the level of each district that the database holds already, by code.
    """
    problems: list[str] = []
    found: dict[str, Division] = {}
    for row in rows:
        division = _read(row, problems)
        if division.code in found:
            _add(problems, row.line, _("%(code)s is in line %(other)d already.")
                 % {"code": division.code, "other": found[division.code].line})  # fmt: skip
        else:
            found[division.code] = division
    levels = known | {code: division.level for code, division in found.items()}
    for division in found.values():
        division.parent_code = division.parent_code or derived_parent(division.code, levels)
        _check_place(division, levels, problems)
    return sorted(found.values(), key=lambda d: (_rank(d.level), d.line)), problems


def problems_of_columns(rows: list[Row]) -> list[str]:
    """A sentence for each column that is missing or unknown."""
    if not rows:
        return []
    names = set(rows[0].cells)
    missing = [
        _("Line 1: the column %(name)s is missing.") % {"name": name}
        for name in REQUIRED
        if name not in names
    ]
    unknown = [
        _("Line 1: the column %(name)s is unknown; the columns are %(columns)s.")
        % {"name": name or '""', "columns": ", ".join(COLUMNS)}
        for name in sorted(names.difference(COLUMNS))
    ]
    return missing + unknown


def derived_level(code: str) -> str:
    """The level that the shape of a code tells: 440000, 440100, 440112, 440112-GDD."""
    if "-" in code:
        return District.Level.ZONE.value
    if code.endswith("0000"):
        return District.Level.PROVINCE.value
    return (District.Level.CITY if code.endswith("00") else District.Level.DISTRICT).value


def derived_parent(code: str, existing: Iterable[str]) -> str:
    """The nearest higher code that exists: 440112-GDD → 440112 → 440100 → 440000; empty if there is none."""
    digits = code[:6]
    candidates = [digits] if "-" in code else []
    candidates += [f"{digits[:4]}00", f"{digits[:2]}0000"]
    return next((candidate for candidate in candidates if candidate != code and candidate in existing), "")


def _read(row: Row, problems: list[str]) -> Division:
    code = row["code"].upper()
    if not CODE.fullmatch(code):
        _add(problems, row.line, _("the code is %(code)s; write six digits, a zone with a suffix: 440112-GDD.")
             % {"code": row["code"] or '""'})  # fmt: skip
    level = LEVELS_ZH.get(row["level"], row["level"].lower()) or derived_level(code)
    if level not in ORDER:
        _add(problems, row.line, _("the level is %(level)s; it is one of %(levels)s.")
             % {"level": row["level"], "levels": ", ".join(ORDER)})  # fmt: skip
    division = Division(
        line=row.line,
        code=code,
        name=_text(row, "name", problems),
        name_en=_text(row, "name_en", problems),
        level=level,
        parent_code=row["parent_code"].upper(),
        valid_from=_date(row, "valid_from", problems),
        valid_to=_date(row, "valid_to", problems),
    )
    if division.valid_from and division.valid_to and division.valid_from > division.valid_to:
        _add(problems, row.line, _("valid_to is before valid_from."))
    return division


def _text(row: Row, column: str, problems: list[str]) -> str:
    text = row[column]
    longest = District._meta.get_field(column).max_length or 0
    if not text:
        if column in REQUIRED:
            _add(problems, row.line, _("the name is empty."))
        return ""
    if len(text) > longest:
        _add(problems, row.line, _("%(column)s is longer than %(longest)d characters.")
             % {"column": column, "longest": longest})  # fmt: skip
        return ""
    try:
        return clean_text(text)
    except ValidationError as error:
        _add(problems, row.line, f"{column}: {' '.join(error.messages)}")
        return ""


def _date(row: Row, column: str, problems: list[str]) -> date | None:
    if not row[column]:
        return None
    try:
        return datetime.strptime(row[column], "%Y-%m-%d").date()  # noqa: DTZ007  (a day, no time)
    except ValueError:
        _add(
            problems,
            row.line,
            _("%(column)s is %(value)s; write a date as 2023-01-29.")
            % {"column": column, "value": row[column][:40]},
        )
        return None


def _check_place(division: Division, levels: dict[str, str], problems: list[str]) -> None:
    """The parent exists and stands higher, so no circle is possible."""
    parent = division.parent_code
    if not parent:
        if division.level == District.Level.ZONE:
            _add(
                problems, division.line, _("a zone needs the code of the district it lies in as parent_code.")
            )
    elif parent not in levels:
        _add(problems, division.line, _("parent_code %(parent)s is neither in this file nor recorded.")
             % {"parent": parent[:40]})  # fmt: skip
    elif (
        division.level in ORDER and levels[parent] in ORDER and _rank(levels[parent]) >= _rank(division.level)
    ):
        _add(problems, division.line, _("parent_code %(parent)s is not higher than %(code)s.")
             % {"parent": parent, "code": division.code})  # fmt: skip


def _rank(level: str) -> int:
    return ORDER.index(level) if level in ORDER else len(ORDER)


def _add(problems: list[str], line: int, sentence: str) -> None:
    problems.append(_("Line %(line)d: %(problem)s") % {"line": line, "problem": sentence})
