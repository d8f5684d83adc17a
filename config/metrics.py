"""`/metrics`: the state of the service as Prometheus reads it, from the database at every scrape; not public."""

import secrets
from collections.abc import Iterable

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from config.api import replicas
from config.health import LONG_QUEUE, seconds_since_the_last_beat, waiting_cells
from tracking import audits
from tracking.models import Release


class StateOfTheService:
    """Collects every metric; what is not known yet is left out."""

    def collect(self) -> Iterable[Metric]:
        """Read now, so that any web process answers the same."""
        yield from of_the_audits()
        yield gauge(
            "waiting_cells", f"Totals not yet recomputed, counted up to {LONG_QUEUE}.", waiting_cells()
        )
        yield gauge(
            "timetable_age_seconds",
            "Since timetable, broker and worker were last seen to work together.",
            seconds_since_the_last_beat(timezone.now()),
        )
        yield from of_the_replica()
        yield gauge("releases", "Releases so far, revisions among them.", Release.objects.count())


def of_the_replica() -> Iterable[Metric]:
    """Whether the replica follows; nothing where there is none."""
    if replicas.is_configured():
        yield gauge("replica_age_seconds", "Since the last commit that the replica knows.", replicas.age())
        failures = "How often the replica did not answer and the primary was read instead."
        yield CounterMetricFamily("mingzhang_replica_failures", failures, value=replicas.failures())


def of_the_audits() -> Iterable[Metric]:
    """What audits found."""
    last = audits.last_finished()
    finished = last.finished_at.timestamp() if last and last.finished_at else None
    differences = "Differences that the last finished audit found; 0 is expected."
    yield gauge("audit_differences", differences, last.found if last else None)
    yield gauge("audit_finished_timestamp_seconds", "When that audit finished.", finished)
    yield CounterMetricFamily(
        "mingzhang_audit_differences_found",  # the format adds _total
        "Differences that all audits together have found.",
        value=audits.found_in_all(),
    )


def gauge(name: str, about: str, value: float | None) -> GaugeMetricFamily:
    """One number; no sample where it is not known."""
    family = GaugeMetricFamily(f"mingzhang_{name}", about)
    if value is not None:
        family.add_metric([], value)
    return family


registry = CollectorRegistry()
registry.register(StateOfTheService())


def metrics(request: HttpRequest) -> HttpResponse:
    """For who knows METRICS_TOKEN; to all others, and without that setting, the address does not exist."""
    if not is_permitted(request):
        raise Http404
    return exposition(request)


def is_permitted(request: HttpRequest) -> bool:
    """Whether the request carries the token, compared in constant time."""
    given = request.headers.get("Authorization", "")
    expected = f"Bearer {settings.METRICS_TOKEN}"
    return bool(settings.METRICS_TOKEN) and secrets.compare_digest(given.encode(), expected.encode())


@require_safe
@never_cache
def exposition(request: HttpRequest) -> HttpResponse:
    """The text; 503 where the database is away."""
    try:
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
    except DatabaseError:
        return HttpResponse(status=503, headers={"Retry-After": "2"}, content_type="text/plain")
