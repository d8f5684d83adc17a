"""From exceptions to problem documents: what DRF, Django, the database and the services raise."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from rest_framework import exceptions
from rest_framework.settings import api_settings

from config.api.outcomes import InUse, NothingNew, StageConflict, StaleVersion
from config.api.problems import RETRY_AFTER, Item, Text, problem_response

logger = logging.getLogger(__name__)


class Problem(exceptions.APIException):
    """An exception that knows its kind of problem."""

    kind = "conflict"
    headers: dict[str, str] = {}

    def __init__(self, detail: Text | None = None, *, status: int | None = None) -> None:
        super().__init__(str(detail) if detail else None)
        self.status = status


class Malformed(Problem):
    """The body is not the JSON object that is expected."""

    kind = "malformed"
    status_code = 400
    default_detail = _("Send one JSON object in UTF-8.")


class Conflict(Problem):
    """The request contradicts what is recorded, or another request that still runs."""

    kind = "conflict"
    status_code = 409
    default_detail = _("This contradicts what is recorded. Read the record again, then decide.")


class StageConflictProblem(Problem):
    """A step that another request has made impossible."""

    kind = "stage-conflict"
    status_code = 409


class PreconditionFailed(Problem):
    """If-Match names a version that is no longer the current one."""

    kind = "precondition-failed"
    status_code = 412
    default_detail = _(
        "Somebody else has changed this record since you read it. Read it again, then repeat your change."
    )


class PreconditionRequired(Problem):
    """A change without If-Match."""

    kind = "precondition-required"
    status_code = 428
    default_detail = _(
        "Read the record first and send its ETag as If-Match, so that nobody's change is lost."
    )


class IdempotencyMismatch(Problem):
    """An Idempotency-Key used before for something else."""

    kind = "idempotency-mismatch"
    status_code = 422
    default_detail = _("This Idempotency-Key was used for another request. Use a new key for a new request.")


class TooLarge(Problem):
    """A body or an export beyond the limit that the sentence names."""

    kind = "too-large"
    status_code = 413


class Unavailable(Problem):
    """The database does not answer, or is busy."""

    kind = "unavailable"
    status_code = 503
    default_detail = _("The service is busy or being restarted. Nothing was saved; try again in a moment.")
    headers = {"Retry-After": str(RETRY_AFTER)}


class ParameterErrors(exceptions.ValidationError):
    """What is wrong with the query string: {parameter: [ErrorDetail]}."""


def exception_handler(exc: Exception, context: dict[str, Any]) -> HttpResponseBase | None:
    """Answer for DRF; None lets a programming error pass on to Django, which logs it and answers 500."""
    translated = translate(exc)
    if translated is None:
        return None
    known = getattr(context.get("view"), "body_fields", None)
    body_fields = set(known()) if known and isinstance(translated, ModelErrors) else set()
    return answer(context["request"]._request, translated, body_fields)


def answer(request: HttpRequest, exc: exceptions.APIException, body_fields: set[str]) -> HttpResponseBase:
    """The problem document of an API exception; model errors outside `body_fields` concern the whole body."""
    headers = dict(getattr(exc, "headers", {}))
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = exc.auth_header  # type: ignore[attr-defined]
    if getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(exc.wait))  # type: ignore[attr-defined]
    if isinstance(exc, exceptions.ValidationError):
        items = list(_items(exc, body_fields))
        detail = ngettext("%d value needs correcting.", "%d values need correcting.", len(items)) % len(items)
        return problem_response(request, "validation", detail, errors=items, headers=headers)
    kind = getattr(exc, "kind", None) or next(
        kind for raised, kind in KIND_OF.items() if isinstance(exc, raised)
    )
    status = getattr(exc, "status", None) or exc.status_code
    return problem_response(request, kind, _sentence(exc), status=status, headers=headers)


KIND_OF: dict[type[Exception], str] = {
    exceptions.ParseError: "malformed",
    exceptions.AuthenticationFailed: "authentication",
    exceptions.NotAuthenticated: "authentication",
    exceptions.PermissionDenied: "permission",
    exceptions.NotFound: "not-found",
    exceptions.MethodNotAllowed: "method",
    exceptions.NotAcceptable: "not-acceptable",
    exceptions.UnsupportedMediaType: "media-type",
    exceptions.Throttled: "throttled",
    exceptions.APIException: "internal",
}

SENTENCES: dict[type[Exception], Text] = {
    exceptions.AuthenticationFailed: _("Send a valid token, as Authorization: Bearer <token>, or sign in."),
    exceptions.NotAuthenticated: _("Send a valid token, as Authorization: Bearer <token>, or sign in."),
    exceptions.NotFound: _("There is nothing here, or you may not see it."),
    exceptions.MethodNotAllowed: _(
        "This address does not take that method; the Allow header lists those it takes."
    ),
    exceptions.NotAcceptable: _("This address answers in JSON; lists also in CSV and as an Excel workbook."),
    exceptions.UnsupportedMediaType: _(
        "Send JSON in UTF-8 without compression, with Content-Type: application/json."
    ),
    exceptions.Throttled: _("Too many requests. Wait for the seconds that the Retry-After header names."),
}


def _sentence(exc: exceptions.APIException) -> Text:
    """Our own words for DRF's exceptions, but for those that a view has given words of its own."""
    for kind, sentence in SENTENCES.items():
        if isinstance(exc, kind):
            return sentence
    return str(exc.detail)


