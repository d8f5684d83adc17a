"""Subscriptions in the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from projects.models import District, User
from projects.serializers.fields import DistrictField, RecordSerializer
from tracking.models import Subscription


@extend_schema_field({"type": "string"})
class SubscriberField(serializers.SlugRelatedField[User]):
    """A user by sign-in name: oneself, or for administrators anybody."""

    default_error_messages = {
        "does_not_exist": _("There is no such user whom you may subscribe."),
        "invalid": _("Write a sign-in name as text."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="username", **kwargs)

    def get_queryset(self) -> QuerySet[User]:
        """Whom the reader may subscribe."""
        reader = self.context["request"].user
        return User.objects.all() if reader.is_superuser else User.objects.filter(pk=reader.pk)

    def to_internal_value(self, data: Any) -> User:
        """The user of this name, written exactly so."""
        if not isinstance(data, str) or "\x00" in data:
            self.fail("invalid")
        found: User = super().to_internal_value(data)
        return found


class SubscriptionSerializer(RecordSerializer[Subscription]):
    """An email about a district subtree to one address."""

    user = SubscriberField(
        queryset=User.objects.all(),
        required=False,
        help_text=_("Whose rights decide what the email may show; yourself if left out."),
    )
    district = DistrictField(queryset=District.objects.all())

    class Meta:
        model = Subscription
        fields = [
            "id",
            "user",
            "email",
            "district",
            "frequency",
            "language",
            "active",
            "version",
            "created_at",
            "updated_at",
        ]
