"""What makes two projects look like one and the same."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Likeness(models.TextChoices):
    """Why two projects may be one and the same, the weightiest first."""

    APPROVAL_CODE = "approval_code", _("Same approval code")
    NAME_AND_AMOUNT = "name_and_amount", _("Alike name and amount")
    CREDIT_CODE = "credit_code", _("Same investor in the same district")
    NAME = "name", _("Alike name, an amount not known")
    NAME_ALONE = "name_alone", _("Alike name, another amount")


# What only somebody who types is told: by itself it is no reason to ask whether two projects are the same.
HINT = Likeness.NAME_ALONE
