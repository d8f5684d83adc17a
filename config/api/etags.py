"""ETags: each detail answer names its version, and a change must name the version that it changes."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.utils.http import parse_etags
from rest_framework.request import Request

from config.api.errors import PreconditionFailed, PreconditionRequired


def etag_of(instance: Model, data: Mapping[str, Any]) -> str:
    """A strong ETag: of the record's version where it counts its changes, else of what is shown of it."""
    version = getattr(instance, "version", None)
    said = [instance._meta.label, str(instance.pk), data if version is None else version]
    digest = hashlib.sha256(json.dumps(said, cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()
    return f'"{digest[:32]}"'


def is_unchanged(request: Request, etag: str) -> bool:
    """Whether If-None-Match names the current version, so that 304 says enough."""
    held = parse_etags(request.headers.get("If-None-Match", ""))
    return held == ["*"] or etag in {tag.removeprefix("W/") for tag in held}


def check_if_match(request: Request, etag: str) -> None:
    """Demand If-Match with the current version; `*` stands for any. Raises PreconditionRequired or -Failed."""
    named = request.headers.get("If-Match")
    if named is None:
        raise PreconditionRequired
    held = parse_etags(named)
    if held != ["*"] and etag not in held:
        raise PreconditionFailed
