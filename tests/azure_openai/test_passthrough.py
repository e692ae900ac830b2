"""The proxied call over real sockets: what goes up, what comes back."""

import asyncio
import gzip
import json
import subprocess
import sys
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from azure_openai.credentials import Credential
from settings import Settings
from streaming.events import Usage
from streaming.limits import Capacity
from telemetry import records
from tests.azure_openai.proxied import PATH, Proxied, asking, azure
from tests.azure_openai.recorded import STREAMED, recorded, splits
from tests.azure_openai.replay import Replay
from tests.azure_openai.test_tap import without_usage
from tests.server import ROOT
from tests.standin.process import StandIn

ANSWER = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":1}}\n\n'
DONE = b"data: [DONE]\n\n"
WHOLE = ANSWER + FINISH + DONE


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_streams_come_out_as_they_came(data: st.DataObject) -> None:
    stream = recorded(data.draw(st.sampled_from(sorted(set(STREAMED) - {"big"}))))
    pieces = [piece for piece in data.draw(splits(stream)) if piece]

    async def through() -> None:
        replay = Replay(pieces=pieces)
        async with replay.served() as url:
            proxied = Proxied(azure(url))
            async with proxied.served() as client:
                response = await client.post(PATH, json=asking("x"))
        assert response.content == without_usage(stream)

    asyncio.run(through())


async def exchange(replay: Replay, **request: Any) -> tuple[Proxied, httpx.Response]:
    """One call through the proxy to *replay*."""
    async with replay.served() as url:
        proxied = Proxied(azure(url))
        async with proxied.served() as client:
            request = {"json": asking("x"), **request}
            response = await client.post(PATH, **request)
            await proxied.run()
    return proxied, response


async def test_the_body_goes_up_as_it_is_but_for_the_field() -> None:
    body = (
        b'{"seed": 12345678901234567890.10, "a":1,"a":2, "stream":true, "x":"\\u00e9"}'
    )
    replay = Replay(pieces=[WHOLE])
    await exchange(replay, content=body, json=None)
    asked = b'{"stream_options":{"include_usage":true},' + body[1:]
    assert [request.body for request in replay.requests] == [asked]


@pytest.mark.parametrize(
    "body",
    [
        asking("x", stream_options={"include_usage": False}),
        asking("x", stream_options=None),
        asking("x", data_sources=[]),
        asking("x", stream=False),
        {},
        [1],
    ],
)
async def test_nothing_is_asked_for_where_it_must_not_be(body: object) -> None:
    replay = Replay(pieces=[WHOLE])
    content = json.dumps(body).encode()
    await exchange(replay, content=content, json=None)
    assert replay.requests[0].body == content


@pytest.mark.parametrize(
    ("version", "asked"),
    [
        ("2024-02-01", False),
        ("2024-08-01-preview", False),
        ("2024-09-01-preview", True),
        ("2024-10-21", True),
        ("2027-01-01", True),
    ],
)
async def test_usage_is_asked_for_where_the_version_has_it(
    version: str, asked: bool
) -> None:
    replay = Replay(pieces=[ANSWER, FINISH, USAGE, DONE])
    url = f"{PATH}?api-version={version}&code=secret&other=1"
    async with replay.served() as upstream:
        proxied = Proxied(azure(upstream))
        async with proxied.served() as client:
            response = await client.post(url, json=asking("x"))
    [request] = replay.requests
    assert request.target == f"{PATH}?api-version={version}"
    assert (b"stream_options" in request.body) is asked
    assert response.content == ANSWER + FINISH + (b"" if asked else USAGE) + DONE
    assert (await proxied.run()).usage == Usage(2, 1, 3)


@pytest.mark.parametrize("query", ["", "?api-version=", "?api-version=preview"])
async def test_without_a_version_the_setting_counts(query: str) -> None:
    replay = Replay(pieces=[WHOLE])
    async with replay.served() as url:
        proxied = Proxied(azure(url))
        async with proxied.served() as client:
            await client.post(PATH + query, json=asking("x"))
    assert replay.requests[0].target == f"{PATH}?api-version=2024-10-21"


NOT_FORWARDED = {
    "api-key": "the-callers",
    "authorization": "Bearer the-callers",
    "cookie": "a=b",
    "forwarded": "for=1.2.3.4",
    "ocp-apim-subscription-key": "the-callers",
    "openai-organization": "org-callers",
    "origin": "https://app",
    "referer": "https://app/chat?code=the-callers",
    "te": "trailers",
    "x-arr-ssl": "1",
    "x-forwarded-for": "1.2.3.4",
    "x-functions-key": "the-callers",
    "x-hop": "named by connection",
    "x-ms-client-principal": "someone",
    "x-ms-client-principal-id": "someone",
    "x-ms-token-aad-access-token": "secret",
    "x-original-url": "/",
}
FORWARDED = {
    "accept": "application/json",
    "content-type": "application/json; charset=utf-8",
    "traceparent": "00-0-0-0",
    "user-agent": "OpenAI/Python",
    "x-ms-client-request-id": "7",
    "x-stainless-lang": "python",
}


