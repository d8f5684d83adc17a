"""The configuration's own applications: the API conventions (one table, and time for migrations), the admin, files."""

from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class ApiConventionsConfig(AppConfig):
    """Idempotent requests live here; everything else in config/api is stateless."""

    name = "config"
    label = "config"
    verbose_name = _("API conventions")

    def ready(self) -> None:
        pre_migrate.connect(_take_time, sender=self)
        post_migrate.connect(_be_quick_again, sender=self)


def _take_time(*, using: str, **_given: Any) -> None:
    """A migration may take longer than anybody's question: an index of ten million rows takes minutes."""
    _run(using, "SET statement_timeout = 0")


def _be_quick_again(*, using: str, **_given: Any) -> None:
    _run(using, "RESET statement_timeout")


def _run(using: str, statement: str) -> None:
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute(statement)


class MingzhangAdminConfig(AdminConfig):
    """Django's admin with our own site class."""

    default_site = "projects.admin_site.MingzhangAdminSite"


class OwnStaticFilesConfig(StaticFilesConfig):
    """Collects what our pages use: not Redoc, nor the pages of a browsable API that we do not have."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc", "rest_framework"]
