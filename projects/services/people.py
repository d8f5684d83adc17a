"""People's accounts and roles: every change is recorded with who did it, and holds from the next request on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from projects.models import AccountChange, District, Membership, User
from projects.services.transactions import one_transaction

Kind = AccountChange.Kind


@one_transaction
def ensure_user(username: str, *, actor: User | None = None, at: datetime | None = None) -> User:
    """The user of this name, made without a password if there is none. Raises ValidationError for a bad name."""
    user = User.objects.filter(username=username).first()
    if user is None:
        user = User(username=username)
        user.set_unusable_password()
        save_account(user, actor=actor, at=at or timezone.now())
    return user


@one_transaction
def save_account(user: User, *, actor: User | None, at: datetime) -> User:
    """Record a person's names, address, and whether the account is on and a superuser's. Raises ValidationError."""
    stored = None if user._state.adding else User.objects.select_for_update(no_key=True).get(pk=user.pk)
    user.full_clean()
    user.save()
    if stored is None:
        note_change(user, Kind.MADE, actor=actor, at=at)
    if stored and stored.is_active != user.is_active:
        kind = Kind.SWITCHED_ON if user.is_active else Kind.SWITCHED_OFF
        note_change(user, kind, actor=actor, at=at)
    if user.is_superuser != (stored is not None and stored.is_superuser):
        kind = Kind.SUPERUSER_GIVEN if user.is_superuser else Kind.SUPERUSER_TAKEN
        note_change(user, kind, actor=actor, at=at)
    return user


def note_change(
    user: User,
    kind: Kind,
    *,
    actor: User | None,
    at: datetime,
    district: District | None = None,
    role: str = "",
) -> None:
    """Record what was done to an account, in the transaction that does it."""
    AccountChange.objects.create(user=user, kind=kind, actor=actor, at=at, district=district, role=role)


@one_transaction
def add_member(
    user: User, district: District, role: str, *, actor: User | None = None, at: datetime | None = None
) -> Membership:
    """Give a user a role in a district subtree; already holding it is no error.

    Without `actor` and `at` the system gives it now, as a script does. Raises ValidationError.
    """
    asked: dict[str, Any] = {"user": user, "district": district, "role": role}
    Membership(**asked).full_clean(validate_unique=False, validate_constraints=False)
    membership, given = Membership.objects.get_or_create(**asked)
    if given:
        at = at or timezone.now()
        note_change(user, Kind.ROLE_GIVEN, actor=actor, at=at, district=district, role=role)
    return membership


@one_transaction
def remove_member(user: User, district: District, role: str, *, actor: User | None, at: datetime) -> bool:
    """Take a role from a user; whether the user held it."""
    taken, _kinds = Membership.objects.filter(user=user, district=district, role=role).delete()
    if taken:
        note_change(user, Kind.ROLE_TAKEN, actor=actor, at=at, district=district, role=role)
    return bool(taken)
