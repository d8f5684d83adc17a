"""A rule of passwords that Django has not: the last ones are not taken again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tracking.signing_in.models import PastPassword

if TYPE_CHECKING:
    from projects.models import User


def remember(user: User) -> None:
    """Keep the hash that is in use, if it is not kept yet: of an account older than this rule, or made by a command."""
    if user.has_usable_password():
        PastPassword.objects.get_or_create(user=user, password=user.password)


class NotUsedBefore:
    """Refuses the last passwords of the same person."""

    def __init__(self, last: int = 3) -> None:
        self.last = last

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises ValidationError for one of the last."""
        if user is None or user.pk is None:
            return
        past = PastPassword.objects.filter(user=user)[: self.last]
        if any(check_password(password, each.password) for each in past):
            message = _(
                "You have used this password before. Choose one that differs from your last %(last)d."
            )
            raise ValidationError(message, code="used_before", params={"last": self.last})

    def password_changed(self, password: str, user: User | None = None) -> None:
        """Keep the hash that was just saved, and of the older ones only the last."""
        if user is None or user.pk is None:
            return
        PastPassword.objects.create(user=user, password=user.password)
        kept = list(PastPassword.objects.filter(user=user).values_list("pk", flat=True)[: self.last])
        PastPassword.objects.filter(user=user).exclude(pk__in=kept).delete()

    def get_help_text(self) -> str:
        """Beside the field."""
        return _("It differs from your last %(last)d passwords.") % {"last": self.last}
