"""Reference data, ceremonies, tokens and the reader themselves in the API."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.api.serializers import StrictChoiceField, StrictModelSerializer, StrictSerializer
from projects.models import (
    ApiToken,
    Ceremony,
    District,
    Membership,
    Organization,
    Sector,
    SectorScheme,
    Succession,
    Tag,
    User,
)
from projects.permissions import Scope
from projects.serializers.fields import (
    CodeField,
    DistrictField,
    RecordSerializer,
    StrictCharField,
    StrictIntegerField,
)

LONGEST_LIFE = 366  # days


class PredecessorSerializer(StrictModelSerializer[Succession]):
    """A district that was renamed to this one, merged into it, or split."""

    district = CodeField[District](
        source="predecessor", read_only=True, help_text=_("The code of the older one.")
    )

    class Meta:
        model = Succession
        fields = ["district", "kind", "happened_on"]
        read_only_fields = fields


class SuccessorSerializer(StrictModelSerializer[Succession]):
    """A district that took this one's place."""

    district = CodeField[District](
        source="successor", read_only=True, help_text=_("The code of the newer one.")
    )

    class Meta:
        model = Succession
        fields = ["district", "kind", "happened_on"]
        read_only_fields = fields


class DistrictSerializer(RecordSerializer[District]):
    """A node of the tree; `parent` is the code of the next higher one."""

    parent = CodeField(queryset=District.objects.all(), required=False, allow_null=True)  # type: ignore[assignment]
    predecessors = PredecessorSerializer(
        source="origins", many=True, read_only=True, help_text=_("The districts whose place it took.")
    )
    successors = SuccessorSerializer(
        source="successions",
        many=True,
        read_only=True,
        help_text=_("What took its place: several only where it was split."),
    )

    class Meta:
        model = District
        fields = [
            "code",
            "name",
            "name_en",
            "level",
            "parent",
            "valid_from",
            "valid_to",
            "predecessors",
            "successors",
        ]


class SectorSerializer(RecordSerializer[Sector]):
    """A sector of a scheme, both named by code."""

    scheme = CodeField(queryset=SectorScheme.objects.all())
    parent = CodeField(queryset=Sector.objects.all(), required=False, allow_null=True)  # type: ignore[assignment]

    class Meta:
        model = Sector
        fields = ["code", "name", "name_en", "scheme", "parent"]


class TagSerializer(RecordSerializer[Tag]):
    """A mark that projects carry."""

    class Meta:
        model = Tag
        fields = ["code", "name", "name_en"]


class OrganizationSerializer(RecordSerializer[Organization]):
    """An investor or a project company."""

    class Meta:
        model = Organization
        fields = ["id", "uscc", "name", "name_en", "ownership", "version", "created_at", "updated_at"]


class CeremonySerializer(RecordSerializer[Ceremony]):
    """A signing or ground-breaking event."""

    district = DistrictField(queryset=District.objects.all())

    class Meta:
        model = Ceremony
        fields = ["id", "district", "name", "held_on", "note", "version", "created_at", "updated_at"]


class ScopesField(serializers.ListField):
    """One or several scopes, each once."""

    child = StrictChoiceField(choices=Scope.choices)

    def to_internal_value(self, data: Any) -> list[str]:
        """In the order of Scope."""
        given = set(super().to_internal_value(data))
        return [scope.value for scope in Scope if scope in given]


class TokenSerializer(StrictSerializer):
    """A token of one's own. `token` is shown once, in the answer that makes it."""

    id = serializers.CharField(source="token_key", read_only=True, help_text=_("How the token begins."))
    name = StrictCharField(max_length=60, help_text=ApiToken._meta.get_field("name").help_text)
    scopes = ScopesField(allow_empty=False, help_text=ApiToken._meta.get_field("scopes").help_text)
    days = StrictIntegerField(
        min_value=1,
        max_value=LONGEST_LIFE,
        default=90,
        write_only=True,
        help_text=_("How many days it is valid."),
    )
    created_at = serializers.DateTimeField(source="created", read_only=True)
    expires_at = serializers.DateTimeField(source="expiry", read_only=True, allow_null=True)
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True)
    token = serializers.SerializerMethodField(help_text=_("The token itself; null ever after."))

    def get_token(self, token: ApiToken) -> str | None:
        """Only known to whoever has just made it."""
        secret: str | None = getattr(token, "secret", None)
        return secret


class MembershipSerializer(RecordSerializer[Membership]):
    """A role in a district and everything below it."""

    district = CodeField[District](read_only=True)

    class Meta:
        model = Membership
        fields = ["district", "role"]


class MeSerializer(RecordSerializer[User]):
    """Whoever asks, with their rights; `scopes` are those of the token in use, null in a browser."""

    memberships = MembershipSerializer(many=True, read_only=True)
    email = serializers.CharField(read_only=True)
    scopes = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["username", "name", "email", "is_superuser", "memberships", "scopes"]
        read_only_fields = fields

    def get_scopes(self, user: User) -> list[str] | None:
        """The scopes of the token in use."""
        token = self.context["request"].auth
        return list(token.scopes) if isinstance(token, ApiToken) else None
