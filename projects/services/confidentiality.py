"""Ending confidentiality at its date, whoever saves or does not save the project."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext

from projects.models import Door, Project
from projects.services.recording import save_project

CHUNK = 200


def reveal_due(at: datetime) -> int:
    """Let every project whose date has come be confidential no longer; how many. For the timetable; harmless twice."""
    due = Project.objects.filter(confidential=True, confidential_until__lte=timezone.localdate(at))
    found = list(due.order_by("confidential_until", "id")[:CHUNK])
    for project in found:
        save_project(project, actor=None, at=at, door=Door.SYSTEM, reason=gettext("The date has come."))
    return len(found)
