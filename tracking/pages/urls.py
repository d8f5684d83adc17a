"""The addresses of the pages."""

from django.contrib.auth import views as auth
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
from tracking.pages.signing_in import SignInForm
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
    path(
        "sign-in/",
        auth.LoginView.as_view(
            template_name="registration/sign_in.html",
            authentication_form=SignInForm,
            redirect_authenticated_user=True,
        ),
        name="sign_in",
    ),
    path("sign-out/", auth.LogoutView.as_view(), name="sign_out"),
    path(
        "password/",
        auth.PasswordChangeView.as_view(
            template_name="registration/change_password.html", success_url="/password/done/"
        ),
        name="change_password",
    ),
    path(
        "password/done/",
        auth.PasswordChangeDoneView.as_view(template_name="registration/password_changed.html"),
        name="password_changed",
    ),
]
