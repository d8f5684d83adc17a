"""Projects as the officer sees them: a list to find one, a form in the order of its life, and what it counts in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from projects import services
from projects.admin import filters
from projects.admin.base import PlacedAdmin, may_edit
from projects.admin.forms import VersionedForm
from projects.admin.lists import KeysetList
from projects.admin.milestones import MilestoneInline
from projects.admin.splitting import may_split, split_view
from projects.admin.standing import CHANGES, actions, change_standing
from projects.amounts import format_yi
from projects.models import Kind, LedgerEntry, Milestone, Precision, Project


class ProjectForm(VersionedForm):
    """A project as it is typed."""

    def clean(self) -> dict[str, Any]:
        """约 before the total investment marks it as estimated."""
        if getattr(self.fields.get("total_investment"), "estimated", False):
            self.cleaned_data["investment_estimated"] = True
        return super().clean()


class ProjectList(KeysetList):
    """The rows of the list, each with its milestones: a date is shown as exactly as it is known."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """With milestones, in one more query."""
        return super().get_queryset(request, exclude_parameters).prefetch_related("milestones")


@admin.register(Project)
class ProjectAdmin(PlacedAdmin):
    """Where projects are entered and found."""

    form = ProjectForm
    inlines = [MilestoneInline]
    autocomplete_fields = ["district", "sector", "investors", "parent"]
    list_display = [
        "code",
        "label",
        "district",
        "sector",
        "standing",
        "investment_yi",
        "signed",
        "started",
        "completed",
    ]
    list_display_links = ["code", "label"]
    sortable_by = ["code", "label", "district", "investment_yi", "signed", "started", "completed"]
    list_select_related = ["district", "sector"]
    list_filter = [
        filters.DistrictFilter,
        filters.StageFilter,
        filters.SectorFilter,
        filters.SizeBandFilter,
        filters.TypeFilter,
        filters.SignedFilter,
        filters.StartedFilter,
        filters.CompletedFilter,
        filters.StandingFilter,
    ]
    project = ""
    search_fields = ["search__text"]
    search_help_text = _("Project code, name, approval code, investor or credit code")
    readonly_fields = ["standing", "counted_in", "phases_link", "ledger_link"]
    actions = actions
    fieldsets = [
        (
            _("What and where"),
            {
                "fields": [
                    "name",
                    "district",
                    "sector",
                    ("project_type", "ownership"),
                    "investors",
                    ("code", "approval_code"),
                    "name_en",
                ]
            },
        ),
        (
            _("What is invested and expected"),
            {
                "fields": [
                    ("total_investment", "investment_estimated"),
                    "fixed_asset_investment",
                    ("expected_output", "expected_revenue", "expected_tax"),
                ],
                "description": _(
                    "Write amounts as they are spoken: 34亿, 3.4亿元, 约20亿. A bare number is 万元."
                ),
            },
        ),
        (
            _("Foreign money, jobs, land"),
            {
                "fields": [
                    ("currency", "original_amount", "exchange_rate"),
                    ("expected_jobs", "land_area_mu", "floor_area_m2"),
                ],
                "classes": ["collapse"],
            },
        ),
        (_("Phase of a larger project"), {"fields": ["parent", "phase"], "classes": ["collapse"]}),
        (_("Notes"), {"fields": ["remark", "source"], "classes": ["collapse"]}),
    ]
    known_fieldset = (
        _("Where it stands"),
        {"fields": ["standing", "counted_in", "phases_link", "ledger_link"]},
    )

    # --- what is shown --------------------------------------------------------------------------------------------

    @admin.display(description=_("project"), ordering="name")
    def label(self, project: Project) -> str:
        """The name in the reader's language."""
        return project.label

    @admin.display(description=_("total investment, 亿元"), ordering="total_investment")
    def investment_yi(self, project: Project) -> str:
        """In 亿元, with ≈ before an estimate."""
        about = "≈ " if project.investment_estimated and project.total_investment is not None else ""
        return about + format_yi(project.total_investment)

    @admin.display(description=_("stage"), ordering="stage")
    def standing(self, project: Project) -> SafeString:
        """The stage, and whatever keeps it from counting."""
        marks = [
            (project.suspended, _("suspended")),
            (project.excluded, project.get_exclusion_reason_display()),
            (project.is_void, _("void")),
        ]
        shown = [(mark,) for holds, mark in marks if holds]
        stage = project.get_stage_display() or "—"
        return format_html("{} {}", stage, format_html_join(" ", '<span class="mark">{}</span>', shown))

    @admin.display(description=_("signed"), ordering="signed_on")
    def signed(self, project: Project) -> str:
        """When it was signed."""
        return reached(project, Kind.SIGNED)

    @admin.display(description=_("started"), ordering="started_on")
    def started(self, project: Project) -> str:
        """When it started."""
        return reached(project, Kind.STARTED)

    @admin.display(description=_("completed"), ordering="completed_on")
    def completed(self, project: Project) -> str:
        """When it was completed."""
        return reached(project, Kind.COMPLETED)

    @admin.display(description=_("phases"))
    def phases_link(self, project: Project) -> SafeString | str:
        """The list of its phases, as far as the user may see them."""
        if not project.phases.exists():
            return "—"
        address = f"{self.url('changelist')}?parent__id__exact={project.pk}"
        return format_html('<a href="{}">{}</a>', address, _("The phases of this project"))

    @admin.display(description=_("ledger"))
    def ledger_link(self, project: Project) -> SafeString:
        """Everything that was ever posted for it."""
        address = f"{reverse('admin:projects_ledgerentry_changelist')}?project__id__exact={project.pk}"
        return format_html('<a href="{}">{}</a>', address, _("The ledger of this project"))

    @admin.display(description=_("counted in"))
    def counted_in(self, project: Project) -> SafeString:
        """The quarters in whose totals it is, each linked to them; or why in none."""
        return counted_in(project)

    # --- who may, and which ---------------------------------------------------------------------------------------

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a project recorded by mistake is declared void, and kept."""
        return False

    def described(self, record: Project) -> str:
        """With its code, for names repeat themselves."""
        return f"{record.label} ({record.code})"

    def choices(self, request: HttpRequest) -> QuerySet[Any]:
        """Whole projects to which the user may add a phase."""
        return Project.objects.editable_by(request.user).kept().filter(parent=None)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list with milestones."""
        return ProjectList

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A recorded project begins with where it stands; a larger project that a reader may not see is left out."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        hidden = obj.parent_id and not self.get_queryset(request).filter(pk=obj.parent_id).exists()
        if hidden and not self.has_change_permission(request, obj):
            fieldsets = [f for f in fieldsets if "parent" not in f[1]["fields"]]
        return [self.known_fieldset, *fieldsets]

    # --- saving ---------------------------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Nothing yet: the project is saved with its investors and milestones, by one call (save_related)."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Everything on the page, by one call."""
        (steps,) = formsets
        milestones: list[Milestone] = steps.save(commit=False)
        services.save_project(
            form.instance,
            actor=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            investors=form.cleaned_data["investors"],
            milestones=milestones,
            removed=steps.deleted_objects,
        )
        self.message_user(request, format_html("{}: {}", _("Counted in"), counted_in(form.instance)))

    # --- void, restore, exclude, count again ----------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        """One page for each change of standing."""
        pages = [
            path(f"{name}/", self.standing_view, {"name": name}, name=f"projects_project_{name}")
            for name in CHANGES
        ]
        split = path("<int:pk>/split/", self.split_view, name="projects_project_split")
        return [*pages, split, *super().get_urls()]

    def split_view(self, request: HttpRequest, pk: int) -> Any:
        """Asks for the phases and splits the project."""
        return self.admin_site.admin_view(split_view)(request, self, pk)

    def standing_view(self, request: HttpRequest, name: str) -> Any:
        """Asks for the reason, then does it for all that are named in ?ids=."""
        return self.admin_site.admin_view(change_standing)(request, self, CHANGES[name])

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """With a button for each change of standing that is possible."""
        project = context.get("original")
        if project and may_edit(request, project.district):
            context["standing_links"] = [
                (f"{reverse(f'admin:projects_project_{name}')}?ids={project.pk}", change.title)
                for name, change in CHANGES.items()
                if change.possible(project)
            ]
            if may_split(project):
                address = reverse("admin:projects_project_split", args=[project.pk])
                context["standing_links"].append((address, _("Split into phases")))
        return super().render_change_form(request, context, *args, **kwargs)


