"""What a confidential project hides is put aside: out of every list, search, file and email, while it is secret."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.models.projects import Project
from projects.models.reference import Organization

HIDDEN = (
    "code",
    "approval_code",
    "name",
    "name_en",
    "remark",
    "source",
)  # fields of a project that are put aside


class PutAside(models.Model):
    """The facts of a confidential project, whose mask stands in their place. No list and no search reads it."""

    project = models.OneToOneField(
        Project, models.PROTECT, verbose_name=_("project"), primary_key=True, related_name="put_aside"
    )
    code = models.CharField(max_length=40)
    approval_code = models.CharField(max_length=24, blank=True)
    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=300, blank=True)
    remark = models.TextField(blank=True)
    source = models.CharField(max_length=100, blank=True)
    investors = models.ManyToManyField(Organization, verbose_name=_("investors"), related_name="put_aside")

    class Meta:
        verbose_name = _("project")  # who may not delete an organization is not told of which sort
        verbose_name_plural = _("projects")

    def __str__(self) -> str:
        return str(self.project_id)


def mask_of(pk: int) -> dict[str, str]:
    """What stands in the place of what is put aside: the number of the project, which says nothing."""
    number = f"P{pk:08d}"
    return {
        "code": number,
        "approval_code": "",
        "name": f"保密项目 {number}",
        "name_en": f"Confidential project {number}",
        "remark": "",
        "source": "",
    }
