"""What a file can show of a project: the name that the API gives it, the words of its header, its cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from config.xlsx import Look
from projects.exporting.reading import YUAN_IN, Chunk, Frame
from projects.models import ExclusionReason, Kind, Ownership, Project, ProjectType, Stage
from projects.workbooks import FIELDS

Cells = Callable[[Chunk], Sequence[Any]]


@dataclass(frozen=True)
class ExportField:
    """One column of a file."""

    name: str
    title: Any
    needs: tuple[str, ...]  # the project's columns that must be read for it
    cells: Cells
    look: Look = Look.PLAIN
    width: float = 12
    is_amount: bool = False

    def words(self, frame: Frame) -> str:
        """Its header; an amount says its unit."""
        title = capfirst(str(self.title))
        return f"{title}（{frame.unit.label}）" if self.is_amount else title


def _title(name: str) -> Any:
    field: Any = Project._meta.get_field(name)
    return field.verbose_name


def _plain(name: str, *, width: float = 12, look: Look = Look.PLAIN) -> ExportField:
    return ExportField(name, _title(name), (name,), lambda chunk: chunk.of(name), look, width)


def _choice(name: str, choices: Any) -> ExportField:
    """The label in the reader's language."""

    def cells(chunk: Chunk) -> Sequence[Any]:
        labels = {"": "", **{value: str(label) for value, label in choices.choices}}
        return [labels[value] for value in chunk.of(name)]

    return ExportField(name, _title(name), (name,), cells)


def _flag(name: str) -> ExportField:
    def cells(chunk: Chunk) -> Sequence[Any]:
        words = {True: str(_("yes")), False: str(_("no"))}
        return [words[value] for value in chunk.of(name)]

    return ExportField(name, _title(name), (name,), cells, width=8)


def _amount(name: str) -> ExportField:
    """In the file's unit: the nearest number to the exact one, which reads back as it to the yuan."""

    def cells(chunk: Chunk) -> Sequence[Any]:
        yuan = YUAN_IN[chunk.frame.unit]
        if yuan == 1:
            return chunk.of(name)
        return [None if value is None else value / yuan for value in chunk.of(name)]

    return ExportField(name, _title(name), (name,), cells, Look.AMOUNT, 16, is_amount=True)


def _day(name: str, kind: Kind) -> ExportField:
    """A date; what is known of it in words, where it is not known to the day."""

    def cells(chunk: Chunk) -> Sequence[Any]:
        days = chunk.of(name)
        if not chunk.inexact:
            return days
        known = chunk.inexact
        return [known.get((pk, kind.value), day) for pk, day in zip(chunk.ids, days, strict=True)]

    return ExportField(name, _title(name), (name, "stage"), cells, Look.DAY, 13)


def _note(kind: Kind) -> ExportField:
    """What is to be said of a step, under the words that an import knows."""
    name = f"{kind.value}_note"

    def cells(chunk: Chunk) -> Sequence[Any]:
        known = chunk.notes
        return [known.get((pk, kind.value), "") for pk in chunk.ids] if known else [""] * len(chunk.ids)

    return ExportField(name, FIELDS[name].label, (), cells, width=24)


def _moment(name: str) -> ExportField:
    def cells(chunk: Chunk) -> Sequence[Any]:
        return [timezone.localtime(value).replace(tzinfo=None) for value in chunk.of(name)]

    return ExportField(name, _title(name), (name,), cells, Look.MOMENT, 17)


def _beside(name: str, title: Any, attribute: str, *, width: float = 16) -> ExportField:
    """What is read in a query of its own, by the project's number."""

    def cells(chunk: Chunk) -> Sequence[Any]:
        found: dict[int, str] = getattr(chunk, attribute)
        return [found.get(pk, "") for pk in chunk.ids]

    return ExportField(name, title, (), cells, width=width)


def _named(
    name: str, title: Any, of: str, words: Callable[[Chunk], Any], *, width: float = 14
) -> ExportField:
    """A record that the project refers to, by the words for it."""

    def cells(chunk: Chunk) -> Sequence[Any]:
        found = words(chunk)
        return [found.get(pk, "") for pk in chunk.of(of)]

    return ExportField(name, title, (of,), cells, width=width)


# What an import takes, in the order of the template.
IMPORTABLE: tuple[ExportField, ...] = (
    _plain("code", width=16),
    _plain("approval_code", width=26),
    _plain("name", width=44),
    _plain("name_en", width=30),
    _plain("phase", width=8),
    _named("district", _title("district"), "district", lambda chunk: chunk.frame.districts),
    _named("sector", _title("sector"), "sector", lambda chunk: chunk.frame.sectors),
    _choice("project_type", ProjectType),
    _choice("ownership", Ownership),
    _beside("investors", _title("investors"), "investors", width=36),
    _named("parent", _title("parent"), "parent", lambda chunk: chunk.wholes, width=16),
    _amount("total_investment"),
    _flag("investment_estimated"),
    _amount("fixed_asset_investment"),
    _amount("expected_output"),
    _amount("expected_revenue"),
    _amount("expected_tax"),
    _plain("expected_jobs", look=Look.WHOLE, width=10),
    _plain("land_area_mu", look=Look.AMOUNT),
    _plain("floor_area_m2", look=Look.AMOUNT),
    _plain("planned_start_on", look=Look.DAY, width=13),
    _plain("planned_completion_on", look=Look.DAY, width=13),
    _day("signed_on", Kind.SIGNED),
    _day("started_on", Kind.STARTED),
    _day("completed_on", Kind.COMPLETED),
    _day("in_production_on", Kind.IN_PRODUCTION),
    _beside("tags", _title("tags"), "tags"),
    _choice("exclusion_reason", ExclusionReason),
    _plain("remark", width=40),
    _plain("source", width=20),
    _note(Kind.SIGNED),
    _note(Kind.STARTED),
    _note(Kind.COMPLETED),
    _note(Kind.IN_PRODUCTION),
)
# What follows from other things: shown, and passed over by an import.
SHOWN: tuple[ExportField, ...] = (
    _choice("stage", Stage),
    _flag("suspended"),
    _named("district_above", _("district above"), "district", lambda chunk: chunk.frame.above),
    _beside("in_charge", _("in charge"), "in_charge"),
    _moment("created_at"),
    _moment("updated_at"),
)
EXPORTED = {field.name: field for field in (*IMPORTABLE, *SHOWN)}

# What a column of the list becomes in a file, where it is not one field of the same name.
OF_COLUMNS = {
    "label": ("name", "phase"),
    "standing": ("stage", "suspended", "exclusion_reason"),
    "total_investment": ("total_investment", "investment_estimated"),
    "signed": ("signed_on",),
    "started": ("started_on",),
    "completed": ("completed_on",),
    "in_production": ("in_production_on",),
    "city": ("district_above",),
    "planned_start": ("planned_start_on",),
    "planned_completion": ("planned_completion_on",),
    "updated": ("updated_at",),
    "created": ("created_at",),
    "land_area": ("land_area_mu",),
}


def fields_of_list(columns: Iterable[str]) -> list[ExportField]:
    """The fields behind columns of the list, with the code first: by it a row is known again."""
    names = [name for column in columns for name in OF_COLUMNS.get(column, (column,))]
    return [EXPORTED[name] for name in dict.fromkeys(["code", *names])]


def importable() -> list[ExportField]:
    """Everything that an import takes."""
    return list(IMPORTABLE)
