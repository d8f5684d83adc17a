"""What a project's pages gain by review and comments: addresses, buttons, and what is said on the page itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.urls import path
from django.utils import timezone

from projects import services
from projects.admin.base import may_edit
from projects.admin.comments import CommentForm, comment_view, comments_of, mention_view
from projects.admin.reviewing import links_of, queue_view, standing_of, submit_selected, submit_view
from projects.unmasking import may_know

if TYPE_CHECKING:
    AnyModelAdmin = ModelAdmin[Any]
else:
    AnyModelAdmin = object


class ReviewedPages(AnyModelAdmin):
    """Mixed into the pages of projects."""

    def get_urls(self) -> list[Any]:
        """With the submission, the queue and the comments."""
        view = self.admin_site.admin_view
        return [
            path("submit/", view(lambda r: submit_view(r, self)), name="projects_project_submit"),
            path("queue/", view(lambda r: queue_view(r, self)), name="projects_project_queue"),
            path(
                "<int:pk>/comment/",
                view(lambda r, pk: comment_view(r, self, pk)),
                name="projects_project_comment",
            ),
            path(
                "mentions/<int:pk>/",
                view(lambda r, pk: mention_view(r, self, pk)),
                name="projects_project_mention",
            ),
            *super().get_urls(),
        ]

    def get_actions(self, request: HttpRequest) -> Any:
        """With submitting, where changes are reviewed."""
        found = super().get_actions(request)
        if services.approval_required() and self.has_change_permission(request):
            action: Any = submit_selected
            found["submit_selected"] = (action, "submit_selected", action.short_description)
        return found

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """With where the review is, what leads on from there, and what was said."""
        project = context.get("original")
        if project:
            edits = may_edit(request, project.district)
            links = links_of(request, project, may_edit=edits)
            context["standing_links"] = [*links, *context.get("standing_links", [])]
            if may_know(project, request.user, timezone.localdate()):
                context["review"] = standing_of(project)
                context["comments"] = comments_of(project)
            context["comment_form"] = CommentForm(project, request.user)
        return super().render_change_form(request, context, *args, **kwargs)
