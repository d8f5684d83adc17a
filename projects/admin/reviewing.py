"""Review in the admin: handing drafts over, and the reviewer's queue, where many are approved or returned at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin, action
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.api.errors import ParameterErrors
from config.api.outcomes import StaleVersion
from config.api.pagination import Keyset
from projects import access, services
from projects.admin.forms import LONGEST_ID, readable_ids
from projects.history import Words
from projects.models import Comment, Door, Precision, Project, Review
from projects.services.annexes import FieldChange
from projects.services.differences import authors_of, merged, since_approval
from projects.services.revising import PROJECT
from projects.unmasking import unmask

MOST = 200  # projects at once
PER_PAGE = 20
FACTS = ("district", "sector", "parent", "project_type", "ownership", "total_investment", "fixed_asset_investment",
         "expected_output", "expected_revenue", "exclusion_reason")  # fmt: skip
CHANGED_MEANWHILE = _(
    "Somebody else has changed or decided this since you opened the page. Look at it again."
)


class DecisionForm(forms.Form):
    """What is said with a decision."""

    text = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=2000,
        widget=AdminTextareaWidget({"rows": 3}),
        help_text=_("Whoever submitted it reads this. To return something, say what is to be corrected."),
    )


class SubmissionForm(forms.Form):
    """What is said with a submission."""

    text = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=2000,
        widget=AdminTextareaWidget({"rows": 3}),
        help_text=_("For the reviewer, if there is anything to explain."),
    )


# --- handing over -------------------------------------------------------------------------------------------------


@action(description=_("Submit for review"), permissions=["change"])
def submit_selected(model_admin: Any, request: HttpRequest, queryset: Any) -> HttpResponseRedirect:
    """The action of the list, which leads to the page that asks."""
    ids = ",".join(str(pk) for pk in queryset.values_list("pk", flat=True)[:MOST])
    return HttpResponseRedirect(f"{reverse('admin:projects_project_submit')}?ids={ids}")


def submit_view(request: HttpRequest, model_admin: ModelAdmin[Project]) -> Any:
    """The page that asks, and submits every project named in ?ids= or none."""
    projects = _named(request, model_admin, request.GET.get("ids", "").split(","))
    if not all(model_admin.has_change_permission(request, project) for project in projects):
        raise PermissionDenied
    form = SubmissionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _as_seen(request, projects)
        if not (refusals := _done(services.submit, request, projects, form)):
            _tell(request, model_admin, Review.SUBMITTED, len(projects))
            return HttpResponseRedirect(_page_of(projects))
        _mark(projects, refusals)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Submit for review"),
        "form": form,
        "projects": projects,
        "back": _page_of(projects),
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/projects/submit_projects.html", context)


# --- the queue ----------------------------------------------------------------------------------------------------


def queue_view(request: HttpRequest, model_admin: ModelAdmin[Project]) -> Any:
    """What was submitted in the user's districts, the longest waiting first; what is selected is decided at once."""
    if not access.reviews_anywhere(request.user):
        raise PermissionDenied
    form = DecisionForm(request.POST or None)
    refusals: dict[int, str] = {}
    chosen: list[str] = []
    if request.method == "POST":
        chosen = request.POST.getlist("project")
        projects = _chosen(request, model_admin, chosen)
        if not projects:
            form.add_error(None, _("Choose what you decide on."))
        elif form.is_valid():
            decide, outcome = _decision(request)
            refusals = _done(decide, request, projects, form)
            if not (refusals or form.errors):
                _tell(request, model_admin, outcome, len(projects))
                return HttpResponseRedirect(request.get_full_path())
    page = _page(request)
    _mark(page.rows, refusals)
    _describe(request, page.rows, chosen)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("To review"),
        "form": form,
        "page": page,
        "refused": [refusal for pk, refusal in refusals.items() if pk not in {p.pk for p in page.rows}],
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/projects/review_queue.html", context)


def _describe(request: HttpRequest, projects: Sequence[Any], chosen: Sequence[str]) -> None:
    """Give each project what the page says of it: whose it is, and what differs from what was approved last."""
    unmask(projects, request.user, timezone.localdate())
    own = authors_of(projects)
    revisions = since_approval(projects)
    changes = {
        project.pk: _facts_of(project) if project.approved_version is None else merged(revisions[project.pk])
        for project in projects
    }
    words = Words((change for found in changes.values() for change in found), request.user)
    for project in projects:
        project.is_own = request.user.pk in own.get(project.pk, ())
        project.is_chosen = str(project.pk) in chosen
        project.lines = words.lines(changes[project.pk])


def _facts_of(project: Project) -> list[FieldChange]:
    """What a new project says of itself."""
    found = [(PROJECT, name, project.serializable_value(name)) for name in FACTS]
    for milestone in project.milestones.all():
        for name in ("happened_on", "planned_on"):
            day = getattr(milestone, name)
            found.append((milestone.kind, name, day.isoformat() if day else None))
        if milestone.precision == Precision.UNKNOWN:
            found.append((milestone.kind, "precision", milestone.precision))
    return [
        FieldChange(of=of, field=name, before=None, after=value)
        for of, name, value in found
        if value not in (None, "")
    ]


