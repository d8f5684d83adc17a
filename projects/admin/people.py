"""What pages about people have in common, and the tokens of their programs: kept by superusers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from projects.admin.base import ReadOnlyAdmin, ServiceAdmin, is_superuser
from projects.admin.lists import KeysetList
from projects.models import ApiToken
from projects.services.tokens import revoke_token


class PeopleAdmin(ServiceAdmin):
    """Seen and changed by superusers alone."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)


class TokenList(KeysetList):
    """Tokens are told apart by their beginning, for the primary key is the hash, and no address should hold it."""

    tie = "token_key"


@admin.register(ApiToken)
class ApiTokenAdmin(PeopleAdmin, ReadOnlyAdmin):
    """Which programs may use the API as whom; a superuser sees and revokes, and never sees the token."""

    actions = None
    list_display = ["user", "name", "scopes_shown", "made_at", "expires_at", "last_used_at", "revoke_link"]
    list_display_links = None
    list_select_related = ["user"]
    search_fields = ["user__username", "user__name", "name"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Without hashes in addresses."""
        return TokenList

    @admin.display(description=_("scopes"))
    def scopes_shown(self, token: ApiToken) -> str:
        """Separated by commas."""
        return ", ".join(token.scopes)

    @admin.display(description=_("made at"), ordering="created")
    def made_at(self, token: ApiToken) -> Any:
        """When it was issued."""
        return token.created

    @admin.display(description=_("expires at"), ordering="expiry")
    def expires_at(self, token: ApiToken) -> Any:
        """From when on it is refused."""
        return token.expiry

    @admin.display(description="")
    def revoke_link(self, token: ApiToken) -> SafeString:
        """To the page that asks."""
        address = reverse("admin:projects_apitoken_revoke", args=[token.token_key])
        return format_html('<a href="{}">{}</a>', address, _("Revoke"))

    def get_urls(self) -> list[Any]:
        """No page shows one token: its address would hold the hash."""
        revoke = self.admin_site.admin_view(self.revoke_view)
        listed = [url for url in super().get_urls() if url.name == "projects_apitoken_changelist"]
        return [*listed, path("<str:token_key>/revoke/", revoke, name="projects_apitoken_revoke")]

    def revoke_view(self, request: HttpRequest, token_key: str) -> Any:
        """Asks, then revokes."""
        if not is_superuser(request):
            raise PermissionDenied
        token = get_object_or_404(ApiToken, token_key=token_key)
        if request.method == "POST":
            revoke_token(token)
            self.message_user(request, _("The token is revoked."), messages.SUCCESS)
            return HttpResponseRedirect(self.url("changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Revoke this token?"),
            "token": token,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/projects/revoke_token.html", context)
