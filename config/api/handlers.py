"""What Django itself refuses, outside any API view: problem documents under /api/, pages elsewhere."""

import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views import csrf, defaults
from rest_framework import exceptions

from config.api.errors import Malformed, TooLarge, Unavailable, answer, translate
from config.api.problems import RETRY_AFTER, is_api, problem_response, reader_language


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """handler400: a foreign Host header, too large a form, what Django calls suspicious."""
    if isinstance(exception, RequestDataTooBig):
        return _answer(
            request, lambda: TooLarge(_("The body is too large.")), defaults.bad_request, exception
        )
    page = too_many_fields_page if isinstance(exception, TooManyFieldsSent) else defaults.bad_request
    return _answer(request, lambda: Malformed(_("The request cannot be read.")), page, exception)


def too_many_fields_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page that says what is wrong with the form; the form itself is not read any more."""
    sentence = (
        _("The form has more than %d fields. Save it in parts.") % settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    )
    return render(None, "400.html", {"wrong": [("", sentence)]}, status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """handler403."""
    return _answer(request, exceptions.PermissionDenied, defaults.permission_denied, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """CSRF_FAILURE_VIEW: a form sent from elsewhere, or left open too long."""
    return _answer(request, lambda: exceptions.PermissionDenied(CSRF_REFUSED), csrf.csrf_failure, reason)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """handler404."""
    return _answer(request, exceptions.NotFound, defaults.page_not_found, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """handler500: a database that is away is not a fault of ours (503); anything else tells nothing of itself."""
    exception = sys.exception()
    failure = translate(exception) if isinstance(exception, Exception) else None
    if isinstance(failure, Unavailable):
        return _answer(request, Unavailable, unavailable_page)
    if not is_api(request):
        return defaults.server_error(request)
    return problem_response(request, "internal", INTERNAL)


def unavailable_page(request: HttpRequest) -> HttpResponse:
    """The page for a service whose database does not answer; it must not ask the database anything."""
    response = render(None, "503.html", status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


CSRF_REFUSED = _("The CSRF token is missing or wrong. Reload the page and try again.")
INTERNAL = _("The service made a mistake. It has been recorded; quote the instance when you report it.")


def _answer(
    request: HttpRequest,
    problem: Callable[[], exceptions.APIException],
    page: Callable[..., HttpResponseBase],
    *about: Any,
) -> HttpResponseBase:
    with translation.override(reader_language(request)):
        return answer(request, problem(), set()) if is_api(request) else page(request, *about)
