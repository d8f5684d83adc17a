"""Which recorded projects may be one and the same as another, recorded or only typed, and why (重复项目)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from projects.access import subtrees_of
from projects.alike import kept_core
from projects.models import HINT, Likeness, Organization, Project, ProjectSearch

if TYPE_CHECKING:
    from projects.access import Reader

V = TypeVar("V", int, str)

COMPARED = (
    100  # projects of one alike name that are looked at, the latest; and of one investor in one district
)
MOST = 20  # candidates that are told of one project
SLICE = 5_000  # values in one question
TENTH = 10  # amounts are alike where they differ by at most a tenth of the larger
ORDER = list(Likeness)


@dataclass(slots=True, frozen=True)
class Sought:
    """What is compared of a project that is being typed, or of a row of a workbook; whatever is not known is left out.

    `investors` are ids of organizations, `credit_codes` codes of investors that are known by nothing else.
    """

    name: str = ""
    approval_code: str = ""
    district: int | None = None
    total_investment: int | None = None  # yuan
    investors: Collection[int] = ()
    credit_codes: Collection[str] = ()
    id: int | None = None  # of the project itself, where it is recorded: it and its family are no candidates
    parent: int | None = None


class Candidate(NamedTuple):
    """A recorded project that may be the same, with the reasons, the weightiest first."""

    project: Project
    reasons: tuple[Likeness, ...]

    @property
    def is_doubtful(self) -> bool:
        """Whether somebody has to say what the two are; an alike name alone is only worth a word."""
        return self.reasons != (HINT,)


class Fact(NamedTuple):
    """What decides about the likeness of a recorded project."""

    pk: int
    name: str
    approval_code: str
    district_id: int
    parent_id: int | None
    total_investment: int | None


def sought(project: Project) -> Sought:
    """What is compared of a recorded project, as the record at hand says it."""
    return Sought(
        name=project.name,
        approval_code=project.approval_code,
        district=project.district_id,
        total_investment=project.total_investment,
        investors=[investor.pk for investor in project.investors.all() if investor.uscc],
        id=project.pk,
        parent=project.parent_id,
    )


def candidates(given: Project | Sought, reader: Reader | None) -> list[Candidate]:
    """The kept projects that may be the same as this one, the likeliest first; only what the reader sees.

    Without a reader all are looked at. At most MOST, and never the project's own phases, nor what it is a phase of.
    """
    (found,) = candidates_of_many([given], reader)
    return found


def candidates_of_many(given: Sequence[Project | Sought], reader: Reader | None) -> list[list[Candidate]]:
    """The candidates of each of these, in their order: a handful of questions, however many there are.

    They are compared with what is recorded, not with each other: for rows of one workbook see `imports.duplicates`.
    """
    wanted = [sought(each) if isinstance(each, Project) else each for each in given]
    places = Places(reader)
    by_code = _by_code({each.approval_code for each in wanted} - {""})
    cores = [kept_core(each.name) for each in wanted]
    by_core = _by_core(set(cores) - {""}, places)
    by_investor = _by_investor(wanted, places)
    found: list[set[int]] = []
    for each, core in zip(wanted, cores, strict=True):
        backed = (by_investor[pk, each.district] for pk in _named(each, by_investor.codes))
        found.append(by_code[each.approval_code].union(by_core[core], *backed))
    facts = _facts(set().union(*found), places)
    ranked = [
        _ranked(each, core, [facts[pk] for pk in pks if pk in facts], by_investor)
        for each, core, pks in zip(wanted, cores, found, strict=True)
    ]
    projects = _projects({fact.pk for some in ranked for fact, _reasons in some})
    return [[Candidate(projects[fact.pk], reasons) for fact, reasons in some] for some in ranked]


def likeness(one: Project, other: Project) -> tuple[Likeness, ...]:
    """Why two recorded projects may be one and the same; nothing where they are of one family, or one is void."""
    each, another = sought(one), sought(other)
    if one.is_void or other.is_void or _is_family(each, other) or _is_family(another, one):
        return ()
    shares = one.district_id == other.district_id and not {*each.investors}.isdisjoint(another.investors)
    return tuple(_reasons(each, kept_core(one.name), other, shares_investor=shares))


def likeness_of(one: Sought, other: Sought, *, shares_investor: bool) -> tuple[Likeness, ...]:
    """Why two that are not recorded yet may be one and the same; `shares_investor` in the same district."""
    return tuple(_reasons(one, kept_core(one.name), other, shares_investor=shares_investor))


class Places:
    """Where one reader sees projects, asked once for several questions; everywhere, where there is no reader."""

    def __init__(self, reader: Reader | None) -> None:
        self._reader = reader
        self._rules: dict[str, Q] = {}

    def rule(self, field: str) -> Q:
        """The rule that a row's district is one of them."""
        if self._reader is None:
            return Q()
        if field not in self._rules:
            self._rules[field] = subtrees_of(self._reader, field=field)
        return self._rules[field]


class Backed(defaultdict[tuple[int, int | None], set[int]]):
    """Projects by investor and district; and the investors of credit codes."""

    codes: dict[str, int]

    def __init__(self) -> None:
        super().__init__(set)
        self.codes = {}


# --- what is looked up ------------------------------------------------------------------------------------------------


