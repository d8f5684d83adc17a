"""Reading projects for files: their numbers first, then some thousands at a time, as columns of plain values.

No statement is long, no transaction is held open, and nothing grows with the list but eight bytes for each project.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from config.xlsx import Block
from projects.access import Sight
from projects.amounts import WAN, YI, YUAN
from projects.models import (
    Charge,
    District,
    ExportUnit,
    Milestone,
    Organization,
    Precision,
    ProgressReport,
    Project,
    Sector,
    Stage,
    Tag,
)
from projects.models.reports import PARTS
from projects.rows import columns_of, read_rows, uncollected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from projects.access import Reader
    from projects.exporting.fields import ExportField

AT_ONCE = 4_000
INEXACT = "precision NOT IN ('', 'day')"
# Notes that are not hidden: confidential projects are written under their masks, whoever reads them.
OPEN_NOTES = (
    "NOT (note = '') AND NOT EXISTS (SELECT 1 FROM projects_project AS whole "
    "WHERE whole.id = projects_milestone.project_id AND whole.confidential)"
)
STAGE_OF = {
    "signed_on": Stage.SIGNED,
    "started_on": Stage.STARTED,
    "completed_on": Stage.COMPLETED,
    "in_production_on": Stage.IN_PRODUCTION,
}
MOST_NAMES = 50_000  # that are kept from chunk to chunk
Report = dict[str, Any]
YUAN_IN = {ExportUnit.WAN: WAN, ExportUnit.YI: YI, ExportUnit.YUAN: YUAN}
BETWEEN = "；"  # what stands between several names in one cell


class Frame:
    """What holds for a whole file: for whom, on which day, in which unit, and the words for codes."""

    def __init__(self, reader: Reader, unit: ExportUnit, today: date, month: date | None = None) -> None:
        """`month` is the last whose reports are told; the one of today if none is given."""
        self.reader, self.unit, self.today = reader, unit, today
        self.month = (month or today).replace(day=1)
        self.sight = Sight(reader)
        self.organizations: dict[int, str] = {}
        self.tags: dict[int, str] = {}

    @cached_property
    def has_tags(self) -> bool:
        """Whether there are any."""
        return Tag.objects.exists()

    @cached_property
    def districts(self) -> dict[int, str]:
        """Each by its name; where others have the same, with its parent's before it; else by its code."""
        rows = list(District.objects.order_by().values_list("pk", "name", "parent__name", "code", "valid_to"))
        names = Counter(name for _pk, name, *_rest in rows)
        whole = Counter(f"{above or ''}{name}" for _pk, name, above, *_rest in rows)

        def said(name: str, above: str | None, code: str) -> str:
            longer = f"{above or ''}{name}"
            return name if names[name] == 1 else longer if whole[longer] == 1 and above else code

        return {pk: said(name, above, code) for pk, name, above, code, _end in rows}

    @cached_property
    def above(self) -> dict[int, str]:
        """The name of what a district belongs to."""
        return dict(District.objects.order_by().exclude(parent=None).values_list("pk", "parent__name"))

    @cached_property
    def sectors(self) -> dict[int | None, str]:
        """Each by its name, or by its code where several have that name."""
        rows = list(Sector.objects.order_by().values_list("pk", "name", "code"))
        names = Counter(name for _pk, name, _code in rows)
        return {None: "", **{pk: name if names[name] == 1 else code for pk, name, code in rows}}


