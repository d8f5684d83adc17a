"""The page behind the link in an email by which its reader ends the subscription."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tracking.unsubscribing import end, subscription_of


@csrf_exempt  # mail programs send the POST themselves (RFC 8058); the signed address is the permission
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask first: programs that look at every link in an email must not end anything."""
    subscription = subscription_of(token)
    if subscription is None:
        raise Http404
    if request.method == "POST":
        end(subscription, at=timezone.now())
        subscription.active = False
    return render(request, "tracking/unsubscribe.html", {"subscription": subscription})
