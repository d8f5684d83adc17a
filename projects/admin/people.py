"""Users, what they may do where, and the tokens of their programs: kept by superusers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin import TabularInline
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from projects.admin.base import ReadOnlyAdmin, ServiceAdmin, is_superuser
from projects.admin.forms import LimitedChoices, ServiceForm
from projects.admin.lists import KeysetList
from projects.models import ApiToken, Membership, User
from projects.services.tokens import revoke_token

if TYPE_CHECKING:
    Inline = TabularInline[Any, Any]
    UserForm = UserChangeForm[User]
    CreationForm = UserCreationForm[User]
    AnyUserAdmin = DjangoUserAdmin[User]
else:
    Inline, AnyUserAdmin = TabularInline, DjangoUserAdmin
    UserForm, CreationForm = UserChangeForm, UserCreationForm

admin.site.unregister(Group)  # rights come from memberships


class UserEditForm(ServiceForm, UserForm):
    """A user, with the link to setting a password."""


class NewUserForm(ServiceForm, CreationForm):
    """A new user with a first password."""

    class Meta(UserCreationForm.Meta):
        model = User


class PeopleAdmin(ServiceAdmin):
    """Seen and changed by superusers alone."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)


class MembershipInline(LimitedChoices, Inline):
    """What a user may do where."""

    model = Membership
    form = ServiceForm
    extra = 1
    fields = ["district", "role"]
    autocomplete_fields = ["district"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(User)
class UserAdmin(PeopleAdmin, AnyUserAdmin):
    """People who sign in. They are switched off, never deleted: the ledger names them."""

    form = UserEditForm
    add_form = NewUserForm
    inlines = [MembershipInline]
    fieldsets = [
        (None, {"fields": ["username", "password", "name", "email"]}),
        (_("Rights"), {"fields": ["is_active", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["username", "name", "email", "password1", "password2"]})]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = []
    list_display = ["username", "name", "email", "roles", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_superuser"]
    search_fields = ["username", "name", "email"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With their memberships."""
        return super().get_queryset(request).prefetch_related("memberships__district")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        """Each district with the role there."""
        return "; ".join(f"{m.district} · {m.get_role_display()}" for m in user.memberships.all()) or "—"


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
