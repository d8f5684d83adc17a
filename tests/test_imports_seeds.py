"""The seed projects as a workbook: imported they give the records that load_seeds gives."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import models, transaction

from projects.models import District, LedgerEntry, Milestone, Organization, Project, Sector
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


def seeds_as_workbook() -> bytes:
    """The whole projects.csv, with the dates and notes of the whole milestones.csv beside it."""
    steps = {(row["project_code"], row["kind"]): row for row in seed_rows("milestones")}
    assert {kind for _code, kind in steps} <= set(KINDS)
    sectors = {sector.code: sector for sector in Sector.objects.all()}
    rows = []
    for row in seed_rows("projects"):
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


def facts_of(model: type[models.Model]) -> list[str]:
    """Every column of a table but those that hold a number of a row, a moment, or who did it."""
    names = []
    for field in model._meta.concrete_fields:
        related: Any = field.related_model
        if related in (Project, District, Sector):
            names.append(f"{field.name}__code")
        elif related is Milestone:
            names.append(f"{field.name}__kind")
        elif not (field.primary_key or isinstance(field, models.DateTimeField) or field.name in WHO):
            names.append(field.name)
    return names


WHO = ("actor", "closing_actor")


def recorded() -> dict[str, list[Any]]:
    """All that is recorded, and all that counts."""
    tables: dict[str, tuple[Any, tuple[str, ...]]] = {
        "organizations": (Organization.objects, ("name",)),
        "projects": (Project.objects, ("code",)),
        "milestones": (Milestone.objects, ("project__code", "kind")),
        "ledger": (LedgerEntry.objects, ("project__code", "kind", "pk")),
    }
    found: dict[str, list[Any]] = {
        name: list(rows.order_by(*order).values(*facts_of(rows.model)))
        for name, (rows, order) in tables.items()
    }
    backed = Project.objects.order_by("code", "investors__name").values_list("code", "investors__name")
    return {**found, "investors": list(backed)}


def test_the_seeds_imported_as_one_workbook_give_the_records_of_load_seeds() -> None:
    with transaction.atomic():
        loading.load_all(NOW)
        expected = recorded()
        transaction.set_rollback(True)
    loading.load_reference(NOW)
    assert not Organization.objects.exists()
    chief = make_user("chief", superuser=True)
    book = seeds_as_workbook()

    run = checked(book, into=None, actor=chief, name="seeds.xlsx")
    assert said(run) == []
    assert committed(run, chief).status == "committed"

    found = recorded()
    for what, rows in expected.items():
        assert found[what] == rows, what
    assert len(expected["projects"]) == len(seed_rows("projects"))
    assert sum(bool(row["note"]) for row in expected["milestones"]) == sum(
        bool(row["note"]) for row in seed_rows("milestones")
    )
    again = checked(book, into=None, actor=chief, name="seeds.xlsx")
    assert (again.status, again.created, again.changed) == ("ready", 0, 0)
    assert again.unchanged == len(expected["projects"])
