"""The names in a proxied call: of a deployment, of a version, of a model."""

import gzip

import pytest
from pydantic import SecretStr

from settings import Settings
from tests.support.proxied_calls import WHOLE
from tests.support.proxy_server import PATH, ProxyServer, asking, azure
from tests.support.replayed_upstream import Replay


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "..",
        ".",
        "a/b",
        "%2e%2e",
        "a%2fb",
        "a\r\nx: y",
        "a?b",
        "a b",
        "",
        "ü",
        "a\n",
        "x" * 65,
        "x" * 1_000_000,
    ],
)
async def test_a_hostile_name_is_sent_nowhere(name: str) -> None:
    replay = Replay(pieces=[WHOLE])
    async with replay.served() as url:
        proxied = ProxyServer(azure(url), deployment=name)
        async with proxied.served() as client:
            response = await client.post("/", json=asking("x"))
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"
    assert len(response.content) < 1000
    assert replay.requests == []
    assert proxied.runs == []  # Nothing was begun.


@pytest.mark.parametrize("version", ["a b", "%0d%0ax", "2024-10-21&x=y", "é"])
async def test_a_hostile_version_is_sent_nowhere(version: str) -> None:
    replay = Replay(pieces=[WHOLE])
    async with replay.served() as url:
        proxied = ProxyServer(azure(url))
        async with proxied.served() as client:
            params = {"api-version": version}
            response = await client.post(PATH, json=asking("x"), params=params)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "api-version"
    assert replay.requests == []


@pytest.mark.parametrize("query", ["", "?api-version=", "?api-version=preview"])
async def test_without_a_version_the_setting_counts(query: str) -> None:
    replay = Replay(pieces=[WHOLE])
    async with replay.served() as url:
        proxied = ProxyServer(azure(url))
        async with proxied.served() as client:
            await client.post(PATH + query, json=asking("x"))
    assert replay.requests[0].target == f"{PATH}?api-version=2024-10-21"


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (b'{"model": "m/1:8b"}', b'{"model": "m/1:8b"}'),
        (b'{"model":"x","model":"m/1:8b"}', b'{"model":"m/1:8b","model":"m/1:8b"}'),
        (b'{"model":"m/1:8b","Model":"x"}', b'{"model":"m/1:8b","Model":"m/1:8b"}'),
        (b'{"MODEL":"x"}', b'{"model":"m/1:8b","MODEL":"m/1:8b"}'),
        (b'{"\\u006dodel":"x"}', b'{"\\u006dodel":"m/1:8b"}'),
        (b'{"a":1.0, "model": "x"}', b'{"a":1.0, "model": "m/1:8b"}'),
        (b'{"a":1.0}', b'{"model":"m/1:8b","a":1.0}'),
    ],
)
async def test_a_compatible_server_is_told_the_model(body: bytes, sent: bytes) -> None:
    replay = Replay(pieces=[b"{}"], headers=[("content-type", "application/json")])
    async with replay.served() as url:
        settings = Settings(
            openai_base_url=f"{url}/v1",
            openai_model="m/1:8b",
            openai_api_key=SecretStr("the-servers"),
        )
        proxied = ProxyServer(settings, deployment="m/1:8b")
        async with proxied.served() as client:
            await client.post("/?api-version=1", content=body)
    [request] = replay.requests
    assert (request.target, request.body) == ("/v1/chat/completions", sent)
    assert request.values("authorization") == ["Bearer the-servers"]


@pytest.mark.parametrize(
    "body",
    [
        b"no JSON",
        b"\xef\xbb\xbf" + b'{"model":"x"}',
        '{"model":"x"}'.encode("utf-16"),
        gzip.compress(b'{"model":"x"}', mtime=0),
        b'[{"model":"x"}]',
        b"",
    ],
)
async def test_what_cannot_be_read_here_is_not_sent_to_be_read_there(
    body: bytes,
) -> None:
    replay = Replay(pieces=[b"{}"])
    async with replay.served() as url:
        settings = Settings(openai_base_url=f"{url}/v1", openai_model="m")
        proxied = ProxyServer(settings, deployment="m")
        async with proxied.served() as client:
            headers = {"content-encoding": "gzip"}
            response = await client.post("/", content=body, headers=headers)
    assert response.status_code == 400
    assert replay.requests == []
