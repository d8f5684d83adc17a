"""A word to whoever enters a project that may be recorded already: while typing, and again when it is saved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, JsonResponse, QueryDict
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from projects.admin.base import may_edit
from projects.admin.forms import readable_ids
from projects.codes import APPROVAL_CODE
from projects.duplicates import Candidate, Sought, candidates
from projects.forms import AmountFormField
from projects.models import Project

if TYPE_CHECKING:
    from projects.admin.projects import ProjectAdmin

LONGEST = 200  # characters of a name
MOST_INVESTORS = 50
SHOWN = 5
COMPARED = {"name", "approval_code", "district", "total_investment", "investors"}  # fields of the form
SAID = _("This may be recorded already:")
SAY = _("Say what they are")


def alike_view(request: HttpRequest, model_admin: ProjectAdmin) -> JsonResponse:
    """For the script of the form: what may be the same as what is typed, and is not `besides=`, its own id."""
    if request.method != "GET" or not may_edit(request):
        raise Http404
    besides = (
        model_admin.get_queryset(request)
        .filter(pk__in=readable_ids([request.GET.get("besides", "")]))
        .first()
    )
    found = candidates(_typed(request.GET, besides), request.user)[:SHOWN]
    told = [
        {"url": _url(each.project), "label": label_of(each.project), "reasons": reasons_of(each)}
        for each in found
    ]
    return JsonResponse({"alike": told})


def warn_of_alike(request: HttpRequest, model_admin: ProjectAdmin, project: Project) -> None:
    """Say so on the page after a save."""
    if found := candidates(project, request.user)[:SHOWN]:
        rows = [(_url(each.project), label_of(each.project), reasons_of(each)) for each in found]
        links = format_html_join(" · ", '<a href="{}">{}</a> ({})', rows)
        say = reverse("admin:projects_project_duplicates", args=[project.pk])
        told = format_html('{} {} · <a href="{}">{}</a>', SAID, links, say, SAY)
        model_admin.message_user(request, told, messages.WARNING)


def reasons_of(candidate: Candidate) -> str:
    """Why the two may be the same, in words."""
    return ", ".join(str(reason.label) for reason in candidate.reasons)


def label_of(project: Project) -> str:
    """A project in one line: name and code, district, stage."""
    stage = project.get_stage_display()
    return " · ".join(filter(None, [f"{project.label} ({project.code})", str(project.district), stage]))


def _typed(given: QueryDict, besides: Project | None) -> Sought:
    """What can be read of what is typed."""
    name, code = given.get("name", ""), given.get("approval_code", "").strip()
    investors = readable_ids(given.getlist("investors")[:MOST_INVESTORS])
    return Sought(
        name=name if len(name) <= LONGEST else "",
        approval_code=code if re.match(APPROVAL_CODE, code) else "",
        district=next(map(int, readable_ids([given.get("district", "")])), None),
        total_investment=_amount(given.get("total_investment", "")),
        investors=list(map(int, investors)),
        id=besides.pk if besides else None,
        parent=besides.parent_id if besides else None,
    )


def _amount(typed: str) -> int | None:
    try:
        amount: int | None = AmountFormField(required=False).clean(typed)
    except ValidationError:
        return None
    return amount


def _url(project: Project) -> str:
    return reverse("admin:projects_project_change", args=[project.pk])
