"""Who asks: a token in the Authorization header, or the browser's session with its CSRF token."""

import re
from datetime import timedelta
from hmac import compare_digest
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.crypto import hash_token
from knox.settings import CONSTANTS
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from config.api.throttles import count_refused_sign_in
from projects.models import ApiToken, User

CREDENTIALS = re.compile(rb"Bearer ([\x21-\x7e]{1,200})")
NOTED_AGAIN_AFTER = timedelta(hours=1)


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer <token>`, exactly so; whatever else stands there is refused like a wrong token."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token's user and the token. Raises AuthenticationFailed, or Throttled for too many wrong ones."""
        header = authentication.get_authorization_header(request)
        if not header:
            return None
        match = CREDENTIALS.fullmatch(header)
        token = _find(match[1].decode()) if match else None
        if token is None:
            count_refused_sign_in(request)
            raise AuthenticationFailed
        _note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """For WWW-Authenticate."""
        return "Bearer"


def _find(text: str) -> ApiToken | None:
    """The token, unless it has expired or its user is disabled. Only its SHA-256 is stored."""
    digest = hash_token(text)
    candidates: QuerySet[ApiToken] = ApiToken.objects.filter(
        token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH]
    ).select_related("user")
    for token in candidates:
        expired = token.expiry is not None and token.expiry <= timezone.now()
        if compare_digest(token.digest, digest) and not expired and token.user.is_active:
            return token
    return None


def _note_use(token: ApiToken) -> None:
    """Once an hour is enough to see which tokens nobody needs any more."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - NOTED_AGAIN_AFTER:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


class SessionAuthentication(authentication.SessionAuthentication):
    """A signed-in browser; what changes something needs the CSRF token."""

    def enforce_csrf(self, request: Any) -> None:
        """In our own words."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied:
            raise PermissionDenied(
                _("The CSRF token is missing or wrong. Reload the page and try again.")
            ) from None


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names it."""

    target_class = TokenAuthentication
    name = "Bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """An HTTP bearer scheme."""
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names it."""

    target_class = SessionAuthentication
    name = "Session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """The session's cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "session"}
