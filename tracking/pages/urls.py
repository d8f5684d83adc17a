"""The addresses of the pages."""

from django.urls import path

from tracking.pages.cohort_projects import cohort_projects
from tracking.pages.cohorts import signing_cohorts
from tracking.pages.definitions import definitions
from tracking.pages.explain import explain
from tracking.pages.lists import districts, figures, undated
from tracking.pages.packages import package
from tracking.pages.reconciling import ceremony, claim
from tracking.pages.releases import release, releases
from tracking.pages.releasing import new_release
from tracking.pages.revisions import revisions
from tracking.pages.start import start
from tracking.pages.unsubscribe import unsubscribe

urlpatterns = [
    path("", start, name="start"),
    path("figures/", figures, name="figures"),
    path("explain/", explain, name="explain"),
    path("revisions/", revisions, name="revisions"),
    path("cohorts/", signing_cohorts, name="cohorts"),
    path("cohorts/projects/", cohort_projects, name="cohort_projects"),
    path("undated/", undated, name="undated"),
    path("claims/<int:pk>/", claim, name="claim"),
    path("ceremonies/<int:pk>/", ceremony, name="ceremony"),
    path("districts/", districts, name="districts"),
    path("definitions/", definitions, name="definitions"),
    path("releases/", releases, name="releases"),
    path("releases/new/", new_release, name="new_release"),
    path("releases/<int:pk>/", release, name="release"),
    path("releases/<int:pk>/package.zip", package, name="release_package"),
    path("unsubscribe/<str:token>/", unsubscribe, name="unsubscribe"),
]
