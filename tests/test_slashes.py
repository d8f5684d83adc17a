"""The final slash of an address: given to the page that somebody typed, never to what carries a body."""

import pytest
from django.test import Client


@pytest.mark.parametrize("path", ["/admin", "/sign-in", "/api/docs"])
def test_a_page_typed_without_its_final_slash_is_found(client: Client, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, response.headers["Location"]) == (301, f"{path}/")


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "/sign-in"), ("get", "/api/v1/me"), ("post", "/api/v1/projects"), ("get", "/nowhere")],
)
def test_a_form_the_api_and_what_does_not_exist_are_never_redirected(
    client: Client, method: str, path: str
) -> None:
    response = getattr(client, method)(path)

    assert response.status_code == 404
