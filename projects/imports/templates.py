"""The workbook to fill in, with the districts and sectors that the reader may choose."""

from __future__ import annotations

from collections import Counter
from tempfile import TemporaryFile

from django.http import FileResponse
from django.utils.translation import gettext as _

from projects.access import Role, subtrees_of
from projects.imports.marking import XLSX
from projects.models import District, Sector, User
from projects.workbooks import write_template

MOST = 2_000  # in a drop-down; beyond, nobody looks through it


def template_response(user: User) -> FileResponse:
    """The template as a download, in the language that is active."""
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it
    write_template(file, districts=_districts(user), sectors=_sectors())
    file.seek(0)
    answer = FileResponse(
        file, as_attachment=True, filename=_("Projects to import") + ".xlsx", content_type=XLSX
    )
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _districts(user: User) -> list[str]:
    """Where the user records projects, by name; where two have one name, with what they belong to."""
    rows = District.objects.filter(subtrees_of(user, Role.EDITOR), valid_to=None)
    districts = list(rows.select_related("parent").order_by("path")[:MOST])
    named = Counter(district.name for district in districts)
    return [
        d.name if named[d.name] == 1 or d.parent is None else f"{d.parent.name}{d.name}" for d in districts
    ]


def _sectors() -> list[str]:
    """All sectors by name; where two have one name, with their classification."""
    sectors = list(Sector.objects.select_related("scheme").order_by("scheme_id", "pk")[:MOST])
    named = Counter(sector.name for sector in sectors)
    return [s.name if named[s.name] == 1 else f"{s.scheme.name}{s.name}" for s in sectors]
