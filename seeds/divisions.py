"""A list of divisions: read, completed from the codes, and checked, every mistake at once with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import itemgetter
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from projects.models import District
from projects.text import clean_text
from seeds.tables import Row

COLUMNS = ("code", "name", "name_en", "level", "parent_code", "valid_from", "valid_to", "source")
REQUIRED = ("code", "name")
LONGEST = {"name": 60, "name_en": 120}  # characters, as in the model
CODE = re.compile(r"[0-9]{6}(-[A-Z0-9]{1,12})?")
LEVELS = [level.value for level in District.Level]  # from the top down
SHOWN = 40  # characters of a wrong cell that a sentence repeats


class Place(NamedTuple):
    """Where a recorded district stands: its level and its parent's code, empty at the top."""

    level: str
    parent_code: str


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


@dataclass(slots=True)
class Reading:
    """One list being read, beside what is recorded already: what was found, and a sentence for each mistake."""

    recorded: Mapping[str, Place]
    divisions: dict[str, Division] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def read(self, row: Row) -> None:
        """Take in one line."""
        code = row["code"].upper()
        if not CODE.fullmatch(code):
            sentence = _("the code is %(code)s; write six digits, and a suffix for a zone: 440112-GDD.")
            self.note(row.line, sentence, code=row["code"][:SHOWN] or '""')
        elif code in self.divisions:
            self.note(
                row.line,
                _("%(code)s is in line %(other)d already."),
                code=code,
                other=self.divisions[code].line,
            )
        division = Division(
            line=row.line,
            code=code,
            name=self._text(row, "name"),
            name_en=self._text(row, "name_en"),
            level=self._level(row, code),
            parent_code=row["parent_code"].upper(),
            valid_from=self._date(row, "valid_from"),
            valid_to=self._date(row, "valid_to"),
        )
        if division.valid_from and division.valid_to and division.valid_from > division.valid_to:
            self.note(row.line, _("valid_to is before valid_from."))
        self.divisions.setdefault(code, division)

    def place(self) -> None:
        """Give every division its parent, and check that this is a higher one, so that no circle is possible."""
        levels = {code: place.level for code, place in self.recorded.items()}
        levels |= {code: division.level for code, division in self.divisions.items()}
        for division in self.divisions.values():
            recorded = self.recorded.get(division.code)
            if not division.parent_code:
                division.parent_code = (
                    recorded.parent_code if recorded else derived_parent(division.code, levels)
                )
            self._check_place(division, levels)

    def note(self, line: int, sentence: str, **values: object) -> None:
        """Add what is wrong in a line."""
        self.problems.append(
            (line, _("Line %(line)d: %(problem)s") % {"line": line, "problem": sentence % values})
        )

    def _level(self, row: Row, code: str) -> str:
        recorded = self.recorded.get(code)
        level = row["level"].lower() or (recorded.level if recorded else derived_level(code))
        if level not in LEVELS:
            sentence = _("the level is %(level)s; it is one of %(levels)s.")
            self.note(row.line, sentence, level=level[:SHOWN], levels=", ".join(LEVELS))
        return level

    def _text(self, row: Row, column: str) -> str:
        text = row[column]
        if len(text) > LONGEST[column]:
            sentence = _("%(column)s is longer than %(longest)d characters.")
            self.note(row.line, sentence, column=column, longest=LONGEST[column])
        elif not text and column in REQUIRED:
            self.note(row.line, _("the name is empty."))
        elif text:
            try:
                return clean_text(text)
            except ValidationError as error:
                self.note(row.line, "%(column)s: %(why)s", column=column, why=" ".join(error.messages))
        return ""

    def _date(self, row: Row, column: str) -> date | None:
        if not row[column]:
            return None
        try:
            return datetime.strptime(row[column], "%Y-%m-%d").date()  # noqa: DTZ007  (a day, no time)
        except ValueError:
            sentence = _("%(column)s is %(value)s; write a date as 2023-01-29.")
            self.note(row.line, sentence, column=column, value=row[column][:SHOWN])
            return None

    def _check_place(self, division: Division, levels: Mapping[str, str]) -> None:
        parent = division.parent_code
        if not parent:
            if division.level == District.Level.ZONE:
                self.note(
                    division.line, _("a zone needs the code of the district it lies in as parent_code.")
                )
        elif parent not in levels:
            sentence = _("parent_code %(parent)s is neither in this file nor recorded.")
            self.note(division.line, sentence, parent=parent[:SHOWN])
        elif _is_wrong_way_up(levels[parent], division.level):
            sentence = _("parent_code %(parent)s is not higher than %(code)s.")
            self.note(division.line, sentence, parent=parent, code=division.code)
        elif (recorded := self.recorded.get(division.code)) and recorded != (division.level, parent):
            sentence = _(
                "%(code)s is recorded as %(level)s below %(parent)s and keeps its place; end it and give the new one "
                "a new code."
            )
            above = recorded.parent_code or "—"
            self.note(division.line, sentence, code=division.code, level=recorded.level, parent=above)


def divisions_of(rows: Iterable[Row], recorded: Mapping[str, Place]) -> tuple[list[Division], list[str]]:
    """The divisions that the rows describe, higher ones first, and a sentence for each mistake."""
    reading = Reading(recorded)
    for row in rows:
        reading.read(row)
    reading.place()
    sentences = [sentence for _line, sentence in sorted(reading.problems, key=itemgetter(0))]
    return sorted(reading.divisions.values(), key=lambda d: (_rank(d.level), d.line)), sentences


def problems_of_columns(rows: list[Row]) -> list[str]:
    """A sentence for each column that is missing or unknown."""
    names = set(rows[0].cells) if rows else set(REQUIRED)
    missing = [
        _("Line 1: the column %(name)s is missing.") % {"name": name}
        for name in REQUIRED
        if name not in names
    ]
    unknown = [
        _("Line 1: the column %(name)s is unknown; the columns are %(columns)s.")
        % {"name": name[:SHOWN] or '""', "columns": ", ".join(COLUMNS)}
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


def _is_wrong_way_up(parent: str, child: str) -> bool:
    return {parent, child} <= set(LEVELS) and _rank(parent) >= _rank(child)


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)
