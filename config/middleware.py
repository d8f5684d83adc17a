"""What every request and response goes through: an id, a language, security headers, and the limits of the API."""

import uuid
from collections.abc import Callable
from typing import TypeAlias

from django.core.exceptions import MiddlewareNotUsed
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _

from config.api import replicas
from config.api.handlers import not_found
from config.api.problems import Text, is_api, problem_response, reader_language
from config.request_ids import current_request_id

Handler: TypeAlias = Callable[[HttpRequest], HttpResponseBase]

SAFE = ("GET", "HEAD", "OPTIONS")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
LONGEST_URL = 8 * 1024  # bytes
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
API_VARY = ("Authorization", "Cookie", "Accept-Language")


DOCS = "/api/docs"


class RequestIdMiddleware:
    """Name each request; errors carry the name, and so does every line of the log."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """A client's own X-Request-ID is not believed: it could be anybody's."""
        request.request_id = str(uuid.uuid4())  # type: ignore[attr-defined]
        current_request_id.set(request.request_id)  # type: ignore[attr-defined]  # until the thread's next request
        response = self.get_response(request)
        response.headers["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


class SecurityHeadersMiddleware:
    """The headers that Django has no setting for; also on what the middlewares below answer themselves."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Only headers that nobody has set."""
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if is_api(request):
            response.headers["Cache-Control"] = "no-store"
            patch_vary_headers(response, API_VARY)
        return response


class LanguageMiddleware:
    """The reader's language for this request (see reader_language)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pages know it as request.LANGUAGE_CODE, too."""
        language = reader_language(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.to_locale(language).replace("_", "-"))
        return response


class ApiProblemMiddleware:
    """Refuse before any view what no view may see: unknown methods, overlong addresses, hidden characters."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pages answer in plain text; nobody reaches these with a browser's buttons."""
        if request.method not in METHODS:
            return _refuse(request, "method", 405, UNKNOWN_METHOD, {"Allow": ", ".join(METHODS)})
        if len(request.get_full_path()) > LONGEST_URL:
            return _refuse(request, "too-large", 414, OVERLONG, {})
        if any(character < " " or character == "\x7f" for character in request.path_info):
            return not_found(request, Http404())
        return self.get_response(request)


UNKNOWN_METHOD = _("This service does not know that method.")
OVERLONG = _("The address is too long. Ask for less at a time.")


def _refuse(
    request: HttpRequest, kind: str, status: int, detail: Text, headers: dict[str, str]
) -> HttpResponseBase:
    if is_api(request):
        return problem_response(request, kind, detail, status=status, headers=headers)
    return HttpResponse(detail, status=status, content_type="text/plain; charset=utf-8", headers=headers)


class OwnChangesMiddleware:
    """Who changes something sees it from the next request on, also where a replica is read."""

    def __init__(self, get_response: Handler) -> None:
        if not replicas.is_configured():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Whatever the answer is: a request that failed may have changed something all the same."""
        response = self.get_response(request)
        user = getattr(request, "user", None)
        if request.method not in SAFE and user is not None and user.is_authenticated:
            replicas.remember_change(user)
        return response


class AddressMiddleware(CommonMiddleware):
    """Django's, but only the address of a page that somebody typed gets its final slash; the API is exact."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        """Never what carries a body, for it would be lost."""
        page = not is_api(request) or request.path_info == DOCS
        return page and request.method in ("GET", "HEAD") and super().should_redirect_with_slash(request)
