"""The seeds: facts from the source documents, loaded as they stand and only once."""

from __future__ import annotations

import shutil
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import TestCase

from projects import services
from projects.models import (
    District,
    LedgerEntry,
    Milestone,
    Organization,
    Project,
    Sector,
    SectorScheme,
    SizeBand,
    Succession,
    Tag,
)
from seeds import tables
from seeds.loading import load_reference
from seeds.tables import seed_rows
from tests.makers import NOW, YI, fresh
from tracking.models import ReportedTotal, Target

pytestmark = pytest.mark.django_db

TABLES = {
    "districts": District,
    "successions": Succession,
    "sector_schemes": SectorScheme,
    "sectors": Sector,
    "size_bands": SizeBand,
    "tags": Tag,
    "organizations": Organization,
    "projects": Project,
    "milestones": Milestone,
    "reported_totals": ReportedTotal,
    "targets": Target,
}


def load_seeds() -> str:
    out = StringIO()
    call_command("load_seeds", stdout=out)
    return out.getvalue()


class TestTheFacts(TestCase):
    """What one load brings; loaded once for all of these."""

    @classmethod
    def setUpTestData(cls) -> None:
        load_seeds()

    def test_every_row_of_every_table_is_recorded(self) -> None:
        recorded = {name: model._default_manager.count() for name, model in TABLES.items()}

        assert recorded == {name: len(seed_rows(name)) for name in TABLES}
        assert recorded["projects"] == 69 + 3  # the sources', and three that their phases stand below
        assert recorded["sectors"] == 198 + 20  # the sources', and the sections of GB/T 4754
        assert (recorded["reported_totals"], recorded["targets"], recorded["milestones"]) == (55, 26, 36)

    def test_districts_that_were_merged_or_renamed_say_so(self) -> None:
        luogang, funing = District.objects.get(code="440116"), District.objects.get(code="130306")

        [merged], [renamed] = luogang.successions.all(), funing.origins.all()
        assert (merged.successor.name, merged.kind, str(luogang.valid_to)) == (
            "黄埔区",
            "merged",
            "2014-02-11",
        )
        assert (renamed.predecessor.name, renamed.kind) == ("抚宁县", "renamed")
        assert (str(renamed.predecessor.valid_to), str(funing.valid_from)) == ("2015-07-22", "2015-07-23")

    def test_what_has_no_quarter_stays_undated_and_is_not_guessed(self) -> None:
        vague = {
            row["project_code"] for row in seed_rows("milestones") if row["precision"] in ("year", "unknown")
        }

        undated = LedgerEntry.objects.filter(quarter=None).values_list("project__code", flat=True)
        assert set(undated) == vague
        assert len(vague) == 30
        assert LedgerEntry.objects.exclude(quarter=None).count() == 6

    def test_seen_under_construction_is_no_start_date(self) -> None:
        milestone = Milestone.objects.get(project__code="S000-P06")

        assert (milestone.kind, milestone.precision, milestone.happened_on) == ("started", "unknown", None)
        assert "2023年1月" in milestone.note

    def test_a_date_known_to_the_month_or_year_keeps_that_precision(self) -> None:
        known = Milestone.objects.filter(project__code__in=["S003-P03", "S004-P22", "S004-P04"]).order_by(
            "project__code"
        )

        assert [(m.precision, str(m.happened_on), m.quarter) for m in known] == [
            ("month", "2020-12-01", "2020Q4"),
            ("day", "2023-01-29", "2023Q1"),
            ("year", "2022-01-01", None),
        ]

    def test_a_project_with_phases_is_not_counted_itself(self) -> None:
        parents = Project.objects.filter(phases__isnull=False).distinct()

        assert {parent.code for parent in parents} == {"S000-U01", "S002-U01", "S004-U01"}
        assert not LedgerEntry.objects.filter(project__in=parents).exists()
        assert Project.objects.get(code="S004-P12").parent == Project.objects.get(code="S004-U01")

    def test_a_phase_that_the_name_says_already_is_not_said_twice(self) -> None:
        phase = Project.objects.get(code="S000-P06")

        assert (phase.phase, phase.label) == ("二期", "农夫山泉二期(河源)")

    def test_an_amount_called_approximate_is_marked_estimated_and_an_unknown_one_is_null(self) -> None:
        farasis = Project.objects.get(code="S004-P04")
        zhiguang = Project.objects.get(code="S004-P05")

        assert (farasis.total_investment, farasis.investment_estimated) == (100 * YI, True)
        assert (zhiguang.total_investment, zhiguang.investment_estimated) == (None, False)

    def test_a_sector_is_one_of_the_projects_own_district_or_of_a_higher_one(self) -> None:
        for project in Project.objects.exclude(sector=None).select_related(
            "district", "sector__scheme__district"
        ):
            scheme = project.sector.scheme if project.sector else None
            assert scheme
            assert scheme.district
            assert scheme.district.code in project.district.ancestor_codes

    def test_claims_that_contradict_each_other_are_kept_as_they_stand(self) -> None:
        huangpu = {claim.key: claim for claim in ReportedTotal.objects.filter(district__code="440112")}

        assert huangpu["S004-T12"].value == 74
        assert huangpu["S004-T13"].value == 77  # of 110 it would be 67
        assert huangpu["S004-T02"].value == 1026 * YI
        assert huangpu["S004-T02"].approximate
        assert huangpu["S004-T24"].value == Decimal("11.32")
        assert huangpu["S004-T03"].nature == "planned"

    def test_targets_keep_their_comparator_and_unit(self) -> None:
        growth = Target.objects.get(key="S001-G14")

        assert (growth.comparator, growth.value, growth.unit, growth.year) == (
            "~",
            Decimal(25),
            "percent",
            2025,
        )

    def test_every_project_claim_and_target_names_its_source(self) -> None:
        assert not Project.objects.filter(source="").exists()
        assert not ReportedTotal.objects.filter(source="").exists()
        assert not Target.objects.filter(source="").exists()


