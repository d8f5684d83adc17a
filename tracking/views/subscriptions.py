"""Subscriptions: one's own; administrators see and make those of others too."""

from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone

from config.api.parameters import boolean_parameter
from config.api.views import Changes, Creates, Removes
from projects import services
from projects.filtering import district_parameter
from projects.models import User
from tracking.models import Subscription
from tracking.serializers.subscriptions import SubscriptionSerializer


class SubscriptionViewSet(Creates[Subscription], Changes[Subscription], Removes[Subscription]):
    """Progress emails about a district subtree; at most one of a frequency to an address about a district."""

    serializer_class = SubscriptionSerializer
    parameters = (
        district_parameter("district__path"),
        boolean_parameter(
            "active",
            about="Whether emails are sent.",
            apply=lambda rows, active: rows.filter(active=active),
        ),
    )
    orderings = {"id": "id", "email": "email", "updated_at": "updated_at"}
    default_ordering = ("id",)

    def get_queryset(self) -> QuerySet[Subscription]:
        rows = Subscription.objects.visible_to(self.request.user)
        return rows.select_related("district", "user").order_by("id")

    def make(self, data: dict[str, Any]) -> Subscription:
        subscription = Subscription(**{"user": cast("User", self.request.user), **data})
        return services.save_versioned(subscription, at=timezone.now())

    def change(self, instance: Subscription, data: dict[str, Any]) -> None:
        for name, value in data.items():
            setattr(instance, name, value)
        services.save_versioned(instance, at=timezone.now())

    def remove(self, instance: Subscription) -> None:
        services.delete_reference(instance)
