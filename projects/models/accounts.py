"""What was changed of people's accounts and roles: by whom, when, what; rows are added and never changed."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.models.districts import District
from projects.models.users import Membership


class AccountChange(models.Model):
    """One change of one person's account or roles."""

    class Kind(models.TextChoices):
        """What was done."""

        MADE = "made", _("Account made")
        ROLE_GIVEN = "role_given", _("Role given")
        ROLE_TAKEN = "role_taken", _("Role taken")
        SWITCHED_ON = "switched_on", _("Switched on")
        SWITCHED_OFF = "switched_off", _("Switched off")
        SUPERUSER_GIVEN = "superuser_given", _("Made superuser")
        SUPERUSER_TAKEN = "superuser_taken", _("No longer superuser")
        PASSWORD_GIVEN = "password_given", _("Password given")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        SECOND_STEP_ON = "second_step_on", _("Second step switched on")
        SECOND_STEP_OFF = "second_step_off", _("Second step switched off")
        SESSIONS_ENDED = "sessions_ended", _("Sign-ins ended")

    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("by"), null=True, related_name="+"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("user"), related_name="account_changes"
    )
    kind = models.CharField(_("what"), max_length=16, choices=Kind.choices)
    district = models.ForeignKey(
        District, models.PROTECT, verbose_name=_("district"), null=True, related_name="+"
    )
    role = models.CharField(_("role"), max_length=16, blank=True, choices=Membership.Role.choices)

    class Meta:
        verbose_name = _("change of an account")
        verbose_name_plural = _("changes of accounts")
        ordering = ["-at", "-id"]
        indexes = [
            # the person's page: the latest changes
            models.Index(fields=["user", "-at", "-id"], name="account_changes_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_kind_display()}"