async def test_headers_go_up_but_for_those_that_are_the_callers_own() -> None:
    replay = Replay(pieces=[WHOLE])
    given = {**NOT_FORWARDED, **FORWARDED, "connection": "keep-alive, X-Hop"}
    body = json.dumps(asking("x")).encode()
    await exchange(replay, content=body, json=None, headers=given)
    [request] = replay.requests
    for name in NOT_FORWARDED.keys() - {"api-key"}:
        assert request.values(name) == []
    for name, value in FORWARDED.items():
        assert request.values(name) == [value]
    assert request.values("api-key") == ["standin-key"]
    assert request.values("accept-encoding") == ["identity"]
    assert len(request.values("content-length")) == 1
    assert request.values("host")[0].startswith("127.0.0.1:")
    assert request.values("transfer-encoding") == []


RETURNED = {
    "apim-request-id": "a",
    "content-type": "text/event-stream; charset=utf-8",
    "openai-processing-ms": "12",
    "retry-after": "7",
    "retry-after-ms": "6500",
    "x-anything": "harmless",
    "x-ms-region": "Sweden Central",
    "x-ratelimit-remaining-tokens": "249000",
}
NOT_RETURNED = {
    "access-control-allow-origin": "*",
    "keep-alive": "timeout=5",
    "openai-organization": "whose account",
    "proxy-authenticate": "Basic",
    "set-cookie": "a=b",
    "strict-transport-security": "max-age=1",
    "x-hop": "named by connection",
}


async def test_headers_come_back_but_for_those_that_are_upstreams_own() -> None:
    theirs = {"x-request-id": "theirs", "connection": "x-hop"}
    headers = {**RETURNED, **NOT_RETURNED, **theirs}
    replay = Replay(pieces=[WHOLE], headers=list(headers.items()))
    _, response = await exchange(replay)
    for name, value in RETURNED.items():
        assert response.headers.get_list(name) == [value]
    for name in NOT_RETURNED:
        assert name not in response.headers
    assert response.headers.get_list("x-request-id") == ["the-request-id"]
    assert response.headers["x-upstream-request-id"] == "theirs"
    assert response.headers["cache-control"] == "no-cache, no-transform"
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_the_stand_in_sees_the_servers_key_alone(standin: StandIn) -> None:
    proxied = Proxied(azure(standin.url))
    async with proxied.served() as client:
        given = {"api-key": "the-callers", "cookie": "a=b"}
        ask = asking("answer tokens=1 tag=proxied-headers")
        response = await client.post(PATH, json=ask, headers=given)
    assert response.status_code == 200
    [seen] = standin.requests("proxied-headers")
    assert seen["headers"]["api-key"] == ["standin-key"]
    assert "cookie" not in seen["headers"]
    assert "standin-key" not in str(response.headers) + response.text


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
    proxied = Proxied(azure(standin.url))
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


@pytest.mark.parametrize("scenario", ["unauthorized", "forbidden"])
async def test_a_refused_credential_is_this_servers(
    standin: StandIn, scenario: str
) -> None:
    proxied = Proxied(azure(standin.url))
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


async def test_redirects_are_not_followed() -> None:
    replay = Replay(status=307, headers=[("location", "/elsewhere")])
    _, response = await exchange(replay)
    assert response.status_code == 502
    assert response.json()["error"]["code"] == "upstream_error"
    assert "location" not in response.headers
    assert len(replay.requests) == 1


async def test_a_refused_field_is_left_out_from_then_on(standin: StandIn) -> None:
    proxied = Proxied(azure(standin.url))
    ask = asking("no_stream_options tag=proxied-refused tokens=2")
    async with proxied.served() as client:
        for _ in range(2):
            response = await client.post(PATH, json=ask)
            assert response.status_code == 200
            assert response.text.endswith("data: [DONE]\n\n")
    sent = [entry["body"] for entry in standin.requests("proxied-refused")]
    asked = {"stream_options": {"include_usage": True}}
    assert sent == [{**asked, **ask}, ask, ask]
    assert [run.usage.estimated for run in proxied.runs] == [True, True]


async def test_an_answer_that_is_no_stream(standin: StandIn) -> None:
    proxied = Proxied(azure(standin.url))
    async with proxied.served() as client:
        response = await client.post(
            PATH, json=asking("answer tokens=3 cached=1", stream=False)
        )
    assert int(response.headers["content-length"]) == len(response.content)
    assert response.headers["content-type"].startswith("application/json")
    usage = response.json()["usage"]
    run = await proxied.run()
    assert not run.streamed
    assert run.usage == Usage(3, 3, usage["total_tokens"], cached_tokens=1)
    assert "".join(run.content) == "tok0 tok1 tok2"
    assert run.status == "ok"


