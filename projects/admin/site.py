"""The admin's own site: our name, our sections, our rule of who may enter."""

from typing import TYPE_CHECKING

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest


class MingzhangAdminSite(AdminSite):
    """Everybody with a membership may enter; each page then shows what their districts hold."""

    site_title = site_header = _("Mingzhang")

    def has_permission(self, request: "HttpRequest") -> bool:
        """Any membership opens the admin."""
        user = request.user
        return user.is_active and (user.is_superuser or (user.is_authenticated and user.memberships.exists()))
