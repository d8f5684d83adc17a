"""Void, restore, exclude, count again: from the list or from a project's page, with a reason, through the services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin, action
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.api.outcomes import StaleVersion
from projects import services
from projects.admin.base import STALE
from projects.admin.forms import readable_ids
from projects.models import Door, ExclusionReason, Project

MOST = 200  # projects at once


class NoReason(forms.Form):
    """Nothing to fill in."""


class VoidReason(forms.Form):
    """Why it should never have been recorded."""

    reason = forms.CharField(
        label=_("Why is it void?"),
        max_length=200,
        help_text=_("As in: entered twice, see P00000012. The project is kept with this reason."),
    )


class ExcludeReason(forms.Form):
    """Why it is not counted."""

    reason = forms.ChoiceField(label=_("Why is it not counted?"), choices=ExclusionReason.choices)


@dataclass(frozen=True)
class Change:
    """One change of standing: its words, its form, when it is possible, and the service that does it."""

    title: Any  # lazily translated
    explanation: Any
    form: type[forms.Form]
    possible: Callable[[Project], bool]
    save: Callable[..., Project]


def _restore(project: Project, _reason: str, **facts: Any) -> Project:
    return services.restore_project(project, **facts)


CHANGES = {
    "void": Change(
        _("Declare void"),
        _("For projects recorded by mistake. They are kept for ever, but enter no total."),
        VoidReason,
        lambda project: not project.is_void,
        services.void_project,
    ),
    "restore": Change(
        _("Restore"),
        _("Takes back the declaration that a project is void. It counts again."),
        NoReason,
        lambda project: project.is_void,
        _restore,
    ),
    "exclude": Change(
        _("Exclude from totals"),
        _("For real projects that the rules do not count. They stay in the list."),
        ExcludeReason,
        lambda project: not (project.is_void or project.excluded),
        services.exclude_project,
    ),
    "include": Change(
        _("Count again"),
        _("Takes back the exclusion."),
        NoReason,
        lambda project: project.excluded and not project.is_void,
        services.exclude_project,
    ),
}


def _action(name: str) -> Any:
    """The action of the list, which leads to the page that asks for the reason."""

    @action(description=CHANGES[name].title, permissions=["change"])
    def lead(model_admin: Any, request: HttpRequest, queryset: Any) -> HttpResponseRedirect:
        ids = ",".join(str(pk) for pk in queryset.values_list("pk", flat=True)[:MOST])
        return HttpResponseRedirect(f"{reverse(f'admin:projects_project_{name}')}?ids={ids}")

    lead.__name__ = name
    return lead


actions = [_action(name) for name in CHANGES]


def change_standing(request: HttpRequest, model_admin: ModelAdmin[Project], change: Change) -> Any:
    """The page that asks, and does it for every project named in ?ids= or for none."""
    projects = _named(request, model_admin)
    form = change.form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            _save(request, projects, change, form.cleaned_data.get("reason", ""))
        except ValidationError as refusal:
            form.add_error("reason" if "reason" in form.fields else None, refusal.messages)
        else:
            _tell(request, model_admin, change, projects)
            return HttpResponseRedirect(_back(projects))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": change.title,
        "change": change,
        "form": form,
        "projects": projects,
        "back": _back(projects),
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/projects/change_standing.html", context)


def _named(request: HttpRequest, model_admin: ModelAdmin[Project]) -> list[Project]:
    """The projects of ?ids=; 404 if the user may not see one of them, 403 if not change it."""
    ids = set(readable_ids(request.GET.get("ids", "").split(",")))
    found = list(
        model_admin.get_queryset(request).filter(pk__in=ids).select_related("district").order_by("pk")
    )
    if not found or len(found) != len(ids) or len(found) > MOST:
        raise Http404
    if not all(model_admin.has_change_permission(request, project) for project in found):
        raise PermissionDenied
    return found


@transaction.atomic
def _save(request: HttpRequest, projects: list[Project], change: Change, reason: str) -> None:
    at = timezone.now()
    for project in projects:
        if not change.possible(project):
            continue
        try:
            change.save(project, reason, actor=request.user, at=at, door=Door.ADMIN)
        except ValidationError as refusal:
            raise ValidationError(
                [f"{project.label}: {message}" for message in refusal.messages]
            ) from refusal
        except StaleVersion as refusal:
            raise ValidationError(STALE, params={"at": at}) from refusal


def _tell(request: HttpRequest, model_admin: Any, change: Change, projects: list[Project]) -> None:
    number = len(projects)
    done = ngettext("%(change)s: %(number)d project.", "%(change)s: %(number)d projects.", number)
    model_admin.message_user(request, done % {"change": change.title, "number": number}, messages.SUCCESS)
    for project in projects:
        model_admin.log_change(request, project, str(change.title))


def _back(projects: list[Project]) -> str:
    """The project's page if it is one, else the list."""
    if len(projects) == 1:
        return reverse("admin:projects_project_change", args=[projects[0].pk])
    return reverse("admin:projects_project_changelist")
