"""How pages show that a quarter has been released."""

from __future__ import annotations

from typing import Any

from django import template

from tracking.models import Release

register = template.Library()


@register.inclusion_tag("tracking/parts/release_mark.html")
def release_mark(release: Release) -> dict[str, Any]:
    """Released when, which revision, provisional or not, for which district; it leads to the release's own page."""
    return {"release": release}
