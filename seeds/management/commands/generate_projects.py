"""`manage.py generate_projects --projects N --seed S`: a large invented set, the same for the same seed."""

from argparse import ArgumentParser
from operator import attrgetter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.models import District, Door, Organization, Project, Sector
from projects.services.bulk import Registered, register_districts, register_many, register_organizations
from seeds.generation import Generator, World, invented_organizations
from seeds.loading import load_reference
from seeds.shares import Shares
from seeds.synthetic import FEWEST, districts_for, invented_districts
from seeds.tables import seed_rows

MOST_PROJECTS = 10_000_000
MOST_SEED = 999_999
SECTIONS = "gbt4754-"
FURTHER_SECTORS = ("biomedicine", "robots", "low-altitude-economy", "aerospace", "artificial-intelligence",
                   "automobiles", "energy-storage", "digital-energy", "biomanufacturing", "smart-sensors")  # fmt: skip


class Command(BaseCommand):
    help = (
        "Fill an empty database with invented projects, distributed as the seeds are, to try it at any size."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--projects", type=int, required=True, help=_("How many projects."))
        parser.add_argument("--seed", type=int, default=1, help=_("The same seed makes the same set."))
        parser.add_argument(
            "--append", action="store_true", help=_("Add to a database that holds projects already.")
        )

    def handle(self, *_args: Any, projects: int, seed: int, append: bool, **_options: Any) -> None:
        if not 1 <= projects <= MOST_PROJECTS:
            raise CommandError(_("--projects is a number from 1 to 10,000,000."))
        if not 0 <= seed <= MOST_SEED:
            raise CommandError(_("--seed is a number from 0 to 999,999."))
        if Project.objects.exists() and not append:
            raise CommandError(
                _(
                    "This database holds projects. Invented ones would be counted with them: use an empty database, "
                    "or --append if that is meant."
                )
            )
        if Project.objects.filter(code__startswith=f"G{seed}-").exists():
            raise CommandError(
                _("The set of seed %(seed)d is here already; choose another seed.") % {"seed": seed}
            )
        done = generate(projects, seed)
        self.stdout.write(
            _("%(projects)d projects with %(milestones)d milestones; %(entries)d ledger entries.")
            % {"projects": done.projects, "milestones": done.milestones, "entries": done.entries}
        )
        self.stdout.write(_("Now run `manage.py rebuild_totals`: it fills the totals at once."))


@transaction.atomic
def generate(projects: int, seed: int) -> Registered:
    """Record so many invented projects, with the districts and investors they need: all or none."""
    at = timezone.now()
    load_reference(at)
    world = World(
        districts=_districts(districts_for(projects)),
        sectors=_sectors(),
        organizations=_organizations(max(30, min(20_000, projects // 30)), seed),
    )
    generator = Generator(world, seed=seed, shares=Shares.of_the_seeds())
    return register_many(generator.families(projects), actor=None, at=at, door=Door.COMMAND, compared=False)


def _districts(count: int) -> list[District]:
    """The places where projects can lie: the seeds' that have not ended, and invented ones where those are too few."""
    invented = invented_districts(count - FEWEST)
    recorded = {d.code: d for d in District.objects.filter(code__in=[d.code for d in invented])}
    new = [district for district in invented if district.code not in recorded]
    for district in new:
        if district.parent and district.parent.code in recorded:
            district.parent = recorded[district.parent.code]
    register_districts(new)
    codes = {row["code"] for row in seed_rows("districts")} | {district.code for district in invented}
    every = sorted(
        District.objects.filter(code__in=codes, valid_to=None), key=attrgetter("code")
    )  # databases sort "-" differently
    parents = {district.parent_id for district in every}
    low = (District.Level.DISTRICT, District.Level.ZONE)
    return [d for d in every if d.level in low or (d.level == District.Level.CITY and d.pk not in parents)]


def _sectors() -> list[Sector]:
    sectors = Sector.objects.filter(Q(code__startswith=SECTIONS) | Q(code__in=FURTHER_SECTORS))
    return sorted(sectors, key=attrgetter("code"))


def _organizations(count: int, seed: int) -> list[Organization]:
    organizations = invented_organizations(count, seed)
    register_organizations(organizations, at=timezone.now())
    return organizations
