"""Projects and their milestones."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from config.api.views import ApiMixin, Changes, Creates, Removes, ResourceViewSet
from projects import services
from projects.access import edits_anywhere, may_edit
from projects.filtering import reached
from projects.filters import MILESTONE_FILTERS, PROJECT_FILTERS
from projects.models import District, Door, Milestone, Project, Revision
from projects.serializers.history import RevisionSerializer
from projects.serializers.projects import MilestoneSerializer, ProjectSerializer
from projects.unmasking import may_know, unmask
from projects.views.reviewing import Reviewed


class ProjectViewSet(Reviewed, Creates[Project], Changes[Project]):
    """Investment projects in the districts that the reader may see."""

    serializer_class = ProjectSerializer
    parameters = PROJECT_FILTERS
    orderings = {
        "id": "id",
        "code": "code",
        "name": "name",
        "district": "district__path",
        "total_investment": "total_investment",
        "signed_on": "signed_on",
        "started_on": "started_on",
        "completed_on": "completed_on",
        "planned_start_on": "planned_start_on",
        "planned_completion_on": "planned_completion_on",
        "created_at": "created_at",
        "updated_at": "updated_at",
    }
    default_ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Project]:
        return Project.objects.visible_to(self.request.user).with_details()

    def filter_queryset(self, queryset: QuerySet[Project, Any]) -> QuerySet[Project, Any]:
        """`kind` and `quarter` together mean one and the same milestone."""
        kind, quarter = self.query.get("kind"), self.query.get("quarter")
        rows = super().filter_queryset(queryset)
        return reached(rows, kind, quarter) if kind or quarter else rows

    def may_create(self) -> bool:
        return edits_anywhere(self.request.user)

    def may_change(self, instance: Project) -> bool:
        return may_edit(self.request.user, instance.district)

    def get_object(self) -> Project:
        """With what it hides, for those who may know it."""
        project: Project = super().get_object()
        unmask([project], self.request.user, timezone.localdate())
        return project

    def show(self, instance: Project, *args: Any, **kwargs: Any) -> Response:
        """The same of one that was just made."""
        unmask([instance], self.request.user, timezone.localdate())
        return super().show(instance, *args, **kwargs)

    def make(self, data: dict[str, Any]) -> Project:
        return self._save(Project(), data)

    def change(self, instance: Project, data: dict[str, Any]) -> None:
        self._save(instance, data)

    def _save(self, project: Project, data: dict[str, Any]) -> Project:
        dates = {name: data.pop(name) for name in services.DATE_FIELDS if name in data}
        investors, tags = data.pop("investors", None), data.pop("tags", None)
        parent = data.get("parent")
        self._check_districts(data.get("district"), parent.district if parent else None)
        for name, value in data.items():
            setattr(project, name, value)
        return services.save_project(
            project,
            actor=self.request.user,  # type: ignore[arg-type]  # permissions have let nobody else come here
            at=timezone.now(),
            investors=investors,
            tags=tags,
            milestones=services.dated_milestones(project, dates),
            door=Door.API,
        )

    def _check_districts(self, *districts: District | None) -> None:
        """Whoever moves a project, or adds a phase to one, must be an editor there, too."""
        if not all(may_edit(self.request.user, district) for district in districts if district):
            raise PermissionDenied


class OfOneProject(ApiMixin):
    """What belongs to the project that the address names."""

    @property
    def project(self) -> Project:
        """That project. Raises Http404 where the reader may not see it."""
        rows = Project.objects.visible_to(self.request.user).select_related("district")
        project = rows.filter(pk=self.kwargs["project_id"]).first()
        if project is None:
            raise Http404
        return project

    def may_create(self) -> bool:
        """Whether the reader may add to it."""
        return may_edit(self.request.user, self.project.district)

    def may_change(self, instance: Any) -> bool:
        """Whether the reader, who may see it, may also change this part of it."""
        return may_edit(self.request.user, instance.project.district)


class HistoryViewSet(OfOneProject, ResourceViewSet[Revision]):
    """Who changed what in one project, the latest first: every version that changed anything."""

    serializer_class = RevisionSerializer
    orderings = {"version": "version"}
    default_ordering = ("-version",)
    lookup_field = "version"

    def get_queryset(self) -> QuerySet[Revision]:
        """Those of the project, if the reader may see it. Raises Http404."""
        if getattr(self, "swagger_fake_view", False):
            return Revision.objects.none()
        return Revision.objects.filter(project=self.project).select_related("actor")


class MilestoneViewSet(OfOneProject, Creates[Milestone], Changes[Milestone], Removes[Milestone]):
    """The milestones of one project."""

    serializer_class = MilestoneSerializer
    parameters = MILESTONE_FILTERS
    orderings = {"id": "id", "happened_on": "happened_on", "planned_on": "planned_on"}
    default_ordering = ("id",)
    may_know = True  # whether nothing of the project is hidden from the reader; whoever adds to it knows it

    def get_queryset(self) -> QuerySet[Milestone]:
        """Those of the project, if the reader may see it. Raises Http404."""
        if getattr(self, "swagger_fake_view", False):
            return Milestone.objects.none()
        project = self.project
        self.may_know = may_know(project, self.request.user, timezone.localdate())
        return Milestone.objects.filter(project=project).select_related("project__district", "ceremony")

    def make(self, data: dict[str, Any]) -> Milestone:
        return self._save(Milestone(project=self.project), data)

    def change(self, instance: Milestone, data: dict[str, Any]) -> None:
        self._save(instance, data)

    def remove(self, instance: Milestone) -> None:
        services.remove_milestone(
            instance,
            actor=self.request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            door=Door.API,
        )

    def _save(self, milestone: Milestone, data: dict[str, Any]) -> Milestone:
        for name, value in data.items():
            setattr(milestone, name, value)
        return services.save_milestone(
            milestone,
            actor=self.request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            door=Door.API,
        )
