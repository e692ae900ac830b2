"""What every answer of ours tells a browser, and what none does."""

from typing import Any

import httpx
import pytest

from tests.support.app_process import AppProcess
from tests.support.requests_of_each_kind import battery

ORIGIN = "https://elsewhere.example"
MORE: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/api/stream-check", {}),
    ("GET", "/api/health/details?ready=1", {}),
]
CSP = "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(("method", "path", "how"), [*battery(), *MORE])
def test_every_answer_is_what_it_says_it_is(
    app: AppProcess, method: str, path: str, how: dict[str, Any]
) -> None:
    headers = {"origin": ORIGIN, **how.get("headers", {})}
    request = app.client.build_request(method, path, **{**how, "headers": headers})
    response = app.client.send(request)
    assert not [name for name in response.headers if name.startswith("access-control")]
    if path == "/nowhere":
        return  # The host's.
    assert response.headers["x-content-type-options"] == "nosniff"
    if response.headers["content-type"].startswith("application/json"):
        assert response.headers["content-security-policy"] == CSP
        assert response.headers["cache-control"] == "no-store"


API = ("/api/", "/openai/", "/langgraph/")


def test_every_route_but_health_asks_for_a_function_key_by_default(
    small: AppProcess,
) -> None:
    asked = {}
    with httpx.Client(base_url=small.url) as stranger:
        for method, template in small.routes():
            path = template.replace("{dialect}", "json").replace("{deployment}", "d")
            asked[path] = stranger.request(method, path).status_code
    assert asked.pop("/api/health") == 200
    # The pages and what they load hold no data.
    pages = {path: asked.pop(path) for path in [*asked] if not path.startswith(API)}
    assert pages["/chat"] == 200
    assert 401 not in pages.values()
    assert "/api/health/details" in asked
    assert len(asked) > 15
    assert set(asked.values()) == {401}