async def test_embeddings() -> None:
    answer = b'{"data":[],"model":"ada","usage":{"prompt_tokens":8,"total_tokens":8}}'
    replay = Replay(pieces=[answer], headers=[("content-type", "application/json")])
    async with replay.served() as url:
        proxied = Proxied(azure(url), operation="embeddings", deployment="ada-002")
        async with proxied.served() as client:
            body = b'{"input": ["a", "b"], "stream":true}'
            response = await client.post("/", content=body)
    [request] = replay.requests
    assert request.target.startswith("/openai/deployments/ada-002/embeddings?api-")
    assert request.body == body
    assert request.values("content-type") == ["application/json"]
    assert response.content == answer
    run = await proxied.run()
    assert (run.status, run.usage, run.streamed) == ("ok", Usage(8, 0, 8), False)


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
        proxied = Proxied(azure(url), deployment=name)
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
        proxied = Proxied(azure(url))
        async with proxied.served() as client:
            params = {"api-version": version}
            response = await client.post(PATH, json=asking("x"), params=params)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "api-version"
    assert replay.requests == []


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
        proxied = Proxied(settings, deployment="m/1:8b")
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
        proxied = Proxied(settings, deployment="m")
        async with proxied.served() as client:
            headers = {"content-encoding": "gzip"}
            response = await client.post("/", content=body, headers=headers)
    assert response.status_code == 400
    assert replay.requests == []


async def test_a_refusal_that_asking_did_not_cause_is_not_remembered() -> None:
    refusal = b'{"error":{"message":"\'stream_options\' is no role"}}' + b" " * 70_000
    replay = Replay(pieces=[refusal], status=400)
    async with replay.served() as url:
        proxied = Proxied(azure(url))
        async with proxied.served() as client:
            for _ in range(2):
                body = {"stream": True, "messages": []}
                assert (await client.post(PATH, json=body)).content == refusal
    asked = ["stream_options" in request.body.decode() for request in replay.requests]
    assert asked == [True, False, True, False]


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


async def test_the_machines_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    replay = Replay(pieces=[WHOLE])
    async with replay.served() as url:
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        proxied = Proxied(azure("http://upstream.invalid"))
        async with proxied.served() as client:
            response = await client.post(PATH, json=asking("x"))
    assert response.content == WHOLE
    [request] = replay.requests
    assert request.target.startswith("http://upstream.invalid/openai/")


async def test_without_a_model_it_says_what_is_missing() -> None:
    proxied = Proxied(Settings())
    async with proxied.served() as client:
        response = await client.post(PATH, json=asking("x"))
    assert response.status_code == 503
    assert "AZURE_OPENAI_ENDPOINT" in response.json()["error"]["message"]


async def test_one_too_many_is_refused_and_is_no_run() -> None:
    proxied = Proxied(azure("http://127.0.0.1:9"), capacity=Capacity(0))
    async with proxied.served() as client:
        response = await client.post(PATH, json=asking("x"))
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json()["error"]["code"] == "overloaded"
    assert proxied.runs == []


async def test_of_an_answer_too_large_to_keep_the_ending_is_read() -> None:
    said = "x" * 2_000_000
    choice = {"message": {"content": said}, "finish_reason": "length", "index": 0}
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    body = json.dumps({"choices": [choice], "usage": usage}).encode()
    replay = Replay(pieces=[body], headers=[("content-type", "application/json")])
    async with replay.served() as url:
        proxied = Proxied(azure(url))
        async with proxied.served() as client:
            answer = await client.post(PATH, json=asking("x", stream=False))
        run = await proxied.run()
    assert answer.content == body
    assert (run.status, run.finish_reason) == ("ok", "length")
    assert run.usage.total_tokens == 7
    record = records.build(run, content=True)
    assert (record["content"], record["truncated"]) == (None, True)


async def test_an_error_under_200_is_an_error() -> None:
    body = b'{"error": {"code": "content_filter", "message": "no"}}'
    replay = Replay(pieces=[body], headers=[("content-type", "application/json")])
    async with replay.served() as url:
        proxied = Proxied(azure(url))
        async with proxied.served() as client:
            answer = await client.post(PATH, json=asking("x", stream=False))
        run = await proxied.run()
    assert answer.content == body
    assert run.status == "content_filter"


async def test_what_is_compressed_all_the_same_passes_unread() -> None:
    headers = [("content-type", "text/event-stream"), ("content-encoding", "gzip")]
    replay = Replay(pieces=[b"\x1f\x8b not read"], headers=headers)
    async with replay.served() as url:
        proxied = Proxied(azure(url))
        async with (
            proxied.served() as client,
            client.stream("POST", PATH, json=asking("x")) as response,
        ):
            raw = b"".join([piece async for piece in response.aiter_raw()])
    assert response.headers["content-encoding"] == "gzip"
    run = await proxied.run()
    assert raw == b"\x1f\x8b not read"
    assert (run.status, run.unread, run.usage.estimated) == ("ok", True, True)


def test_neither_langchain_nor_the_sdk_is_imported() -> None:
    """Importing either takes half a second, which every cold start would pay."""
    code = (
        "import sys; from azure_openai import passthrough, upstream; "
        "print({name.partition('.')[0] for name in sys.modules} "
        "& {'openai', 'langchain_core', 'langchain_openai', 'httpx2'})"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert result.stdout.strip() == "set()"
