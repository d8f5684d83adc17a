"""A small link beside a figure's heading that says what the figure means."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tracking.definitions import definition

register = template.Library()


@register.simple_tag
def meaning(name: str) -> SafeString:
    """The link to a definition, with its formula as title; the question mark itself is drawn by the style sheet."""
    found = definition(name)
    return format_html(
        '<a class="meaning" href="{}#{}" title="{}" aria-label="{}"></a>',
        reverse("definitions"),
        found.id,
        found.formula,
        _("What “%(name)s” means") % {"name": found.name},  # “在库”的口径
    )
