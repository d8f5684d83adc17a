"""Projects as the officer sees them: a list to find one, a form in the order of its life, and what it counts in."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from projects import services
from projects.admin import filters
from projects.admin.alike import COMPARED, alike_view, warn_of_alike
from projects.admin.attachments import attachment_pages, shown_on
from projects.admin.base import PlacedAdmin, may_edit
from projects.admin.charges import ChargeInline, MineFilter
from projects.admin.conflicts import conflict_of, lay_upon_newest, overtaken
from projects.admin.counted_in import counted_in
from projects.admin.duplicates import duplicate_pages, links_of, merged_of
from projects.admin.history import history_view, restore_view
from projects.admin.milestones import MilestoneInline
from projects.admin.project_form import ProjectForm
from projects.admin.project_list.bulk import change_many
from projects.admin.project_list.changelist import ProjectList
from projects.admin.project_list.columns import COLUMNS, FIRST, standing_of
from projects.admin.project_list.shown import shown
from projects.admin.project_list.urls import list_pages
from projects.admin.project_list.views import opening
from projects.admin.reports import reports_view
from projects.admin.splitting import may_split, split_view
from projects.admin.standing import CHANGES, actions, change_standing
from projects.admin.stepper import steps_of
from projects.admin.tags import TagFilter
from projects.admin.waiting import WaitingFilter
from projects.admin.workflow import ReviewedPages
from projects.models import Door, Milestone, Project
from projects.unmasking import unmask


@admin.register(Project)
class ProjectAdmin(ReviewedPages, PlacedAdmin):
    """Where projects are entered and found."""

    form = ProjectForm
    inlines = [MilestoneInline, ChargeInline]
    autocomplete_fields = ["district", "sector", "investors", "tags", "parent"]
    list_display = FIRST
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
        MineFilter,
        TagFilter,
        WaitingFilter,
    ]
    project = ""
    search_fields = ["search__text"]
    search_help_text = _(
        "Project code, name, approval code, investor or credit code; or the pinyin initials, as in gzkxc"
    )
    readonly_fields = ["standing", "counted_in", "phases_link", "ledger_link"]
    actions = [change_many, *actions]
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
                    "tags",
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
        (
            _("Confidential before signing"),
            {"fields": [("confidential", "confidential_until")], "classes": ["collapse"]},
        ),
        (_("Phase of a larger project"), {"fields": ["parent", "phase"], "classes": ["collapse"]}),
        (_("Notes"), {"fields": ["remark", "source"], "classes": ["collapse"]}),
    ]
    known_fieldset = (
        _("Where it stands"),
        {"fields": ["standing", "counted_in", "phases_link", "ledger_link"]},
    )

    # --- what is shown --------------------------------------------------------------------------------------------

    @admin.display(description=_("stage"))
    def standing(self, project: Project) -> SafeString:
        """The stage, and whatever keeps it from counting."""
        return standing_of(project)

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

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With what it hides, for those who may know it."""
        project = super().get_object(request, object_id, from_field)
        if project is not None:
            unmask([project], request.user, timezone.localdate())
        return project

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list in chosen columns."""
        return ProjectList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list; a view's bare address leads to its conditions written out."""
        if leads_to := opening(request, self):
            return HttpResponseRedirect(leads_to)
        return super().changelist_view(request, extra_context)

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns that the user has chosen."""
        return shown(request).columns

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """Code and name lead to the project; where neither is shown, the first column does."""
        return [c for c in list_display if c.name in ("code", "label")] or list_display[:1]

    def get_list_select_related(self, request: HttpRequest) -> Any:
        """What the columns show of the records that projects refer to."""
        return sorted({"district", *(name for column in shown(request).columns for name in column.join)})

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """Every column that an index serves, shown or not."""
        return [column for column in COLUMNS if column.admin_order_field]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A recorded project begins with where it stands; a larger project that a reader may not see is left out."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        hidden = obj.parent_id and not self.get_queryset(request).filter(pk=obj.parent_id).exists()
        if hidden and not self.has_change_permission(request, obj):
            fieldsets = [f for f in fieldsets if "parent" not in f[1]["fields"]]
        if self.has_change_permission(request, obj):
            fieldsets = [*fieldsets, (_("Why"), {"fields": ["change_reason"]})]
        return [self.known_fieldset, *fieldsets]

    # --- saving ---------------------------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Nothing yet: the project is saved with its investors and milestones, by one call (save_related)."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Everything on the page, by one call."""
        steps, people = formsets
        milestones: list[Milestone] = steps.save(commit=False)
        charges = people.save(commit=False)
        services.save_project(
            form.instance,
            actor=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            milestones=milestones,
            removed=steps.deleted_objects,
            door=Door.ADMIN,
            **lay_upon_newest(request, form, milestones),  # investors and tags
            annexes=[services.Charges(charges, people.deleted_objects)],
            reason=form.cleaned_data.get("change_reason") or "",
        )
        self.message_user(request, format_html("{}: {}", _("Counted in"), counted_in(form.instance)))
        if COMPARED.intersection(form.changed_data):
            warn_of_alike(request, self, form.instance)

    def stale(self, request: HttpRequest, object_id: str | None) -> ValidationError:
        """Who has overtaken the form stands above it, with the difference."""
        return overtaken()

    # --- void, restore, exclude, count again ----------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        """One page for each change of standing."""
        pages = [
            path(f"{name}/", self.standing_view, {"name": name}, name=f"projects_project_{name}")
            for name in CHANGES
        ]
        split = path("<int:pk>/split/", self.split_view, name="projects_project_split")
        restore = path(
            "<int:pk>/history/<int:version>/restore/",
            self.restore_view,
            name="projects_project_restore_version",
        )
        same = path("alike/", self.alike_view, name="projects_project_alike")
        reports = path("<int:pk>/reports/", self.reports_view, name="projects_project_reports")
        more = [reports, *list_pages(self), *attachment_pages(self), *duplicate_pages(self)]
        return [*pages, split, restore, same, *more, *super().get_urls()]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Every change of the project, in words."""
        return history_view(request, self, object_id)

    def reports_view(self, request: HttpRequest, pk: int) -> Any:
        """The project's monthly reports."""
        return self.admin_site.admin_view(reports_view)(request, self, pk)

    def alike_view(self, request: HttpRequest) -> Any:
        """What may be the same as what is being typed."""
        return self.admin_site.admin_view(alike_view)(request, self)

    def restore_view(self, request: HttpRequest, pk: int, version: int) -> Any:
        """Asks whether to bring a version back, and does it."""
        return self.admin_site.admin_view(restore_view)(request, self, pk, version)

    def split_view(self, request: HttpRequest, pk: int) -> Any:
        """Asks for the phases and splits the project."""
        return self.admin_site.admin_view(split_view)(request, self, pk)

    def standing_view(self, request: HttpRequest, name: str) -> Any:
        """Asks for the reason, then does it for all that are named in ?ids=."""
        return self.admin_site.admin_view(change_standing)(request, self, CHANGES[name])

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """With the stages, what others have saved in between, and a button for each change of standing."""
        project = context.get("original")
        if project:
            today = timezone.localdate()
            context["steps"] = steps_of(project.milestones.all(), today)
            context["conflict"] = conflict_of(request, project)
            context["today"], context["newest_url"] = today.isoformat(), request.path
            context.update(shown_on(self, request, project) | merged_of(request, project))
        if project and may_edit(request, project.district):
            context["standing_links"] = [
                (f"{reverse(f'admin:projects_project_{name}')}?ids={project.pk}", change.title)
                for name, change in CHANGES.items()
                if change.possible(project)
            ]
            if may_split(project):
                address = reverse("admin:projects_project_split", args=[project.pk])
                context["standing_links"].append((address, _("Split into phases")))
            context["standing_links"] += links_of(project)
        return super().render_change_form(request, context, *args, **kwargs)
