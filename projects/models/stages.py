"""What a project can be: its type, how far it and its review have come, and why it is kept but not counted."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProjectType(models.TextChoices):
    """What sort of investment it is."""

    INDUSTRIAL = "industrial", _("Industrial")
    MANUFACTURING = "manufacturing", _("Manufacturing")
    SERVICES = "services", _("Services")
    INFRASTRUCTURE = "infrastructure", _("Infrastructure")
    URBAN_RENEWAL = "urban_renewal", _("Urban renewal")
    LIVELIHOOD = "livelihood", _("Livelihood")
    CARRIER_PARK = "carrier_park", _("Industrial park")
    OTHER = "other", _("Other")


class Stage(models.TextChoices):
    """How far a project has come: the furthest of its stage-moving milestones."""

    NEGOTIATING = "negotiating", _("Negotiating")
    SIGNED = "signed", _("Signed")
    STARTED = "started", _("Started")
    COMPLETED = "completed", _("Completed")
    IN_PRODUCTION = "in_production", _("In production")
    AT_CAPACITY = "at_capacity", _("At capacity")
    TERMINATED = "terminated", _("Terminated")


class Review(models.TextChoices):
    """How far a record has come on its way to a reviewer's approval; what was approved last is what counts."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    RETURNED = "returned", _("Returned")
    APPROVED = "approved", _("Approved")


class ExclusionReason(models.TextChoices):
    """Why a project is kept but not counted."""

    BELOW_THRESHOLD = "below_threshold", _("Below the threshold")
    RELOCATION = "relocation", _("Relocation within the region")
    REAL_ESTATE = "real_estate", _("Real estate")
    DUPLICATE = "duplicate", _("Duplicate of another project")
    OTHER = "other", _("Other reason")
