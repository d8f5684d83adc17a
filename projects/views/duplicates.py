"""What looks like one project: recorded projects that may be the same, with the reasons."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from config.api.views import ResourceViewSet
from projects.duplicates import candidates
from projects.models import DuplicateDecision, Project
from projects.serializers.duplicates import CandidateSerializer
from projects.unmasking import unmask
from projects.views.projects import OfOneProject


class DuplicateViewSet(OfOneProject, ResourceViewSet[Project]):
    """Recorded projects that may be the same as this one (重复项目), as far as the reader sees them; at most 20."""

    serializer_class = CandidateSerializer
    orderings = {"id": "id"}
    default_ordering = ("-id",)
    _said: dict[str, Any]

    def get_queryset(self) -> QuerySet[Project]:
        """Those found now. Raises Http404 where the reader may not see the project."""
        if getattr(self, "swagger_fake_view", False):
            return Project.objects.none()
        project = self.project
        unmask([project], self.request.user, timezone.localdate())
        found = {each.project.pk: each.reasons for each in candidates(project, self.request.user)}
        self._said = {"reasons": found, "decisions": _decisions(project, found)}
        return Project.objects.filter(pk__in=found).select_related("district")

    def get_serializer_context(self) -> dict[str, Any]:
        """With what was found."""
        return {**super().get_serializer_context(), **getattr(self, "_said", {})}


def _decisions(project: Project, others: Any) -> dict[int, DuplicateDecision]:
    """The last decision that holds between a project and each of these others, by id."""
    rule = Q(pair__first=project, pair__second__in=others) | Q(pair__second=project, pair__first__in=others)
    found: dict[int, DuplicateDecision] = {}
    for decision in DuplicateDecision.objects.filter(rule).select_related("pair", "bulk").order_by("id"):
        pair = decision.pair
        if not decision.is_undone:
            found[pair.second_id if pair.first_id == project.pk else pair.first_id] = decision
    return found
