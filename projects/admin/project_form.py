"""The form of a project: as it is typed, and why."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.admin.forms import VersionedForm
from projects.text import clean_text


class ProjectForm(VersionedForm):
    """A project as it is typed, and why."""

    change_reason = forms.CharField(
        label=_("reason for this change"),
        max_length=200,
        required=False,
        help_text=_(
            "Goes into the history, as in 合同修订. Leave it empty where the change speaks for itself."
        ),
    )

    def clean_change_reason(self) -> str:
        """Clean text, as everywhere."""
        reason: str = self.cleaned_data["change_reason"]
        return clean_text(reason) if reason else ""

    def clean(self) -> dict[str, Any]:
        """约 before the total investment marks it as estimated."""
        if getattr(self.fields.get("total_investment"), "estimated", False):
            self.cleaned_data["investment_estimated"] = True
        return super().clean()
