"""The seed projects as a workbook: imported they give the records that load_seeds gives."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from projects.models import District, LedgerEntry, Milestone, Project, Sector
from seeds import loading
from seeds.tables import seed_rows
from tests.makers import NOW, make_user
from tests.workbooks_made import checked, committed, make_workbook, said

pytestmark = pytest.mark.django_db

HEAD = (
    "项目编号", "项目名称", "英文名称", "所在区", "所属项目", "分期", "所属产业", "项目类型", "所有制", "投资方",
    "计划总投资（元）", "是否估计", "预计年产值（元）", "年营业收入（元）", "备注", "来源",
    "签约日期", "开工日期", "竣工日期", "投产日期", "签约说明", "开工说明", "竣工说明", "投产说明",
)  # fmt: skip
KINDS = ("signed", "started", "completed", "in_production")


def day_of(step: Any) -> str:
    """A milestone's date as a bureau writes it."""
    if step is None:
        return ""
    if step["precision"] == "unknown":
        return "日期不详"
    shown = str(step["happened_on"])
    written = {"day": shown, "month": f"{shown[:4]}年{shown[5:7]}月", "year": f"{shown[:4]}年"}
    return written[step["precision"]]


def seeds_as_workbook(province: District) -> bytes:
    """The projects.csv of one province, with the dates of milestones.csv beside it."""
    here = set(District.objects.within(province).values_list("code", flat=True))
    steps = {(row["project_code"], row["kind"]): row for row in seed_rows("milestones")}
    sectors = {sector.code: sector for sector in Sector.objects.all()}
    rows = []
    for row in seed_rows("projects"):
        if row["district_code"] not in here:
            continue
        names = (
            "code", "name", "name_en", "district_code", "parent_code", "phase", "sector_code", "project_type",
            "ownership", "investors",
        )  # fmt: skip
        remark = loading._remark(row, sectors.get(row["sector_code"]))
        dates = [day_of(steps.get((row["code"], kind))) for kind in KINDS]
        notes = [step["note"] if (step := steps.get((row["code"], kind))) else "" for kind in KINDS]
        amounts = [int(row[name]) if row[name] else None for name in loading.AMOUNTS]
        estimated = "是" if row["investment_estimated"] == "1" else "否"
        rows.append(
            [
                *(row[name] for name in names),
                amounts[0],
                estimated,
                *amounts[1:],
                remark,
                row["source"],
                *dates,
                *notes,
            ]
        )
    return make_workbook(rows, HEAD)


def recorded() -> dict[str, list[Any]]:
    """All that is recorded, and what counts, but for numbers and moments."""
    fields = (
        "code", "name", "name_en", "district__code", "parent__code", "phase", "sector__code", "project_type",
        "ownership", "total_investment", "investment_estimated", "expected_output", "expected_revenue", "remark",
        "source", "stage", "signed_on", "started_on", "completed_on", "in_production_on", "review",
    )  # fmt: skip
    steps = ("project__code", "kind", "happened_on", "precision", "planned_on", "note")
    entries = (
        "project__code",
        "kind",
        "quarter",
        "left_quarter",
        "district__code",
        "investment",
        "expected_output",
    )
    return {
        "projects": list(Project.objects.order_by("code").values_list(*fields)),
        "investors": list(
            Project.objects.order_by("code", "investors__name").values_list("code", "investors__name")
        ),
        "milestones": list(Milestone.objects.order_by("project__code", "kind").values_list(*steps)),
        "ledger": list(LedgerEntry.objects.current().order_by("project__code", "kind").values_list(*entries)),
    }


def test_the_seeds_imported_as_a_workbook_give_the_records_of_load_seeds() -> None:
    with transaction.atomic():
        loading.load_all(NOW)
        expected = recorded()
        transaction.set_rollback(True)
    loading.load_reference(NOW)
    load = loading.Load(NOW)
    loading._organizations(load)
    chief = make_user("chief", superuser=True)
    codes = {row["district_code"] for row in seed_rows("projects")}
    tops = {District.objects.get(code=code).ancestor_codes[0] for code in codes}
    found_again = 0
    for into in District.objects.filter(code__in=tops):
        book = seeds_as_workbook(into)
        run = checked(book, into=into, actor=chief, name="seeds.xlsx")
        assert said(run) == []
        assert committed(run, chief).status == "committed"
        again = checked(book, into=into, actor=chief, name="seeds.xlsx")
        assert (again.status, again.created, again.changed) == ("ready", 0, 0)
        found_again += again.unchanged

    found = recorded()
    for what, rows in expected.items():
        assert found[what] == rows, what
    assert found_again == len(expected["projects"])
