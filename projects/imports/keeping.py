"""What a check finds, kept page by page while it goes on, so that no workbook is held as a whole."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from projects.imports.findings import Finding, in_order
from projects.imports.matching import codes_of
from projects.imports.rows import Line
from projects.models import Import, ImportPart
from projects.rows import columns_of, insert_rows

PAGE = 200  # lines of a part
PART = columns_of(ImportPart, "run", "sort", "number", "lines")
Sort = ImportPart.Sort


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


def _question(line: Line) -> dict[str, Any]:
    return {
        "key": line.key,
        "sheet": line.sheet,
        "row": line.number,
        "name": str(line.said.get("name", "")),
        "asked": codes_of(line.match.asked),
    }


class Pages:
    """What is found of one import, instead of what an earlier check had found; written whenever a page is full."""

    def __init__(self, run: Import) -> None:
        self.run = run
        self.rows = self.refused = 0
        self.kept: Counter[Sort] = Counter()
        self._open: dict[Sort, list[Any]] = defaultdict(list)
        run.parts.all().delete()

    def keep(self, line: Line, planned: dict[str, Any]) -> None:
        """Keep a row under what would become of it."""
        self.rows += 1
        if line.errors:
            self.refused += 1
            if line.match.asked:
                self._add(Sort.QUESTIONS, _question(line))
        else:
            sort = Sort.CREATED if line.is_new else Sort.CHANGED if line.differs else Sort.UNCHANGED
            self._add(sort, planned)

    def keep_findings(self, sort: Sort, findings: Iterable[Finding]) -> None:
        """Keep errors or warnings, in the order of the workbook."""
        for finding in in_order(findings):
            self._add(sort, finding.as_json())

    def close(self) -> None:
        """Write what is left."""
        for sort in self._open:
            self._write(sort)

    def _add(self, sort: Sort, line: dict[str, Any]) -> None:
        self._open[sort].append(line)
        self.kept[sort] += 1
        if len(self._open[sort]) == PAGE:
            self._write(sort)

    def _write(self, sort: Sort) -> None:
        if lines := self._open[sort]:
            number = (self.kept[sort] - 1) // PAGE
            text = json.dumps(lines, ensure_ascii=False)
            insert_rows(ImportPart, PART, [(self.run.pk, str(sort), number, text)])
            lines.clear()
