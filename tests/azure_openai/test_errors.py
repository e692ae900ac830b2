"""Errors of a proxied call: the upstream's as they are, and this server's own."""

import pytest

from azure_openai.credentials import Credential
from server.capacity import Capacity
from settings import Settings
from tests.standin.process import StandIn
from tests.support.proxied_calls import WHOLE, exchange
from tests.support.proxy_server import PATH, ProxyServer, asking, azure
from tests.support.replayed_upstream import Replay


@pytest.mark.parametrize(
    ("scenario", "status", "code"),
    [
        ("prompt_filtered", 400, "content_filter"),
        ("context_length", 400, "context_length_exceeded"),
        ("bad_param", 400, "invalid_request"),
        ("not_found", 404, "deployment_not_found"),
        ("rate_limited retry_after=7 retry_after_ms=6500", 429, "rate_limited"),
        ("server_error", 500, "upstream_error"),
        ("server_error status=503", 503, "upstream_error"),
    ],
)
async def test_an_error_comes_back_as_it_is(
    standin: StandIn, scenario: str, status: int, code: str
) -> None:
    headers = {"api-key": "standin-key"}
    proxied = ProxyServer(azure(standin.url))
    async with proxied.served() as client:
        response = await client.post(PATH, json=asking(scenario))
        direct = await client.post(
            f"{standin.url}{PATH}?api-version=2024-10-21",
            json=asking(scenario),
            headers=headers,
        )
    assert response.status_code == direct.status_code == status
    assert response.content == direct.content
    for name in ("retry-after", "retry-after-ms", "content-type", "content-length"):
        assert response.headers.get(name) == direct.headers.get(name)
    run = await proxied.run()
    assert run.error is not None
    assert run.error.code == code
    assert run.usage.estimated is (code == "content_filter")


async def test_an_error_under_200_is_an_error() -> None:
    body = b'{"error": {"code": "content_filter", "message": "no"}}'
    replay = Replay(pieces=[body], headers=[("content-type", "application/json")])
    async with replay.served() as url:
        proxied = ProxyServer(azure(url))
        async with proxied.served() as client:
            answer = await client.post(PATH, json=asking("x", stream=False))
        run = await proxied.run()
    assert answer.content == body
    assert run.status == "content_filter"


@pytest.mark.parametrize("scenario", ["unauthorized", "forbidden"])
async def test_a_refused_credential_is_this_servers(
    standin: StandIn, scenario: str
) -> None:
    proxied = ProxyServer(azure(standin.url))
    async with proxied.served() as client:
        response = await client.post(PATH, json=asking(scenario))
    assert response.status_code == 502
    assert response.json() == {
        "error": {
            "message": "The model's provider refused this server's credential.",
            "type": "server_error",
            "param": None,
            "code": "upstream_auth",
        }
    }
    assert response.headers["x-should-retry"] == "false"
    assert response.headers["x-request-id"] == "the-request-id"


async def test_who_cannot_sign_in_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse() -> str:
        raise RuntimeError("secret-detail")

    credential = Credential(bearer=refuse)
    monkeypatch.setattr(
        "azure_openai.credentials.build", lambda settings, backend: credential
    )
    replay = Replay(pieces=[WHOLE])
    _, response = await exchange(replay)
    assert response.status_code == 502
    assert response.json()["error"]["code"] == "upstream_auth"
    assert "secret-detail" not in response.text
    assert replay.requests == []


async def test_redirects_are_not_followed() -> None:
    replay = Replay(status=307, headers=[("location", "/elsewhere")])
    _, response = await exchange(replay)
    assert response.status_code == 502
    assert response.json()["error"]["code"] == "upstream_error"
    assert "location" not in response.headers
    assert len(replay.requests) == 1


async def test_without_a_model_it_says_what_is_missing() -> None:
    proxied = ProxyServer(Settings())
    async with proxied.served() as client:
        response = await client.post(PATH, json=asking("x"))
    assert response.status_code == 503
    assert "AZURE_OPENAI_ENDPOINT" in response.json()["error"]["message"]


async def test_one_too_many_is_refused_and_is_no_run() -> None:
    proxied = ProxyServer(azure("http://127.0.0.1:9"), capacity=Capacity(0))
    async with proxied.served() as client:
        response = await client.post(PATH, json=asking("x"))
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json()["error"]["code"] == "overloaded"
    assert proxied.runs == []
