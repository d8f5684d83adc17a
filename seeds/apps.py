"""The application of the data from the source documents, and of the commands that load or make data."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SeedsConfig(AppConfig):
    """No models: facts in CSV files, and the commands that hand them to the services."""

    name = "seeds"
    verbose_name = _("Seed data")
