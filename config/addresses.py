"""From which address a request comes: the same answer for the sign-in lock and for the throttles."""

from ipaddress import ip_address

from django.http import HttpRequest
from rest_framework.throttling import BaseThrottle


def client_address(request: HttpRequest) -> str:
    """The caller's address; X-Forwarded-For is believed for as many proxies as NUM_PROXIES says, none by default."""
    address = BaseThrottle().get_ident(request) or ""  # type: ignore[arg-type]
    try:
        return str(ip_address(address.strip()))
    except ValueError:
        return str(request.META.get("REMOTE_ADDR", ""))
