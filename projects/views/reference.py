"""Districts, sectors, organizations and ceremonies."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied

from config.api.views import Changes, Creates, Removes
from projects import services
from projects.access import edits_anywhere, may_edit
from projects.filters import (
    CEREMONY_FILTERS,
    DISTRICT_FILTERS,
    ORGANIZATION_FILTERS,
    SECTOR_FILTERS,
    TAG_FILTERS,
)
from projects.models import Ceremony, District, Organization, Sector, Tag
from projects.serializers.reference import (
    CeremonySerializer,
    DistrictSerializer,
    OrganizationSerializer,
    SectorSerializer,
    TagSerializer,
)

M = TypeVar("M", bound=Model)


class ReferenceViewSet(Creates[M], Changes[M], Removes[M]):
    """Reference data: everybody reads it, few may change it."""

    def may_create(self) -> bool:
        """Administrators."""
        return bool(self.request.user.is_superuser)

    def may_change(self, instance: M) -> bool:
        return self.may_create()

    def make(self, data: dict[str, Any]) -> M:
        kind = self.get_queryset().model
        return self.save(kind(**data))

    def change(self, instance: M, data: dict[str, Any]) -> None:
        for name, value in data.items():
            setattr(instance, name, value)
        self.save(instance)

    def save(self, record: M) -> M:
        """Call the service that saves such a record."""
        return services.save_reference(record)

    def remove(self, instance: M) -> None:
        services.delete_reference(instance)


class DistrictViewSet(ReferenceViewSet[District]):
    """The districts that the reader may see, named by code."""

    serializer_class = DistrictSerializer
    parameters = DISTRICT_FILTERS
    orderings = {"code": "code", "name": "name", "level": "level"}
    default_ordering = ("code",)
    lookup_field = "code"
    lookup_value_converter = "str"

    def get_queryset(self) -> QuerySet[District]:
        rows = District.objects.visible_to(self.request.user).select_related("parent")
        return rows.prefetch_related("origins__predecessor", "successions__successor")

    def save(self, record: District) -> District:
        return services.save_district(record)


class SectorViewSet(ReferenceViewSet[Sector]):
    """The sectors of all schemes, named by code."""

    serializer_class = SectorSerializer
    parameters = SECTOR_FILTERS
    orderings = {"code": "code", "name": "name"}
    default_ordering = ("code",)
    lookup_field = "code"
    lookup_value_converter = "str"

    def get_queryset(self) -> QuerySet[Sector]:
        return Sector.objects.select_related("scheme", "parent")


class TagViewSet(ReferenceViewSet[Tag]):
    """The tags of projects, named by code."""

    serializer_class = TagSerializer
    parameters = TAG_FILTERS
    orderings = {"code": "code", "name": "name"}
    default_ordering = ("code",)
    lookup_field = "code"
    lookup_value_converter = "str"
    queryset = Tag.objects.all()


class OrganizationViewSet(ReferenceViewSet[Organization]):
    """Investors and project companies; whoever records projects may enter them."""

    serializer_class = OrganizationSerializer
    parameters = ORGANIZATION_FILTERS
    orderings = {"id": "id", "name": "name", "updated_at": "updated_at"}
    default_ordering = ("id",)
    queryset = Organization.objects.all()

    def may_create(self) -> bool:
        return edits_anywhere(self.request.user)

    def save(self, record: Organization) -> Organization:
        return services.save_versioned(record, at=timezone.now())


class CeremonyViewSet(ReferenceViewSet[Ceremony]):
    """Signing and ground-breaking events in the districts that the reader may see."""

    serializer_class = CeremonySerializer
    parameters = CEREMONY_FILTERS
    orderings = {"id": "id", "held_on": "held_on", "name": "name"}
    default_ordering = ("-held_on", "-id")

    def get_queryset(self) -> QuerySet[Ceremony]:
        return Ceremony.objects.visible_to(self.request.user).select_related("district")

    def may_create(self) -> bool:
        return edits_anywhere(self.request.user)

    def may_change(self, instance: Ceremony) -> bool:
        return may_edit(self.request.user, instance.district)

    def save(self, record: Ceremony) -> Ceremony:
        """Raises PermissionDenied where it would come to lie in a district that the reader does not edit."""
        if not may_edit(self.request.user, record.district):
            raise PermissionDenied
        return services.save_versioned(record, at=timezone.now())
