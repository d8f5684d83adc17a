"""A row of a workbook on its way: what its cells say, what was found wrong, and which project it means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from projects.imports.findings import Finding, Place, found, found_by_rule
from projects.imports.matching import Match
from projects.models import Organization
from projects.services import plans
from projects.workbooks import Column

EMPTY = (None, "")


@dataclass(slots=True)
class Line:
    """One row."""

    sheet: str
    number: int
    columns: Mapping[str, Column]  # of its table, by field
    cells: Sequence[Any]  # what stands in them, by the place of their column
    said: dict[str, Any] = field(default_factory=dict)  # by field, as it was read
    values: plans.Values = field(
        default_factory=dict
    )  # what is to stand in the record, by what it is of and name
    wrong: set[str] = field(default_factory=set)  # fields of which something is wrong already
    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    match: Match = field(default_factory=Match)
    investors: list[Organization | str] | None = (
        None  # None: as they are; a name of one that is to be entered
    )
    parent: Line | None = None  # a row of the same workbook
    changes: list[Any] = field(default_factory=list)  # field by field, as a revision has them
    version: int | None = None  # of the project as it was looked at
    was_backed_by: list[str] | None = None  # who invested before, where that changes

    @property
    def key(self) -> str:
        """How answers and plans name it."""
        return f"{self.sheet}!{self.number}"

    def has(self, name: str) -> bool:
        """Whether anything stands in the cell of a field."""
        return self.raw(name) not in EMPTY

    def place(self, name: str = "") -> Place:
        """Where something about a field stands; the row itself where nothing stands in such a cell."""
        column = self.columns.get(name) if self.has(name) else None
        return Place(self.sheet, self.number, column.letter if column else "", column.words if column else "")

    def raw(self, name: str) -> Any:
        """What stands in the cell of a field."""
        column = self.columns.get(name)
        return None if column is None else self.cells[column.place]

    def refuse(self, name: str, code: str, *texts: object) -> None:
        """Note what is wrong with a cell."""
        self.wrong.add(name)
        self.errors.append(found(self.place(name), code, *texts, value=self.raw(name)))

    def refuse_by_rule(self, name: str, errors: Iterable[ValidationError]) -> None:
        """Note what a rule of the record says of a field, unless its cell is wrong already."""
        if name not in self.wrong:
            self.errors += [found_by_rule(self.place(name), error, self.raw(name)) for error in errors]

    def warn(self, name: str, code: str, *texts: object, project: int | None = None) -> None:
        """Note what is odd; `project` is one that the words name, if it may lie elsewhere."""
        finding = found(self.place(name), code, *texts, value=self.raw(name))
        finding.project = project
        self.warnings.append(finding)

    def let_go(self) -> None:
        """Drop what nobody asks for once the row is kept."""
        self.said, self.values, self.changes = {}, {}, []
        self.errors, self.warnings, self.investors = [], [], None

    @property
    def is_new(self) -> bool:
        """Whether it would be a project that is not recorded yet."""
        return self.match.project is None

    @property
    def differs(self) -> bool:
        """Whether anything would be written."""
        return bool(self.is_new or self.changes or self.was_backed_by is not None or self.parent)
