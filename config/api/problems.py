"""Problem documents (RFC 9457): the one form in which the API says no."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias, TypedDict

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation.trans_real import parse_accept_lang_header

CONTENT_TYPE = "application/problem+json"
API_PREFIX = "/api/"
MOST_ERRORS = 100  # listed in one answer; nobody reads more
RETRY_AFTER = 2  # seconds, where nothing better is known

Text: TypeAlias = str | Promise


class Kind(NamedTuple):
    """The usual status and title of one type of problem."""

    status: int
    title: Text


KINDS: dict[str, Kind] = {
    "malformed": Kind(400, _("The request cannot be read")),
    "validation": Kind(400, _("Some values need correcting")),
    "authentication": Kind(401, _("Sign in first")),
    "permission": Kind(403, _("Not allowed")),
    "not-found": Kind(404, _("Not found")),
    "method": Kind(405, _("Method not allowed here")),
    "not-acceptable": Kind(406, _("Format not available")),
    "conflict": Kind(409, _("In conflict with what is recorded")),
    "stage-conflict": Kind(409, _("The project has moved on")),
    "precondition-failed": Kind(412, _("Changed by somebody else")),
    "precondition-required": Kind(428, _("If-Match is missing")),
    "too-large": Kind(413, _("Too large")),
    "media-type": Kind(415, _("Format not read")),
    "idempotency-mismatch": Kind(422, _("Idempotency-Key already used")),
    "throttled": Kind(429, _("Too many requests")),
    "unavailable": Kind(503, _("Not available for a moment")),
    "internal": Kind(500, _("Something went wrong")),
}


class Item(TypedDict, total=False):
    """One thing to correct: where (`pointer` into the body or query `parameter`), a fixed code, a sentence."""

    pointer: str
    parameter: str
    code: str
    detail: str


def is_api(request: HttpRequest) -> bool:
    """Whether the reader expects a problem document rather than a page."""
    return request.path_info.startswith(API_PREFIX)


def problem_response(
    request: HttpRequest,
    kind: str,
    detail: Text,
    *,
    status: int | None = None,
    errors: Iterable[Item] = (),
    headers: Mapping[str, str] | None = None,
) -> JsonResponse:
    """Answer with a problem of one of KINDS in the reader's language."""
    with translation.override(reader_language(request)):
        body: dict[str, object] = {
            "type": f"/problems/{kind}",
            "title": str(KINDS[kind].title),
            "status": status or KINDS[kind].status,
            "detail": str(detail),
            "instance": f"urn:uuid:{getattr(request, 'request_id', '')}",
        }
        if listed := [{name: str(text) for name, text in item.items()} for item in errors]:
            body["errors"] = listed[:MOST_ERRORS]
    return JsonResponse(
        body,
        status=status or KINDS[kind].status,
        content_type=CONTENT_TYPE,
        headers=headers,
        json_dumps_params={"ensure_ascii": False},
    )


def reader_language(request: HttpRequest) -> str:
    """The API follows Accept-Language; pages are Chinese unless the reader has chosen English (a cookie)."""
    if not is_api(request):
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    for accepted, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        for code, _name in settings.LANGUAGES:
            if accepted.split("-")[0] == code.split("-")[0]:
                return code
    return settings.LANGUAGE_CODE
