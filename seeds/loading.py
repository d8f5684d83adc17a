"""The seeds, table by table: what is missing is recorded through the services, what is there stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction

from projects import services
from projects.models import (
    District,
    Door,
    Milestone,
    Organization,
    Project,
    Sector,
    SectorScheme,
    SizeBand,
    Succession,
    Tag,
)
from projects.services.bulk import register_districts
from seeds.divisions import divisions_of
from seeds.tables import Row, seed_rows
from seeds.tree import places_of, recorded_districts, unsaved
from tracking.models import ReportedTotal, Target

AMOUNTS = ("total_investment", "expected_output", "expected_revenue")


class SeedsError(ValueError):
    """Seeds that cannot be loaded: `problems` has a sentence for each wrong line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(slots=True)
class Count:
    """How many rows of a table were added and how many were there already."""

    added: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class Load:
    """One run: the moment it is recorded at, what was found so far, and everything wrong."""

    at: datetime
    counts: dict[str, Count] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    districts: dict[str, District] = field(default_factory=dict)
    sectors: dict[str, Sector] = field(default_factory=dict)

    def table(self, name: str, known: set[str], add: Callable[[Row], object], *, key: str = "code") -> None:
        """Add the rows whose key is not known; a wrong row is noted and the others are still looked at."""
        count = self.counts.setdefault(name, Count())
        for row in seed_rows(name):
            if row[key] in known:
                count.unchanged += 1
                continue
            with self.noting(name, row):
                add(row)
                count.added += 1

    @contextmanager
    def noting(self, name: str, row: Row) -> Iterator[None]:
        """Turn what is wrong with a row into sentences with its place."""
        try:
            with transaction.atomic():
                yield
        except ValidationError as error:
            found = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
            self.problems += [
                f"{name}.csv {row.line} {column}: {' '.join(messages)}" for column, messages in found.items()
            ]
        except (KeyError, ValueError, ArithmeticError) as error:
            self.problems.append(f"{name}.csv {row.line}: {error}")

    def finish(self) -> dict[str, Count]:
        """The counts; raises SeedsError if anything was wrong."""
        if self.problems:
            raise SeedsError(self.problems)
        return self.counts


@transaction.atomic
def load_all(at: datetime) -> dict[str, Count]:
    """Load every table that is not there yet; the counts by table. Raises SeedsError, and nothing is kept."""
    load = Load(at)
    _reference(load)
    _organizations(load)
    _projects(load)
    _claims(load)
    return load.finish()


@transaction.atomic
def load_reference(at: datetime) -> dict[str, Count]:
    """Load districts, sectors and size bands alone. Raises SeedsError, and nothing is kept."""
    load = Load(at)
    _reference(load)
    return load.finish()


def _reference(load: Load) -> None:
    _districts(load)
    _successions(load)
    _sectors(load)
    _tags(load)
    load.table("size_bands", set(SizeBand.objects.values_list("code", flat=True)), lambda row: services.save_band(
        SizeBand(code=row["code"], name=row["name"], name_en=row["name_en"], lower=int(row["lower"]),
                 upper=_whole(row["upper"])), at=load.at))  # fmt: skip


def _districts(load: Load) -> None:
    recorded = recorded_districts()
    divisions, problems = divisions_of(seed_rows("districts"), places_of(recorded))
    load.problems += [f"districts.csv: {problem}" for problem in problems]
    new = [division for division in divisions if division.code not in recorded]
    added = [] if problems else unsaved(new, recorded)
    register_districts(added)
    load.districts = recorded | {district.code: district for district in added}
    load.counts["districts"] = Count(len(added), len(divisions) - len(new))


def _successions(load: Load) -> None:
    """What became of ended districts; where somebody has recorded another end or beginning, theirs stays."""
    count = load.counts["successions"] = Count()
    for row in seed_rows("successions"):
        with load.noting("successions", row):
            succession = Succession(
                predecessor=load.districts[row["predecessor_code"]],
                successor=load.districts[row["successor_code"]],
                kind=row["kind"],
                happened_on=date.fromisoformat(row["happened_on"]),
            )
            if _is_told(succession):
                count.unchanged += 1
                continue
            services.save_succession(succession, actor=None, at=load.at)
            count.added += 1


def _is_told(succession: Succession) -> bool:
    """Whether the record says already when the old district ended or the new one began."""
    old, new, day = succession.predecessor, succession.successor, succession.happened_on
    begins = {None, day} if succession.kind != Succession.Kind.MERGED else {new.valid_from}
    told = old.valid_to not in {None, day - timedelta(days=1)} or new.valid_from not in begins
    return told or old.successions.exists()


