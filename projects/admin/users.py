"""People who sign in: superusers keep all of them, an administrator those who work in the own districts."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects import access, services
from projects.admin import roles
from projects.admin.base import ServiceAdmin, is_superuser, may_edit
from projects.admin.forms import CHOOSE_DISTRICT, ServiceForm
from projects.models import AccountChange, Charge, District, Membership, User, colleagues
from projects.services.people import note_change

if TYPE_CHECKING:
    UserForm = UserChangeForm[User]
    CreationForm = UserCreationForm[User]
    AnyUserAdmin = DjangoUserAdmin[User]
    DistrictChoice = forms.ModelChoiceField[District]
else:
    AnyUserAdmin = DjangoUserAdmin
    UserForm, CreationForm, DistrictChoice = UserChangeForm, UserCreationForm, forms.ModelChoiceField

admin.site.unregister(Group)  # rights come from memberships
logger = logging.getLogger(__name__)
Tool: TypeAlias = Callable[[User], list[tuple[str, Any]]]  # addresses that take a POST, with their words


def is_administrator(request: HttpRequest) -> bool:
    """Whether the user gives roles anywhere. Read once per request: a page asks dozens of times."""
    if not hasattr(request, "_is_administrator"):
        request._is_administrator = access.administers_anywhere(request.user)  # type: ignore[attr-defined]
    known: bool = request._is_administrator  # type: ignore[attr-defined]
    return known


def governs(request: HttpRequest, person: User) -> bool:
    """Whether the account is this user's to change (see access.governs), read once per request."""
    known: dict[int, bool] = request.__dict__.setdefault("_governs", {})
    if person.pk not in known:
        known[person.pk] = access.governs(request.user, person)
    return known[person.pk]


class UserEditForm(ServiceForm, UserForm):
    """A user, with the link to setting a password."""


class NewUserForm(ServiceForm, CreationForm):
    """A new user with a first password, and with a role, without which an administrator would not see them again."""

    district = DistrictChoice(
        District.objects.none(),
        label=_("district"),
        to_field_name="code",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        error_messages={"invalid_choice": CHOOSE_DISTRICT},
        help_text=_("Its code, as in 440112. The role holds here and in every district below."),
    )
    role = forms.ChoiceField(
        label=_("role"),
        choices=[("", "—"), *Membership.Role.choices],
        help_text=Membership._meta.get_field("role").help_text,
    )

    class Meta(UserCreationForm.Meta):
        model = User

    def clean(self) -> dict[str, Any]:
        """A role and its district go together."""
        super().clean()
        for name, other in (("district", "role"), ("role", "district")):
            if (
                name in self.fields
                and self.cleaned_data.get(name)
                and self.cleaned_data.get(other) in ("", None)
            ):
                self._missing(other)
        return self.cleaned_data

    def _missing(self, name: str) -> None:
        if name not in self.errors:
            self.add_error(name, self.fields[name].error_messages["required"])


