"""New rows of a workbook that may be recorded already, or be one project with another row: said before the import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from projects.alike import kept_core
from projects.duplicates import Sought, are_alike, candidates_of_many, likeness_of
from projects.imports.naming import Investors, NotFound
from projects.imports.rows import Line
from projects.models import Likeness, Organization, User
from projects.services.plans import PROJECT
from projects.workbooks.tables import Text, said

SHOWN = 3  # of one row
MOST_PAIRS = 200  # of rows of one workbook, the weightiest
LOOKED_BACK = 3  # rows of a group that each is compared with
SAID = _("This may be recorded already:")
SAME_SHEET = _("This may be the same project as row %(row)d of the workbook:")
OTHER_SHEET = _("This may be the same project as row %(row)d of the sheet “%(sheet)s”:")
WHAT_TO_DO = _("If it is, leave one of the two out.")
MORE = _("Still more rows may be one project with another row. They are not listed.")
REPEATED = {"code_twice", "project_twice"}


def warn_of_duplicates(lines: Sequence[Line], reader: User) -> None:
    """Warn at each new row of what it may be the same as, with the reasons; what was asked or told already is not."""
    new = [line for line in lines if _is_compared(line)]
    for line, found in zip(new, candidates_of_many([_sought(line) for line in new], reader), strict=True):
        told = {candidate.pk for candidate in line.match.alike}
        doubtful = [each for each in found if each.is_doubtful and each.project.pk not in told]
        for project, reasons in doubtful[:SHOWN]:
            named = f"{project.code} {project.label} ({project.district.label})"
            line.warn(
                "name", "duplicate", SAID, named, *(reason.label for reason in reasons), project=project.pk
            )


def _is_compared(line: Line) -> bool:
    return line.is_new and line.match.fault is None and not line.match.asked


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


# --- rows beside each other -------------------------------------------------------------------------------------------


Pair = tuple[Line, Line]


def warn_of_rows_alike(lines: Sequence[Line], investors: Investors) -> None:
    """Warn at each new row that may be one project with a new row above it; `lines` are all rows of a workbook.

    Rows are put together by what they share, and each is compared with a few beside it: it takes as long as there are
    rows, however many are alike.
    """
    places = {
        id(line): place
        for place, line in enumerate(lines)
        if _is_compared(line)
        and not (line.errors and REPEATED.intersection(error.code for error in line.errors))
    }
    rows = [line for line in lines if id(line) in places]
    told: set[tuple[int, int]] = set()
    for pair in _pairs(rows, investors):
        one, other = sorted(pair, key=lambda line: places[id(line)])
        key = places[id(one)], places[id(other)]
        if key in told:
            continue
        if len(told) == MOST_PAIRS:
            other.warn("name", "more_rows_alike", MORE)
            break
        told.add(key)
        labels = (reason.label for reason in _reasons(one, other, investors))
        other.warn("name", "rows_alike", _named(one, other), *labels, WHAT_TO_DO)


def _named(one: Line, other: Line) -> Text:
    if one.sheet == other.sheet:
        return said(SAME_SHEET, row=one.number)
    return said(OTHER_SHEET, row=one.number, sheet=one.sheet)


def _reasons(one: Line, other: Line, investors: Investors) -> tuple[Likeness, ...]:
    first, second = _sought_early(one, investors), _sought_early(other, investors)
    shares = first.district == second.district and not {*first.investors}.isdisjoint(second.investors)
    return likeness_of(first, second, shares_investor=shares)


def _sought_early(line: Line, investors: Investors) -> Sought:
    """What is compared of a row of which only the district is settled."""
    return Sought(
        name=str(line.said.get("name") or ""),
        approval_code=str(line.said.get("approval_code") or ""),
        district=line.values.get((PROJECT, "district")),
        total_investment=_yuan(line),
        investors=[pk for text in line.said.get("investors", ()) if (pk := _with_code(text, investors))],
    )


def _yuan(line: Line) -> int | None:
    amount = line.said.get("total_investment")
    return None if amount is None else amount.yuan


def _with_code(text: str, investors: Investors) -> int | None:
    """The investor of this name, if it has a credit code; what is wrong with a name is told where it is settled."""
    try:
        organization = investors.find(text)
    except (NotFound, ValidationError):
        return None
    return organization.pk if organization is not None and organization.uscc else None


def _pairs(rows: Sequence[Line], investors: Investors) -> Iterator[Pair]:
    """Pairs of rows by the rules of `projects.duplicates`, the weightiest first, some of them twice."""
    for group in _together((line.said.get("approval_code"), line) for line in rows):
        yield from _near(group)
    alike = _together((kept_core(str(line.said.get("name") or "")), line) for line in rows)
    for group in alike:
        known = [(yuan, line) for line in group if (yuan := _yuan(line)) is not None]
        known.sort(key=lambda pair: pair[0])
        yield from _near(
            [line for _amount, line in known], lambda one, other: are_alike(_yuan(one), _yuan(other))
        )
    backers: dict[str, int | None] = {}
    backed = []
    for line in rows:
        district = line.values.get((PROJECT, "district"))
        for text in line.said.get("investors", ()) if district is not None else ():
            if text not in backers:
                backers[text] = _with_code(text, investors)
            if backers[text]:
                backed.append(((backers[text], district), line))
    for group in _together(backed):
        yield from _near(group)
    for group in alike:
        if any(_yuan(line) is None for line in group):
            group.sort(key=lambda line: _yuan(line) or 0)
            yield from _near(group, lambda one, other: None in (_yuan(one), _yuan(other)))


def _together(rows: Iterable[tuple[Any, Line]]) -> list[list[Line]]:
    """Rows by what they share, where several do; nothing is shared by nobody."""
    found: dict[Any, list[Line]] = {}
    for key, line in rows:
        if key:
            found.setdefault(key, []).append(line)
    return [group for group in found.values() if len(group) > 1]


def _near(group: Sequence[Line], may_be: Callable[[Line, Line], bool] | None = None) -> Iterator[Pair]:
    """Each row with the nearest of the few before it that it may be the same as."""
    for place, line in enumerate(group):
        for before in reversed(group[max(0, place - LOOKED_BACK) : place]):
            if (
                line is not before
                and (may_be is None or may_be(before, line))
                and not _are_phases(before, line)
            ):
                yield before, line
                break


def _are_phases(one: Line, other: Line) -> bool:
    """Whether the rows say themselves that they are phases: of each other, of one project, or different ones."""
    if one.parent is other or other.parent is one:
        return True
    for name in ("parent", "phase"):
        first, second = one.said.get(name), other.said.get(name)
        if first and second and (first == second) is (name == "parent"):
            return True
    whole = one.values.get((PROJECT, "parent"))
    return whole is not None and whole == other.values.get((PROJECT, "parent"))
