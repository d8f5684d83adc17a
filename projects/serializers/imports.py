"""Imports in the API: a form with a workbook comes in; how far it is, its counts, errors and warnings go out."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.errors import Malformed
from config.api.parsers import read_object
from config.api.serializers import StrictSerializer
from projects import imports
from projects.models import District, Import, ImportPart
from projects.serializers.fields import DistrictField, RecordSerializer

LONGEST_JSON = 256 * 1024  # characters
FINDING = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["sheet", "row", "column", "cell", "value", "code", "detail"],
        "properties": {
            "sheet": {"type": "string"},
            "row": {"type": "integer", "nullable": True, "description": "As the workbook numbers it."},
            "column": {"type": "string", "description": "The heading of the column."},
            "cell": {"type": "string", "description": "As in D12."},
            "value": {"type": "string"},
            "code": {"type": "string"},
            "detail": {"type": "string"},
        },
    },
}
QUESTION = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["key", "sheet", "row", "name", "candidates"],
        "properties": {
            "key": {"type": "string", "description": "What an answer names: sheet!row."},
            "sheet": {"type": "string"},
            "row": {"type": "integer"},
            "name": {"type": "string"},
            "candidates": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "project": {"type": "integer"},
                        "code": {"type": "string"},
                        "name": {"type": "string"},
                    },
                },
            },
        },
    },
}
COLUMN = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["sheet", "column", "heading", "field", "unit"],
        "properties": {
            "sheet": {"type": "string"},
            "column": {"type": "string", "description": "Its letter."},
            "heading": {"type": "string"},
            "field": {"type": "string", "description": "Empty: it is not imported."},
            "unit": {"type": "integer", "nullable": True, "description": "Yuan in one."},
        },
    },
}


@extend_schema_field({"type": "string", "description": "A JSON object."})
class JsonTextField(serializers.CharField):
    """A JSON object, as a text field of a form."""

    def to_internal_value(self, data: Any) -> Any:
        """The object."""
        if not isinstance(data, str) or len(data) > LONGEST_JSON:
            self.fail("invalid")
        try:
            return read_object(data.encode())
        except (Malformed, UnicodeError):
            raise serializers.ValidationError(_("Write one JSON object here."), "invalid") from None

    def to_representation(self, value: Any) -> str:
        """As text again."""
        return json.dumps(value)


class ImportSerializer(RecordSerializer[Import]):
    """One import. `errors` and `warnings` hold the first 200; the marked workbook holds all."""

    file = serializers.FileField(
        write_only=True,
        allow_empty_file=True,  # said in our own words
        help_text=_("A workbook (.xlsx, .xls) or CSV file."),
    )
    district = DistrictField(
        queryset=District.objects.all(),
        required=False,
        allow_null=True,
        help_text=_(
            "Where all rows lie; needed by those who record projects in several districts. In answers null stands for "
            "the whole country."
        ),
    )
    whole_country = serializers.BooleanField(
        write_only=True,
        required=False,
        help_text=_(
            "Instead of a district: rows may lie anywhere. Superusers alone; for others it does not exist."
        ),
    )
    mapping = JsonTextField(
        write_only=True,
        required=False,
        help_text=_(
            "Fields by the headings of columns: a name, or an object with a field and a unit of 1, 10000 or 100000000 "
            "yuan; an empty name: not imported. What it says is remembered for the district."
        ),
    )
    answers = JsonTextField(
        write_only=True,
        required=False,
        help_text=_("Answers to the questions of an earlier check: “new” or a project's code by sheet!row."),
    )
    uploaded_by = serializers.CharField(
        source="uploaded_by.username", read_only=True, default=None, allow_null=True
    )
    committed_by = serializers.CharField(
        source="committed_by.username", read_only=True, default=None, allow_null=True
    )
    undone_by = serializers.CharField(
        source="undone_by.username", read_only=True, default=None, allow_null=True
    )
    notice = serializers.SerializerMethodField()
    errors = serializers.SerializerMethodField(method_name="get_first_errors")  # type: ignore[assignment]
    warnings = serializers.SerializerMethodField()
    questions = serializers.SerializerMethodField()
    columns = serializers.SerializerMethodField()

    class Meta:
        model = Import
        fields = [
            "id", "file", "district", "whole_country", "mapping", "answers", "file_name", "sha256", "size", "status",
            "notice", "done", "rows", "created", "changed", "unchanged", "refused", "error_count", "warning_count",
            "errors", "warnings", "questions", "columns", "created_at", "uploaded_by", "checked_at", "committed_at",
            "committed_by", "undone_at", "undone_by",
        ]  # fmt: skip
        read_only_fields = [
            "id", "file_name", "sha256", "size", "status", "done", "rows", "created", "changed", "unchanged", "refused",
            "error_count", "warning_count", "created_at", "checked_at", "committed_at", "undone_at",
        ]  # fmt: skip

    def validate_district(self, district: District | None) -> District:
        """The whole country is asked for by name, not by leaving a district empty."""
        if district is None:
            self.fields["district"].fail("null")
        return district

    def get_notice(self, run: Import) -> str:
        """What has to be said about the last step, in words."""
        return str(run.get_notice_display())

    @extend_schema_field(FINDING)
    def get_first_errors(self, run: Import) -> list[dict[str, Any]]:
        """What is to be corrected."""
        return [_finding(line) for line in _first(run, ImportPart.Sort.ERRORS)]

    @extend_schema_field(FINDING)
    def get_warnings(self, run: Import) -> list[dict[str, Any]]:
        """What is odd."""
        lines = _first(run, ImportPart.Sort.WARNINGS)
        return [_finding(line) for line in imports.told_to(lines, self.context["request"].user)]

    @extend_schema_field(QUESTION)
    def get_questions(self, run: Import) -> list[dict[str, Any]]:
        """Rows of which somebody must say which project they mean."""
        return [
            {**{name: line[name] for name in ("key", "sheet", "row", "name")}, "candidates": line["asked"]}
            for line in _first(run, ImportPart.Sort.QUESTIONS)
        ]

    @extend_schema_field(COLUMN)
    def get_columns(self, run: Import) -> list[dict[str, Any]]:
        """How the columns were understood."""
        return [
            {
                "sheet": column["sheet"],
                "column": column["letter"],
                "heading": column["words"],
                "field": column["field"],
                "unit": column["unit"],
            }
            for column in run.columns
        ]


def _first(run: Import, sort: str) -> list[Any]:
    """The first page of a sort, of those that were read along."""
    return next((part.lines for part in getattr(run, "first_parts", ()) if part.sort == sort), [])


def _finding(line: dict[str, Any]) -> dict[str, Any]:
    cell = f"{line['letter']}{line['row']}" if line["letter"] and line["row"] else ""
    kept = {name: line[name] for name in ("sheet", "row", "column", "value", "code")}
    return {**kept, "cell": cell, "detail": imports.in_this_language(line["detail"])}


class NothingSerializer(StrictSerializer):
    """A step that needs no words."""
