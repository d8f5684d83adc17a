"""Receiving files: to disk while they arrive, never into memory, and no further than the limit."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest

READ_OUT = 5  # times the limit: what is larger is cut off instead of being read to its end


class LimitedUpload(TemporaryFileUploadHandler):
    """Counts what all files of a request hold together; beyond the limit it keeps none, and the view is told."""

    received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        """Write it to the file. Raises StopUpload beyond the limit."""
        self.received += len(raw_data)
        if self.received > settings.ATTACHMENT_MAX_BYTES:
            self.request.upload_was_too_large = True  # type: ignore[union-attr]
            declared = int(self.request.META.get("CONTENT_LENGTH") or 0)  # type: ignore[union-attr]
            raise StopUpload(connection_reset=declared > READ_OUT * settings.ATTACHMENT_MAX_BYTES)
        return super().receive_data_chunk(raw_data, start)


def was_too_large(request: HttpRequest) -> bool:
    """Whether the request brought more than the limit; its files are then gone. Asked after it was read."""
    return getattr(request, "upload_was_too_large", False)
