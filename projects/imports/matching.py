"""Which recorded project a row means: by code, by approval code, else by name and district; what is doubtful is asked.

Only projects of the district that the workbook is imported into are looked at, so nothing is told of any other; all
projects for those who may import into the whole country.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from projects.alike import SHORTEST, core_of, kept_core
from projects.models import District, Project, ProjectSearch, PutAside, Revision, mask_of
from projects.models.project_queryset import ProjectQuerySet
from projects.text import comparable_name

SLICE = 5_000
SHOWN = 5  # candidates in a question
NEW = "new"  # the answer that a row is a project of its own


class Candidate(NamedTuple):
    """What is known of a recorded project to compare it with a row."""

    pk: int
    code: str
    approval_code: str
    name: str
    phase: str
    district_id: int
    is_void: bool


COLUMNS = ("pk", "code", "approval_code", "name", "phase", "district_id", "voided_at", "confidential")


class Wanted(NamedTuple):
    """What a row says of the project that it means."""

    code: str
    approval_code: str
    name: str
    phase: str
    district_id: int | None
    answer: str  # of the person who was asked before: NEW, a project's code, or nothing


@dataclass(slots=True)
class Match:
    """What a row means: one project, none (then it is new), several that somebody must choose from, or a fault."""

    project: int | None = None
    is_void: bool = False  # made by an import that was taken back: it comes back
    asked: Sequence[Candidate] = ()
    alike: Sequence[Candidate] = ()  # only a warning
    fault: tuple[str, object] | None = None


@dataclass
class Recorded:
    """The recorded projects that rows of a workbook may mean, by what they are found by."""

    by_code: dict[str, Candidate] = field(default_factory=dict)
    by_approval: dict[str, list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    by_name: dict[tuple[int, str, str], list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    by_core: dict[tuple[int, str], list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    undone: set[int] = field(default_factory=set)  # void, but made by imports that were taken back


def recorded_in(into: District | None) -> ProjectQuerySet:
    """The projects that rows may mean: of a district and all below it, or of the whole country."""
    return Project.objects.all() if into is None else Project.objects.within(into)


def match_all(rows: Sequence[Wanted], into: District | None) -> list[Match]:
    """What each of these rows means, in their order."""
    recorded = _read(rows, into)
    matches = [_match(row, recorded) for row in rows]
    _refuse_twice(matches)
    return matches


def name_of(row: Wanted | Candidate) -> tuple[str, str]:
    """A name and a phase as they are compared."""
    return comparable_name(row.name), comparable_name(row.phase)


# --- one row ------------------------------------------------------------------------------------------------------

VOID = _("This project was declared void. Restore it first, or leave the row out.")
TWO = _("The project code and the approval code belong to two different projects. Correct one of them.")
TWICE = _("Another row of the workbook means the same project. Leave one of them out.")


def _match(row: Wanted, recorded: Recorded) -> Match:
    by_code = recorded.by_code.get(row.code) if row.code else None
    by_approval = recorded.by_approval.get(row.approval_code, []) if row.approval_code else []
    if by_code is not None:
        if by_approval and all(found.pk != by_code.pk for found in by_approval):
            return Match(fault=("two_projects", TWO))
        return _found(by_code, recorded)
    if row.answer == NEW:
        return Match()
    if row.answer and (chosen := recorded.by_code.get(row.answer)):
        return _found(chosen, recorded)
    if by_approval:
        return _one_of([c for c in by_approval if name_of(c) == name_of(row)] or by_approval, recorded)
    return _match_by_name(row, recorded)


def _match_by_name(row: Wanted, recorded: Recorded) -> Match:
    if row.district_id is None or not row.name:
        return Match()
    same = recorded.by_name.get((row.district_id, *name_of(row)), [])
    if same:
        return (
            Match(asked=same[:SHOWN]) if any(_contradicts(row, c) for c in same) else _one_of(same, recorded)
        )
    core = core_of(row.name)
    alike = recorded.by_core.get((row.district_id, core), []) if len(core) >= SHORTEST else []
    alike = [c for c in alike if not c.is_void][:SHOWN]
    if not alike:
        return Match()
    return Match(alike=alike) if row.code or row.approval_code or row.phase else Match(asked=alike)


def _contradicts(row: Wanted, candidate: Candidate) -> bool:
    """Whether a project of the same name is called otherwise by a code that somebody has given it."""
    given = candidate.code != f"P{candidate.pk:08d}"
    other_code = bool(row.code) and given and row.code != candidate.code
    other_approval = bool(
        row.approval_code and candidate.approval_code
    )  # they differ, or it had been found by it
    return other_code or other_approval


def _one_of(found: Sequence[Candidate], recorded: Recorded) -> Match:
    if len(found) == 1:
        return _found(found[0], recorded)
    kept = [candidate for candidate in found if not candidate.is_void]
    return _found(kept[0], recorded) if len(kept) == 1 else Match(asked=(kept or found)[:SHOWN])


def _found(candidate: Candidate, recorded: Recorded) -> Match:
    if candidate.is_void and candidate.pk not in recorded.undone:
        return Match(fault=("void_project", VOID))
    return Match(project=candidate.pk, is_void=candidate.is_void)


def _refuse_twice(matches: Sequence[Match]) -> None:
    """Two rows that mean one project contradict each other."""
    meant: dict[int, list[Match]] = defaultdict(list)
    for match in matches:
        if match.project is not None:
            meant[match.project].append(match)
    for together in meant.values():
        if len(together) > 1:
            for match in together:
                match.fault = ("same_project_twice", TWICE)


# --- what is recorded ---------------------------------------------------------------------------------------------


def _read(rows: Sequence[Wanted], into: District | None) -> Recorded:
    recorded = Recorded()
    keys = _Keys(rows)
    projects = recorded_in(into).order_by("pk")
    found: dict[int, Candidate] = {}
    for candidate in (
        *_among(projects, "code", keys.codes),
        *_among(projects.exclude(approval_code=""), "approval_code", keys.approvals),
        *_by_name(keys),
        *_put_aside(into, keys),
    ):
        found[candidate.pk] = candidate
    recorded.undone = _undone([c.pk for c in found.values() if c.is_void])
    for candidate in found.values():
        _keep(candidate, recorded)
    return recorded


class _Keys:
    """What the rows are found by."""

    def __init__(self, rows: Sequence[Wanted]) -> None:
        self.codes = {row.code for row in rows if row.code} | {row.answer for row in rows if row.answer} - {
            NEW
        }
        self.approvals = {row.approval_code for row in rows if row.approval_code}
        self.districts = {row.district_id for row in rows if row.district_id is not None}
        named = {row.name for row in rows if row.name}
        self.names = set(map(comparable_name, named))
        self.cores = {core for core in map(core_of, named) if len(core) >= SHORTEST}
        self.kept = sorted(set(map(kept_core, named)))  # "" where a name has hardly any

    def name(self, name: str) -> bool:
        """Whether a project of this name may be meant."""
        return comparable_name(name) in self.names or core_of(name) in self.cores


def _keep(candidate: Candidate, recorded: Recorded) -> None:
    recorded.by_code[candidate.code] = candidate
    if candidate.is_void and candidate.pk not in recorded.undone:
        return  # found by its own code alone
    if candidate.approval_code:
        recorded.by_approval[candidate.approval_code].append(candidate)
    recorded.by_name[(candidate.district_id, *name_of(candidate))].append(candidate)
    recorded.by_core[(candidate.district_id, core_of(candidate.name))].append(candidate)


def _candidates(rows: Iterable[Sequence[Any]]) -> Iterator[Candidate]:
    for row in rows:
        voided_at, confidential = row[-2:]
        if not confidential:  # whose facts are put aside
            yield Candidate._make([*row[:6], voided_at is not None])


def _among(projects: QuerySet[Project], column: str, values: set[str]) -> Iterator[Candidate]:
    ordered = sorted(values)
    for start in range(0, len(ordered), SLICE):
        some = projects.filter(**{f"{column}__in": ordered[start : start + SLICE]})
        yield from _candidates(some.values_list(*COLUMNS))


def _by_name(keys: _Keys) -> Iterator[Candidate]:
    """Those in the rows' own districts whose name may be meant: names that are the same have the same core."""
    for start in range(0, len(keys.kept), SLICE):
        named = ProjectSearch.objects.filter(core__among=keys.kept[start : start + SLICE]).order_by()
        everywhere = Project.objects.filter(pk__among=list(named.values_list("pk", flat=True)))
        for candidate in _candidates(everywhere.order_by("pk").values_list(*COLUMNS).iterator()):
            if candidate.district_id in keys.districts and keys.name(candidate.name):
                yield candidate


