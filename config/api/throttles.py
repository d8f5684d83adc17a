"""Fairness: how many requests one user or one address may send; hard limits stand at the proxy."""

import logging
import time
from typing import Any, cast

from django.core.cache import cache
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

logger = logging.getLogger(__name__)

PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
PAUSE = 5  # seconds without asking a cache that did not answer


class Window:
    """Counts within periods of the clock, shared by all processes. Without its cache it lets everything pass."""

    away_until = 0.0

    def __init__(self, scope: str) -> None:
        """`scope` names a rate in DEFAULT_THROTTLE_RATES, as 600/min; without one there is no limit."""
        self.scope = scope

    def exceeded(self, who: str) -> int:
        """Count one more; 0, or the seconds to wait until the next period."""
        rate = cast("str | None", api_settings.DEFAULT_THROTTLE_RATES.get(self.scope))
        if not rate:
            return 0
        most, period = rate.split("/")
        seconds = PERIODS[period[0]]
        number, passed = divmod(int(time.time()), seconds)
        count = self._count(f"throttle:{self.scope}:{who}:{number}", seconds)
        return seconds - passed if count > int(most) else 0

    @classmethod
    def _count(cls, key: str, seconds: int) -> int:
        if time.monotonic() < cls.away_until:
            return 0
        try:
            cache.add(key, 0, seconds)
            return cache.incr(key)
        except Exception as error:  # noqa: BLE001  a cache that is away must not take the service with it
            Window.away_until = time.monotonic() + PAUSE
            logger.warning("Throttles are off for %s s, the cache does not answer: %s", PAUSE, error)
            return 0


class RateThrottle(BaseThrottle):
    """Counts each request of a user, or of an address where nobody is signed in."""

    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether there is room in this period."""
        known = request.user.is_authenticated
        scope, who = ("user", str(request.user.pk)) if known else ("anon", self.get_ident(request))
        self.seconds = Window(scope).exceeded(who)
        return not self.seconds

    def wait(self) -> float | None:
        """Seconds until the next period."""
        return self.seconds or None


def count_refused_sign_in(request: Request) -> None:
    """Count a wrong token for its address. Raises Throttled beyond the rate `refused`; right tokens still pass."""
    seconds = Window("refused").exceeded(BaseThrottle().get_ident(request) or "")
    if seconds:
        raise Throttled(seconds)