def test_a_second_run_changes_nothing_and_says_so() -> None:
    load_seeds()
    before = {name: list(model._default_manager.order_by("pk").values()) for name, model in TABLES.items()}
    entries = list(LedgerEntry.objects.order_by("pk").values())

    said = load_seeds()

    assert {name: list(m._default_manager.order_by("pk").values()) for name, m in TABLES.items()} == before
    assert list(LedgerEntry.objects.order_by("pk").values()) == entries
    assert said.count(" 0 ") == len(TABLES)


def test_what_somebody_corrected_since_stays_corrected() -> None:
    load_seeds()
    project = Project.objects.get(code="S000-P04")
    project.total_investment = 15 * YI
    services.save_project(project, actor=None, at=NOW)
    services.remove_milestone(Milestone.objects.get(project__code="S000-P01"), actor=None, at=NOW)

    load_seeds()

    assert fresh(project).total_investment == 15 * YI
    assert not Milestone.objects.filter(project__code="S000-P01").exists()


def test_an_end_that_somebody_recorded_otherwise_stays_so() -> None:
    load_reference(NOW)
    Succession.objects.all().delete()
    District.objects.filter(code="440116").update(valid_to="2014-12-31")
    District.objects.filter(code="130306").update(valid_from="2016-01-01")

    load_seeds()

    assert not Succession.objects.exists()
    assert str(District.objects.get(code="440116").valid_to) == "2014-12-31"


def test_the_totals_of_the_seeds_pass_the_audit() -> None:
    load_seeds()
    call_command("rebuild_totals", stdout=StringIO())

    out = StringIO()
    call_command("audit_totals", stdout=out)

    assert "0 differences" in out.getvalue()


def test_everything_wrong_in_the_tables_is_said_at_once_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in tables.FOLDER.glob("*.csv"):
        shutil.copy(file, tmp_path)
    projects = (tmp_path / "projects.csv").read_text("utf-8")
    projects = projects.replace("S000-P01,中国", "S000-P01,\u202e中国").replace(
        "S000-P04,富凌产业园", "S000-P04,"
    )
    (tmp_path / "projects.csv").write_text(projects, "utf-8")
    targets = (tmp_path / "targets.csv").read_text("utf-8").replace("S000-G02,441600", "S000-G02,999999")
    (tmp_path / "targets.csv").write_text(targets, "utf-8")
    monkeypatch.setattr(tables, "FOLDER", tmp_path)

    with pytest.raises(CommandError) as caught:
        load_seeds()

    said = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in said] == [
        "projects.csv 2 name",
        "projects.csv 5 name",
        "targets.csv 2",
    ]
    assert not District.objects.exists()
