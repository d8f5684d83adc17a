"""The files of a project on its page: listed, added, downloaded, removed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from config.uploads import was_too_large
from projects import services
from projects.file_types import SUFFIXES
from projects.handing_out import attachment_response
from projects.models import Attachment, Door, Project
from projects.unmasking import may_know

ACCEPT = ",".join(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
PICTURES = "image/jpeg,image/png"
MEGABYTE = 1024 * 1024


class AttachmentForm(forms.Form):
    """One file to add: chosen, or photographed on the spot with a telephone."""

    kind = forms.ChoiceField(label=_("kind of file"), choices=Attachment.Kind.choices)
    file = forms.FileField(
        label=_("file"),
        required=False,
        allow_empty_file=True,  # said by the service
        widget=forms.FileInput({"accept": ACCEPT}),
    )
    photo = forms.FileField(
        label=_("or take a photograph"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput({"accept": PICTURES, "capture": "environment"}),
    )

    def clean(self) -> dict[str, Any]:
        """One file."""
        data = super().clean() or self.cleaned_data
        given = [data[name] for name in ("file", "photo") if data.get(name)]
        if len(given) != 1:
            self.add_error("file", _("Choose one file."))
        return {**data, "given": given[0] if given else None}


def attachment_pages(pages: ModelAdmin[Project]) -> list[Any]:
    """The addresses below a project's."""
    views = (("attachments/", attach, "attach"), ("attachments/<int:of>/", download, "download"),
             ("attachments/<int:of>/remove/", detach, "detach"))  # fmt: skip
    return [
        path(
            f"<int:pk>/{where}",
            pages.admin_site.admin_view(_with(pages, view)),
            name=f"projects_project_{name}",
        )
        for where, view, name in views
    ]


def shown_on(pages: ModelAdmin[Project], request: HttpRequest, project: Project) -> dict[str, Any]:
    """What a project's page needs to show its files."""
    return {
        "attachments": _attachments(request, project).select_related("added_by"),
        "attachment_form": AttachmentForm() if pages.has_change_permission(request, project) else None,
        "largest_attachment": settings.ATTACHMENT_MAX_BYTES // MEGABYTE,
    }


def attach(request: HttpRequest, pages: ModelAdmin[Project], pk: int) -> HttpResponse:
    """Add a file; where it is refused, a page that says why and asks again."""
    project = _project(request, pages, pk)
    if not pages.has_change_permission(request, project):
        raise PermissionDenied
    form = (
        AttachmentForm(request.POST or None, request.FILES or None)
        if request.method == "POST"
        else AttachmentForm()
    )
    if request.method == "POST" and _attached(request, project, form):
        messages.success(request, _("The file is attached."))
        return HttpResponseRedirect(_page_of(project))
    context = {
        **pages.admin_site.each_context(request),
        **shown_on(pages, request, project),
        "attachment_form": form,
        "title": _("Attach a file"),
        "original": project,
        "opts": pages.opts,
    }
    return TemplateResponse(request, "admin/projects/attach_file.html", context)


def _attached(request: HttpRequest, project: Project, form: AttachmentForm) -> bool:
    if was_too_large(request):
        form.errors.clear()  # the file is gone, so the form would say that none was chosen
        message = _("The file is larger than %(most)d MB. Make it smaller, or split it.")
        form.add_error(
            "file", ValidationError(message, params={"most": settings.ATTACHMENT_MAX_BYTES // MEGABYTE})
        )
        return False
    if not form.is_valid():
        return False
    try:
        services.attach_file(
            project,
            form.cleaned_data["given"],
            form.cleaned_data["kind"],
            actor=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            door=Door.ADMIN,
        )
    except ValidationError as refusal:
        for name, errors in refusal.error_dict.items():
            form.add_error(name, errors)
        return False
    return True


def download(request: HttpRequest, pages: ModelAdmin[Project], pk: int, of: int) -> FileResponse:
    """The content, as a download."""
    project = _project(request, pages, pk)
    return attachment_response(_attachment(request, project, of))


def detach(request: HttpRequest, pages: ModelAdmin[Project], pk: int, of: int) -> HttpResponse:
    """Remove a file from the project's page, at once: it can be attached anew."""
    project = _project(request, pages, pk)
    if not pages.has_change_permission(request, project):
        raise PermissionDenied
    attachment = _attachment(request, project, of)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        services.detach_file(attachment, actor=request.user, at=timezone.now(), door=Door.ADMIN)  # type: ignore[arg-type]
    except StaleVersion:
        raise Http404 from None
    messages.success(request, _("The file %(name)s is removed.") % {"name": attachment.name})
    return HttpResponseRedirect(_page_of(project))


def _with(pages: ModelAdmin[Project], view: Any) -> Any:
    def bound(request: HttpRequest, **kwargs: int) -> Any:
        return view(request, pages, **kwargs)

    return bound


def _project(request: HttpRequest, pages: ModelAdmin[Project], pk: int) -> Project:
    """The project, if the user may see it. Raises Http404."""
    project = pages.get_queryset(request).filter(pk=pk).select_related("district").first()
    if project is None:
        raise Http404
    return project


def _attachments(request: HttpRequest, project: Project) -> QuerySet[Attachment]:
    """The project's files that were not removed; none of a project that hides them from the user."""
    rows = Attachment.objects.filter(project=project).kept()
    return rows if may_know(project, request.user, timezone.localdate()) else rows.none()


def _attachment(request: HttpRequest, project: Project, pk: int) -> Attachment:
    """One of these files. Raises Http404."""
    found = _attachments(request, project).filter(pk=pk).select_related("project").first()
    if found is None:
        raise Http404
    return found


def _page_of(project: Project) -> str:
    return reverse("admin:projects_project_change", args=[project.pk]) + "#attachments"
