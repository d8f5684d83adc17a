"""API tokens: issued and revoked by their owner; only a SHA-256 is kept."""

from collections.abc import Sequence
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from projects.models import ApiToken, User
from projects.services.transactions import one_transaction

MOST_TOKENS = 50


@one_transaction
def issue_token(user: User, *, name: str, scopes: Sequence[str], days: int) -> tuple[ApiToken, str]:
    """Make a token that is valid for so many days; the text of it is known only now.

    Raises ValidationError beyond 50 tokens of one user.
    """
    if ApiToken.objects.filter(user=user).count() >= MOST_TOKENS:
        raise ValidationError(
            _("You have 50 tokens already. Delete those that nobody uses."), code="too_many"
        )
    made: tuple[ApiToken, str] = ApiToken.objects.create(
        user=user, expiry=timedelta(days=days), name=name, scopes=list(scopes)
    )
    return made


@one_transaction
def revoke_token(token: ApiToken) -> None:
    """The next request with it is refused."""
    token.delete()
