"""Projects and their milestones in the API."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import Field

from projects import services
from projects.models import (
    Ceremony,
    Charge,
    District,
    Milestone,
    Organization,
    Project,
    Review,
    Sector,
    Stage,
    Tag,
    User,
    colleagues,
)
from projects.sequence import faults, settle
from projects.serializers.fields import (
    CodeField,
    DistrictField,
    IdField,
    RecordSerializer,
    StrictBigIntegerField,
    StrictDateField,
    UsernameField,
    is_estimate,
)
from projects.unmasking import unmask

Errors = dict[str, list[ErrorDetail]]


class SequenceMixin(serializers.Serializer[Any]):
    """Where some fields cannot be read, the dates that can are checked all the same: everything wrong at once."""

    def to_internal_value(self, data: Any) -> Any:
        """The values; raises ValidationError with both sorts of errors."""
        try:
            return super().to_internal_value(data)
        except ValidationError as error:
            if not isinstance(error.detail, dict) or not isinstance(data, Mapping):
                raise
            readable = {name: self._read(name, data[name]) for name in data if name not in error.detail}
            raise ValidationError({**self.sequence_errors(readable), **error.detail}) from None

    def sequence_errors(self, values: dict[str, Any]) -> Errors:
        """What is wrong with the dates among these values."""
        raise NotImplementedError

    def _read(self, name: str, value: Any) -> Any:
        field: Field[Any, Any, Any, Any] = self.fields[name]
        return field.run_validation(value)


class ProjectList(serializers.ListSerializer[Project]):
    """A page of projects: what confidential ones hide is read at once. Whole lists as files show masks to everybody."""

    def to_representation(self, data: Any) -> list[Any]:
        """With what is hidden, for those who may know it."""
        rows = list(data)
        unmask(rows, self.context["request"].user, timezone.localdate())
        return super().to_representation(rows)


class ProjectSerializer(SequenceMixin, RecordSerializer[Project]):
    """One project. Its dates are those of its milestones; setting one records the milestone."""

    district = DistrictField(queryset=District.objects.all())
    sector = CodeField(queryset=Sector.objects.all(), required=False, allow_null=True)
    investors: Any = IdField(queryset=Organization.objects.all(), many=True, required=False)
    tags: Any = CodeField(queryset=Tag.objects.all(), many=True, required=False)
    double_hundred = serializers.BooleanField(
        read_only=True, help_text=_("双百: 10 billion yuan or more invested, and as much expected output.")
    )
    parent: Any = IdField(
        visible=Project.objects.visible_to, queryset=Project.objects.all(), required=False, allow_null=True
    )
    merged_into = serializers.IntegerField(
        source="merged_into_id",
        read_only=True,
        allow_null=True,
        help_text=_("The project that was recorded twice: this one is void, that one is kept."),
    )
    original_amount = StrictBigIntegerField(required=False, allow_null=True, max_value=10**15)
    signed_on = StrictDateField(required=False, allow_null=True)
    started_on = StrictDateField(required=False, allow_null=True)
    completed_on = StrictDateField(required=False, allow_null=True)
    in_production_on = StrictDateField(required=False, allow_null=True)
    planned_start_on = StrictDateField(required=False, allow_null=True)
    planned_completion_on = StrictDateField(required=False, allow_null=True)
    excluded = serializers.BooleanField(read_only=True)
    stage = serializers.ChoiceField(Stage.choices, read_only=True, allow_blank=True)
    review = serializers.ChoiceField(Review.choices, read_only=True)

    class Meta:
        model = Project
        list_serializer_class = ProjectList
        fields = [
            "id",
            "code",
            "approval_code",
            "name",
            "name_en",
            "district",
            "sector",
            "project_type",
            "ownership",
            "investors",
            "tags",
            "double_hundred",
            "parent",
            "phase",
            "stage",
            "suspended",
            "total_investment",
            "investment_estimated",
            "fixed_asset_investment",
            "expected_output",
            "expected_revenue",
            "expected_tax",
            "expected_jobs",
            "land_area_mu",
            "floor_area_m2",
            "currency",
            "original_amount",
            "exchange_rate",
            "planned_start_on",
            "planned_completion_on",
            "signed_on",
            "started_on",
            "completed_on",
            "in_production_on",
            "excluded",
            "exclusion_reason",
            "confidential",
            "confidential_until",
            "remark",
            "source",
            "voided_at",
            "merged_into",
            "review",
            "version",
            "created_at",
            "updated_at",
        ]

    def to_internal_value(self, data: Any) -> Any:
        """An amount written with 约 is an estimate, unless the body says otherwise."""
        values = super().to_internal_value(data)
        if "total_investment" in values and "investment_estimated" not in values:
            values["investment_estimated"] = is_estimate(data["total_investment"])
        return values

    def sequence_errors(self, values: dict[str, Any]) -> Errors:
        """Under the names of the dates."""
        project = self.instance if isinstance(self.instance, Project) else Project()
        dates = {name: values[name] for name in services.DATE_FIELDS if name in values}
        milestones = services.dated_milestones(project, dates)
        names: dict[tuple[str, str], str] = {place: name for name, place in services.DATE_FIELDS.items()}
        return {
            names[kind, field]: [ErrorDetail(error.messages[0], error.code or "invalid")]
            for milestone, field, error in faults(milestones, timezone.localdate())
            if (kind := milestone.kind, field) in names
        }


class MilestoneSerializer(SequenceMixin, RecordSerializer[Milestone]):
    """One step of a project: planned, or happened on a day, or in a month, quarter or year."""

    ceremony = IdField(
        visible=Ceremony.objects.visible_to, queryset=Ceremony.objects.all(), required=False, allow_null=True
    )

    class Meta:
        model = Milestone
        fields = [
            "id",
            "kind",
            "happened_on",
            "precision",
            "planned_first_on",
            "planned_on",
            "total_investment",
            "expected_output",
            "expected_revenue",
            "ceremony",
            "reason",
            "note",
            "version",
            "created_at",
            "updated_at",
        ]

    def to_representation(self, instance: Milestone) -> dict[str, Any]:
        """Of a confidential project, the note is for those who may know it."""
        shown = super().to_representation(instance)
        return shown if self.context["view"].may_know else {**shown, "note": ""}

    def sequence_errors(self, values: dict[str, Any]) -> Errors:
        """Of this milestone alone; the order among several needs its kind."""
        dates = {
            name: values[name]
            for name in ("kind", "happened_on", "planned_on", "precision")
            if name in values
        }
        milestone = Milestone(**dates)
        settle(milestone)
        return {
            field: [ErrorDetail(error.messages[0], error.code or "invalid")]
            for _milestone, field, error in faults([milestone], timezone.localdate())
        }


class ChargeSerializer(RecordSerializer[Charge]):
    """One person in charge of a project for a time: a user, by sign-in name, or a name with unit and telephone."""

    user = UsernameField(visible=colleagues, queryset=User.objects.all(), required=False, allow_null=True)

    class Meta:
        model = Charge
        fields = [
            "id",
            "role",
            "user",
            "name",
            "unit",
            "telephone",
            "from_on",
            "until_on",
            "version",
            "created_at",
            "updated_at",
        ]
