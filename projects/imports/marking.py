"""The workbook back with its errors: an xlsx file to its sender as it was, with marks; else what was read, anew.

What was never read of a workbook, as its hidden sheets and embedded files, goes back to its sender and to nobody else.
"""

from __future__ import annotations

from collections import defaultdict
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from django.http import FileResponse

from projects.file_store import path_of
from projects.imports.findings import in_this_language, told_to
from projects.imports.marking_anew import write_anew
from projects.models import Import, ImportPart
from projects.workbooks import Mark, Unmarkable, Unreadable, write_with_marks

if TYPE_CHECKING:
    from projects.access import Reader

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = b"PK"


def write_marked(run: Import, to: IO[bytes], reader: Reader) -> None:
    """Write the workbook with all its errors and warnings marked; one that cannot be read is a sheet that says why."""
    marks = _marks(run, reader)
    if _is_original(run, reader):
        try:
            write_with_marks(path_of(run.sha256), to, marks)
        except (Unmarkable, Unreadable):
            to.seek(0)
            to.truncate()
        else:
            return
    of_rows: dict[tuple[str, int], list[Mark]] = defaultdict(list)
    for mark in marks:
        if mark.row is not None:
            of_rows[mark.sheet, mark.row].append(mark)
    write_anew(run, to, of_rows, [mark for mark in marks if mark.row is None])


def marked_response(run: Import, reader: Reader) -> FileResponse:
    """The marked workbook as a download."""
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it
    write_marked(run, file, reader)
    file.seek(0)
    stem = run.file_name.rpartition(".")[0] or run.file_name
    answer = FileResponse(file, as_attachment=True, filename=f"{stem}-errors.xlsx", content_type=XLSX)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _is_original(run: Import, reader: Reader) -> bool:
    """Whether the reader gets the file itself back: who has sent it, if it is an xlsx file."""
    if run.uploaded_by_id is None or run.uploaded_by_id != reader.pk:
        return False
    try:
        with path_of(run.sha256).open("rb") as file:
            return file.read(2) == ZIP
    except FileNotFoundError:
        return False


def _marks(run: Import, reader: Reader) -> list[Mark]:
    """What was found and the reader may be told: errors first, each in the order of the rows."""
    sorts = (ImportPart.Sort.ERRORS, ImportPart.Sort.WARNINGS)
    return [
        Mark(
            sheet=finding["sheet"],
            row=finding["row"],
            letter=finding["letter"],
            words=finding["column"],
            value=finding["value"],
            text=in_this_language(finding["detail"]),
            is_error=sort == ImportPart.Sort.ERRORS,
        )
        for sort in sorts
        for part in run.parts.filter(sort=sort).order_by("number")
        for finding in told_to(part.lines, reader)
    ]
