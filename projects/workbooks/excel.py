"""Sheets of an xlsx file: values by calamine, and from the XML what calamine does not tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from xml.etree import ElementTree as ET

from django.utils.translation import gettext_lazy as _
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from projects.workbooks import markup
from projects.workbooks.archive import ACCEPTED, MACROS, PASSWORD, damaged, parts_of
from projects.workbooks.grids import Grid
from projects.workbooks.markup import Notes
from projects.workbooks.notes import is_ours_alone
from projects.workbooks.problems import PROBLEMS, SIGN
from projects.workbooks.tables import Remark, Unreadable, Value, letter_of, said

TEMPLATE_LISTS = "_lists"  # of our own template: the words of its drop-downs
REPORTED = (
    ("xl/comments", "comments", _("The workbook holds comments. They are not read.")),
    ("xl/threadedcomments", "comments", _("The workbook holds comments. They are not read.")),
    (
        "xl/externallinks/",
        "links",
        _("The workbook refers to other workbooks. Their last known values were read."),
    ),
    (
        "xl/connections",
        "connections",
        _("The workbook has connections to data elsewhere. They are not followed."),
    ),
    ("xl/embeddings/", "embedded", _("The workbook holds embedded files. They are not read.")),
)


@dataclass(slots=True)
class Parts:
    """What the parts told: of each sheet its notes, the workbook's own list, and remarks."""

    notes: dict[str, Notes] = field(default_factory=dict)
    workbook: bytes | bytearray = b""
    relations: bytes | bytearray = b""
    remarks: dict[str, Remark] = field(default_factory=dict)


def grids_of(path: Path, parts: Parts) -> Iterator[Grid]:
    """Each visible sheet, one at a time, of a workbook that was looked at. Raises Unreadable."""
    try:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            yield from _grids(workbook, parts)
    except PasswordError:
        raise Unreadable("password", PASSWORD) from None
    except CalamineError:
        raise damaged() from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # of the Rust library, which has no other way out
            raise damaged() from None
        raise


def look_at(path: Path) -> Parts:
    """Unpack every part once and see what is in it. Raises Unreadable for what must not be opened."""
    found = Parts()
    long: dict[int, int] = {}
    with path.open("rb") as file:
        for name, data in parts_of(file):
            _note(found, name.lower(), data)
            if markup.holds_texts(data):
                if found.notes:
                    raise damaged()
                long.update(markup.long_texts(data))
            elif markup.is_sheet(data):
                markup.check_reach(data)
                markup.check_texts(data, long)
                found.notes[name.lower()] = markup.notes_of(data)
    if not found.workbook:
        raise Unreadable(
            "not_a_workbook", said(_("This is not an Excel workbook. %(accepted)s"), accepted=ACCEPTED)
        )
    return found


def _note(found: Parts, name: str, data: bytes | bytearray) -> None:
    if name == "[content_types].xml":
        listed = data.lower()
        if b"macroenabled" in listed or b"vbaproject" in listed:
            raise Unreadable("macros", MACROS)
    elif name == "xl/workbook.xml":
        found.workbook = data
    elif name == "xl/_rels/workbook.xml.rels":
        found.relations = data
    for begins, code, sentence in REPORTED:
        if name.startswith(begins) and not (code == "comments" and is_ours_alone(data)):
            found.remarks[code] = Remark(code, sentence)


def _grids(workbook: CalamineWorkbook, parts: Parts) -> Iterator[Grid]:
    paths, epoch = _paths(parts)
    remarks = list(parts.remarks.values())
    if epoch == 1904:
        remarks.append(
            Remark("epoch", _("This workbook counts its days from 1904. Dates were read accordingly."))
        )
    remarks += [
        Remark("hidden_sheet", said(_("The sheet “%(name)s” is hidden and was not read."), name=sheet.name))
        for sheet in workbook.sheets_metadata
        if sheet.visible != SheetVisibleEnum.Visible and sheet.name != TEMPLATE_LISTS
    ]
    for number, sheet in enumerate(workbook.sheets_metadata):
        if sheet.typ != SheetTypeEnum.WorkSheet or sheet.visible != SheetVisibleEnum.Visible:
            continue
        opened = workbook.get_sheet_by_index(number)
        if sheet.name == PROBLEMS and next(iter(opened.iter_rows()), [None])[0] == SIGN:
            continue  # our sheet of errors, sent back with the rest
        notes = parts.notes.get(paths.get(sheet.name, ""), Notes())
        grid = _grid(sheet.name, opened, notes)
        grid.epoch = epoch
        grid.remarks += remarks
        remarks = []
        yield grid


def _grid(name: str, sheet: CalamineSheet, notes: Notes) -> Grid:
    before: list[None] = [None] * (sheet.start or (0, 0))[
        1
    ]  # rows come from the first, cells from the first filled
    rows = (before + row for row in sheet.iter_rows()) if before else sheet.iter_rows()
    grid = Grid(
        name=name,
        rows=cast("Iterable[list[Value]]", rows),  # times and durations: no reader of cells takes them
        merged=list(sheet.merged_cell_ranges or ()),
        faults=notes.faults,
        hidden_rows=notes.hidden_rows,
        hidden_columns=notes.hidden_columns,
    )
    if notes.formulas:
        row, column = min(notes.formulas)
        sentence = said(
            _("%(count)d cells hold formulas. What they showed when the workbook was saved was read."),
            count=len(notes.formulas),
        )
        grid.remarks.append(Remark("formulas", sentence, row + 1, letter_of(column)))
    return grid


def _paths(parts: Parts) -> tuple[dict[str, str], int]:
    """The part of each sheet by its name, and the year from which days are counted."""
    try:
        book = ET.fromstring(parts.workbook)  # noqa: S314  (parts that define entities are refused before)
        relations = ET.fromstring(parts.relations or b"<none/>")  # noqa: S314
    except (ET.ParseError, LookupError, ValueError):  # an encoding that nobody knows is a LookupError
        raise damaged() from None
    targets = {item.get("Id", ""): item.get("Target", "") for item in relations}
    paths: dict[str, str] = {}
    epoch = 1900
    for element in book.iter():
        tag = element.tag.rpartition("}")[2]
        if tag == "workbookPr" and element.get("date1904") in {"1", "true"}:
            epoch = 1904
        if tag == "sheet":
            identity = next((v for k, v in element.attrib.items() if k.rpartition("}")[2] == "id"), "")
            paths[element.get("name", "")] = _whole(targets.get(identity, "")).lower()
    return paths, epoch


def _whole(target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    return target if target.startswith("xl/") else f"xl/{target}"
