"""Idempotency-Key: a POST that is sent again, because its answer was lost, gets that answer and does nothing twice.

The key is claimed in a transaction of its own; the effect and the answer are then committed together. So a process
that dies leaves a claim without effect, which the next try may take over. Only success is kept: whatever was refused
has done nothing and may be sent again, corrected or not, under the same key.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.errors import Conflict, IdempotencyMismatch
from config.api.transactions import TRIES, is_retried, pause
from config.models import IdempotentRequest

KEPT = timedelta(hours=24)
CLAIM_EXPIRES = timedelta(seconds=60)
KEY = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = ("Location", "ETag")
REPLAYED = "Idempotency-Replayed"

Action = Callable[..., Response]


def idempotent(action: Action) -> Callable[..., HttpResponseBase]:
    """Wrap a view's POST action. `view.secret_fields` of the answer are shown once and never kept."""

    @wraps(action)
    def wrapper(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return action(view, request, *args, **kwargs)
        claim, is_new = _claim(request, _checked(key), timezone.now())
        if not is_new:
            return _replay(claim)
        try:
            return _carry_out(
                claim, lambda: action(view, request, *args, **kwargs), getattr(view, "secret_fields", ())
            )
        except BaseException:
            IdempotentRequest.objects.filter(pk=claim.pk, status=None).delete()
            raise

    return wrapper


def forget_old(now: datetime) -> int:
    """Delete what is older than 24 hours; for the timetable. Returns how many."""
    return IdempotentRequest.objects.filter(claimed_at__lt=now - KEPT).delete()[0]


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        message = _("An Idempotency-Key has 1 to 255 printable ASCII characters without spaces.")
        raise ValidationError({"": [ErrorDetail(str(message), "idempotency_key")]})
    return key


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        """A file is what it holds, under its name."""
        if not isinstance(o, UploadedFile):
            return super().default(o)
        digest = hashlib.sha256()
        for chunk in o.chunks():
            digest.update(chunk)
        return [o.name, digest.hexdigest()]


def _fingerprint(request: Request) -> str:
    """What must be the same for a request to be the same: the address and what the body says."""
    said = json.dumps([request.get_full_path(), request.data], cls=_Encoder, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def _claim(request: Request, key: str, now: datetime) -> tuple[IdempotentRequest, bool]:
    """The claim of this key, and whether it is ours to carry out. Raises Conflict while another runs."""
    user = cast("Any", request.user)  # permissions have let nobody else come here
    rows = IdempotentRequest.objects.filter(user=user, key=key)
    rows.filter(Q(claimed_at__lt=now - KEPT) | Q(status=None, claimed_at__lt=now - CLAIM_EXPIRES)).delete()
    mine = IdempotentRequest(user=user, key=key, fingerprint=_fingerprint(request), claimed_at=now)
    try:
        with transaction.atomic():
            mine.save(force_insert=True)
    except IntegrityError:
        held = rows.first()
        if held is not None and held.fingerprint != mine.fingerprint:
            raise IdempotencyMismatch from None
        if held is None or held.status is None:
            raise RunningStill from None
        return held, False
    return mine, True


def _carry_out(
    claim: IdempotentRequest, run: Callable[[], Response], secret_fields: tuple[str, ...]
) -> Response:
    """The effect and its kept answer in one transaction, tried again after a deadlock."""
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                response = run()
                _keep(claim, response, secret_fields)
        except OperationalError as error:
            if attempt == TRIES or not is_retried(error):
                raise
            pause(attempt)
        else:
            return response
    raise AssertionError


class RunningStill(Conflict):
    """The first request with this key has not been answered yet."""

    default_detail = _("The first request with this Idempotency-Key is still running. Ask again in a moment.")
    headers = {"Retry-After": "1"}


def _keep(claim: IdempotentRequest, response: Response, secret_fields: tuple[str, ...]) -> None:
    """Store the answer; if the claim was taken over meanwhile, raising undoes the effect with it."""
    data = response.data
    if secret_fields:
        data = {name: None if name in secret_fields else value for name, value in data.items()}
    kept = IdempotentRequest.objects.filter(pk=claim.pk, status=None).update(
        status=response.status_code,
        body=JSONRenderer().render(data).decode(),
        headers={name: response.headers[name] for name in KEPT_HEADERS if name in response.headers},
    )
    if not kept:
        raise RunningStill


def _replay(claim: IdempotentRequest) -> HttpResponse:
    """The answer of the first time, byte for byte."""
    headers = {**claim.headers, REPLAYED: "true"}
    return HttpResponse(claim.body, status=claim.status, headers=headers, content_type="application/json")
