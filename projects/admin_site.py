"""The admin's own site: our name, our sections in the order of a project's life, our rule of who may enter.

It stands beside the package of the pages, because Django makes the site before it imports any page.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.db.models import QuerySet

Notice = Callable[[HttpRequest], str]
Block = tuple[int, Callable[[HttpRequest], str]]
SEARCHES = ("q", "term")
INCOMPARABLE = re.compile(r"[0-9]{19}")
SECTIONS = [
    ("life", _("Projects"), ["Project", "Import", "Ceremony", "Organization", "LedgerEntry"]),
    ("figures", _("Figures"), ["Release", "ReportedTotal", "Target", "AuditRun"]),
    ("reference", _("Reference"), ["District", "Succession", "Sector", "SectorScheme", "SizeBand", "Tag"]),
    ("people", _("People"), ["User", "Event", "ApiToken", "Subscription", "Delivery"]),
]


class MingzhangAdminSite(AdminSite):
    """Everybody with a membership may enter; each page then shows what their districts hold."""

    site_title = site_header = _("Mingzhang")
    index_title = _("My desk")
    empty_value_display = "—"
    notices: ClassVar[list[Notice]] = []
    blocks: ClassVar[list[Block]] = []

    @classmethod
    def notice(cls, notice: Notice) -> Notice:
        """A decorator by which an app puts a word on the index: HTML, or nothing for whom it does not concern."""
        cls.notices.append(notice)
        return notice

    @classmethod
    def block(cls, place: int) -> Callable[[Notice], Notice]:
        """A decorator by which an app puts a part of the desk on the index, the lowest place first."""

        def put(made: Notice) -> Notice:
            cls.blocks.append((place, made))
            cls.blocks.sort(key=lambda block: block[0])
            return made

        return put

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """My desk: what is worth a word today, what waits, what has changed."""
        said = [text for notice in self.notices if (text := notice(request))]
        desk = [made(request) for _place, made in self.blocks]
        return super().index(request, {**(extra_context or {}), "notices": said, "desk": desk})

    def has_permission(self, request: HttpRequest) -> bool:
        """Any membership opens the admin."""
        user = request.user
        if not (user.is_authenticated and user.is_active):
            return False
        return user.is_superuser or user.memberships.exists()

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One sign-in page for the whole site."""
        if request.user.is_authenticated:
            raise PermissionDenied(_("You hold no role in any district yet. Ask your administrator for one."))
        query = urlencode(
            {REDIRECT_FIELD_NAME: request.GET.get(REDIRECT_FIELD_NAME, resolve_url("admin:index"))}
        )
        return HttpResponseRedirect(f"{resolve_url('sign_in')}?{query}")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """One page for the whole site."""
        return HttpResponseRedirect(resolve_url("change_password"))

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Django's, but what a database cannot even compare is a bad request."""
        return super().admin_view(comparable(view), cacheable)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """What a form offers is what it accepts."""
        return LimitedAutocomplete.as_view(admin_site=self)(request)  # type: ignore[return-value]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Our sections; with an app's label what they hold of that app."""
        apps = self._build_app_dict(request, app_label).values()
        known = {model["object_name"]: model for app in apps for model in app["models"]}
        sections: list[Any] = [
            {
                "name": title,
                "app_label": label,
                "app_url": f"{resolve_url('admin:index')}#{label}",
                "has_module_perms": True,
                "models": [known[name] for name in names if name in known],
            }
            for label, title, names in SECTIONS
        ]
        return [section for section in sections if section["models"]]


class LimitedAutocomplete(AutocompleteJsonView):
    """Suggestions for a field of a form: only what the form would accept."""

    def process_request(self, request: HttpRequest) -> Any:
        """Only for fields that a form can have."""
        term, model_admin, source_field, to_field_name = super().process_request(request)
        if not source_field.concrete:
            raise PermissionDenied
        return term, model_admin, source_field, to_field_name

    def has_perm(self, request: HttpRequest, obj: Any = None) -> bool:
        """Suggesting names is less than showing records."""
        allowed: bool = self.model_admin.has_suggestions(request, self.source_field)  # type: ignore[attr-defined]
        return allowed

    def get_paginator(self, *args: Any, **kwargs: Any) -> Any:
        """Nobody looks through thousands of suggestions."""
        return self.model_admin.suggestions(*args, **kwargs)  # type: ignore[attr-defined]

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """The suggestion in the words of its pages."""
        described = self.model_admin.described(obj)  # type: ignore[attr-defined]
        return {**super().serialize_result(obj, to_field_name), "text": described}

    def get_queryset(self) -> QuerySet[Any]:
        """What the search finds, of what the user may choose in that form."""
        pages: Any = self.admin_site
        form = pages._registry.get(self.source_field.model)
        allowed = (
            form.get_field_queryset(None, self.source_field, self.request)
            if form
            else self.model_admin.choices(self.request)  # type: ignore[attr-defined]
        )
        found: QuerySet[Any] = self.model_admin.found_among(self.request, allowed, self.term)  # type: ignore[attr-defined]
        return found


def comparable(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view that answers 400 to values which no database can look for."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = {name: str(value) for name, value in request.GET.items()}
        numbers = [value for name, value in asked.items() if name not in SEARCHES]
        if any(INCOMPARABLE.search(value) for value in numbers) or "\x00" in "".join(asked.values()):
            raise SuspiciousOperation("A parameter holds a NUL, or a number that no database compares.")
        try:
            return view(request, *args, **kwargs)
        except (DataError, OverflowError) as error:
            raise SuspiciousOperation("A value is outside what can be stored.") from error

    return guarded
