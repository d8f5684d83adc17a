"""generate_projects: a large invented set, distributed as the seeds are, and the same for the same seed."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from datetime import date
from io import StringIO
from statistics import fmean

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TestCase

from projects.entries import CONTENT, entries_of
from projects.models import District, LedgerEntry, Milestone, Organization, Project, TouchedCell
from projects.quarters import quarters_between
from projects.sequence import faults
from seeds.shares import Shares
from seeds.synthetic import districts_for, invented_districts
from tests.makers import make_project

SET_OF_SEED_7 = "bb303d8f20051436"  # a change of what a seed makes is a change that users notice


def generate(projects: int, seed: int, *more: str) -> str:
    out = StringIO()
    call_command("generate_projects", "--projects", str(projects), "--seed", str(seed), *more, stdout=out)
    return out.getvalue()


def fingerprint() -> str:
    """Everything that was generated, without ids and times."""
    projects = Project.objects.order_by("code").values_list(
        "code", "name", "name_en", "district__code", "sector__code", "project_type", "ownership", "parent__code",
        "phase", "total_investment", "investment_estimated", "expected_output", "expected_revenue", "stage",
        "exclusion_reason",
    )  # fmt: skip
    milestones = Milestone.objects.order_by("project__code", "kind").values_list(
        "project__code", "kind", "happened_on", "precision", "planned_first_on", "planned_on", "reason"
    )
    investors = Project.objects.exclude(investors=None).values_list("code", "investors__name")
    text = repr([list(projects), list(milestones), sorted(investors)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class TestAGeneratedSet(TestCase):
    """One set of 3,000 projects, generated once for all of these."""

    @classmethod
    def setUpTestData(cls) -> None:
        generate(3_000, 7)
        with connection.cursor() as cursor:
            # A server does it by itself after a while; without it a plan may take minutes.
            cursor.execute("ANALYZE")

    def test_it_has_as_many_projects_as_asked_for_and_about_two_and_a_half_milestones_each(self) -> None:
        assert Project.objects.count() == 3_000
        assert 2.3 < Milestone.objects.count() / 3_000 < 2.7

    def test_the_same_seed_makes_the_same_set_on_every_database(self) -> None:
        assert fingerprint() == SET_OF_SEED_7

    def test_stages_are_distributed_as_in_the_seeds(self) -> None:
        stages = Counter(Project.objects.filter(phases=None).values_list("stage", flat=True))

        share = {stage: count / stages.total() for stage, count in stages.items()}

        assert share == pytest.approx(
            {"": 33 / 69, "signed": 2 / 69, "started": 26 / 69, "completed": 1 / 69, "in_production": 7 / 69},
            abs=0.04,
        )

    def test_dates_are_as_often_vague_as_in_the_seeds(self) -> None:
        precisions = Counter(Milestone.objects.exclude(precision="").values_list("precision", flat=True))

        share = {precision: count / precisions.total() for precision, count in precisions.items()}

        assert share == pytest.approx(
            {"day": 5 / 36, "month": 1 / 36, "year": 7 / 36, "unknown": 23 / 36}, abs=0.04
        )
        assert LedgerEntry.objects.filter(quarter=None).count() > LedgerEntry.objects.count() / 2

    def test_amounts_are_as_often_unknown_and_as_large_as_in_the_seeds(self) -> None:
        amounts = Project.objects.exclude(total_investment=None).values_list("total_investment", flat=True)
        known = [float(amount or 0) for amount in amounts]
        mean, spread = Shares.of_the_seeds().size

        assert len(known) / 3_000 == pytest.approx(5 / 69, abs=0.02)
        assert fmean(map(math.log, known)) == pytest.approx(mean, abs=4 * spread / math.sqrt(len(known)))

    def test_dates_lie_in_forty_quarters_and_never_run_backwards(self) -> None:
        quarters = set(LedgerEntry.objects.exclude(quarter=None).values_list("quarter", flat=True))

        assert quarters <= set(quarters_between("2016Q1", "2025Q4"))
        assert len(quarters) == 40
        for project in Project.objects.prefetch_related("milestones"):
            assert faults(list(project.milestones.all()), date(2026, 1, 1)) == []

    def test_the_ledger_says_what_single_saves_would_have_posted(self) -> None:
        posted: dict[int, dict[str, object]] = {}
        for entry in LedgerEntry.objects.all():
            content = tuple(getattr(entry, name) for name in CONTENT)
            posted.setdefault(entry.project_id, {})[entry.kind] = content

        for project in Project.objects.prefetch_related("milestones", "phases"):
            wanted = entries_of(project, project.milestones.all(), has_phases=bool(project.phases.all()))
            contents = {kind: tuple(getattr(c, name) for name in CONTENT) for kind, c in wanted.items()}
            assert posted.get(project.pk, {}) == contents

    def test_every_dated_entry_has_its_cell_marked_for_the_roll_up(self) -> None:
        touched = set(TouchedCell.objects.values_list("district_id", "quarter"))

        assert touched >= set(LedgerEntry.objects.exclude(quarter=None).values_list("district_id", "quarter"))
        assert touched >= set(
            LedgerEntry.objects.exclude(left_quarter=None).values_list("district_id", "left_quarter")
        )

    def test_the_totals_pass_the_audit(self) -> None:
        call_command("rebuild_totals", stdout=StringIO())

        out = StringIO()
        call_command("audit_totals", stdout=out)

        assert "0 differences" in out.getvalue()

    def test_a_further_project_is_saved_as_ever(self) -> None:
        project = make_project(
            district=District.objects.get(code="440112"), milestones={"signed": date(2023, 1, 29)}
        )

        assert project.pk > Project.objects.filter(source="generated").order_by("-pk")[0].pk

    def test_further_ones_are_added_only_when_that_is_meant(self) -> None:
        with pytest.raises(CommandError, match="--append"):
            generate(10, 8)
        generate(10, 8, "--append")
        with pytest.raises(CommandError, match="8"):
            generate(10, 8, "--append")

        assert Project.objects.count() == 3_010

    def test_investors_are_recorded_with_them(self) -> None:
        assert Organization.objects.count() >= 100
        assert Project.objects.filter(investors=None).count() < 2_000


@pytest.mark.django_db
@pytest.mark.parametrize(("projects", "seed"), [(0, 1), (-1, 1), (10_000_001, 1), (1, -1), (1, 1_000_000)])
def test_numbers_out_of_range_are_refused(projects: int, seed: int) -> None:
    with pytest.raises(CommandError):
        generate(projects, seed)

    assert not District.objects.exists()


@pytest.mark.django_db
def test_it_does_not_mix_with_real_projects_by_itself() -> None:
    make_project()

    with pytest.raises(CommandError, match="--append"):
        generate(10, 1)

    assert Project.objects.count() == 1


def test_the_districts_grow_with_the_set() -> None:
    assert districts_for(1_000) == 56
    assert districts_for(100_000) == 300
    assert districts_for(1_000_000) == 3_000

    districts = invented_districts(2_949)

    assert len({district.code for district in districts}) == 2_949
    assert {district.level for district in districts} == {"province", "city", "district", "zone"}
