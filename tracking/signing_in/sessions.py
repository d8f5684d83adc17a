"""Sign-ins that last: begun, seen, ended."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from projects.models import AccountChange, User
from tracking.signing_in.agents import address_of, agent_of
from tracking.signing_in.events import note
from tracking.signing_in.models import Event, SignIn

BACKEND = "django.contrib.auth.backends.ModelBackend"
SIGN_IN = "sign_in"  # in the session: which of the rows it is
DUTY = "duty"  # in the session: the name of the page that comes before all others
store: Any = import_module(settings.SESSION_ENGINE)


@transaction.atomic
def begin(request: HttpRequest, user: User, *, at: datetime) -> SignIn:
    """Sign the user in: the session gets a new key, whatever it was before."""
    login(request, user, backend=BACKEND)
    request.session.save()
    row = SignIn.objects.create(
        user=user,
        session_key=request.session.session_key or "",
        address=address_of(request),
        agent=agent_of(request),
        since=at,
        seen_at=at,
    )
    request.session[SIGN_IN] = row.pk
    note(Event.Kind.SUCCEEDED, request, at=at, user=user)
    return row


def _own(request: HttpRequest) -> QuerySet[SignIn]:
    return SignIn.objects.filter(pk=request.session.get(SIGN_IN) or 0)


def follow_key(request: HttpRequest) -> None:
    """The session has a new key: note it."""
    request.session.save()
    _own(request).update(session_key=request.session.session_key)


def of_user(user: User) -> QuerySet[SignIn]:
    """The user's sign-ins; those whose session has run out are forgotten first."""
    rows = SignIn.objects.filter(user=user)
    keys = list(rows.values_list("session_key", flat=True))
    alive = set(
        store.SessionStore.get_model_class().objects.filter(session_key__in=keys).values_list("pk", flat=True)
    )
    rows.exclude(session_key__in=alive).delete()
    return rows


@transaction.atomic
def end(rows: QuerySet[SignIn], request: HttpRequest, *, at: datetime) -> int:
    """End these sign-ins: their next request is a stranger's. How many there were."""
    ended = list(rows.select_related("user"))
    for row in ended:
        store.SessionStore(row.session_key).delete()
        note(Event.Kind.ENDED, request, at=at, user=row.user)
    SignIn.objects.filter(pk__in=[row.pk for row in ended]).delete()
    return len(ended)


def forget(request: HttpRequest) -> None:
    """The session is signed out: its row goes with it."""
    _own(request).delete()


def must_change_password(user: User) -> bool:
    """Whether somebody else has chosen the password, and the user has not changed it since."""
    kinds = AccountChange.Kind
    latest = (
        AccountChange.objects.filter(
            user=user, kind__in=[kinds.MADE, kinds.PASSWORD_GIVEN, kinds.PASSWORD_CHANGED]
        )
        .order_by("-at", "-id")
        .first()
    )
    return (
        latest is not None
        and latest.kind != kinds.PASSWORD_CHANGED
        and latest.actor_id not in (None, user.pk)
    )
