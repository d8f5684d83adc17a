"""Noting what happened at the door."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from projects.models import User
from tracking.signing_in.agents import address_of, agent_of, cleaned
from tracking.signing_in.models import Event


def note(
    kind: Event.Kind, request: HttpRequest, *, at: datetime, user: User | None = None, username: str = ""
) -> None:
    """Add an event; without a user the one who has the name that was typed, if anybody has."""
    typed = cleaned(user.get_username() if user else username)
    Event.objects.create(
        at=at,
        kind=kind,
        user=user or User.objects.filter(username=typed).first(),
        username=typed,
        address=address_of(request),
        agent=agent_of(request),
    )
