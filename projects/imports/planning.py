"""What rows would do to the record: which project each means, and what of it would change, field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from projects.amounts import Amount
from projects.imports.matching import Wanted, codes_of, match_all, recorded_in
from projects.imports.naming import Districts, Investors, NotFound, Sectors, Tags
from projects.imports.rows import Line
from projects.models import District, Import, Kind, Organization, Precision, User, mask_of
from projects.services import plans
from projects.services.plans import PROJECT
from projects.workbooks.fields import BESIDE_DATES

LONGEST_NAME = 200
WHOLE = ("district", "zone")  # levels of a bureau whose rows need no column of districts
PLANNED = {"planned_start_on": Kind.STARTED, "planned_completion_on": Kind.COMPLETED}
ESTIMATED = "investment_estimated"

NO_DISTRICT = _("Say in which district the project lies: add a column of districts, or fill in this cell.")
NO_NAME = _("Write the project's name.")
NO_PARENT = _(
    "There is no such project for this to be a phase of. Write its code, or its name as in another row."
)
DOUBTFUL = _("This may be a project that is recorded already. Say which, or that it is new:")
ALIKE = _("A project of a similar name is recorded already:")
NO_STEP = _(
    "A note or a reason needs the step that it is about: write its date as well, or “unknown” if nobody knows it."
)
CODE_TWICE = _("This code stands in several rows of the workbook. Each project has a code of its own.")
NAME_TWICE = _(
    "This project stands in several rows of the workbook. Leave one out, or give each its own code."
)


class Names:
    """What cells of a workbook may name: districts, sectors, tags, investors."""

    def __init__(self, lines: Sequence[Line], into: District | None) -> None:
        self.into = into
        self.districts, self.sectors, self.tags = Districts(into), Sectors(into), Tags()
        self.investors = Investors(text for line in lines for text in line.said.get("investors", ()))


def settle(lines: Sequence[Line], run: Import) -> Names:
    """Find out which project each row means; what is wrong goes to the row's errors."""
    names = Names(lines, run.district)
    for line in lines:
        _name_district(line, names)
    _refuse_repeated(lines)
    _match(lines, run)
    _find_parents(lines, run.district)
    return names


def compare(lines: Sequence[Line], names: Names, reader: User, *, at: datetime) -> None:
    """Find out what each of these rows, which are settled, would change."""
    known = plans.known_of([line.match.project for line in lines if line.match.project], reader, at)
    backers = _names_of_investors(known.values())
    for line in lines:
        _name_what_is_there(line, names)
        _compare(line, known, backers)


@cache
def kind_of(name: str) -> tuple[str, str] | None:
    """The kind of milestone and its field that a field of a workbook means: `signed_on`, `signed_note`."""
    if name in PLANNED:
        return PLANNED[name].value, "planned_on"
    if name in BESIDE_DATES:
        return BESIDE_DATES[name]
    stem = name.removesuffix("_on")
    planned = stem.startswith("planned_")
    kind = stem.removeprefix("planned_")
    if stem == name or kind not in Kind.values:
        return None
    return kind, "planned_on" if planned else "happened_on"


# --- what cells name ----------------------------------------------------------------------------------------------


def _name_district(line: Line, names: Names) -> None:
    _set(line, "district", names.districts.find)
    into = names.into
    if into and into.level in WHOLE and "district" not in line.said and "district" not in line.wrong:
        line.values[PROJECT, "district"] = into.pk


def _name_what_is_there(line: Line, names: Names) -> None:
    line.values.update(_plain_values(line))
    _set(line, "sector", names.sectors.find)
    if tagged := line.said.get("tags"):
        _several(line, "tags", tagged, lambda text: names.tags.find(text).pk)
    if named := line.said.get("investors"):
        _name_investors(line, named, names.investors)


def _plain_values(line: Line) -> Iterable[tuple[tuple[str, str], Any]]:
    """What a row says of the project and its milestones, but for what names something else."""
    for name, value in line.said.items():
        step = kind_of(name)
        if step is not None:
            kind, of_date = step
            day, precision = value if isinstance(value, tuple) else (value, Precision.DAY)
            yield step, plans.plain(day)
            if of_date == "happened_on":
                yield (kind, "precision"), str(precision)
        elif isinstance(value, Amount):
            yield (PROJECT, name), value.yuan
            if name == "total_investment" and value.estimated:
                yield (PROJECT, ESTIMATED), True
        elif name not in ("district", "sector", "investors", "tags", "parent"):
            yield (PROJECT, name), plans.plain(value)


def _set(line: Line, name: str, find: Callable[[Any], Any]) -> None:
    if name in line.said:
        try:
            line.values[PROJECT, name] = find(line.said[name]).pk
        except NotFound as error:
            line.refuse(name, error.code, *error.texts)


def _several(line: Line, name: str, texts: Sequence[str], find: Callable[[str], int]) -> None:
    found_ids = []
    for text in texts:
        try:
            found_ids.append(find(text))
        except NotFound as error:
            line.refuse(name, error.code, *error.texts)
    line.values[PROJECT, name] = sorted(set(found_ids))


def _name_investors(line: Line, texts: Sequence[str], investors: Investors) -> None:
    line.investors = []
    for text in texts:
        try:
            line.investors.append(investors.find(text) or text)
        except NotFound as error:
            line.refuse("investors", error.code, *error.texts)
        except ValidationError as error:
            line.refuse_by_rule("investors", [error])
        if len(text) > LONGEST_NAME:
            line.refuse("investors", "max_length", _("A name has at most 200 characters."))


# --- which project ------------------------------------------------------------------------------------------------