@admin.register(User)
class UserAdmin(ServiceAdmin, AnyUserAdmin):
    """They are switched off, never deleted: the ledger names them."""

    form = UserEditForm
    add_form = NewUserForm
    change_form_template = "admin/projects/user/change_form.html"
    change_list_template = "admin/projects/user/change_list.html"
    fieldsets = [
        (None, {"fields": ["username", "password", "name", "email"]}),
        (_("Rights"), {"fields": ["is_active", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "name", "email", "password1", "password2"]}),
        (_("Rights"), {"fields": ["district", "role"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = []
    list_display = ["username", "name", "email", "roles", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_superuser"]
    search_fields = ["username", "name", "email"]

    tools: ClassVar[list[Tool]] = []

    @classmethod
    def tool(cls, tool: Tool) -> Tool:
        """A decorator by which an app puts buttons on the page of a person whose account is the reader's to change."""
        cls.tools.append(tool)
        return tool

    # --- who may ----------------------------------------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who gives roles; get_queryset says whom they see."""
        return is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Of the whole list who gives roles; of an account whose it is to change."""
        return is_administrator(request) and (obj is None or governs(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The people of the user's districts, with their memberships there."""
        seen = Membership.objects.filter(access.administered_by(request.user, field="district__path"))
        shown = Prefetch("memberships", seen.select_related("district"), to_attr="seen_memberships")
        return super().get_queryset(request).filter(access.people_of(request.user)).prefetch_related(shown)

    def has_suggestions(self, request: HttpRequest, field: Any) -> bool:
        """Whoever records projects puts people in charge; accounts are for those who keep them."""
        return may_edit(request) if field.model is Charge else self.has_view_permission(request)

    def choices(self, request: HttpRequest) -> QuerySet[Any]:
        """Colleagues: who holds a role where the user records projects, or above."""
        return colleagues(request.user)

    def found_among(self, request: HttpRequest, allowed: QuerySet[Any], term: str) -> QuerySet[Any]:
        """Colleagues are named also to those who keep no accounts."""
        return self.get_search_results(request, allowed, term)[0]

    @admin.display(description=_("roles"))
    def roles(self, user: Any) -> str:
        """Each district with the role there."""
        return "; ".join(f"{m.district} · {m.get_role_display()}" for m in user.seen_memberships) or "—"

    # --- the forms --------------------------------------------------------------------------------------------------

    def get_list_display(self, request: HttpRequest) -> Any:
        """Who is a superuser is no administrator's affair."""
        return [name for name in self.list_display if name != "is_superuser" or is_superuser(request)]

    def get_list_filter(self, request: HttpRequest) -> Any:
        """The same."""
        return self.list_filter if is_superuser(request) else ["is_active"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only superusers make superusers."""
        fieldsets = super().get_fieldsets(request, obj)
        if is_superuser(request) or obj is None:
            return fieldsets
        return [
            (title, {"fields": [name for name in more["fields"] if name != "is_superuser"]})
            for title, more in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """An administrator does not rename the account."""
        more = [] if is_superuser(request) or obj is None else ["username"]
        return [*self.readonly_fields, *more]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """For a new user with the districts in which this one gives roles; a superuser may name none."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is None:
            own = {name: copy.deepcopy(form.base_fields[name]) for name in ("district", "role")}
            own["district"].queryset = District.objects.filter(access.administered_by(request.user))
            for field in own.values():
                field.required = not is_superuser(request)
            form.base_fields.update(own)
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Through the services, with the first role."""
        if "is_superuser" in request.POST and not is_superuser(request):
            logger.warning("%s asked for a superuser and was not heard.", request.user.get_username())
        actor: Any = request.user
        services.save_account(obj, actor=actor, at=timezone.now())
        if not change and form.cleaned_data.get("district"):
            facts = form.cleaned_data
            services.add_member(obj, facts["district"], facts["role"], actor=actor, at=timezone.now())

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Django's; that a password was given is recorded."""
        person = self.get_object(request, id)
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        if person and User.objects.filter(pk=person.pk).exclude(password=person.password).exists():
            actor: Any = request.user
            note_change(person, AccountChange.Kind.PASSWORD_GIVEN, actor=actor, at=timezone.now())
        return answer

    # --- pages of our own -------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        """The people of a district with their roles, and one person's roles."""
        page = self.admin_site.admin_view
        return [
            path("roles/", page(self.roles_view), name="projects_user_roles"),
            path("<int:pk>/roles/", page(self.person_roles_view), name="projects_user_person_roles"),
            *super().get_urls(),
        ]

    def roles_view(self, request: HttpRequest) -> HttpResponse:
        """See roles.people_page."""
        return roles.people_page(self, request)

    def person_roles_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """See roles.change_roles."""
        return roles.change_roles(self, request, pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """With the person's roles and what was changed of the account."""
        person: Any = self.get_object(request, object_id)
        shown = roles.person_context(request, person) if person else {}
        if person and person.pk != request.user.pk and governs(request, person):
            shown["person_tools"] = [found for tool in self.tools for found in tool(person)]
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """For superusers Django's; an administrator reads the changes on the person's page, of the own districts."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if is_superuser(request) or self.get_object(request, object_id) is None:
            return super().history_view(request, object_id, extra_context)
        return HttpResponseRedirect(self.url("change", object_id))
