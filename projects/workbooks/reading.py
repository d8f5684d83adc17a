"""Reading a file: what it is by its content, and every table in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePath

from django.utils.translation import gettext_lazy as _

from projects.workbooks import collecting, excel, old_excel, text_files
from projects.workbooks.archive import ACCEPTED, MACROS
from projects.workbooks.grids import Grid
from projects.workbooks.headers import ENOUGH
from projects.workbooks.layout import tables_of
from projects.workbooks.tables import Remark, Table, Text, Unreadable, said

LARGEST_FILE = 64 * 1024 * 1024  # bytes
MOST_SHEETS = 100
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OTHERS = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"{\\rtf", "RTF"),
)
WORKBOOK_ENDINGS = {".xlsx", ".xls", ""}  # one named like the other is read all the same
TEXT_ENDINGS = {".csv", ".txt", ".tsv", ""}


def read_tables(file: Path, name: str) -> list[Table]:
    """
    Every table of a workbook or CSV file; `name` is what its sender calls it.

    Raises Unreadable for what is refused as a whole: its code, and a sentence that says what is accepted.
    """
    with collecting.paused():
        return _read(file, name)


def _read(file: Path, name: str) -> list[Table]:
    tables: list[Table] = []
    passed: list[Remark] = []
    waiting: list[Remark] = []
    for number, grid in enumerate(_grids(file, name)):
        if number >= MOST_SHEETS:
            raise Unreadable("too_many_sheets", _("At most 100 sheets are read. Split the workbook."))
        found = tables_of(grid)
        if not found:
            waiting += grid.remarks
            passed.append(_passed(grid.name))
        tables += found
    if any(map(_is_known, tables)):  # beside a known table, what is not known is none
        others = [table for table in tables if not _is_known(table)]
        passed += [_passed(table.sheet) for table in others]
        waiting += [remark for table in others for remark in table.remarks]
        tables = [table for table in tables if _is_known(table)]
    if not tables:
        raise Unreadable(
            "no_table",
            _("No table was found: one row must head the columns, as 项目名称, 区划 and 计划总投资（万元）."),
        )
    tables[0].remarks += waiting + passed
    return tables


def _is_known(table: Table) -> bool:
    return sum(column.field is not None for column in table.columns) >= ENOUGH


def _passed(sheet: str) -> Remark:
    sentence = said(_("Nothing on the sheet “%(name)s” looks like a table. It was not read."), name=sheet)
    return Remark("sheet_passed", sentence, sheet=sheet)


def _grids(file: Path, name: str) -> Iterable[Grid]:
    ending = PurePath(name.strip()).suffix.lower()
    with file.open("rb") as opened:
        start = opened.read(8)
    if not start:
        raise Unreadable("empty", said(_("The file is empty. %(accepted)s"), accepted=ACCEPTED))
    if file.stat().st_size > LARGEST_FILE:
        raise Unreadable("too_large", _("A file of at most 64 MB is read. Split it."))
    if ending in {".xlsm", ".xlsb", ".xltm", ".xlam"}:
        raise Unreadable(
            "macros" if ending != ".xlsb" else "type", MACROS if ending != ".xlsb" else _type(ending)
        )
    if start.startswith(b"PK"):
        parts = excel.look_at(file)
        _must_end(ending, WORKBOOK_ENDINGS, _("an Excel workbook (.xlsx)"))
        return excel.grids_of(file, parts)
    if start == OLE:
        old_excel.look_at(file)
        _must_end(ending, WORKBOOK_ENDINGS, _("an old Excel workbook (.xls)"))
        return old_excel.grids_of(file)
    for mark, kind in OTHERS:
        if start.startswith(mark):
            raise Unreadable("type", _type(kind))
    text_files.refuse_pages(file)
    _must_end(ending, TEXT_ENDINGS, _("text"))
    return [text_files.grid_of(file, PurePath(name).stem)]


def _type(kind: str) -> Text:
    return said(_("This is a %(kind)s file. %(accepted)s"), kind=kind, accepted=ACCEPTED)


def _must_end(ending: str, endings: set[str], what: Text) -> None:
    """A name that says something else than the content is a mistake, or worse."""
    if ending not in endings:
        raise Unreadable(
            "name",
            said(
                _(
                    "The name ends in %(ending)s, but the file is %(what)s. Save it in the right form. %(accepted)s"
                ),
                ending=ending,
                what=what,
                accepted=ACCEPTED,
            ),
        )
