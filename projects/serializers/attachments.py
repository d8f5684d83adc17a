"""Attachments in the API: a form with a file comes in, what is known of it goes out."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.api.serializers import StrictChoiceField
from projects.models import Attachment
from projects.serializers.fields import RecordSerializer


class AttachmentSerializer(RecordSerializer[Attachment]):
    """One file of a project; `file` is sent and never shown, `content/` below its address hands it out."""

    kind: Any = StrictChoiceField(choices=Attachment.Kind.choices)
    file = serializers.FileField(
        write_only=True,
        allow_empty_file=True,  # said by the service
        help_text=_("PDF, JPEG, PNG, Word or Excel without macros."),
    )
    added_by = serializers.CharField(
        source="added_by.username", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = Attachment
        fields = ["id", "kind", "file", "name", "file_type", "size", "sha256", "added_at", "added_by"]
        read_only_fields = ["id", "name", "file_type", "size", "sha256", "added_at", "added_by"]
