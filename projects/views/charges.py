"""The people in charge of a project."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from config.api.views import Changes, Creates, Removes
from projects import services
from projects.filters import CHARGE_FILTERS
from projects.models import Charge, Door
from projects.serializers.projects import ChargeSerializer
from projects.views.projects import OfOneProject


class ChargeViewSet(OfOneProject, Creates[Charge], Changes[Charge], Removes[Charge]):
    """Who is in charge of one project: one leader at a time, any number of officers."""

    serializer_class = ChargeSerializer
    parameters = CHARGE_FILTERS
    orderings = {"id": "id", "from_on": "from_on"}
    default_ordering = ("id",)

    def get_queryset(self) -> QuerySet[Charge]:
        """Those of the project, if the reader may see it. Raises Http404."""
        if getattr(self, "swagger_fake_view", False):
            return Charge.objects.none()
        return Charge.objects.filter(project=self.project).select_related("project__district", "user")

    def make(self, data: dict[str, Any]) -> Charge:
        return self._save(Charge(project=self.project), data)

    def change(self, instance: Charge, data: dict[str, Any]) -> None:
        self._save(instance, data)

    def remove(self, instance: Charge) -> None:
        services.remove_charge(
            instance,
            actor=self.request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            door=Door.API,
        )

    def _save(self, charge: Charge, data: dict[str, Any]) -> Charge:
        for name, value in data.items():
            setattr(charge, name, value)
        return services.save_charge(
            charge,
            actor=self.request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            door=Door.API,
        )
