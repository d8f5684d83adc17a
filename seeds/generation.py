"""A large invented set of projects, distributed as the seeds are; the same seed makes the same set anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any, TypeVar

from django.db.models.base import ModelState

from projects.amounts import MAX_AMOUNT
from projects.models import (
    District,
    Kind,
    Milestone,
    Organization,
    Ownership,
    Precision,
    Project,
    Reason,
    Sector,
)
from projects.services.bulk import Registration
from seeds.shares import Choice, Shares
from seeds.words import BRANDS, FIELDS, PHASES, WORKS

FIRST_DAY, LAST_DAY = date(2016, 1, 1).toordinal(), date(2025, 12, 31).toordinal()  # 40 quarters
ROUNDED_TO = 1_000_000  # yuan
SOURCE = "generated"

# The steps before and after each, in the order of a project's life, with how often a record has them.
STEPS: dict[str, tuple[tuple[str, float], ...]] = {
    "": ((Kind.FRAMEWORK_SIGNED.value, 0.5),),
    "signed": ((Kind.NEGOTIATING.value, 0.5), (Kind.SIGNED.value, 1)),
    "started": (
        (Kind.NEGOTIATING.value, 0.4), (Kind.SIGNED.value, 0.9), (Kind.REGISTERED.value, 0.5),
        (Kind.STARTED.value, 1), (Kind.ENROLLED.value, 0.6),
    ),
    "completed": (
        (Kind.NEGOTIATING.value, 0.4), (Kind.SIGNED.value, 0.9), (Kind.REGISTERED.value, 0.5),
        (Kind.STARTED.value, 0.95), (Kind.ENROLLED.value, 0.6), (Kind.COMPLETED.value, 1),
    ),
    "in_production": (
        (Kind.NEGOTIATING.value, 0.4), (Kind.SIGNED.value, 0.9), (Kind.REGISTERED.value, 0.5),
        (Kind.STARTED.value, 0.95), (Kind.ENROLLED.value, 0.6), (Kind.COMPLETED.value, 0.9),
        (Kind.IN_PRODUCTION.value, 1),
    ),
}  # fmt: skip
NEXT = {"": Kind.SIGNED.value, "signed": Kind.STARTED.value, "started": Kind.COMPLETED.value}
MEAN_GAP = {"registered": 40, "started": 200, "enrolled": 45, "completed": 500, "in_production": 120}  # days
OTHER_GAP = 90
WITH_PLAN, SUSPENDED, EXCLUDED = 0.4, 0.02, 0.01
OWNERS = Choice.weighted(
    [
        o.value
        for o in (Ownership.STATE, Ownership.PRIVATE, Ownership.FOREIGN, Ownership.HK_MO_TW, Ownership.MIXED)
    ],
    [25, 50, 10, 8, 7],
)
REASONS = Choice.weighted([reason.value for reason in Reason], [1] * len(Reason))


M = TypeVar("M", Project, Milestone)


def maker_of(model: type[M]) -> Callable[..., M]:
    """Makes unsaved records from column values; copying a blank one is far cheaper than Django's constructor."""
    blank = {name: value for name, value in model().__dict__.items() if name != "_state"}

    def make(**values: Any) -> M:
        record = model.__new__(model)
        record.__dict__.update(blank, _state=ModelState(), **values)
        return record

    return make


new_project, new_milestone = maker_of(Project), maker_of(Milestone)


@dataclass(slots=True)
class World:
    """What generated projects refer to: recorded districts, sectors and organizations, in a fixed order."""

    districts: Sequence[District]
    sectors: Sequence[Sector]
    organizations: Sequence[Organization]


def invented_organizations(count: int, seed: int) -> list[Organization]:
    """Investors for a generated set, not saved."""
    random = Random(f"organizations {seed}")  # noqa: S311  (repeatable, not secret)
    return [_organization(random, number) for number in range(1, count + 1)]


def _organization(random: Random, number: int) -> Organization:
    brand, brand_en = random.choice(BRANDS)
    field, field_en = random.choice(FIELDS)
    return Organization(
        name=f"{brand}{field}{number:05}有限公司", name_en=f"{brand_en} {field_en} {number:05} Ltd.",
        ownership=OWNERS.draw(random),
    )  # fmt: skip