def _by_code(codes: Collection[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for part in _slices(codes):
        rows = Project.objects.kept().exclude(approval_code="").filter(approval_code__among=part).order_by()
        for code, pk in rows.values_list("approval_code", "pk"):
            found[code].add(pk)
    return found


def _by_core(cores: Collection[str], places: Places) -> dict[str, set[int]]:
    """The latest projects of each core that are kept."""
    found: dict[str, set[int]] = defaultdict(set)
    rows = ProjectSearch.objects.filter(
        places.rule("project__district__path"), project__voided_at__isnull=True
    ).values_list("core", "project_id")
    if len(cores) == 1:
        (core,) = cores
        found[core].update(pk for _core, pk in rows.filter(core=core).order_by("-project_id")[:COMPARED])
        return found
    latest = Window(RowNumber(), partition_by=[F("core")], order_by=F("project_id").desc())
    for part in _slices(cores):
        some = rows.filter(core__among=part).annotate(place=latest).filter(place__lte=COMPARED).order_by()
        for core, pk, _place in some:
            found[core].add(pk)
    return found


def _by_investor(wanted: Sequence[Sought], places: Places) -> Backed:
    """The kept projects of these investors that have a credit code, in the districts that are asked for."""
    found = Backed()
    placed = [each for each in wanted if each.district is not None]
    for codes in _slices({code for each in placed for code in each.credit_codes if code}):
        known = Organization.objects.filter(uscc__among=codes).order_by().values_list("uscc", "pk")
        found.codes |= {code: pk for code, pk in known if code}
    pairs = {(pk, each.district) for each in placed for pk in _named(each, found.codes)}
    districts = {district for _pk, district in pairs}
    through = Project.investors.through._default_manager
    rows = through.filter(places.rule("project__district__path"), project__voided_at__isnull=True)
    rows = rows.filter(organization__uscc__isnull=False).order_by()
    if len(districts) == 1:
        rows = rows.filter(project__district__in=districts)
    for part in _slices({pk for pk, _district in pairs}):
        some = rows.filter(organization__among=part).values_list(
            "organization", "project__district", "project"
        )
        for investor, district, pk in some[:COMPARED] if len(wanted) == 1 else some.iterator():
            if (investor, district) in pairs and len(found[investor, district]) < COMPARED:
                found[investor, district].add(pk)
    return found


def _named(each: Sought, codes: dict[str, int]) -> set[int]:
    """The investors of a project or row, by id."""
    return {*each.investors, *(codes[code] for code in each.credit_codes if code in codes)}


def _facts(ids: Collection[int], places: Places) -> dict[int, Fact]:
    """What decides about likeness, of the kept projects among these that the reader sees."""
    rows = Project.objects.kept().filter(places.rule("district__path")).order_by()
    facts = (
        Fact(*row) for part in _slices(ids) for row in rows.filter(pk__among=part).values_list(*Fact._fields)
    )
    return {fact.pk: fact for fact in facts}


def _projects(ids: Collection[int]) -> dict[int, Project]:
    rows = Project.objects.select_related("district").order_by()
    return {project.pk: project for part in _slices(ids) for project in rows.filter(pk__among=part)}


def _slices(values: Iterable[V]) -> Iterable[list[V]]:
    ordered = sorted(values)
    return (ordered[start : start + SLICE] for start in range(0, len(ordered), SLICE))


# --- what speaks for it -----------------------------------------------------------------------------------------------


def _ranked(
    each: Sought, core: str, facts: Iterable[Fact], backed: Backed
) -> list[tuple[Fact, tuple[Likeness, ...]]]:
    """Those that are like it with the reasons, the likeliest first; of the same district first, then the latest."""
    investors = _named(each, backed.codes)
    found = []
    for fact in facts:
        shares = any(fact.pk in backed.get((pk, each.district), ()) for pk in investors)
        reasons = tuple(_reasons(each, core, fact, shares_investor=shares))
        if reasons and not _is_family(each, fact):
            found.append((fact, reasons))
    found.sort(key=lambda one: _place(each, *one))
    return found[:MOST]


def _place(each: Sought, fact: Fact, reasons: Sequence[Likeness]) -> tuple[int, int, bool, int]:
    return (ORDER.index(reasons[0]), -len(reasons), fact.district_id != each.district, -fact.pk)


def _reasons(
    each: Sought, core: str, other: Fact | Project | Sought, *, shares_investor: bool
) -> Iterable[Likeness]:
    if each.approval_code and other.approval_code == each.approval_code:
        yield Likeness.APPROVAL_CODE
    alike = bool(core) and kept_core(other.name) == core
    amounts = (each.total_investment, other.total_investment)
    if alike and are_alike(*amounts):
        yield Likeness.NAME_AND_AMOUNT
    if shares_investor:
        yield Likeness.CREDIT_CODE
    if alike and None in amounts:
        yield Likeness.NAME
    elif alike and not are_alike(*amounts):
        yield Likeness.NAME_ALONE


def are_alike(one: int | None, other: int | None) -> bool:
    """Whether two amounts, in yuan, are both known and differ by at most a tenth of the larger."""
    return one is not None and other is not None and abs(one - other) * TENTH <= max(one, other)


def _is_family(each: Sought, project: Fact | Project) -> bool:
    """Whether it is the project itself, a phase of it, or of the same larger project."""
    own = {pk for pk in (each.id, each.parent) if pk is not None}
    return project.pk in own or project.parent_id in own
