"""Users and their memberships: who works on which district subtree, in which role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from projects import access
from projects.models.base import TextField
from projects.models.districts import District

if TYPE_CHECKING:
    from projects.access import Reader


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox names its tokens so
    """Somebody who signs in. Rights come from memberships, not from Django's permission tables."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = TextField(
        _("name"), max_length=60, blank=True, help_text=_("The full name, as colleagues know it.")
    )

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        """The name, or the sign-in name where none is given."""
        return self.name or self.username

    def get_short_name(self) -> str:
        """The same: Chinese names are not cut."""
        return self.get_full_name()


def colleagues(user: Reader) -> models.QuerySet[User]:
    """Who can be put in charge by this user: who holds a role where the user records projects, or above."""
    return User.objects.filter(pk__in=User.objects.filter(access.colleagues_of(user)).values("pk"))


class Membership(models.Model):
    """One role of one user in one district and everything below it."""

    class Role(models.TextChoices):
        """What the membership allows; everybody with any role may read."""

        VIEWER = access.Role.VIEWER.value, _("Viewer")
        EDITOR = access.Role.EDITOR.value, _("Editor")
        REVIEWER = access.Role.REVIEWER.value, _("Reviewer")
        PUBLISHER = access.Role.PUBLISHER.value, _("Publisher")
        ADMINISTRATOR = access.Role.ADMINISTRATOR.value, _("Administrator of roles")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user"), related_name="memberships"
    )
    district = models.ForeignKey(
        District,
        models.PROTECT,
        verbose_name=_("district"),
        related_name="memberships",
        help_text=_("The role holds here and in every district below."),
    )
    role = models.CharField(
        _("role"),
        max_length=16,
        choices=Role.choices,
        help_text=_(
            "A viewer reads, an editor records projects, a reviewer approves, a publisher releases figures, "
            "an administrator gives these roles."
        ),
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["user__username", "district__path", "role"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "district", "role"],
                name="membership_once",
                violation_error_message=_("This user already holds this role here."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.district} · {self.get_role_display()}"


class ApiToken(AbstractAuthToken):
    """A token for the REST API: stored hashed, with scopes and an expiry; deleting it revokes it."""

    name = TextField(
        _("name"), max_length=60, blank=True, help_text=_("What uses it, as in 'statistics export'.")
    )
    scopes = models.JSONField(_("scopes"), default=list, help_text=_("What it allows: read, write, publish."))
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created"]