def _put_aside(into: District | None, keys: _Keys) -> Iterator[Candidate]:
    """The confidential ones, by what is true of them: whoever imports here knows it."""
    hidden = PutAside.objects.filter(project__in=recorded_in(into).filter(confidential=True).order_by())
    names = (
        "pk",
        "code",
        "approval_code",
        "name",
        "project__phase",
        "project__district_id",
        "project__voided_at",
    )
    tests: Callable[[Candidate], bool] = lambda c: (  # noqa: E731
        c.code in keys.codes or c.approval_code in keys.approvals or keys.name(c.name)
    )
    for row in hidden.order_by("pk").values_list(*names):
        candidate = Candidate._make([*row[:6], row[6] is not None])
        if tests(candidate):
            yield candidate
        mask = mask_of(candidate.pk)
        if mask["code"] in keys.codes and mask["code"] != candidate.code:  # so exported lists name it
            yield candidate._replace(code=mask["code"], approval_code="", name=mask["name"])


def _undone(void: Sequence[int]) -> set[int]:
    """Those of these void projects that an import had made which was taken back."""
    made = Revision.objects.filter(
        project_id__among=void, version=1, bulk__undone_at__isnull=False
    ).order_by()
    return set(made.values_list("project_id", flat=True)) if void else set()


def codes_of(candidates: Iterable[Candidate]) -> list[Mapping[str, Any]]:
    """Candidates as a question keeps them."""
    return [{"project": c.pk, "code": c.code, "name": f"{c.name} {c.phase}".strip()} for c in candidates]
