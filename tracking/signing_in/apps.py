"""The app of signing in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SigningInConfig(AppConfig):
    """Who comes in, how, from where, and until when."""

    name = "tracking.signing_in"
    label = "signing_in"
    verbose_name = _("Signing in")
    default_auto_field = "django.db.models.BigAutoField"
