"""The application of the record: districts, projects, milestones and their ledger."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    """The record and the ledger; knows nothing of the figures made from them."""

    name = "projects"
    verbose_name = _("Projects")
