"""What is asked of a signed-in browser at every request: a duty that comes first, and when it was last seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from django.core.cache import cache
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.api.problems import is_api, problem_response
from tracking.signing_in.models import SignIn
from tracking.signing_in.sessions import DUTY, SIGN_IN

Handler: TypeAlias = Callable[[HttpRequest], HttpResponseBase]
MINUTE = 60
ALWAYS = ("sign_out", "set_language")
FIRST = _("Open the pages of this service in your browser first: they ask something of you.")


class SignedInMiddleware:
    """What comes first: changing a password that somebody else chose, setting up a second step that is required."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """A browser that is signed in by this app alone has the marks; everything else passes."""
        duty = request.session.get(DUTY) if request.session.session_key else None
        if duty and request.path not in [reverse(name) for name in (duty, *ALWAYS)]:
            if is_api(request):
                return problem_response(request, "permission", FIRST, status=403)
            return HttpResponseRedirect(reverse(duty))
        if request.session.session_key and (row := request.session.get(SIGN_IN)):
            _see(row)
        return self.get_response(request)


def _see(row: int) -> None:
    """Once a minute is enough to know where somebody is at work."""
    try:
        due = cache.add(f"seen:{row}", 1, MINUTE)
    except Exception:  # noqa: BLE001  a cache that is away is no reason to refuse a page
        return
    if due:
        SignIn.objects.filter(pk=row).update(seen_at=timezone.now())
