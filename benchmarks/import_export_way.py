"""The import as django-import-export does it: the same fields, looked up and validated, each row by the service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils import timezone, translation
from import_export import fields, resources, widgets
from tablib import Dataset

from benchmarks import workbook
from projects import services
from projects.models import District, Ownership, Project, ProjectType, Sector

WORDS = {name: words for name, words, _unit in workbook.COLUMNS}
AMOUNTS = [name for name, _words, unit in workbook.COLUMNS if unit]
WAN = 10_000


class Amount(widgets.Widget):
    """万元 as yuan."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        return None if value in (None, "") else round(value * WAN)


class Choice(widgets.Widget):
    """A label as its code."""

    def __init__(self, choices: Any) -> None:
        super().__init__()
        with translation.override("zh-hans"):
            self.codes = {str(label): value for value, label in choices.choices}

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return self.codes[value] if value else ""


def _field(name: str, widget: Any = None) -> Any:
    return fields.Field(attribute=name, column_name=WORDS[name], widget=widget)


class ProjectResource(resources.ModelResource):
    """One row, one project."""

    code = _field("code")
    name = _field("name")
    district = _field("district", widgets.ForeignKeyWidget(District, "code"))
    sector = _field("sector", widgets.ForeignKeyWidget(Sector, "code"))
    project_type = _field("project_type", Choice(ProjectType))
    ownership = _field("ownership", Choice(Ownership))
    total_investment = _field("total_investment", Amount())
    fixed_asset_investment = _field("fixed_asset_investment", Amount())
    expected_output = _field("expected_output", Amount())
    expected_revenue = _field("expected_revenue", Amount())
    expected_tax = _field("expected_tax", Amount())
    expected_jobs = _field("expected_jobs", widgets.IntegerWidget())
    land_area_mu = _field("land_area_mu", widgets.DecimalWidget())
    remark = _field("remark", widgets.CharWidget(coerce_to_string=True, allow_blank=True))

    class Meta:
        model = Project
        import_id_fields = ("code",)
        fields = (
            "code",
            "name",
            "district",
            "sector",
            "project_type",
            "ownership",
            *AMOUNTS,
            "expected_jobs",
            "land_area_mu",
            "remark",
        )
        clean_model_instances = True
        use_transactions = True
        skip_diff = True

    def save_instance(self, instance: Any, is_create: Any, row: Mapping[str, Any], **kwargs: Any) -> None:
        dates = {name: _day(row[WORDS[name]]) for name in services.DATE_FIELDS if name in WORDS}
        milestones = services.dated_milestones(instance, dates)
        services.save_project(instance, actor=None, at=timezone.now(), milestones=milestones)


def _day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) else None


def row_by_row(path: str) -> None:
    """Read by its own reader and imported by its own loop."""
    data = Dataset().load(Path(path).read_bytes(), format="xlsx")
    result = ProjectResource().import_data(data, raise_errors=True)
    if result.totals["new"] != len(data):
        raise SystemExit(f"Of {len(data)} rows {result.totals} were imported.")
