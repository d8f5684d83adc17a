"""Generated requests against the OpenAPI document: no answer but those it names, in the shape it gives, and no 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from tests.api import token_of
from tests.makers import make_huangpu, make_project, make_user

pytestmark = pytest.mark.django_db

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """Requests through WSGI stay on the test's own connection, whose transaction is rolled back."""
    both = (signals.request_started, signals.request_finished)
    for signal in both:
        signal.disconnect(close_old_connections)
    yield
    for signal in both:
        signal.connect(close_old_connections)


def closed(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The service, read to the end and closed, as servers do and the generated requests' client does not."""
    answer = application(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


@pytest.mark.usefixtures("_one_connection")
def test_no_generated_request_gets_an_answer_that_the_document_does_not_name() -> None:
    token = token_of(make_user(district=make_huangpu()["440112"]))
    make_project()
    document: Any = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", closed)
    headers = {"Authorization": f"Bearer {token}"}
    tried: set[str] = set()

    for result in document.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=6,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=QUIET,
        )
        def check(case: Any) -> None:
            case.call_and_validate(checks=CHECKS, headers=headers)

        check()
        tried.add(operation.label)

    assert len(tried) > 40
