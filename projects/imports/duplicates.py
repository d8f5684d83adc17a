"""New rows of a workbook that may be recorded already, also elsewhere or under another name: said before the import."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from projects.duplicates import Sought, candidates_of_many
from projects.imports.rows import Line
from projects.models import Organization, User
from projects.services.plans import PROJECT

SHOWN = 3  # of one row
SAID = _("This may be recorded already:")


def warn_of_duplicates(lines: Sequence[Line], reader: User) -> None:
    """Warn at each new row of what it may be the same as, with the reasons; what was asked or told already is not."""
    new = [line for line in lines if line.is_new and line.match.fault is None and not line.match.asked]
    for line, found in zip(new, candidates_of_many([_sought(line) for line in new], reader), strict=True):
        told = {candidate.pk for candidate in line.match.alike}
        doubtful = [each for each in found if each.is_doubtful and each.project.pk not in told]
        for project, reasons in doubtful[:SHOWN]:
            named = f"{project.code} {project.label} ({project.district.label})"
            line.warn(
                "name", "duplicate", SAID, named, *(reason.label for reason in reasons), project=project.pk
            )


def _sought(line: Line) -> Sought:
    """What is compared of a row."""
    values = line.values
    return Sought(
        name=str(values.get((PROJECT, "name")) or ""),
        approval_code=str(values.get((PROJECT, "approval_code")) or ""),
        district=values.get((PROJECT, "district")),
        total_investment=values.get((PROJECT, "total_investment")),
        investors=[each.pk for each in line.investors or () if isinstance(each, Organization)],
        parent=values.get((PROJECT, "parent")),
    )
