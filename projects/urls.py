"""The record's addresses in the API, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from projects.views.account import MeView, TokenViewSet
from projects.views.attachments import AttachmentViewSet
from projects.views.charges import ChargeViewSet
from projects.views.duplicates import DuplicateViewSet
from projects.views.imports import ImportViewSet
from projects.views.projects import HistoryViewSet, MilestoneViewSet, ProjectViewSet
from projects.views.reference import (
    CeremonyViewSet,
    DistrictViewSet,
    OrganizationViewSet,
    SectorViewSet,
    TagViewSet,
)

router = SimpleRouter(use_regex_path=False)
router.register("districts", DistrictViewSet, basename="district")
router.register("sectors", SectorViewSet, basename="sector")
router.register("tags", TagViewSet, basename="tag")
router.register("organizations", OrganizationViewSet, basename="organization")
router.register("projects", ProjectViewSet, basename="project")
router.register("projects/<int:project_id>/milestones", MilestoneViewSet, basename="milestone")
router.register("projects/<int:project_id>/history", HistoryViewSet, basename="revision")
router.register("projects/<int:project_id>/attachments", AttachmentViewSet, basename="attachment")
router.register("projects/<int:project_id>/charges", ChargeViewSet, basename="charge")
router.register("ceremonies", CeremonyViewSet, basename="ceremony")
router.register("imports", ImportViewSet, basename="import")
router.register("tokens", TokenViewSet, basename="token")

found = DuplicateViewSet.as_view({"get": "list"})  # a list alone: what is found now has no pages of its own

urlpatterns = [
    path("", include([path("projects/<int:project_id>/duplicates/", found, name="duplicate-list")])),
    path("", include(router.urls)),
    path("imports/template.xlsx", ImportViewSet.as_view({"get": "template"}), name="import-template"),
    path("imports/<int:pk>/errors.xlsx", ImportViewSet.as_view({"get": "errors"}), name="import-errors"),
    path("me/", MeView.as_view(), name="me"),
]
