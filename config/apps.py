"""The configuration's own applications: the API conventions (one table) and the admin with our site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.utils.translation import gettext_lazy as _


class ApiConventionsConfig(AppConfig):
    """Idempotent requests live here; everything else in config/api is stateless."""

    name = "config"
    label = "config"
    verbose_name = _("API conventions")


class MingzhangAdminConfig(AdminConfig):
    """Django's admin with our own site class."""

    default_site = "projects.admin_site.MingzhangAdminSite"


class OwnStaticFilesConfig(StaticFilesConfig):
    """Collects what our pages use: not Redoc, nor the pages of a browsable API that we do not have."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc", "rest_framework"]
