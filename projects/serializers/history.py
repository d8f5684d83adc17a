"""The history of a project as programs read it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.serializers import StrictModelSerializer, StrictSerializer
from projects.history import Line, Told, told
from projects.models import Door, Revision


class FieldChangeSerializer(StrictSerializer):
    """One field: where it is, what it is called, what it was and is, in words and as programs name it."""

    of = serializers.CharField(
        read_only=True, help_text="`project`, the kind of a milestone, `charge` or `attachment`."
    )
    field = serializers.CharField(read_only=True)
    label = serializers.CharField(  # type: ignore[assignment]  # a field of this name
        read_only=True, help_text="In the reader's language."
    )
    before = serializers.JSONField(
        read_only=True,
        source="old",
        help_text="Districts, sectors and tags by code, others by id; null if not visible.",
    )
    after = serializers.JSONField(read_only=True, source="new")
    before_text = serializers.CharField(read_only=True, source="before")
    after_text = serializers.CharField(read_only=True, source="after")


class RevisionList(serializers.ListSerializer[Revision]):
    """A page of revisions, whose names are read at once."""

    def to_representation(self, data: Any) -> list[Any]:
        """Each with its fields in words."""
        child: Any = self.child
        return [child.to_representation(each) for each in told(list(data), self.context["request"].user)]


class RevisionSerializer(StrictModelSerializer[Revision]):
    """Who changed what in a project: when, why and through which door."""

    actor = serializers.SerializerMethodField(help_text="The name; null where the system itself did it.")
    door = serializers.ChoiceField(Door.choices, read_only=True)
    changes = serializers.SerializerMethodField(help_text="Empty in the first version of a project.")

    class Meta:
        model = Revision
        list_serializer_class = RevisionList
        fields = ["version", "at", "actor", "door", "reason", "bulk", "posted_at", "changes"]
        read_only_fields = fields

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """A revision, or one that is in words already."""
        each = instance if isinstance(instance, Told) else told([instance], self.context["request"].user)[0]
        self._lines = each.lines
        return super().to_representation(each.revision)

    def get_actor(self, revision: Revision) -> str | None:
        """Who did it."""
        return revision.actor.get_full_name() if revision.actor else None

    @extend_schema_field(FieldChangeSerializer(many=True))
    def get_changes(self, _revision: Revision) -> list[Any]:
        """Its fields."""
        lines: list[Line] = self._lines
        return [dict(FieldChangeSerializer(line).data) for line in lines]
