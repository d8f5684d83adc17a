"""The admin's pages of what happened at the door, and what an administrator does about somebody's sign-ins."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from projects import access
from projects.admin.base import ReadOnlyAdmin
from projects.admin.users import UserAdmin, governs, is_administrator
from projects.models import AccountChange, User
from projects.services.people import note_change
from tracking.signing_in import second_step, sessions
from tracking.signing_in.agents import in_words
from tracking.signing_in.models import Event

admin.site.unregister(TOTPDevice)  # its pages would show the secret


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Superusers see everything, administrators what concerns their people; nobody changes anything."""

    actions = None
    list_display = ["at", "kind", "username", "user", "address", "device"]
    list_display_links = None
    list_select_related = ["user"]
    list_filter = ["kind"]
    search_fields = ["username", "address"]
    fields = ["at", "kind", "username", "user", "address", "agent"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who gives roles; get_queryset says what."""
        return is_administrator(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Of the people whose account is this user's to change; a name that nobody has is a superuser's affair."""
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        people = User.objects.filter(access.people_of(request.user), is_superuser=False)
        return rows.filter(Q(user__in=people.order_by().values("pk")))

    @admin.display(description=_("device"))
    def device(self, event: Event) -> str:
        """In words."""
        return in_words(event.agent)

    def get_urls(self) -> list[Any]:
        """Ending somebody's sign-ins, and taking the second step from somebody who has lost the device."""
        page = self.admin_site.admin_view
        return [
            path("<int:pk>/end/", page(self.end_view), name="signing_in_event_end"),
            path("<int:pk>/reset/", page(self.reset_view), name="signing_in_event_reset"),
            *super().get_urls(),
        ]

    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """All of a person's sign-ins."""
        person = _person(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        at = timezone.now()
        if sessions.end(sessions.of_user(person), request, at=at):
            actor = cast("User", request.user)
            note_change(person, AccountChange.Kind.SESSIONS_ENDED, actor=actor, at=at)
        messages.success(request, _("All sign-ins of %(person)s are ended.") % {"person": person})
        return HttpResponseRedirect(reverse("admin:projects_user_change", args=[pk]))

    def reset_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The second step of a person."""
        person = _person(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        second_step.switch_off(person, actor=cast("User", request.user), at=timezone.now())
        messages.success(request, _("The second step of %(person)s is switched off.") % {"person": person})
        return HttpResponseRedirect(reverse("admin:projects_user_change", args=[pk]))


def _person(request: HttpRequest, pk: int) -> User:
    """Somebody whose account is this user's to change. Raises Http404, PermissionDenied."""
    if not is_administrator(request):
        raise PermissionDenied
    people = User.objects.filter(access.people_of(request.user), pk=min(pk, 2**63 - 1))
    person = people.first()
    if person is None:
        raise Http404
    if not governs(request, person):
        raise PermissionDenied
    return person


@UserAdmin.tool
def tools(person: User) -> list[tuple[str, Any]]:
    """The buttons on a person's page."""
    found = [(reverse("admin:signing_in_event_end", args=[person.pk]), _("End all sign-ins"))]
    if second_step.device_of(person):
        found.append(
            (reverse("admin:signing_in_event_reset", args=[person.pk]), _("Switch off the second step"))
        )
    return found
