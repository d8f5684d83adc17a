"""The OpenAPI document: without a warning, complete, in step with the answers; and the page that shows it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.api import Api
from tests.makers import make_huangpu, make_organization, make_project, make_sector, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    text = io.StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=text)
    found: dict[str, Any] = yaml.safe_load(text.getvalue())
    return found


def routes(patterns: Any, before: str = "") -> Iterator[str]:
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)


def test_every_address_below_the_api_is_in_the_document(document: dict[str, Any]) -> None:
    served = {path for path in routes(get_resolver().url_patterns) if path.startswith("/api/v1/")}

    served = {path.replace("{pk}", "{id}") for path in served}
    assert served - {"/api/v1/schema/"} == set(document["paths"])


def test_names_and_titles_are_ascii(document: dict[str, Any]) -> None:
    names = [
        document["info"]["title"],
        *document["components"]["schemas"],
        *(operation["operationId"] for item in document["paths"].values() for operation in item.values()),
    ]

    assert all(name.isascii() for name in names)
    assert len(set(names)) == len(names)


def test_every_operation_says_how_it_refuses(document: dict[str, Any]) -> None:
    problem = {"$ref": "#/components/responses/Problem401"}

    for item in document["paths"].values():
        for operation in item.values():
            assert operation["responses"]["401"] == problem
            assert operation["security"] == [{"Bearer": []}, {"Session": []}]


def test_answers_look_as_the_document_says(document: dict[str, Any]) -> None:
    huangpu = make_huangpu()["440112"]
    api = Api(make_user(district=huangpu))
    project = make_project(sector=make_sector(), total_investment=5, land_area_mu="1.50")
    project.investors.add(make_organization())
    path = f"projects/{project.pk}/milestones/"
    api.post(path, {"kind": "signed", "happened_on": "2023-01-29"})
    api.post("ceremonies/", {"district": "440112", "name": "集中签约", "held_on": "2023-01-29"})
    pages = {
        "projects/": "PaginatedProjectList",
        f"projects/{project.pk}/": "Project",
        path: "PaginatedMilestoneList",
        "districts/": "PaginatedDistrictList",
        "sectors/": "PaginatedSectorList",
        "organizations/": "PaginatedOrganizationList",
        "ceremonies/": "PaginatedCeremonyList",
        "tokens/": "PaginatedTokenList",
        "me/": "Me",
    }

    for address, name in pages.items():
        answer = api.get(address).json()
        assert answer.get("results", [answer]), address
        check(document, answer, name)
    check(document, api.get("projects/1000000/").json(), "Problem")


def check(document: dict[str, Any], answer: Any, name: str) -> None:
    """OpenAPI 3.0 says nullable where JSON Schema says null."""
    schema = with_nulls({"$ref": f"#/components/schemas/{name}", "components": document["components"]})
    jsonschema.Draft4Validator(schema).validate(answer)


def with_nulls(schema: Any) -> Any:
    if isinstance(schema, list):
        return [with_nulls(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    converted = {name: with_nulls(part) for name, part in schema.items() if name != "nullable"}
    return {"anyOf": [converted, {"type": "null"}]} if schema.get("nullable") is True else converted


def test_the_page_that_shows_it_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    page = Client().get("/api/docs/")
    script = Client().get("/api/docs/?script=")

    html = page.content.decode()
    assert page.status_code == 200
    assert "<style" not in html
    assert re.findall(r"<script(?![^>]*src=)", html) == []
    assert re.findall(r"(?:src|href)=\"https?://", html) == []
    assert script.headers["Content-Type"].startswith("application/javascript")
    assert "unsafe" not in page.headers["Content-Security-Policy"]
