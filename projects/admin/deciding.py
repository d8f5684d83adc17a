"""The page that sets two projects beside each other, asks what they are, and has that done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects import services
from projects.admin.alike import label_of
from projects.admin.base import editable_project
from projects.admin.forms import LONGEST_ID, readable_ids
from projects.admin.reviewing import CHANGED_MEANWHILE
from projects.duplicates import likeness
from projects.forms import AmountFormField
from projects.history import Line, Words
from projects.models import Door, DuplicateDecision, Kind, Project, Verdict
from projects.services.annexes import FieldChange
from projects.services.combining import AMOUNTS, FIELDS, LINKS, STEP_FIELDS
from projects.services.revising import PROJECT, plain
from projects.text import clean_text
from projects.unmasking import unmask

if TYPE_CHECKING:
    from projects.admin.projects import ProjectAdmin

QUEUE = "admin:projects_project_duplicate_queue"
FACTS = [name for together in FIELDS.values() for name in together]
PLACES = [(PROJECT, name) for name in (*FACTS, *LINKS)]  # the order in which two projects are compared
PLACES += [(str(kind), name) for kind in Kind for name in STEP_FIELDS]
TAKE = "take-"  # before the name of a field of which one of the two values is chosen


class DecisionForm(forms.Form):
    """What the two are, which of them stays, and what an increase adds."""

    verdict = forms.ChoiceField(label=_("What are they?"), choices=Verdict.choices, widget=forms.RadioSelect)
    main = forms.ChoiceField(
        label=_("Which is kept, or is the larger project?"),
        required=False,
        widget=forms.RadioSelect,
        help_text=_("Of the same project the other one becomes void and points to this one."),
    )
    reason = forms.CharField(
        label=_("Why?"), max_length=200, help_text=_("Is kept with the decision, as in 合同编号相同.")
    )
    phase = forms.CharField(
        label=_("Phase or increase"),
        max_length=40,
        required=False,
        help_text=_("What the other one is, as in 二期 or 增资扩产."),
    )
    main_phase = forms.CharField(
        label=_("Phase until now"),
        max_length=40,
        required=False,
        help_text=_("The larger project's own milestones become those of this phase, as in 一期."),
    )
    total_investment = AmountFormField(
        label=_("investment added"),
        required=False,
        help_text=_("For a capital increase: what it adds, and no more."),
    )
    expected_output = AmountFormField(label=_("output added"), required=False)
    expected_revenue = AmountFormField(label=_("revenue added"), required=False)

    def __init__(self, pair: Sequence[Project], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(project.pk), label_of(project)) for project in pair]
        self.fields["main"].choices = choices  # type: ignore[attr-defined]

    def clean_reason(self) -> str:
        """Clean text, as everywhere."""
        return clean_text(self.cleaned_data["reason"])


class Compared(NamedTuple):
    """One line of two projects beside each other."""

    line: Line
    differs: bool
    choice: str  # the name of the field whose value is chosen here; empty where there is nothing to choose


def decide_view(request: HttpRequest, model_admin: ProjectAdmin, pk: int, other: int) -> HttpResponse:
    """Two projects beside each other; asks what they are, and does what follows."""
    pair = [editable_project(request, model_admin, each) for each in sorted({pk, other})]
    if len(pair) == 1:
        return HttpResponseRedirect(reverse("admin:projects_project_duplicates", args=[pk]))
    unmask(pair, request.user, timezone.localdate())
    form = DecisionForm(pair, request.POST if request.method == "POST" else None, initial=_guessed(*pair))
    if request.method == "POST":
        if form.is_valid() and _decided(request, model_admin, pair, form):
            return HttpResponseRedirect(reverse(QUEUE))
        pair = [editable_project(request, model_admin, project.pk) for project in pair]  # as they are
        unmask(pair, request.user, timezone.localdate())
    compared = _compared(request, *pair)
    shown = {
        "pair": pair,
        "form": form,
        "first_fields": [form[name] for name in ("verdict", "main", "reason")],
        "more_fields": [form[name] for name in ("phase", "main_phase", *AMOUNTS)],
        "compared": [(*each, request.POST.get(TAKE + each.choice, "")) for each in compared],
        "why": [reason.label for reason in likeness(*pair)],
    }
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("The same project?"),
        "opts": model_admin.opts,
        **shown,
    }
    return TemplateResponse(request, "admin/projects/duplicate_decide.html", context)


# --- deciding ---------------------------------------------------------------------------------------------------------


def _decided(
    request: HttpRequest, model_admin: ProjectAdmin, pair: Sequence[Project], form: DecisionForm
) -> bool:
    """Decide, and say so; False where something stands against it, which the form then says."""
    given = form.cleaned_data
    main = next((project for project in pair if str(project.pk) == given["main"]), None)
    less = next((project for project in pair if project is not main), pair[0])
    taken = {name for name in services.conflicts(*pair) if request.POST.get(TAKE + name) == str(less.pk)}
    decision = services.Decision(
        Verdict(given["verdict"]),
        given["reason"],
        None if given["verdict"] == Verdict.DIFFERENT else main,
        taken,
        given["phase"],
        given["main_phase"],
        {name: given[name] for name in AMOUNTS},
    )
    _as_seen(request, pair)
    try:
        made = services.decide(
            pair[0],
            pair[1],
            decision,
            actor=request.user,  # type: ignore[arg-type]  # nobody else comes here
            at=timezone.now(),
            door=Door.ADMIN,
        )
    except StaleVersion:
        form.add_error(None, CHANGED_MEANWHILE)
    except ValidationError as refusal:
        _refuse(form, refusal)
    else:
        _tell(request, model_admin, made, main or pair[0])
        return True
    return False


def _refuse(form: DecisionForm, refusal: ValidationError) -> None:
    if hasattr(refusal, "error_dict"):
        for name, found in refusal.error_dict.items():
            form.add_error(name if name in form.fields else None, [*found])
    else:
        form.add_error(None, refusal.messages)


def _as_seen(request: HttpRequest, pair: Sequence[Project]) -> None:
    """Set the versions that the page showed; whatever was made of one of them is none."""
    for project in pair:
        seen = request.POST.get(f"version-{project.pk}", "")
        project.version = int(seen) if readable_ids([seen]) and len(seen) < LONGEST_ID else 0


def _tell(request: HttpRequest, model_admin: ProjectAdmin, made: DuplicateDecision, main: Project) -> None:
    said = format_html(
        '{} <a href="{}">{}</a>',
        _("Decided: %(verdict)s.") % {"verdict": made.get_verdict_display()},
        reverse("admin:projects_project_change", args=[main.pk]),
        main.label,
    )
    if made.bulk:
        undo = reverse("admin:projects_project_bulk_changes")
        said = format_html('{} · <a href="{}">{}</a>', said, undo, _("Take it back"))
    model_admin.message_user(request, said, messages.SUCCESS)


def _guessed(first: Project, second: Project) -> dict[str, Any]:
    """What is likely, to begin with: the earlier record stays, an increase adds what the other has more."""
    more = {
        name: max(0, own - before)
        for name in AMOUNTS
        if (own := getattr(second, name)) is not None and (before := getattr(first, name)) is not None
    }
    return {
        "main": str(first.pk),
        "phase": second.phase or "二期",
        "main_phase": first.phase or "一期",
        **more,
    }


def _compared(request: HttpRequest, first: Project, second: Project) -> list[Compared]:
    """Everything that at least one of the two says, line by line."""
    facts = [_facts(project) for project in (first, second)]
    changes = [
        FieldChange(of=of, field=name, before=facts[0].get((of, name)), after=facts[1].get((of, name)))
        for of, name in sorted({*facts[0], *facts[1]}, key=PLACES.index)
    ]
    choices = set(services.conflicts(first, second))
    rows = []
    for change, line in zip(changes, Words(changes, request.user).lines(changes), strict=True):
        choice = line.field if line.of == PROJECT else line.of
        offered = choice if choice in choices else ""
        choices.discard(choice)
        rows.append(Compared(line, change["before"] != change["after"], offered))
    return rows


def _facts(project: Project) -> dict[tuple[str, str], Any]:
    """What a project says, by what it is of and the field."""
    found = {(PROJECT, name): plain(project.serializable_value(name)) for name in FACTS}
    found |= {(PROJECT, name): [each.pk for each in getattr(project, name).all()] for name in LINKS}
    for step in project.milestones.order_by("pk"):
        found |= {(step.kind, name): plain(step.serializable_value(name)) for name in STEP_FIELDS}
    return {place: value for place, value in found.items() if value not in (None, "", [], False)}
