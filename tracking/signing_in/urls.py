"""The addresses of signing in."""

from django.contrib.auth import views as auth
from django.urls import path

from tracking.signing_in import views

urlpatterns = [
    path("sign-in/", views.SignInView.as_view(), name="sign_in"),
    path("sign-in/code/", views.sign_in_code, name="sign_in_code"),
    path("sign-out/", views.SignOutView.as_view(), name="sign_out"),
    path("password/", views.ChangePasswordView.as_view(), name="change_password"),
    path(
        "password/done/",
        auth.PasswordChangeDoneView.as_view(template_name="registration/password_changed.html"),
        name="password_changed",
    ),
    path("second-step/", views.second_step_page, name="second_step"),
    path("sign-ins/", views.my_sign_ins, name="my_sign_ins"),
    path("sign-ins/end/", views.end_sign_ins, name="end_sign_ins"),
]
