"""What looks like a project, as programs read it."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.serializers import StrictModelSerializer
from projects.models import District, DuplicateDecision, Likeness, Project, Stage, Verdict
from projects.serializers.fields import DistrictField


class CandidateSerializer(StrictModelSerializer[Project]):
    """A recorded project that may be the same, why, and what somebody has said of the two."""

    district = DistrictField(queryset=District.objects.all())
    stage = serializers.ChoiceField(Stage.choices, read_only=True, allow_blank=True)
    reasons = serializers.SerializerMethodField(help_text="The weightiest first.")
    decision = serializers.SerializerMethodField(
        help_text="What the two were said to be; null if nobody has yet."
    )
    decided_at = serializers.SerializerMethodField(help_text="When that was said.")

    class Meta:
        model = Project
        fields = [
            "id",
            "code",
            "name",
            "district",
            "stage",
            "total_investment",
            "reasons",
            "decision",
            "decided_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(Likeness.choices)))
    def get_reasons(self, project: Project) -> list[str]:
        """As the view has found them."""
        return [str(reason) for reason in self.context.get("reasons", {}).get(project.pk, ())]

    @extend_schema_field(serializers.ChoiceField(Verdict.choices, allow_null=True))
    def get_decision(self, project: Project) -> str | None:
        """The last one that holds."""
        decision = self._decision(project)
        return decision.verdict if decision else None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_decided_at(self, project: Project) -> str | None:
        """Its moment."""
        decision = self._decision(project)
        return serializers.DateTimeField().to_representation(decision.at) if decision else None

    def _decision(self, project: Project) -> DuplicateDecision | None:
        found: DuplicateDecision | None = self.context.get("decisions", {}).get(project.pk)
        return found
