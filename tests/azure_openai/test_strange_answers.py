"""Answers under 200, or under no status at all, that are none of a model's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.standin.process import StandIn
from tests.support.backend_pool import (
    CHAIN,
    OPENAI,
    PROXY,
    WAYS,
    WHOLE,
    PooledApp,
    asking,
    backend,
    text_of,
)


def ok(kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}"
    return f"{head}\r\nconnection: close\r\n\r\n".encode() + body


CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ntransfer-encoding: chunked\r\n\r\n"
EMPTY = ok("text/event-stream", b"")
DONE = ok("text/event-stream", b"data: [DONE]\n\n")
HTML = ok("text/html", b"<html>Maintenance</html>")
FAILED = ok("application/json", b'{"error":{"code":"500","message":"x"}}')
OTHER = ok("application/json", b"{}")
NO_CONTENT = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"
NOTHING = [
    ok("application/json", body)
    for body in (
        b"",
        b"{}",
        b'{"choices":null}',
        b'{"choices":[]}',
        b'{"choices":[{"index":0,"message":null}]}',
        b'{"choices":[{"index":0,"message":{"role":"assistant","content":null}}]}',
        b'{"choices":[{"index":0,"message":{"content":"","tool_calls":[]}}]}',
        b'{"choices":[{"index":0,"mess',
    )
]
FILTERED = ok(
    "application/json",
    b'{"choices":[{"index":0,"finish_reason":"content_filter","message":'
    b'{"role":"assistant","content":"a"}}]}',
)
ODD = [
    ok("application/json", body)
    for body in (
        b'{"choices":}',
        b'{"choices":"\xff"}',
        b'{"choices":[null]}',
        b'{"choices":"abc"}',
        b'{"choices":{"a":1}}',
        b'{"choices":[{"index":0,"message":"x"}]}',
    )
]
ODD_CHUNKS = [
    ok("text/event-stream", b"data: " + chunk + b"\n\n")
    for chunk in (
        b'{"choices":[null]}',
        b'{"choices":"abc"}',
        b'{"choices":5}',
        b'{"choices":[{"index":0,"delta":"x"}]}',
    )
]
NO_HTTP = {
    "garbage": b"\x00\x01garbage\r\n\r\n",
    "header": b"HTTP/1.1 200 OK\r\nx: " + b"a" * 20_000 + b"\r\n\r\n",
    "stream": CHUNKED % b"text/event-stream" + b"not-a-size\r\n",
    "whole": CHUNKED % b"application/json" + b"not-a-size\r\n",
}


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """An upstream that answers everything with the same bytes; its URL."""

    async def write(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.write_eof()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(write, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(("path", "stream"), WAYS)
@pytest.mark.parametrize("answer", [*NO_HTTP.values(), HTML], ids=[*NO_HTTP, "html"])
async def test_of_one_backend_they_are_not_the_callers(
    standin: StandIn, answer: bytes, path: str, stream: bool
) -> None:
    async with answering(answer) as url:
        strange = backend(standin, "ptu", endpoint=url)
        pooled = PooledApp([strange, backend(standin, "payg", priority=2)])
        async with pooled.served() as client:
            for _ in range(2):
                body = asking(path, "answer tokens=2", stream=stream)
                response = await client.post(path, json=body)
                assert text_of(path, response, stream=stream) == "tok0 tok1"
        runs = pooled.runs
    assert [run.deployment for run in runs] == ["payg", "payg"]
    # The second caller's run did not have to ask the first one again.
    assert [len(run.calls) for run in runs] == [1, 1]


@pytest.mark.parametrize("path", [CHAIN, OPENAI, PROXY])
@pytest.mark.parametrize("answer", [FAILED, OTHER])
async def test_json_of_one_backend_in_the_place_of_a_stream_is_not_the_callers(
    standin: StandIn, answer: bytes, path: str
) -> None:
    async with answering(answer) as url:
        strange = backend(standin, "ptu", endpoint=url)
        pooled = PooledApp([strange, backend(standin, "payg", priority=2)])
        async with pooled.served() as client:
            response = await client.post(path, json=asking(path, "answer tokens=2"))
    assert text_of(path, response) == "tok0 tok1"


@pytest.mark.parametrize("path", [CHAIN, OPENAI])
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (HTML, "upstream_error"),
        (FAILED, "upstream_error"),
        (EMPTY, "upstream_incomplete"),
        (DONE, "upstream_incomplete"),
        (NO_CONTENT, "upstream_incomplete"),
        *[(answer, "upstream_error") for answer in ODD_CHUNKS],
        *[(answer, "upstream_error") for answer in NO_HTTP.values()],
    ],
)
async def test_of_the_only_one_they_are_its_fault_and_not_this_servers(
    standin: StandIn, answer: bytes, code: str, path: str, stream: bool
) -> None:
    async with answering(answer) as url:
        pooled = PooledApp([backend(standin, "ptu", endpoint=url)])
        async with pooled.served() as client:
            body = asking(path, "answer", stream=stream)
            response = await client.post(path, json=body)
    assert response.status_code == 502
    assert response.json()["error"]["code"] == code


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (HTML, 502, "upstream_error"),
        (FAILED, 502, "upstream_error"),
        *[(answer, 502, "upstream_incomplete") for answer in (NO_CONTENT, *NOTHING)],
        (FILTERED, 400, "content_filter"),
        *[(answer, 502, "upstream_error") for answer in ODD],
    ],
)
async def test_so_they_are_where_a_chain_does_not_stream(
    standin: StandIn, answer: bytes, status: int, code: str
) -> None:
    async with answering(answer) as url:
        pooled = PooledApp([backend(standin, "ptu", endpoint=url)])
        async with pooled.served() as client:
            response = await client.post(WHOLE, json=asking(WHOLE, "answer"))
    assert response.status_code == status
    assert response.json()["error"]["code"] == code


SAID = (
    b'{"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11},"choices":['
    b'{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}]}'
)


@pytest.mark.parametrize("backends", [1, 2])
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "answer",
    [
        ok("application/json", SAID),
        ok("text/event-stream", b"data: " + SAID + b"\n\n"),
    ],
)
async def test_all_of_an_answer_that_should_have_streamed_is_an_answer(
    standin: StandIn, answer: bytes, stream: bool, backends: int
) -> None:
    async with answering(answer) as url:
        first = backend(standin, "ptu", endpoint=url)
        pooled = PooledApp([first, backend(standin, "payg", priority=2)][:backends])
        async with pooled.served() as client:
            body = asking(CHAIN, "answer", stream=stream)
            response = await client.post(CHAIN, json=body)
    assert text_of(CHAIN, response, stream=stream) == "Hi"
    [run] = pooled.runs
    assert (run.finish_reason, run.usage.total_tokens) == ("stop", 11)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_model_that_refuses_to_stream_is_asked_for_all_at_once(
    standin: StandIn, stream: bool
) -> None:
    """As OpenAI's reasoning models do for organizations that are not verified."""
    tag = f"refuses-stream-{stream}"
    said = f"refusing fields=stream,stream_options tokens=2 tag={tag}"
    pooled = PooledApp([backend(standin, "ptu")])
    async with pooled.served() as client:
        for _ in range(2):
            body = asking(CHAIN, said, stream=stream)
            response = await client.post(CHAIN, json=body)
            assert text_of(CHAIN, response, stream=stream) == "tok0 tok1"
    requests = await asyncio.to_thread(standin.requests, tag)
    assert ["stream" in each["body"] for each in requests] == [True, *[False] * 3]
    assert [run.finish_reason for run in pooled.runs] == ["stop", "stop"]


