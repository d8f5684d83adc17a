"""Workbooks made on the spot, and what becomes of them: sent, checked and committed as people and workers do it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile

from projects import imports
from projects.models import District, Door, Import, User
from tests.makers import NOW

HEAD = ("项目名称", "所属区", "总投资（万元）", "签约日期", "计划开工时间")
Rows = Sequence[Sequence[Any]]


def make_workbook(
    rows: Rows, head: Sequence[str] = HEAD, *, title: Sequence[str] = (), sheet: str = "项目"
) -> bytes:
    """A workbook of one sheet: lines above, the header, the rows."""
    file = BytesIO()
    book = xlsxwriter.Workbook(file)
    page = book.add_worksheet(sheet)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for number, row in enumerate([*([line] for line in title), head, *rows]):
        for place, value in enumerate(row):
            if isinstance(value, date):
                page.write_datetime(number, place, value, day)
            elif value is not None:
                page.write(number, place, value)
    book.close()
    return file.getvalue()


def send(
    content: bytes | Rows,
    *,
    into: District | None,
    actor: User,
    name: str = "项目.xlsx",
    at: datetime = NOW,
    **more: Any,
) -> Import:
    """A workbook that was sent, and is not looked at yet."""
    raw = content if isinstance(content, bytes) else make_workbook(content)
    return imports.take_in(
        SimpleUploadedFile(name, raw), into=into, actor=actor, at=at, door=Door.ADMIN, **more
    )


def worked(run: Import, at: datetime = NOW) -> Import:
    """The import after a worker has done what there was to do."""
    while imports.work_next(at):
        pass
    return Import.objects.select_related("district", "bulk").get(pk=run.pk)


def checked(content: bytes | Rows, **facts: Any) -> Import:
    """A workbook that was sent and checked."""
    return worked(send(content, **facts))


def committed(run: Import, actor: User, at: datetime = NOW) -> Import:
    """The import after it was committed."""
    return worked(imports.ask_to_commit(run, actor=actor, at=at), at)


def undone(run: Import, actor: User, at: datetime = NOW) -> Import:
    """The import after it was taken back."""
    return worked(imports.ask_to_undo(run, actor=actor, at=at), at)


def said(run: Import, sort: str = "errors") -> list[dict[str, Any]]:
    """All that was found of a sort."""
    return [line for part in run.parts.filter(sort=sort).order_by("number") for line in part.lines]


def codes(run: Import, sort: str = "errors") -> list[tuple[int | None, str, str]]:
    """Row, heading and code of all that was found."""
    return [(line["row"], line["column"], line["code"]) for line in said(run, sort)]