def reached(project: Project, kind: Kind) -> str:
    """When a milestone was reached, as exactly as it is known; — if it was not."""
    for milestone in project.milestones.all():
        if milestone.kind == kind and milestone.has_happened:
            return as_known(milestone)
    return "—"


def as_known(milestone: Milestone) -> str:
    """2023-01-29, 2023-01, 2023Q1, 2023 or words, by the date's precision."""
    day = milestone.happened_on
    if day is None:
        return str(_("date not known"))
    shown = {
        Precision.MONTH: f"{day:%Y-%m}",
        Precision.QUARTER: milestone.quarter,
        Precision.YEAR: f"{day:%Y}",
    }
    return shown.get(Precision(milestone.precision)) or f"{day:%Y-%m-%d}"


def counted_in(project: Project) -> SafeString:
    """The quarters in whose totals a project is, by its ledger, each linked to them; or why it is in none."""
    if project.is_void or project.excluded:
        return format_html("{}", _("no total, for it is void or excluded"))
    if project.phases.kept().exists():
        return format_html("{}", _("no total of its own: its phases are counted"))
    entries = list(LedgerEntry.objects.current().filter(project=project).select_related("district"))
    if not entries:
        return format_html("{}", _("no total yet: nothing has happened"))
    dated = sorted({(e.quarter, e.district.code, e.district.label) for e in entries if e.quarter})
    links = [
        (f"/?{urlencode({'district': code, 'quarter': quarter})}", name, quarter)
        for quarter, code, name in dated
    ]
    parts = format_html_join("; ", '<a href="{}">{}, {}</a>', links)
    undated = [str(e.get_kind_display()) for e in entries if not e.quarter]
    if undated:
        note = _("without a quarter, so listed as undated: %(milestones)s") % {
            "milestones": ", ".join(undated)
        }
        parts = format_html("{}{}{}", parts, "; " if links else "", note)
    return format_html("{} — {}", parts, _("totals follow within seconds"))