@pytest.mark.parametrize("path", [CHAIN, WHOLE])
@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        (b'"rate_limit_exceeded"', 429, "rate_limited"),
        (b'"content_filter"', 400, "content_filter"),
        (b"400", 400, "context_length_exceeded"),
    ],
)
async def test_an_error_under_200_is_the_one_that_it_says(
    standin: StandIn, code: bytes, status: int, said: str, path: str
) -> None:
    error = b'{"error":{"message":"maximum context length","code":%b}}' % code
    async with answering(ok("application/json", error)) as url:
        pooled = PooledApp([backend(standin, "ptu", endpoint=url)])
        async with pooled.served() as client:
            response = await client.post(path, json=asking(path, "answer"))
    assert response.status_code == status
    assert response.json()["error"]["code"] == said


async def test_a_stream_that_turns_into_something_else_is_a_lost_connection(
    standin: StandIn,
) -> None:
    said = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
    first = b"%x\r\n%b\r\n" % (len(said), said)
    answer = CHUNKED % b"text/event-stream" + first + b"not-a-size\r\n"
    async with answering(answer) as url:
        pooled = PooledApp([backend(standin, "ptu", endpoint=url)])
        async with pooled.served() as client:
            response = await client.post(CHAIN, json=asking(CHAIN, "answer"))
    assert "upstream_error" in response.text