def _page(request: HttpRequest) -> Any:
    """One page of the queue, or the one project of ?id=."""
    waiting = Project.objects.reviewable_by(request.user).submitted()
    waiting = waiting.select_related("district", "submitted_by").prefetch_related("milestones")
    if "id" in request.GET:
        waiting = waiting.filter(pk__in=readable_ids([request.GET["id"]]))
    keyset = Keyset(
        waiting, [("submitted_at", False), ("id", False)], [request.path, request.GET.get("id", "")]
    )
    try:
        return keyset.page(request.GET.get("p"), PER_PAGE)
    except ParameterErrors:
        return keyset.page(None, PER_PAGE)


def _chosen(request: HttpRequest, model_admin: ModelAdmin[Project], ids: Sequence[str]) -> list[Project]:
    """The selected projects at the versions that the page showed; 404 if one is not to be seen, 403 if not reviewed."""
    if len(readable_ids(ids)) != len(ids):
        raise SuspiciousOperation("Selected projects are named by numbers.")
    projects = _named(request, model_admin, ids) if ids else []
    if not all(access.may_review(request.user, project.district) for project in projects):
        raise PermissionDenied
    _as_seen(request, projects)
    return projects


def _decision(request: HttpRequest) -> tuple[Callable[..., None], Review]:
    """What the button says that was pressed."""
    decisions: dict[str, tuple[Callable[..., None], Review]] = {
        "approve": (services.approve, Review.APPROVED),
        "return": (services.return_projects, Review.RETURNED),
    }
    if (asked := request.POST.get("decision", "")) not in decisions:
        raise SuspiciousOperation("There is no such decision.")
    return decisions[asked]


# --- what both share ----------------------------------------------------------------------------------------------


def _named(request: HttpRequest, model_admin: ModelAdmin[Project], given: Sequence[str]) -> list[Project]:
    """The projects with these ids; 404 if the user may not see one of them."""
    ids = set(readable_ids(given))
    rows = model_admin.get_queryset(request).filter(pk__in=ids)
    found = list(rows.select_related("district", "submitted_by").order_by("pk")[: MOST + 1])
    if not found or len(found) != len(ids) or len(found) > MOST:
        raise Http404
    return found


def _as_seen(request: HttpRequest, projects: Sequence[Project]) -> None:
    """Set the versions that the page showed; whatever was made of one of them is none."""
    for project in projects:
        seen = request.POST.get(f"version-{project.pk}", "")
        project.version = int(seen) if readable_ids([seen]) and len(seen) < LONGEST_ID else 0


def _done(
    decide: Callable[..., None], request: HttpRequest, projects: Sequence[Project], form: forms.Form
) -> dict[int, str]:
    """Let the service decide; why not, by project. What is wrong with the comment goes to the form."""
    try:
        decide(projects, form.cleaned_data["text"], actor=request.user, at=timezone.now(), door=Door.ADMIN)
    except services.RefusedChanges as refused:
        return {projects[place].pk: _sentence(refusal) for place, refusal in refused.refusals.items()}
    except ValidationError as refusal:
        form.add_error("text", refusal.messages)
    return {}


def _sentence(refusal: ValidationError | StaleVersion) -> str:
    return str(CHANGED_MEANWHILE) if isinstance(refusal, StaleVersion) else " ".join(refusal.messages)


def _mark(projects: Sequence[Project], refusals: dict[int, str]) -> None:
    for project in projects:
        project.refusal = refusals.get(project.pk, "")  # type: ignore[attr-defined]


def _tell(request: HttpRequest, model_admin: Any, outcome: Review, number: int) -> None:
    said = ngettext("%(outcome)s: %(number)d project.", "%(outcome)s: %(number)d projects.", number)
    values = {"outcome": outcome.label, "number": number}
    model_admin.message_user(request, said % values, messages.SUCCESS)


def _page_of(projects: Sequence[Project]) -> str:
    """The project's page if it is one, else the list."""
    if len(projects) == 1:
        return reverse("admin:projects_project_change", args=[projects[0].pk])
    return reverse("admin:projects_project_changelist")


# --- on the project's page ----------------------------------------------------------------------------------------


def links_of(request: HttpRequest, project: Project, *, may_edit: bool) -> list[tuple[str, Any]]:
    """The buttons of the review that lead on from where a project is."""
    if not services.approval_required():
        return []
    if may_edit and project.review in (Review.DRAFT, Review.RETURNED):
        return [(f"{reverse('admin:projects_project_submit')}?ids={project.pk}", _("Submit for review"))]
    if project.review == Review.SUBMITTED and access.may_review(request.user, project.district):
        return [(f"{reverse('admin:projects_project_queue')}?id={project.pk}", _("Review"))]
    return []


def standing_of(project: Project) -> dict[str, Any] | None:
    """What a project's page says of its review; nothing where it counts as it is shown."""
    if project.is_approved:
        return None
    returned = None
    if project.review == Review.RETURNED:
        said: QuerySet[Comment] = project.comments.filter(kind=Comment.Kind.RETURNED).select_related("author")
        returned = said.order_by("-id").first()
    return {"review": project.get_review_display(), "returned": returned}
