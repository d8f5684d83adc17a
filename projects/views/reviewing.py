"""The steps of a project's review in the API: submitted, returned, approved."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.etags import check_if_match
from config.api.outcomes import NothingNew, StaleVersion
from config.api.views import ResourceViewSet
from projects import services
from projects.access import may_edit, may_review
from projects.models import Door, Project
from projects.serializers.projects import ProjectSerializer
from projects.serializers.reviewing import DecisionSerializer, ReturnSerializer


class Reviewed(ResourceViewSet[Project]):
    """Each step names the version that it was taken for; one that is not open from there is a conflict."""

    with_if_match = ("submit", "give_back", "approve")

    @extend_schema(
        summary="Submit a project for review", request=DecisionSerializer, responses=ProjectSerializer
    )
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: int) -> Response:
        """Editors hand over what they have changed; what was approved last counts until it is approved."""
        return self._decide(services.submit, may_edit, DecisionSerializer)

    @extend_schema(
        summary="Return a project to whoever submitted it",
        request=ReturnSerializer,
        responses=ProjectSerializer,
    )
    @action(detail=True, methods=["post"], url_path="return")
    def give_back(self, request: Request, pk: int) -> Response:
        """Reviewers say what is to be corrected."""
        return self._decide(services.return_projects, may_review, ReturnSerializer)

    @extend_schema(summary="Approve a project", request=DecisionSerializer, responses=ProjectSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: int) -> Response:
        """From now on it counts as it is. Nobody approves what they changed or submitted themselves: 403."""
        return self._decide(services.approve, may_review, DecisionSerializer)

    def _decide(self, decide: Callable[..., None], may: Callable[..., bool], kind: type[Any]) -> Response:
        project = self.get_object()
        if not may(self.request.user, project.district):
            raise PermissionDenied
        check_if_match(self.request, self.etag(project))
        said = kind(data=self.request.data)
        said.is_valid(raise_exception=True)
        text = said.validated_data.get("comment", "")
        try:
            decide([project], text, actor=self.request.user, at=timezone.now(), door=Door.API)
        except services.RefusedChanges as refused:
            raise _translated(refused.refusals[0]) from refused
        return self.show(self.get_queryset().get(pk=project.pk))


def _translated(refusal: ValidationError | StaleVersion) -> Exception:
    """Of one's own: forbidden; not open from here: a conflict."""
    if isinstance(refusal, StaleVersion):
        return refusal
    (sentence,) = refusal.messages
    return PermissionDenied(sentence) if refusal.code == "own" else NothingNew(sentence)
