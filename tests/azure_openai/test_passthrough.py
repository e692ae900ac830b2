"""The proxied call over real sockets: an answer comes back as it came, and is read."""

import asyncio
import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.events import Usage
from telemetry import records
from tests.azure_openai.completion_streams import (
    STREAMED,
    recorded,
    splits,
    without_usage,
)
from tests.standin.process import StandIn
from tests.support.app_process import ROOT
from tests.support.proxied_calls import DONE, FINISH, WHOLE, exchange, through
from tests.support.proxy_server import PATH, ProxyServer, asking, azure
from tests.support.replayed_upstream import Replay


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_streams_come_out_as_they_came(data: st.DataObject) -> None:
    stream = recorded(data.draw(st.sampled_from(sorted(set(STREAMED) - {"big"}))))
    pieces = [piece for piece in data.draw(splits(stream)) if piece]

    async def through() -> None:
        replay = Replay(pieces=pieces)
        async with replay.served() as url:
            proxied = ProxyServer(azure(url))
            async with proxied.served() as client:
                response = await client.post(PATH, json=asking("x"))
        assert response.content == without_usage(stream)

    asyncio.run(through())


async def test_an_answer_that_is_no_stream(standin: StandIn) -> None:
    proxied = ProxyServer(azure(standin.url))
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
        proxied = ProxyServer(azure(url), operation="embeddings", deployment="ada-002")
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


async def test_of_an_answer_too_large_to_keep_the_ending_is_read() -> None:
    said = "x" * 2_000_000
    choice = {"message": {"content": said}, "finish_reason": "length", "index": 0}
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    body = json.dumps({"choices": [choice], "usage": usage}).encode()
    replay = Replay(pieces=[body], headers=[("content-type", "application/json")])
    async with replay.served() as url:
        proxied = ProxyServer(azure(url))
        async with proxied.served() as client:
            answer = await client.post(PATH, json=asking("x", stream=False))
        run = await proxied.run()
    assert answer.content == body
    assert (run.status, run.finish_reason) == ("ok", "length")
    assert run.usage.total_tokens == 7
    record = records.build(run, content=True)
    assert (record["content"], record["truncated"]) == (None, True)


CALL = b'{"choices":[{"finish_reason":"tool_calls","%b":{"tool_calls":[{}]}}]}'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/event-stream", b"data: " + CALL % b"delta" + b"\n\n" + DONE),
        ("application/json", CALL % b"message"),
    ],
    ids=["stream", "whole"],
)
async def test_the_record_says_that_the_answer_ends_with_a_call(
    kind: str, body: bytes
) -> None:
    replay = Replay(pieces=[body], headers=[("content-type", kind)])
    proxied, answer = await exchange(replay)
    assert answer.content == body
    [run] = proxied.runs
    assert records.build(run, content=False)["finish_reason"] == "tool_calls"


async def test_an_event_too_large_to_keep_is_told_and_counted() -> None:
    event = b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n'
    body = event % b"Hello " + event % (b"x" * 1_000_000) + FINISH + DONE
    replay = Replay(pieces=[body])
    proxied, answer = await exchange(replay)
    assert answer.content == body
    [run] = proxied.runs
    assert (run.status, run.finish_reason) == ("ok", "stop")
    assert run.usage.estimated
    assert run.usage.output_tokens == pytest.approx(250_000, rel=0.01)
    record = records.build(run, content=True)
    assert (record["content"], record["truncated"]) == (None, True)


async def test_an_error_after_such_an_event_is_counted_too() -> None:
    event = b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n'
    replay = Replay(pieces=[event % (b"x" * 1_000_000)], whole=False)
    proxied, *_ = await through(replay)
    [run] = proxied.runs
    assert run.status == "error"
    assert run.usage.output_tokens == pytest.approx(250_000, rel=0.01)


async def test_what_is_compressed_all_the_same_passes_unread() -> None:
    headers = [("content-type", "text/event-stream"), ("content-encoding", "gzip")]
    replay = Replay(pieces=[b"\x1f\x8b not read"], headers=headers)
    async with replay.served() as url:
        proxied = ProxyServer(azure(url))
        async with (
            proxied.served() as client,
            client.stream("POST", PATH, json=asking("x")) as response,
        ):
            raw = b"".join([piece async for piece in response.aiter_raw()])
    assert response.headers["content-encoding"] == "gzip"
    run = await proxied.run()
    assert raw == b"\x1f\x8b not read"
    assert (run.status, run.unread, run.usage.estimated) == ("ok", True, True)


async def test_the_machines_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    replay = Replay(pieces=[WHOLE])
    async with replay.served() as url:
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        proxied = ProxyServer(azure("http://upstream.invalid"))
        async with proxied.served() as client:
            response = await client.post(PATH, json=asking("x"))
    assert response.content == WHOLE
    [request] = replay.requests
    assert request.target.startswith("http://upstream.invalid/openai/")


def test_neither_langchain_nor_the_sdk_is_imported() -> None:
    """Importing either takes half a second, which every cold start would pay."""
    code = (
        "import sys; import proxy; from azure_openai import connection; "
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
