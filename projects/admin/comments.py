"""Comments on a project's page, the form for another one, and opening what one was called to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects import services
from projects.access import readers_of
from projects.admin.forms import CHOOSE_LISTED
from projects.models import Comment, Mention, Project, User

if TYPE_CHECKING:
    AnyChoiceField = forms.ModelChoiceField[User]
else:
    AnyChoiceField = forms.ModelChoiceField

SHOWN = 50
MOST_COLLEAGUES = 200  # in the list; whoever is further down is called by @


class Colleague(AnyChoiceField):
    """Somebody who may see the project."""

    def label_from_instance(self, obj: User) -> str:
        """The name, and what to write behind the @."""
        return f"{obj.get_full_name()} (@{obj.username})"


class CommentForm(forms.Form):
    """A comment, and one whom it calls without an @."""

    text = forms.CharField(
        label=_("Comment"),
        max_length=2000,
        widget=AdminTextareaWidget({"rows": 3}),
        help_text=_("Write @ and the user name of a colleague, and it appears on their desk."),
    )
    called = Colleague(
        label=_("For"),
        required=False,
        queryset=User.objects.none(),
        empty_label=_("everybody who may see the project"),
        error_messages={"invalid_choice": CHOOSE_LISTED},
    )

    def __init__(self, project: Project, reader: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        readers = User.objects.filter(readers_of(project.district)).exclude(pk=reader.pk).distinct()
        shown = readers.order_by("username").values_list("pk", flat=True)[:MOST_COLLEAGUES]
        field: Any = self.fields["called"]
        field.queryset = User.objects.filter(pk__in=list(shown)).order_by("username")


def comment_view(request: HttpRequest, model_admin: ModelAdmin[Project], pk: int) -> Any:
    """Store a comment on a project that the user may see; what is wrong is said beside what was typed."""
    project = model_admin.get_queryset(request).filter(pk=pk).select_related("district").first()
    if project is None:
        raise Http404
    form = CommentForm(project, request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.comment_on(
                project,
                form.cleaned_data["text"],
                actor=request.user,  # type: ignore[arg-type]
                at=timezone.now(),
                called=[form.cleaned_data["called"]] if form.cleaned_data["called"] else [],
            )
        except ValidationError as refusal:
            form.add_error("text", refusal.messages)
        else:
            model_admin.message_user(request, _("The comment is stored."), messages.SUCCESS)
            return HttpResponseRedirect(f"{_page_of(project)}#comments")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Comment"),
        "original": project,
        "comment_form": form,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/projects/comment_project.html", context)


def mention_view(request: HttpRequest, model_admin: ModelAdmin[Project], pk: int) -> Any:
    """Take what the user was called to read from the desk, and open it."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    mentions = Mention.objects.filter(
        user=request.user, comment__project__in=model_admin.get_queryset(request)
    )  # type: ignore[misc]
    mention = mentions.filter(pk=pk).select_related("comment__project").first()
    if mention is None:
        raise Http404
    services.read_mention(mention, at=timezone.now())
    return HttpResponseRedirect(f"{_page_of(mention.comment.project)}#comment-{mention.comment_id}")


def comments_of(project: Project) -> list[Comment]:
    """The latest, in their order."""
    latest = project.comments.select_related("author").prefetch_related("mentions__user").order_by("-id")
    return list(latest[:SHOWN])[::-1]


def _page_of(project: Project) -> str:
    return reverse("admin:projects_project_change", args=[project.pk])