def _refuse_repeated(lines: Sequence[Line]) -> None:
    """A code stands in a workbook once; so does a project that has none."""
    for code, sentence, key in (
        ("code_twice", CODE_TWICE, lambda line: ("code", line.said.get("code"))),
        ("project_twice", NAME_TWICE, _identity),
    ):
        seen: dict[Any, list[Line]] = {}
        for line in lines:
            if (value := key(line))[-1]:
                seen.setdefault(value, []).append(line)
        for together in seen.values():
            if len(together) > 1:
                for line in together:
                    line.refuse("code" if code == "code_twice" else "name", code, sentence)


def _identity(line: Line) -> tuple[Any, ...]:
    said = line.said
    if said.get("code") or said.get("approval_code") or not said.get("name"):
        return ("",)
    district = line.values.get((PROJECT, "district"))
    return district, said.get("parent"), said.get("phase", ""), said["name"]


def _match(lines: Sequence[Line], run: Import) -> None:
    wanted = [
        Wanted(
            str(line.said.get("code", "")),
            str(line.said.get("approval_code", "")),
            str(line.said.get("name", "")),
            str(line.said.get("phase", "")),
            line.values.get((PROJECT, "district")),
            str(run.answers.get(line.key, "")),
        )
        for line in lines
    ]
    for line, match in zip(lines, match_all(wanted, run.district), strict=True):
        line.match = match
        if match.fault:
            line.refuse("code" if line.has("code") else "name", match.fault[0], match.fault[1])
        if match.asked:
            named = "；".join(f"{each['code']} {each['name']}" for each in codes_of(match.asked))
            line.refuse("name", "doubtful", DOUBTFUL, named)
        for each in codes_of(match.alike):
            line.warn("name", "alike", ALIKE, f"{each['code']} {each['name']}")
        if match.project is None:
            _ask_for_what_is_missing(line)


def _ask_for_what_is_missing(line: Line) -> None:
    if "name" not in line.said and "name" not in line.wrong:
        line.refuse("name", "required", NO_NAME)
    if (PROJECT, "district") not in line.values and "district" not in line.wrong:
        line.refuse("district", "required", NO_DISTRICT)


def _find_parents(lines: Sequence[Line], into: District | None) -> None:
    """Of what each row is a phase: of another row, or of a project that is recorded."""
    asked = {str(line.said["parent"]) for line in lines if line.said.get("parent")}
    if not asked:
        return
    rows: dict[str, Line] = {}
    for line in reversed(lines):
        for name in ("name", "code"):
            if line.said.get(name) and not line.said.get("parent"):
                rows[str(line.said[name])] = line
    here = recorded_in(into).kept().filter(parent=None).order_by("-pk")
    recorded = {p.name: p for p in here.filter(name__in=asked)} | {
        p.code: p for p in here.filter(code__in=asked)
    }
    for line in lines:
        if not (text := str(line.said.get("parent", ""))):
            continue
        other = rows.get(text)
        if other is not None and other is not line:
            if other.match.project is None:
                line.parent = other
            else:
                line.values[PROJECT, "parent"] = other.match.project
        elif text in recorded:
            line.values[PROJECT, "parent"] = recorded[text].pk
        else:
            line.refuse("parent", "unknown_parent", NO_PARENT)


# --- what would change --------------------------------------------------------------------------------------------


def _names_of_investors(records: Iterable[plans.Record]) -> dict[int, str]:
    ids = {pk for record in records for pk in record.links["investors"]}
    return dict(Organization.objects.filter(pk__in=ids).order_by().values_list("pk", "name")) if ids else {}


def _compare(line: Line, known: Any, names: dict[int, str]) -> None:
    record = known.get(line.match.project) if line.match.project else plans.blank()
    if record is None:  # gone from sight meanwhile
        line.refuse("code", "unknown", _("This project is no longer there, or not yours to change."))
        return
    if line.match.project:
        line.version = record.project.version
    _refuse_lone_notes(line, record)
    values = line.values
    if record.project.confidential:
        values = _without_mask(record.project.pk, values)
    if line.match.is_void:
        values = {**values, (PROJECT, "voided_at"): None, (PROJECT, "void_reason"): ""}
    if "total_investment" in line.said and (PROJECT, ESTIMATED) not in values:
        values = {**values, **_estimated_anew(record, values)}
    line.changes = plans.differences_of(record, values)
    if line.investors is not None:
        held = record.links["investors"]
        given = [each if isinstance(each, str) else each.pk for each in line.investors]
        if sorted(map(str, held)) != sorted(map(str, given)):
            line.was_backed_by = [names.get(pk, "") for pk in held]


def _refuse_lone_notes(line: Line, record: plans.Record) -> None:
    """A step without a date and a plan is none, so nothing would keep its note. A wrong date is told already."""
    if not (noted := line.said.keys() & BESIDE_DATES.keys()):
        return
    wrong = {step[0] for step in map(kind_of, line.wrong) if step}
    for name in sorted(noted):
        kind, _field = BESIDE_DATES[name]
        has_date = line.values.get((kind, "precision")) or line.values.get((kind, "planned_on"))
        if not has_date and kind not in record.milestones and kind not in wrong:
            line.refuse(name, "note_without_date", NO_STEP)


def _without_mask(pk: int, values: plans.Values) -> plans.Values:
    """Less what only repeats the mask, under which lists are exported: it says nothing of the project."""
    mask = mask_of(pk)
    return {
        place: value for place, value in values.items() if place[0] != PROJECT or value != mask.get(place[1])
    }


def _estimated_anew(record: plans.Record, values: plans.Values) -> plans.Values:
    """Another amount without 约 is exact; the same amount stays as exact as it was."""
    same = record.project.total_investment == values.get((PROJECT, "total_investment"))
    return {} if same else {(PROJECT, ESTIMATED): False}