def _sectors(load: Load) -> None:
    schemes = {scheme.code: scheme for scheme in SectorScheme.objects.all()}
    load.sectors = {sector.code: sector for sector in Sector.objects.all()}

    def add_scheme(row: Row) -> None:
        district = load.districts[row["district_code"]] if row["district_code"] else None
        schemes[row["code"]] = services.save_reference(
            SectorScheme(code=row["code"], name=row["name"], name_en=row["name_en"], district=district)
        )

    def add_sector(row: Row) -> None:
        scheme = schemes[row["scheme_code"]]
        load.sectors[row["code"]] = services.save_reference(
            Sector(code=row["code"], name=row["name"], name_en=row["name_en"], scheme=scheme)
        )

    load.table("sector_schemes", set(schemes), add_scheme)
    load.table("sectors", set(load.sectors), add_sector)


def _tags(load: Load) -> None:
    load.table("tags", set(Tag.objects.values_list("code", flat=True)), lambda row: services.save_reference(
        Tag(code=row["code"], name=row["name"], name_en=row["name_en"])))  # fmt: skip


def _organizations(load: Load) -> None:
    known = set(Organization.objects.values_list("name", flat=True))

    def add(row: Row) -> None:
        services.save_versioned(
            Organization(
                uscc=row["uscc"] or None, name=row["name"], name_en=row["name_en"], ownership=row["ownership"]
            ),
            at=load.at,
        )

    load.table("organizations", known, add, key="name")


def _projects(load: Load) -> None:
    steps: dict[str, list[Row]] = {}
    for row in seed_rows("milestones"):
        steps.setdefault(row["project_code"], []).append(row)
    codes = [row["code"] for row in seed_rows("projects")]
    projects = {project.code: project for project in Project.objects.filter(code__in=codes)}
    investors = {organization.name: organization for organization in Organization.objects.order_by("-id")}
    count = load.counts["milestones"] = Count(unchanged=sum(len(steps.get(code, ())) for code in projects))

    def add(row: Row) -> None:
        project = _project(load, row, projects)
        milestones = [_milestone(project, step) for step in steps.get(row["code"], ())]
        names = [name for name in row["investors"].split(";") if name]
        services.save_project(
            project,
            actor=None,
            at=load.at,
            investors=[investors[name] for name in names],
            milestones=milestones,
            door=Door.COMMAND,
        )
        projects[project.code] = project
        count.added += len(milestones)

    load.table("projects", set(projects), add)


def _project(load: Load, row: Row, projects: dict[str, Project]) -> Project:
    sector = load.sectors[row["sector_code"]] if row["sector_code"] else None
    return Project(
        code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        district=load.districts[row["district_code"]],
        sector=sector,
        project_type=row["project_type"],
        ownership=row["ownership"],
        parent=projects[row["parent_code"]] if row["parent_code"] else None,
        phase=row["phase"],
        investment_estimated=row["investment_estimated"] == "1",
        remark=_remark(row, sector),
        source=row["source"],
        **{name: _whole(row[name]) for name in AMOUNTS},
    )


def _remark(row: Row, sector: Sector | None) -> str:
    """The row's own remark, and the source's words for the sector where the recorded one does not say them all."""
    words = row["sector_text"]
    said = "" if sector and sector.name == words else words
    return "\n".join(filter(None, [row["remark"], f"来源所列产业：{said}" if said else ""]))


def _milestone(project: Project, row: Row) -> Milestone:
    return Milestone(
        project=project,
        kind=row["kind"],
        precision=row["precision"],
        happened_on=date.fromisoformat(row["happened_on"]) if row["happened_on"] else None,
        note=row["note"],
    )


def _claims(load: Load) -> None:
    def add_claim(row: Row) -> None:
        services.save_versioned(
            ReportedTotal(
                key=row["key"],
                district=load.districts[row["district_code"]],
                period=row["period"],
                measure=row["measure"],
                category=row["category"],
                value=Decimal(row["value"]),
                unit=row["unit"],
                nature=row["nature"],
                approximate=row["approximate"] == "1",
                note=row["note"],
                source=row["source"],
            ),
            at=load.at,
        )

    def add_target(row: Row) -> None:
        services.save_versioned(
            Target(
                key=row["key"],
                district=load.districts[row["district_code"]],
                year=int(row["year"]),
                measure=row["measure"],
                comparator=row["comparator"],
                value=Decimal(row["value"]),
                unit=row["unit"],
                note=row["note"],
                source=row["source"],
            ),
            at=load.at,
        )

    claims = ReportedTotal.objects.exclude(key=None).values_list("key", flat=True)
    targets = Target.objects.exclude(key=None).values_list("key", flat=True)
    load.table("reported_totals", {str(key) for key in claims}, add_claim, key="key")
    load.table("targets", {str(key) for key in targets}, add_target, key="key")


def _whole(text: str) -> int | None:
    return int(text) if text else None
