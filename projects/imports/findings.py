"""What is found in a workbook: errors, warnings and questions, each at its cell, in the words of every language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation

from projects.models import Project

if TYPE_CHECKING:
    from projects.access import Reader

LONGEST = 200  # characters of a value that are kept
Texts = dict[str, str]  # by language


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found: a sheet, a row as the workbook numbers it, a column by its letter and words."""

    sheet: str = ""
    row: int | None = None
    letter: str = ""
    words: str = ""


@dataclass(slots=True)
class Finding:
    """One thing to be said of one place."""

    place: Place
    code: str
    detail: Texts
    value: str = ""
    project: int | None = None  # that it names: who may not see it is not told

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        place = self.place
        return {
            "sheet": place.sheet,
            "row": place.row,
            "letter": place.letter,
            "column": place.words,
            "value": self.value,
            "code": self.code,
            "detail": self.detail,
            **({"project": self.project} if self.project else {}),
        }


def in_every_language(*texts: object) -> Texts:
    """Sentences that are put into words when they are read, in each language that the service speaks."""
    found = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found[code] = " ".join(str(text) for text in texts if text)
    return found


def in_this_language(texts: Texts) -> str:
    """Of the texts that are kept, the reader's."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    return texts.get(language) or texts.get(language.split("-")[0]) or next(iter(texts.values()), "")


def found(place: Place, code: str, *texts: object, value: object = "") -> Finding:
    """A finding with its sentences."""
    return Finding(place, code, in_every_language(*texts), as_text(value))


def found_by_rule(place: Place, error: ValidationError, value: object = "") -> Finding:
    """What a rule of the record says, in its own words."""
    texts = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            texts[code] = " ".join(error.messages)
    return Finding(place, str(error.code or "invalid"), texts, as_text(value))


def told_to(lines: Sequence[Any], reader: Reader) -> list[Any]:
    """Of findings as they are kept, those that name no project which the reader may not see."""
    named = {line["project"] for line in lines if "project" in line}
    if not named:
        return list(lines)
    seen = set(
        Project.objects.visible_to(reader).filter(pk__in=named).order_by().values_list("pk", flat=True)
    )
    return [line for line in lines if line.get("project") is None or line["project"] in seen]


def as_text(value: object) -> str:
    """A cell's value as it is shown: short, whatever it is."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    text = str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """As somebody goes through the workbook: what concerns all of it, then from row to row."""
    return sorted(
        findings, key=lambda f: (f.place.sheet, f.place.row or 0, len(f.place.letter), f.place.letter)
    )
