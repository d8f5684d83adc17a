"""The figures' addresses in the API, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from tracking.views.cohorts import CohortsView, LeadTimesView, PunctualityView
from tracking.views.definitions import DefinitionsView, DefinitionView
from tracking.views.explain import ExplainView
from tracking.views.packages import PackageView
from tracking.views.releases import ReleaseViewSet
from tracking.views.reported import ReportedTotalViewSet
from tracking.views.subscriptions import SubscriptionViewSet
from tracking.views.totals import TotalsView, TraceViewSet

router = SimpleRouter(use_regex_path=False)
router.register("releases", ReleaseViewSet, basename="release")
router.register("reported-totals", ReportedTotalViewSet, basename="reported_total")
router.register("subscriptions", SubscriptionViewSet, basename="subscription")

urlpatterns = [
    path("totals/", TotalsView.as_view(), name="totals"),
    path("totals/explain/", ExplainView.as_view(), name="totals_explain"),
    path("totals/trace/", TraceViewSet.as_view({"get": "list"}), name="totals_trace"),
    path("cohorts/", CohortsView.as_view(), name="cohorts_totals"),
    path("lead-times/", LeadTimesView.as_view(), name="lead_times"),
    path("punctuality/", PunctualityView.as_view(), name="punctuality"),
    path("definitions/", DefinitionsView.as_view(), name="definitions_api"),
    path("definitions/<str:name>/", DefinitionView.as_view(), name="definition_api"),
    path("releases/<int:pk>/package/", PackageView.as_view(), name="release_package_api"),
    path("", include(router.urls)),
]