def translate(exc: Exception) -> exceptions.APIException | None:
    """The API exception that says the same; None for what nobody foresaw."""
    if isinstance(exc, exceptions.APIException):
        return exc
    for kinds, convert in TRANSLATIONS:
        if isinstance(exc, kinds):
            return convert(exc)
    return None


def _busy(exc: Exception) -> exceptions.APIException:
    logger.warning("The database refused: %s", exc)
    return Unavailable()


def _conflict(exc: Exception) -> exceptions.APIException:
    logger.warning("A constraint refused what no rule had refused before: %s", exc)
    return Conflict()


def _protected(exc: Any) -> exceptions.APIException:
    objects: Any = getattr(exc, "protected_objects", None) or getattr(exc, "restricted_objects", ())
    uses = sorted({str(item._meta.verbose_name_plural) for item in objects})
    return Conflict(_("It cannot be deleted, because it is used by: %(uses)s.") % {"uses": ", ".join(uses)})


def _model_errors(exc: Any) -> exceptions.APIException:
    """A model's ValidationError in DRF's shape, codes kept."""
    found = exc.error_dict if hasattr(exc, "error_dict") else {NON_FIELD_ERRORS: exc.error_list}
    return ModelErrors(
        {
            field: [exceptions.ErrorDetail(error.messages[0], error.code or "invalid") for error in errors]
            for field, errors in found.items()
        }
    )


class ModelErrors(exceptions.ValidationError):
    """What a model's own rules refused; its field names may differ from those of the body."""


TRANSLATIONS: list[
    tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Any], exceptions.APIException]]
] = [
    (Http404, lambda exc: exceptions.NotFound()),
    (PermissionDenied, lambda exc: exceptions.PermissionDenied(str(exc) or None)),
    (RequestDataTooBig, lambda exc: TooLarge(_("The body is too large."))),
    (SuspiciousOperation, lambda exc: Malformed(_("The request cannot be read."))),
    (ModelValidationError, _model_errors),
    (StaleVersion, lambda exc: PreconditionFailed()),
    (StageConflict, lambda exc: StageConflictProblem(exc.message)),
    ((InUse, NothingNew), lambda exc: Conflict(exc.message)),
    ((ProtectedError, RestrictedError), _protected),
    ((OperationalError, InterfaceError), _busy),
    (IntegrityError, _conflict),
    (DataError, lambda exc: Malformed(_("A value is outside what can be stored."))),
]


def _items(exc: exceptions.ValidationError, body_fields: set[str]) -> Iterator[Item]:
    """List every error with its place."""
    if isinstance(exc, ParameterErrors):
        details: Any = exc.detail
        for parameter, found in details.items():
            for error in found:
                yield {"parameter": _short(parameter), "code": error.code, "detail": error}
    elif isinstance(exc, ModelErrors):
        yield from _flatten(_placed(exc.detail, body_fields), "")
    else:
        yield from _flatten(exc.detail, "")


def _placed(detail: Any, body_fields: set[str]) -> dict[str, list[exceptions.ErrorDetail]]:
    """What concerns no field of the body concerns the whole of it."""
    placed: dict[str, list[exceptions.ErrorDetail]] = {}
    for name, errors in detail.items():
        placed.setdefault(name if name in body_fields else NON_FIELD_ERRORS, []).extend(errors)
    return placed


def _flatten(detail: Any, pointer: str) -> Iterator[Item]:
    """Walk DRF's nested errors, building JSON pointers (RFC 6901) such as /milestones/0/kind."""
    if isinstance(detail, str):
        yield {"pointer": pointer, "code": getattr(detail, "code", None) or "invalid", "detail": detail}
    elif isinstance(detail, dict):
        for name, inner in detail.items():
            whole = name in (api_settings.NON_FIELD_ERRORS_KEY, NON_FIELD_ERRORS)
            yield from _flatten(inner, pointer if whole else f"{pointer}/{_escape(str(name))}")
    else:
        for index, inner in enumerate(detail):
            yield from _flatten(inner, pointer if isinstance(inner, str) else f"{pointer}/{index}")


def _escape(name: str) -> str:
    return _short(name).replace("~", "~0").replace("/", "~1")


def _short(name: str) -> str:
    return name[:100]
