"""The application of the figures: totals, claims, targets, subscriptions and what is sent."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrackingConfig(AppConfig):
    """Reads the record and its ledger; writes nothing there."""

    name = "tracking"
    verbose_name = _("Figures")