class Generator:
    """Makes families: mostly single projects, and now and then a project with its phases."""

    def __init__(self, world: World, *, seed: int, shares: Shares) -> None:
        self.random = Random(f"projects {seed}")  # noqa: S311  (repeatable, not secret)
        self.seed = seed
        self.shares = shares
        self.world = world
        self.made = 0
        self._crowding = list(accumulate(self.random.lognormvariate(0, 1) for _ in world.districts))

    def families(self, projects: int) -> Iterator[Registration]:
        """So many projects, parents with phases and phases included."""
        split = self.shares.in_phases / (2.5 * (1 - self.shares.in_phases) + 1)  # of 2 or 3 phases each
        while self.made < projects:
            left = projects - self.made
            if left >= 4 and self.random.random() < split:
                yield self._with_phases(self.random.choice((2, 3)))
            else:
                yield self._single()

    def _single(self) -> Registration:
        project = self._project(self._district())
        return Registration(project, self._milestones(project), self._investors(project))

    def _with_phases(self, count: int) -> Registration:
        district = self._district()
        parent = self._project(district)
        parent.exclusion_reason = ""
        investors = self._investors(parent)
        phases = []
        for phase in PHASES[:count]:
            project = self._project(district)
            project.name, project.name_en, project.phase = parent.name, parent.name_en, phase
            project.sector_id, project.project_type = parent.sector_id, parent.project_type
            project.ownership = parent.ownership
            phases.append(Registration(project, self._milestones(project), investors))
        return Registration(parent, (), investors, phases)

    def _district(self) -> District:
        return self.random.choices(self.world.districts, cum_weights=self._crowding)[0]

    def _project(self, district: District) -> Project:
        random, shares = self.random, self.shares
        self.made += 1
        kind = shares.project_type.draw(random)
        brand, brand_en = BRANDS[int(random.random() * len(BRANDS))]
        field, field_en = FIELDS[int(random.random() * len(FIELDS))]
        works, works_en = WORKS[kind][int(random.random() * len(WORKS[kind]))]
        project = new_project(
            code=f"G{self.seed}-{self.made:07}",
            name=f"{brand}{field}{works}（{district.name}）",
            name_en=f"{brand_en} {field_en} {works_en}, {district.name_en}",
            district_id=district.pk,
            project_type=kind,
            source=SOURCE,
        )
        if random.random() < shares.sector_known:
            project.sector_id = self.world.sectors[int(random.random() * len(self.world.sectors))].pk
        if random.random() < EXCLUDED:
            project.exclusion_reason = "below_threshold"
        self._amounts(project)
        return project

    def _amounts(self, project: Project) -> None:
        random, shares = self.random, self.shares
        size = random.lognormvariate(*shares.size)
        if random.random() < shares.amount_known:
            project.total_investment = _rounded(size)
            project.investment_estimated = random.random() < shares.estimated
        if random.random() < shares.output_known:
            project.expected_output = _rounded(size * random.lognormvariate(0.2, 0.4))
        if random.random() < shares.revenue_known:
            project.expected_revenue = _rounded(size * random.lognormvariate(0.1, 0.4))

    def _investors(self, project: Project) -> list[int]:
        random, known = self.random, self.world.organizations
        if not known or random.random() >= self.shares.investor_known:
            return []
        main = known[int(random.random() * len(known))]
        project.ownership = main.ownership
        second = known[int(random.random() * len(known))].pk if random.random() < 0.1 else main.pk
        return sorted({main.pk, second})

    def _milestones(self, project: Project) -> list[Milestone]:
        stage = self.shares.stage.draw(self.random)
        kinds = [kind for kind, share in STEPS[stage] if share == 1 or self.random.random() < share]
        days = self._days(kinds)
        milestones = [self._happened(kind, day) for kind, day in zip(kinds, days, strict=True)]
        if stage == Kind.STARTED and self.random.random() < SUSPENDED:
            stopped = self._happened(Kind.SUSPENDED.value, min(days[-1] + 60, LAST_DAY))
            stopped.reason = REASONS.draw(self.random)
            milestones.append(stopped)
        if stage in NEXT and self.random.random() < WITH_PLAN:
            milestones.append(self._planned(NEXT[stage], days[-1] if days else LAST_DAY))
        return milestones

    def _days(self, kinds: Sequence[str]) -> list[int]:
        """A day for each step, in order, all within the 40 quarters."""
        gaps = [self.random.expovariate(1 / MEAN_GAP.get(kind, OTHER_GAP)) for kind in kinds[1:]]
        first = FIRST_DAY + int(self.random.random() * (LAST_DAY - FIRST_DAY))
        squeeze = min(1.0, (LAST_DAY - first) / sum(gaps)) if gaps else 1.0
        return [first, *(int(first + past * squeeze) for past in accumulate(gaps))] if kinds else []

    def _happened(self, kind: str, day: int) -> Milestone:
        precision = self.shares.precision.draw(self.random)
        happened_on = None if precision == Precision.UNKNOWN else _day(day)
        milestone = new_milestone(kind=kind, precision=precision, happened_on=happened_on)
        if self.random.random() < WITH_PLAN:
            milestone.planned_on = _day(day + int(self.random.gauss(-20, 60)))
            milestone.planned_first_on = _day(
                milestone.planned_on.toordinal() - int(self.random.random() * 90)
            )
        return milestone

    def _planned(self, kind: str, after: int) -> Milestone:
        planned = after + 30 + int(self.random.expovariate(1 / 300))
        return new_milestone(kind=kind, planned_on=_day(planned), planned_first_on=_day(planned))


def _rounded(yuan: float) -> int:
    return min(max(round(yuan / ROUNDED_TO), 1) * ROUNDED_TO, MAX_AMOUNT)


@cache
def _day(ordinal: int) -> date:
    """One object for each day, however many milestones fall on it."""
    return date.fromordinal(ordinal)
