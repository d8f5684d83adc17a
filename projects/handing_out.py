"""Handing out a file that somebody attached: as a download under its name, which no browser opens as a page of ours."""

from django.http import FileResponse

from projects.file_store import path_of
from projects.file_types import MEDIA_TYPES
from projects.models import Attachment

LOCKED = "sandbox; default-src 'none'; frame-ancestors 'none'"


def attachment_response(attachment: Attachment) -> FileResponse:
    """The content, for somebody who may see the project. Raises FileNotFoundError where the folder has lost it."""
    response = FileResponse(
        path_of(attachment.sha256).open("rb"),
        as_attachment=True,
        filename=attachment.name,
        content_type=MEDIA_TYPES[attachment.file_type],
    )
    response.headers["Content-Security-Policy"] = LOCKED
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
