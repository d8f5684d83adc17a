"""A client of the API as programs have one: a token, JSON, and what is asked of every refusal."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from projects.models import User
from projects.services.tokens import issue_token

PROBLEM = "application/problem+json"


def token_of(user: User, *scopes: str, days: int = 1) -> str:
    """A token of this user; with all of read and write unless scopes are named."""
    return issue_token(user, name="test", scopes=scopes or ("read", "write"), days=days)[1]


class Api:
    """Requests below /api/v1/ in English, with a token unless `user` is None."""

    def __init__(self, user: User | None = None, *scopes: str, language: str = "en") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Accept-Language": language}
        if user:
            self.headers["Authorization"] = f"Bearer {token_of(user, *scopes)}"

    def get(self, path: str, **headers: str) -> Any:
        return self._send("get", path, None, headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self._send("post", path, body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self._send("patch", path, body, headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self._send("delete", path, None, headers)

    def change(self, path: str, body: Any) -> Any:
        """PATCH with the ETag that the record has now."""
        return self.patch(path, body, **{"If-Match": self.get(path).headers["ETag"]})

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        address = path if path.startswith(("/", "http")) else f"/api/v1/{path}"
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        content_type = sent.pop("Content-Type", "application/json")
        more = {} if body is None else {"data": raw, "content_type": content_type}
        if raw == b"":
            more["CONTENT_TYPE"] = content_type  # which the client leaves out of an empty request
        return getattr(self.client, method)(address, headers=sent, **more)


def assert_problem(response: Any, status: int, kind: str, *places: str) -> dict[str, Any]:
    """It is a problem document of this kind; each place (a pointer or a parameter) is named in it."""
    assert response.status_code == status, (response.status_code, response.content[:500])
    assert response.headers["Content-Type"] == PROBLEM
    body: dict[str, Any] = response.json()
    assert body["type"] == f"/problems/{kind}", body
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == f"urn:uuid:{response.headers['X-Request-ID']}"
    named = {error.get("pointer", error.get("parameter")) for error in body.get("errors", [])}
    assert set(places) <= named, (places, named)
    assert all(error["code"] and error["detail"] for error in body.get("errors", []))
    return body
