"""What a token's scopes allow; what the user may see and edit is decided in projects.access."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from projects.models import ApiToken


class Scope(models.TextChoices):
    """What a token may be used for."""

    READ = "read", _("Read")
    WRITE = "write", _("Record and correct")
    PUBLISH = "publish", _("Release figures")


class HasScope(BasePermission):
    """Signed in; with a token, one whose scopes allow it. A view may name `scope_to_write` other than write."""

    message = _("The scopes of this token do not allow that.")

    def has_permission(self, request: Request, view: Any) -> bool:
        """Reading needs read, everything else write; a session has every scope."""
        if not request.user.is_authenticated:
            return False
        if not isinstance(request.auth, ApiToken):
            return True
        needed = (
            Scope.READ if request.method in SAFE_METHODS else getattr(view, "scope_to_write", Scope.WRITE)
        )
        return needed in request.auth.scopes
