"""Marks that a project carries beside its figures: 链主, 专精特新 and the like."""

from django.utils.translation import gettext_lazy as _

from projects.models.reference import Named


class Tag(Named):
    """A mark of projects, kept by superusers. What follows from amounts, as 双百, is computed and never a tag."""

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["code"]
