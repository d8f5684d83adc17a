"""The OpenAPI document: each view's own parameters, the shape of lists, and the problems that any answer may be."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.pagination import BasePagination

from config.api.problems import CONTENT_TYPE, KINDS

ANYWHERE = (401, 403, 404, 406, 429, 503)
WITH_METHOD: dict[str, tuple[int, ...]] = {
    "get": (400,),
    "post": (400, 409, 413, 415, 422),
    "patch": (400, 409, 412, 413, 415, 428),
    "delete": (409, 412, 428),
}
MEANINGS = {
    400: "The body or a parameter cannot be read, or some values need correcting; `errors` names each.",
    401: "No valid token and no session.",
    403: "Visible to the reader, but the role or the scope of the token does not allow it.",
    404: "Not there, or not visible to the reader.",
    406: "No such format here.",
    409: "In conflict with what is recorded.",
    412: "If-Match names an older version.",
    413: "The body is too large.",
    415: "Not JSON in UTF-8.",
    422: "The Idempotency-Key was used for another request.",
    428: "If-Match is missing.",
    429: "Too many requests; see Retry-After.",
    503: "Not available for a moment; see Retry-After.",
}
VERBS = {
    "list": "List",
    "create": "Create one of the",
    "retrieve": "Read one of the",
    "partial_update": "Change one of the",
    "destroy": "Delete one of the",
}
PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457), in the language of Accept-Language.",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "enum": [f"/problems/{kind}" for kind in KINDS]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {
            "type": "string",
            "description": "urn:uuid: and the id of the request, as in X-Request-ID.",
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "Where in the body: a JSON pointer."},
                    "parameter": {"type": "string", "description": "Which query parameter."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


class ApiSchema(AutoSchema):
    """Documents what ApiMixin and ResourceViewSet do."""

    def get_summary(self) -> str | None:
        """What the action does to which resource, in a few words of English."""
        verb = VERBS.get(getattr(self.view, "action", ""))
        return f"{verb} {self.get_tags()[0].replace('-', ' ')}" if verb else None

    def get_override_parameters(self) -> list[Any]:
        """The query parameters that the view itself reads, and the headers of changes."""
        named = [parameter.documented() for parameter in getattr(self.view, "get_parameters", tuple)()]
        return [*named, *self._header_parameters()]

    def _header_parameters(self) -> list[OpenApiParameter]:
        action = getattr(self.view, "action", None)
        if action in ("partial_update", "destroy", *getattr(self.view, "with_if_match", ())):
            return [_header("If-Match", "The ETag of the version that is changed.", required=True)]
        if action == "create":
            return [
                _header("Idempotency-Key", "The same key and body give the same answer and do nothing twice.")
            ]
        if action == "retrieve":
            return [_header("If-None-Match", "An ETag; 304 where it is still current.")]
        return []

    def _get_filter_parameters(self) -> list[Any]:
        return []

    def _get_format_parameters(self) -> list[Any]:
        return []


def _header(name: str, about: str, *, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=about, required=required)


FILES = {
    "text/csv": {"schema": {"type": "string"}},
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
        "schema": {"type": "string", "format": "binary"}
    },
}


class ListShape(BasePagination):
    """Tells the document what a page of a list looks like; the views make their pages themselves."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """next, previous, results and, where it was asked for, count."""
        url = {"type": "string", "format": "uri", "nullable": True, "example": None}
        count = {"type": "integer", "example": 1}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": url, "previous": url, "results": schema, "count": count},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        """None: they are among the view's own."""
        return []


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: FBT001
    """A post-processing hook: every operation may answer with problems, a detail with 304, a list with a file."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    components["responses"] = {
        f"Problem{status}": {"description": text, "content": content} for status, text in MEANINGS.items()
    }
    for operations in result.get("paths", {}).values():
        for method, operation in operations.items():
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            if "If-None-Match" in names:
                operation["responses"]["304"] = {"description": "Still the version that If-None-Match names."}
            answer = operation["responses"].get("200", {}).get("content", {})
            answer.update({name: schema for name, schema in FILES.items() if name in answer})
            if "fields" in names:
                _make_sparse(components["schemas"], answer["application/json"]["schema"])
            versioned = (412, 428) if "If-Match" in names else ()
            for status in sorted({*ANYWHERE, *versioned, *WITH_METHOD.get(method, ())}):
                operation["responses"].setdefault(
                    str(status), {"$ref": f"#/components/responses/Problem{status}"}
                )
    return result


def _make_sparse(schemas: dict[str, Any], schema: dict[str, Any]) -> None:
    """`fields` may leave any field of a record out, so none of them can be promised."""
    record = schemas[schema["$ref"].rpartition("/")[2]]
    if "results" in record["properties"]:
        _make_sparse(schemas, record["properties"]["results"]["items"])
    else:
        record.pop("required", None)