class Chunk:
    """Some projects, column by column, and what belongs to them."""

    def __init__(self, frame: Frame, ids: Sequence[int], names: Sequence[str]) -> None:
        columns = columns_of(Project, "id", *(name for name in names if name != "id"))
        found = {row[0]: row for row in read_rows(Project, columns, columns[0], list(ids))}
        rows = [found[pk] for pk in ids if pk in found]
        self.frame = frame
        self._columns: dict[str, Sequence[Any]] = dict(
            zip((c.name for c in columns), zip(*rows, strict=True), strict=True) if rows else ()
        )
        self.ids: Sequence[int] = self._columns.get("id", ())

    def of(self, name: str) -> Sequence[Any]:
        """One column."""
        return self._columns.get(name, ())

    @cached_property
    def inexact(self) -> dict[tuple[int, str], str]:
        """What is known of dates that are not known to the day, by project and kind of milestone."""
        columns = columns_of(Milestone, "project", "kind", "happened_on", "precision")
        found = read_rows(Milestone, columns, columns[0], self._doubtful(), only=INEXACT)
        return {(pk, kind): _as_known(day, precision) for pk, kind, day, precision in found}

    @cached_property
    def notes(self) -> dict[tuple[int, str], str]:
        """What is said of their milestones, by project and kind; most say nothing."""
        columns = columns_of(Milestone, "project", "kind", "note")
        found = read_rows(Milestone, columns, columns[0], list(self.ids), only=OPEN_NOTES)
        return {(pk, kind): note for pk, kind, note in found}

    def _doubtful(self) -> list[int]:
        """The projects with a date that may stand for more than a day: the first of a month, or none where one was due.

        A month, quarter or year is kept as its first day (sequence.settle); a stage is reached by its milestone.
        """
        found: set[int] = set()
        stages, order = self.of("stage"), list(Stage)
        for name, stage in STAGE_OF.items():
            reached = set(order[order.index(stage) :])
            rows = zip(self.ids, self.of(name), stages, strict=True) if self.of(name) else ()
            found.update(pk for pk, day, now in rows if (now in reached if day is None else day.day == 1))
        return sorted(found)

    @cached_property
    def investors(self) -> dict[int, str]:
        """The names of those who invest."""
        return self._joined(Project.investors.through, "organization", Organization, self.frame.organizations)

    @cached_property
    def tags(self) -> dict[int, str]:
        """The names of the tags."""
        return self._joined(Project.tags.through, "tag", Tag, self.frame.tags) if self.frame.has_tags else {}

    def _joined(self, through: Any, of: str, model: Any, names: dict[int, str]) -> dict[int, str]:
        """The names of what each project is joined with; `names` keeps those that were met before."""
        columns = columns_of(through, "project", of)
        pairs = sorted((pk, other) for pk, other in read_rows(through, columns, columns[0], list(self.ids)))
        if len(names) > MOST_NAMES:
            names.clear()
        if unknown := {other for _pk, other in pairs} - names.keys():
            names.update(model.objects.order_by().filter(pk__among=list(unknown)).values_list("pk", "name"))
        found: dict[int, str] = {}
        for pk, other in pairs:
            found[pk] = f"{found[pk]}{BETWEEN}{names[other]}" if pk in found else names[other]
        return found

    @cached_property
    def wholes(self) -> dict[int, str]:
        """The codes of the projects that these are phases of, as far as the reader may see them."""
        ids = {pk for pk in self.of("parent") if pk}
        if not ids:
            return {}
        parents = Project.objects.filter(pk__among=sorted(ids)).select_related("district")
        return {p.pk: p.code for p in parents.only("code", "district") if self.frame.sight.sees(p.district)}

    @cached_property
    def reports(self) -> dict[int, tuple[Report | None, Report | None]]:
        """For each project with reports the latest up to the month, and the latest of the years before."""
        names = ("project_id", "month", "invested_to_date", "funds_in_place_to_date", *PARTS)
        rows = ProgressReport.objects.filter(project__among=self.ids, month__lte=self.frame.month)
        found: dict[int, tuple[Report | None, Report | None]] = {}
        for row in rows.order_by("project_id", "month").values(*names):
            _latest, before = found.get(row["project_id"], (None, None))
            if row["month"].year < self.frame.month.year:
                before = row
            found[row["project_id"]] = (row, before)
        return found

    @cached_property
    def outside(self) -> set[int]:
        """Projects whose investors, as far as their credit codes are known, are all registered in other provinces."""
        through = Project.investors.through._default_manager.filter(project__among=self.ids)
        rows = through.order_by().exclude(organization__uscc=None)
        provinces: dict[int, set[bool]] = defaultdict(set)
        for pk, uscc, place in rows.values_list(
            "project_id", "organization__uscc", "project__district__code"
        ):
            provinces[pk].add(str(uscc)[2:4] != place[:2])
        return {pk for pk, elsewhere in provinces.items() if elsewhere == {True}}

    @cached_property
    def in_charge(self) -> dict[int, str]:
        """Who is today, leaders first."""
        found: dict[int, list[str]] = defaultdict(list)
        rows = Charge.objects.holding(self.frame.today).filter(project__among=self.ids)
        for charge in rows.select_related("user"):
            found[charge.project_id].append(charge.person)
        return {pk: BETWEEN.join(names) for pk, names in found.items()}


def _as_known(day: date | None, precision: str) -> str:
    """2023-01, 2023Q1, 2023, or that nobody knows."""
    if day is None:
        return str(Precision.UNKNOWN.label)
    quarter = f"{day.year}Q{(day.month + 2) // 3}"
    return {Precision.MONTH.value: f"{day:%Y-%m}", Precision.QUARTER.value: quarter}.get(
        precision, f"{day:%Y}"
    )


def listed_ids(rows: QuerySet[Project]) -> array[int]:
    """The numbers of a list's projects, in its order."""
    return array("q", rows.values_list("pk", flat=True).iterator(chunk_size=10_000))


def chunks_of(frame: Frame, ids: Sequence[int], names: Sequence[str]) -> Iterator[Chunk]:
    """The projects with these numbers, in this order, so many at a time. Who is gone by then is left out."""
    for start in range(0, len(ids), AT_ONCE):
        yield Chunk(frame, ids[start : start + AT_ONCE], names)


def blocks_of(frame: Frame, ids: Sequence[int], fields: Sequence[ExportField]) -> Iterator[Block]:
    """The cells, column by column, in the order of the fields."""
    names = needed(fields)
    for start in range(0, len(ids), AT_ONCE):
        with uncollected():
            chunk = Chunk(frame, ids[start : start + AT_ONCE], names)
            block = Block([field.cells(chunk) for field in fields])
        yield block


def needed(fields: Iterable[ExportField]) -> list[str]:
    """The columns of projects that must be read for these fields."""
    return sorted({name for field in fields for name in field.needs})
