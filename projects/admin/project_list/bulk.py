"""Changing many projects at once: chosen in the list, asked for, previewed, confirmed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import action
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from projects import services
from projects.access import Role, edits_anywhere, subtrees_of
from projects.admin.project_list.addresses import address, query_of
from projects.admin.project_list.bulk_fields import BulkForm
from projects.admin.project_list.bulk_plan import MOST, Plan, plan_as_looked_at, plan_of, signed, unsigned
from projects.admin.project_list.pages import back_to_list, only_known
from projects.models import BulkChange, Door, User

Admin = Any  # the admin of projects
CHOSEN, CONFIRMED = "chosen", "confirmed"
TOO_MANY = _("At most %(most)d projects are changed at once. Choose fewer by a filter.")


@action(description=_("Change fields of many projects"), permissions=["change"])
def change_many(pages: Admin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
    """The action of the list: asks what is to be changed of the chosen rows, or of all that match and one may edit."""
    user: User = request.user  # type: ignore[assignment]
    across = request.POST.get("select_across") == "1"
    rows = (
        queryset.filter(subtrees_of(user, Role.EDITOR, field="district__path"))
        if across
        else _selected(pages, request)
    )
    versions = dict(rows.order_by("pk").values_list("pk", "version")[: MOST + 1])
    if len(versions) > MOST:
        pages.message_user(request, TOO_MANY % {"most": MOST}, messages.ERROR)
        return None
    if not versions:
        pages.message_user(request, _("None of these projects is yours to change."), messages.ERROR)
        return None
    return _asking(request, pages, versions, BulkForm(user))


def _selected(pages: Admin, request: HttpRequest) -> QuerySet[Any]:
    """The rows that were ticked; 404 if one of them does not exist for the user."""
    ids = {int(pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)}
    rows: QuerySet[Any] = pages.get_queryset(request).filter(pk__in=ids)
    if rows.count() != len(ids):
        raise Http404
    return rows


def bulk_page(request: HttpRequest, pages: Admin) -> HttpResponse:
    """What comes after choosing: the form again if it is wrong, the preview, and after it the change itself."""
    user: User = request.user  # type: ignore[assignment]
    if not edits_anywhere(user):
        raise PermissionDenied
    if request.method != "POST":
        messages.info(request, _("Choose projects in the list first."))
        return HttpResponseRedirect(back_to_list(request))
    form = BulkForm(user, request.POST)
    only_known(request, [*form.fields, CHOSEN, CONFIRMED])
    versions = unsigned(user, request.POST.get(CHOSEN, ""))
    if not form.is_valid():
        return _asking(request, pages, versions, form)
    if CONFIRMED not in request.POST:
        plan = plan_of(user, versions, form, at=timezone.now())
        return _preview(request, pages, form, plan)
    return _confirmed(request, pages, form, plan_as_looked_at(user, versions, form))


def _confirmed(request: HttpRequest, pages: Admin, form: BulkForm, plan: Plan) -> HttpResponse:
    """Everything in one transaction; where anything was changed meanwhile, nothing, and the preview says what."""
    user: User = request.user  # type: ignore[assignment]
    bulk = BulkChange(title=form.in_words())
    if not plan.refused and plan.changes:
        try:
            services.save_projects(
                [each.change for each in plan.changes],
                actor=user,
                at=timezone.now(),
                door=Door.ADMIN,
                reason=form.cleaned_data["reason"],
                bulk=bulk,
            )
        except services.RefusedChanges as refused:
            plan.refuse(refused.refusals)
        else:
            number = len(plan.changes)
            done = ngettext("%(number)d project changed.", "%(number)d projects changed.", number)
            messages.success(request, done % {"number": number})
            return HttpResponseRedirect(reverse("admin:projects_project_bulk_changes"))
    messages.error(request, _("Nothing was changed. Look at what is refused below, then confirm again."))
    return _preview(request, pages, form, plan)


def _asking(request: HttpRequest, pages: Admin, versions: dict[int, int], form: BulkForm) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    number = len(versions)
    title = ngettext("Change %(number)d project", "Change %(number)d projects", number) % {"number": number}
    return bulk_template(request, pages, "bulk_form", title, {"form": form, "chosen": signed(user, versions)})


def _preview(request: HttpRequest, pages: Admin, form: BulkForm, plan: Plan) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    kept = [(name, value) for name in form.fields for value in request.POST.getlist(name) if value]
    context = {
        "plan": plan,
        "form": form,
        "kept": kept,
        "chosen": signed(user, plan.versions),
        **plan.shown(),
    }
    return bulk_template(request, pages, "bulk_preview", _("What will change"), context)


def bulk_template(
    request: HttpRequest, pages: Admin, name: str, title: Any, context: dict[str, Any]
) -> HttpResponse:
    """One of these pages."""
    whole = {
        **pages.admin_site.each_context(request),
        "opts": pages.opts,
        "title": title,
        "back": back_to_list(request),
        "action": reverse("admin:projects_project_bulk") + address(query_of(request)),
        **context,
    }
    return TemplateResponse(request, f"admin/projects/project/{name}.html", whole)
