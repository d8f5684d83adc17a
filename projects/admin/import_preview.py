"""What an import would do, in the words of one reader: what is new, changes, stays, is refused or odd."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from projects import imports
from projects.history import Words
from projects.models import Import, ImportPart, Precision, Project, User

Sort = ImportPart.Sort
PAGE = 200
AFTER_CHECK = (Sort.ERRORS, Sort.WARNINGS, Sort.CHANGED, Sort.CREATED, Sort.UNCHANGED)
OPENED_FIRST = (Sort.ERRORS, Sort.CHANGED, Sort.CREATED, Sort.WARNINGS, Sort.UNCHANGED)
COUNTS = {
    Sort.CREATED: "created",
    Sort.CHANGED: "changed",
    Sort.UNCHANGED: "unchanged",
    Sort.ERRORS: "error_count",
    Sort.WARNINGS: "warning_count",
}


@dataclass
class Section:
    """What is listed under one heading."""

    sort: str
    title: str
    count: int
    lines: list[dict[str, Any]] = field(default_factory=list)
    page: int = 0

    @property
    def is_shown(self) -> bool:
        """Whether this is the one that is open."""
        return bool(self.lines)

    @property
    def first(self) -> int:
        """The number of the first line on the page, from 1."""
        return self.page * PAGE + 1

    @property
    def last(self) -> int:
        """The number of the last."""
        return self.page * PAGE + len(self.lines)

    @property
    def earlier(self) -> int | None:
        """The page before, from 1; None if there is none."""
        return self.page or None

    @property
    def later(self) -> int | None:
        """The page after, from 1."""
        return self.page + 2 if self.last < self.count else None


@dataclass
class Preview:
    """The sections of one import, one of them open; and the questions that wait for an answer."""

    sections: list[Section]
    open: Section | None
    questions: list[dict[str, Any]]


def preview_of(run: Import, reader: User, asked: str, page: str) -> Preview:
    """The sections; open is the one asked for, else the first that has something to say."""
    sections = [Section(sort.value, str(sort.label), getattr(run, COUNTS[sort])) for sort in AFTER_CHECK]
    full = {section.sort: section for section in sections if section.count}
    opened = full.get(asked) or next((full[sort] for sort in OPENED_FIRST if sort in full), None)
    if opened is not None:
        number = int(page) - 1 if page.isascii() and page.isdigit() and 0 < len(page) < 6 else 0
        opened.page = max(0, min(number, (opened.count - 1) // PAGE))
        lines = imports.page_of(run, opened.sort, opened.page)
        found = opened.sort in (Sort.ERRORS, Sort.WARNINGS)
        opened.lines = list(_findings(imports.told_to(lines, reader)) if found else _rows(lines, reader))
    return Preview(sections, opened, imports.page_of(run, Sort.QUESTIONS))


def _findings(lines: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for line in lines:
        yield {
            **line,
            "cell": f"{line['letter']}{line['row']}" if line["letter"] and line["row"] else "",
            "said": imports.in_this_language(line["detail"]),
        }


def _rows(lines: Sequence[dict[str, Any]], reader: User) -> Iterable[dict[str, Any]]:
    words = Words((change for line in lines for change in line["changes"]), reader)
    ids = [line["project"] for line in lines if line["project"]]
    projects = Project.objects.visible_to(reader).in_bulk(ids)
    for line in lines:
        shown = words.lines(line["changes"])
        facts = [
            {"label": each.label, "before": each.before, "after": each.after}
            for each in shown
            if (each.field, each.new) != ("precision", Precision.DAY)  # which goes without saying
        ]
        if line["backers"]:
            facts.append(
                {
                    "label": str(_("Investors")),
                    "before": "、".join(line["backers"]["before"]) or "—",
                    "after": "、".join(line["backers"]["after"]) or "—",
                    "new": line["backers"]["new"],
                }
            )
        project = projects.get(line["project"]) if line["project"] else None
        named = {change["field"]: change["after"] for change in line["changes"] if change["of"] == "project"}
        yield {
            **line,
            "facts": facts,
            "name": line["name"] or named.get("name") or (project.label if project else ""),
            "code": line["code"] or (project.code if project else ""),
        }
